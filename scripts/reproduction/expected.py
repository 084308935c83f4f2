"""How much processor time what is missing takes, by what was measured of one of each kind on one core."""

from collections.abc import Iterable, Mapping

from neuro_aolo.comparison.trained import BASELINES
from reproduction.closed_form import ClosedForm
from reproduction.opening import Opening
from reproduction.timing import Timing
from reproduction.trainings import Setup, Work, compared

OPENING_S: Mapping[str, float] = {"SDRL": 90.0, "SAC": 30.0}
PRINTED_S = 400.0
POPULATIONS_S = 90.0
STEPS_S: Mapping[int, float] = {1: 50.0, 2: 60.0, 3: 65.0, 5: 75.0, 12: 130.0}
HIDDEN_S: Mapping[tuple[int, ...], float] = {
    (16, 16): 50.0,
    (64, 64): 60.0,
    (512, 512): 145.0,
    (256,): 60.0,
    (256, 256, 256): 100.0,
}
TIMING_S, CLOSED_FORM_S = 10.0, 200.0


def processor_s(work: Work) -> float:
    """Of one work, in s."""
    if isinstance(work, Opening):
        return OPENING_S[work.learner]
    if isinstance(work, Timing):
        return TIMING_S
    if isinstance(work, ClosedForm):
        return CLOSED_FORM_S
    if work.learner in BASELINES:
        return work.seconds
    if work.learner != "spiking":
        return 1.0
    if work.variant == "preset-paper":
        return PRINTED_S
    return HIDDEN_S.get(work.popsan.hidden, STEPS_S.get(work.popsan.steps, POPULATIONS_S))


def missing(setup: Setup, works: Iterable[Work]) -> list[str]:
    """What is missing, one line each, and how long all of it takes."""
    left = [work for work in works if compared(setup, work) is None and work.finished(setup.folder) is None]
    lines = [f"{work.name}: {processor_s(work):.0f} s" for work in left]
    hours = sum(map(processor_s, left)) / 3600.0
    return [*lines, f"{len(left)} are missing, about {hours:.1f} hours of processor time in all"]
