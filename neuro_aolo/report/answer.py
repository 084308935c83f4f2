"""The answer to what a run is for: how close, at what cost, does it pay, and what matters.

Every sentence is computed from the summary.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from neuro_aolo.report.facts import Summary, of_service, service_sum_mg
from neuro_aolo.report.ledgers import against, baselines, grams, rate, short, static_times
from neuro_aolo.report.verdict import Finding, constraints, optimality
from neuro_aolo.text.numbers import amount, percent, significant, with_prefix

NEGLIGIBLE = 1e-6
"""Share of the service's energy below which an agent's own work is taken to change nothing."""

_SMALL_KINDS = ("neuromorphic-digital", "neuromorphic-mixed", "mcu")
_FEW = 4
_MANY = 0.01
_NOWHERE = "no device here runs the spiking actor"

Device = Mapping[str, Any]


def answer(summary: Summary) -> list[Finding]:
    """Five topics of one to three sentences each; one that nothing can be said of is left out."""
    findings = [
        Finding("How close", (f"{optimality(summary)} {constraints(summary)}",)),
        Finding("What it costs", (" ".join(cost(summary)),)),
        Finding("Does it pay", (" ".join(pays(summary)),)),
        Finding("What matters", (" ".join(own_work(summary)),)),
        Finding("Always on", (" ".join(static_power(summary)),)),
    ]
    return [finding for finding in findings if any(finding.sentences)]


def cost(summary: Summary) -> list[str]:
    """What the agent emits beside the service, where that is least and where it is most."""
    devices = sorted(_devices(summary), key=lambda device: device["agent_mg"]["nominal"])
    if not devices:
        emits = f"The service emits {amount(service_sum_mg(summary), 'mg')} CO₂e per request"
        return [f"{emits}; {_NOWHERE}, so the agent has no carbon figure."]
    ends = devices[:1] + devices[1:][-1:]
    costs = " to ".join(f"{grams(device['agent_mg'])} on {short(device)}" for device in ends)
    told = [
        f"Always on at {rate(summary)}, with its making and its training, the agent emits {costs} per request"
    ]
    if service_sum_mg(summary):
        shares = " to ".join(
            str(percent(of_service(summary, device["agent_mg"]["nominal"]))) for device in ends
        )
        told.append(f": {shares} of the service's {amount(service_sum_mg(summary), 'mg')} CO₂e")
    sentences = ["".join(told) + "."]
    if bounds := [short(device) for device in devices if device["lower_bound"]]:
        figures = "figure" if len(bounds) == 1 else "figures"
        sentences.append(f"Work without a price makes the {figures} of {listed(bounds)} a lower bound.")
    return sentences


def pays(summary: Summary) -> list[str]:
    """Against which baselines, and on which devices, the agent saves more than it emits."""
    if not summary["payback"]:
        return [f"There is nothing to pay back: {_NOWHERE}."]
    sentences, never = [], []
    for baseline in baselines(summary):
        pairs = against(summary, baseline)
        if all(pair["verdict"] == "never" for pair in pairs.values()):
            never.append(next(iter(pairs.values()))["title"])
        else:
            sentences.append(_pays_against(summary, pairs))
    if never:
        sentences.append(f"It pays on no device against {', nor against '.join(never)}.")
    if titles := summary["no_service"]:
        against_them = ", and against ".join(titles)
        sentences.append(
            f"Against {against_them} nothing is said: in no request do both keep every constraint."
        )
    return sentences


def _pays_against(summary: Summary, pairs: Mapping[str, Mapping[str, Any]]) -> str:
    names = {profile: short(summary["ledger"]["devices"][profile]) for profile in pairs}
    by_verdict = {
        verdict: [profile for profile, pair in pairs.items() if pair["verdict"] == verdict]
        for verdict in ("pays", "never", "undecided")
    }
    told = []
    if paid := by_verdict["pays"]:
        where = "every device" if len(paid) == len(pairs) > 1 else listed([names[name] for name in paid])
        told.append(f"it pays on {where}{_after([(names[name], pairs[name]) for name in paid])}")
    if lost := by_verdict["never"]:
        told.append(f"it never pays on {listed([names[name] for name in lost])}")
    if open_ := by_verdict["undecided"]:
        told.append(f"on {listed([names[name] for name in open_])} it is undecided within the ranges")
    return f"Against {_served(next(iter(pairs.values())))} {'; '.join(told)}."


def _served(pair: Mapping[str, Any]) -> str:
    """A baseline's title, and in how many requests it keeps every constraint where it breaks many."""
    title, broken = str(pair["title"]), pair["baseline_violation_rate"]
    if broken > _MANY:
        return f"{title}, where every constraint is kept ({percent(1.0 - broken)} of requests),"
    return f"{title}," if "," in title else title


def _after(pairs: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """After how many requests training and hardware are paid back, at the least and at the most."""
    known = [(pair["payback_requests"]["nominal"], name) for name, pair in pairs]
    found = sorted((requests, name) for requests, name in known if requests is not None)
    if not found:
        return ""
    if len(found) == 1:
        return f", after {significant(found[0][0])} requests"
    (least, first), (most, last) = found[0], found[-1]
    return f", after {significant(least)} requests on {first} to {significant(most)} on {last}"


def own_work(summary: Summary) -> list[str]:
    """Whether the agent's own work is small beside the service's, where small devices run it."""
    service_j, kinds = summary["ledger"]["service_energy_j"], summary["device_kinds"]
    shares = sorted(
        (device["energy_j"]["dynamic"]["nominal"] / service_j, short(device), device)
        for profile, device in summary["ledger"]["devices"].items()
        if service_j and kinds.get(profile) in _SMALL_KINDS and "dynamic" in device["energy_j"]
    )
    if not shares:
        return []
    limit, energy = significant(NEGLIGIBLE, 1), with_prefix(service_j, "J")
    below = [(share, name) for share, name, _ in shares if share < NEGLIGIBLE]
    above = [f"{significant(share)} of it on {name}" for share, name, _ in shares if share >= NEGLIGIBLE]
    own = "the agent's own work (its dynamic energy, at nominal prices)"
    what = f"{own} takes less than {limit} of the service's {energy}"
    if not below:
        return [f"On no neuromorphic chip and no microcontroller here {what}: it takes {listed(above)}."]
    high = max(device["energy_j"]["dynamic"]["high"] for share, _, device in shares if share < NEGLIGIBLE)
    said = (
        f"On {listed([name for _, name in below])} {what}, {significant(below[-1][0])} at most, and "
        f"{significant(high / service_j)} at high prices: of its work only better decisions matter there."
    )
    return [said, f"It takes {listed(above)}."] if above else [said]


def static_power(summary: Summary) -> list[str]:
    """What static power does to a device that waits for the next request."""
    found = [(times, device) for device in _devices(summary) if (times := static_times(device)) is not None]
    if not found:
        return []
    ranked = sorted(found, key=lambda pair: pair[0], reverse=True)
    shown = ranked if len(ranked) <= _FEW else [ranked[0], ranked[-1]]
    told = [
        f"{significant(times)} times on {short(device)} ({_static_share(summary, device)})"
        for times, device in shown
    ]
    told[0] = told[0].replace(" times on ", " times the energy of the agent's own work on ", 1)
    ends = " to ".join(told) if len(ranked) > _FEW else listed(told)
    return [f"Between decisions, at {rate(summary)}, static power takes {ends}."]


def _static_share(summary: Summary, device: Device) -> str:
    mg = next(line["mg"] for line in device["lines"] if line["part"] == "static")
    share = of_service(summary, mg["nominal"])
    return f"{grams(mg)}" if share is None else f"{percent(share)} of the service's carbon"


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _devices(summary: Summary) -> list[Device]:
    return list(summary["ledger"]["devices"].values())
