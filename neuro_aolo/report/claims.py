"""What the run says about Lava and energy, in sentences computed from the numbers."""

from neuro_aolo.report.facts import Contest, contests, device_name
from neuro_aolo.report.footing import independence
from neuro_aolo.report.naming import SPIKING, TWIN
from neuro_aolo.runs.summary.deployed import Lava
from neuro_aolo.runs.summary.part import Span
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.text.numbers import count, percent, significant, spread

_ACTORS = {"spiking": SPIKING, "dense": TWIN}


def lava_sentence(lava: Lava) -> str:
    """Whether Lava ran, and whether its spikes are those of the simulator."""
    if not lava.available:
        reason = f": {lava.reason}" if lava.reason else ""
        return f"Lava was not run{reason}. The spikes come from this package's integer simulator alone."
    version = f" ({lava.version})" if lava.version else ""
    ran = f"Lava{version} ran {count(lava.decisions)} decisions of the exported network on the CPU."
    slots = f"{count(lava.spikes_compared)} slots (neuron × step)"
    if lava.mismatches and lava.spikes_compared:
        share = percent(lava.mismatches / lava.spikes_compared)
        return (
            f"{ran} Its spikes differ from the simulator's in {count(lava.mismatches)} of {slots}, {share}."
        )
    if not lava.spikes_emitted:
        return f"{ran} No neuron spiked in {slots}, so their agreement with the simulator says little."
    return (
        f"{ran} Its spikes equal the simulator's in all {slots}; {count(lava.spikes_emitted)} of them held a "
        "spike."
    )


def energy_sentences(priced: Priced) -> list[str]:
    """Does spiking win, device by device; no ratio where the boundaries differ, nothing of a dense actor."""
    if priced.firing_rate is None:
        return []
    fair = contests(priced)
    sentences = [_contest_sentence(contest) for contest in fair]
    both = {contest.profile for contest in fair}
    if not fair and all(pair.refused for pair in priced.nearest.values()):
        sentences.append(
            "No device here runs both actors at one boundary, so no ratio is printed: energies at different "
            "boundaries cannot be divided."
        )
    alone = {
        profile: device.spiking.total_j
        for profile, device in priced.devices.items()
        if profile not in both and device.spiking is not None
    }
    told = [*sentences, *(_alone_sentence(priced, profile, energy) for profile, energy in alone.items())]
    return [*told, *filter(None, [independence(priced)])]


def _alone_sentence(priced: Priced, profile: str, energy_j: Span) -> str:
    """A device that runs the spiking actor alone, beside the MLP on another where that is fair."""
    text = f"{device_name(priced, profile)}: {spread(energy_j, 'J')} for the {SPIKING}"
    pair = priced.nearest.get(profile)
    if pair is None or pair.refused:
        return f"{text}, at a boundary that no {TWIN} figure here shares, so no ratio."
    return (
        f"{text}, encoder, decoder and static power included: {significant(pair.ratio)} times the {TWIN}'s "
        f"on {device_name(priced, pair.dense)}, and less in {percent(pair.probability)} of the random draws."
    )


def _contest_sentence(contest: Contest) -> str:
    low, nominal, high = (significant(ratio) for ratio in contest.ratios)
    alike = low == nominal == high
    times = f"{nominal} times" if alike else f"{nominal} times (low prices {low}, high prices {high})"
    evidence = " and ".join(sorted(set(contest.evidence)))
    text = f"{contest.device}: the {SPIKING} needs {times} the {TWIN}'s energy"
    if contest.winner is not None:
        return f"{text}. The {_ACTORS[contest.winner]} wins there (evidence: {evidence})."
    if contest.lower_bounds:
        names = " and the ".join(_ACTORS[kind] for kind in contest.lower_bounds)
        return f"{text}, but the total of the {names} is a lower bound. Undecided (evidence: {evidence})."
    return f"{text}. Within the prices' range it is undecided (evidence: {evidence})."
