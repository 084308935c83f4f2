"""What the run says about Lava and energy, in sentences computed from the numbers."""

from neuro_aolo.report.facts import Contest, Summary, contests, device_name
from neuro_aolo.text.numbers import count, percent, significant, spread

_ACTORS = {"snn": "spiking actor", "mlp": "MLP"}


def lava_sentence(summary: Summary) -> str:
    """Whether Lava ran, and whether its spikes are those of the simulator."""
    lava = summary["lava"]
    if not lava["available"]:
        reason = f": {lava['reason']}" if lava.get("reason") else ""
        return f"Lava was not run{reason}. The spikes come from this package's integer simulator alone."
    version = f" ({lava['version']})" if lava.get("version") else ""
    ran = f"Lava{version} ran {count(lava['decisions'])} decisions of the exported network on the CPU."
    compared, emitted = lava["spikes_compared"], count(lava["spikes_emitted"])
    slots = f"{count(compared)} slots (neuron × step)"
    if lava["mismatches"]:
        differ = f"{count(lava['mismatches'])} of {slots}, {percent(lava['mismatches'] / compared)}"
        return f"{ran} Its spikes differ from the simulator's in {differ}."
    if not lava["spikes_emitted"]:
        return f"{ran} No neuron spiked in {slots}, so their agreement with the simulator says little."
    return f"{ran} Its spikes equal the simulator's in all {slots}; {emitted} of them held a spike."


def energy_sentences(summary: Summary) -> list[str]:
    """Does spiking win, device by device; no ratio where the boundaries differ."""
    found = contests(summary)
    sentences = [_contest_sentence(contest) for contest in found]
    both = {contest.profile for contest in found}
    alone = [
        profile
        for profile, energy in summary["energy_j"].items()
        if profile not in both and energy and energy.get("snn")
    ]
    pairs = (summary.get("nearest_pairs") or {}).values()
    if not found and all(pair["refused"] for pair in pairs):
        sentences.append(
            "No device here runs both actors at one boundary, so no ratio is printed: energies at different "
            "boundaries cannot be divided."
        )
    return [*sentences, *(_alone_sentence(summary, profile) for profile in alone)]


def _alone_sentence(summary: Summary, profile: str) -> str:
    """A device that runs the spiking actor alone, beside the MLP on another where that is fair."""
    energy = spread(summary["energy_j"][profile]["snn"], "J")
    text = f"{device_name(summary, profile)}: {energy} for the spiking actor"
    pair = (summary.get("nearest_pairs") or {}).get(profile)
    if pair is None or pair["refused"]:
        return f"{text}, at a boundary that no MLP figure here shares, so no ratio."
    return (
        f"{text}, encoder, decoder and static power included: {significant(pair['ratio'])} times the MLP's "
        f"on {device_name(summary, pair['dense'])}, and less in {percent(pair['probability'])} of the "
        "random draws."
    )


def _contest_sentence(contest: Contest) -> str:
    low, nominal, high = (significant(ratio) for ratio in contest.ratios)
    alike = low == nominal == high
    times = f"{nominal} times" if alike else f"{nominal} times (low prices {low}, high prices {high})"
    evidence = " and ".join(sorted(set(contest.evidence)))
    text = f"{contest.device}: the spiking actor needs {times} the MLP's energy"
    if contest.winner is not None:
        return f"{text}. The {_ACTORS[contest.winner]} wins there (evidence: {evidence})."
    if contest.lower_bounds:
        names = " and the ".join(_ACTORS[name] for name in contest.lower_bounds)
        return f"{text}, but the total of the {names} is a lower bound. Undecided (evidence: {evidence})."
    return f"{text}. Within the prices' range it is undecided (evidence: {evidence})."
