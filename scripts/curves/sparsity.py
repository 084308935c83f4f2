"""Actors with and without a weight on spikes, set beside each other seed by seed, as people read them."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from curves.page import markdown
from neuro_aolo.agent.statistics import CONFIDENCE, Estimate
from neuro_aolo.report.pareto import YAN_RATE, YAN_STEPS
from neuro_aolo.text.numbers import NBSP, finite, percent, significant, with_prefix

MORE_REGRET = 0.01
"""Regret, as a share, that a sparser actor may have more."""


@dataclass(frozen=True)
class Device:
    """A decision on one device.

    Attributes:
        profile: of the device.
        dynamic_j: energy of the device's own work, nominal.
        total_low_j: least of all that is priced, host and static power included.
        total_j: nominal.
        total_high_j: most.
        dense_on: where the dense int8 actor beside it runs; empty where the two make no ratio.
        probability: that the spiking actor costs less; None where the two make no ratio.
    """

    profile: str
    dynamic_j: float
    total_low_j: float
    total_j: float
    total_high_j: float
    dense_on: str
    probability: float | None


@dataclass(frozen=True)
class Sparse:
    """One run, in the chip's integers.

    Attributes:
        run: its folder.
        seed: of its training.
        steps: T.
        weight: what a microjoule of spikes counted as in training.
        firing_rate: of hidden and output neurons.
        encoder_spikes: a decision.
        synaptic_events: a decision.
        regret: on held-out requests.
        violation_rate: on the same.
        devices: that run it.
    """

    run: str
    seed: int
    steps: int
    weight: float
    firing_rate: float
    encoder_spikes: float
    synaptic_events: float
    regret: float
    violation_rate: float
    devices: tuple[Device, ...]

    @property
    def settings(self) -> tuple[int, float, int]:
        """What it was trained with."""
        return self.steps, self.weight, self.seed

    def on(self, profile: str) -> Device:
        """Its decision on a device."""
        return next(device for device in self.devices if device.profile == profile)

    def rows(self) -> Iterator[dict[str, object]]:
        """A row per device."""
        for device in self.devices:
            settings = {"run": self.run, "seed": self.seed, "time_steps": self.steps}
            yield {**settings, "spike_weight": self.weight, **asdict(device)}


Pairs = Sequence[tuple[Sparse, Sparse]]
"""Of each seed the actor trained without the weight, and the one trained with it."""
_Measure = Callable[[Sparse], float]


def of_seeds(values: Sequence[float]) -> Estimate:
    """The mean with its 95 % Student interval: of so few seeds a bootstrap's would be too narrow.

    NaN for the interval of fewer than two values.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Estimate(mean, math.nan, math.nan)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = error * float(stats.t.ppf((1.0 + CONFIDENCE) / 2.0, len(values) - 1))
    return Estimate(mean, mean - reach, mean + reach)


def ratio_of_seeds(ratios: Sequence[float]) -> Estimate:
    """The geometric mean, with the interval of the logarithms: a ratio is never negative."""
    logarithms = of_seeds([math.log(ratio) for ratio in ratios])
    return Estimate(*(math.exp(value) for value in (logarithms.value, logarithms.low, logarithms.high)))


def page(scenario: str, violation_limit: float, runs: Sequence[Sparse]) -> str:
    """All tables of one scenario."""
    parts = [f"# Sparser actors over seeds: {scenario}", _NOTE]
    for steps, weight in dict.fromkeys((run.steps, run.weight) for run in runs if run.weight):
        pairs = paired(runs, steps, weight)
        if not pairs:
            continue
        seeds = ", ".join(str(before.seed) for before, _ in pairs)
        parts.append(f"## T = {steps}, weight {weight:g} beside none (seeds {seeds})")
        parts += [quantities(pairs), verdict(pairs, violation_limit)]
        # What one seed's bills say is in the CSV.
        parts += [bills(pairs)] if len(pairs) > 1 else []
    parts += ["## Every run", every_run(runs)]
    return "\n\n".join(part for part in parts if part)


_NOTE = (
    "Figures are those of the chip's integers: regret and violations on the held-out requests, spikes and "
    "joules counted over 2,048 of them. Means over seeds with their 95 % Student interval; differences and "
    "ratios are taken seed by seed, and a ratio's mean is geometric. The violation rate is that of all "
    "constraints together."
)


def paired(runs: Sequence[Sparse], steps: int, weight: float) -> list[tuple[Sparse, Sparse]]:
    """The runs with a weight, each behind the run of the same seed without one."""
    before = {run.seed: run for run in runs if run.steps == steps and not run.weight}
    after = [run for run in runs if (run.steps, run.weight) == (steps, weight) and run.seed in before]
    return [(before[run.seed], run) for run in after]


def quantities(pairs: Pairs) -> str:
    """Rates, spikes, regret and violations."""
    rows = [
        ("firing rate, %", lambda run: 100.0 * run.firing_rate),
        ("encoder's spikes a decision", lambda run: run.encoder_spikes),
        ("synaptic events a decision", lambda run: run.synaptic_events),
        ("regret, %", lambda run: 100.0 * run.regret),
        ("violations, %", lambda run: 100.0 * run.violation_rate),
    ]
    return markdown(("", "without", "with", "difference"), [_row(name, of, pairs) for name, of in rows])


def _row(name: str, of: _Measure, pairs: Pairs) -> list[str]:
    without, with_ = ([of(run) for run in runs] for runs in zip(*pairs, strict=True))
    differences = [after - before for before, after in zip(without, with_, strict=True)]
    return [name, *(_told(of_seeds(values)) for values in (without, with_, differences))]


def verdict(pairs: Pairs, violation_limit: float) -> str:
    """Whether the bar is met, in the mean, as far as the intervals tell, and seed by seed."""
    if pairs[0][0].steps != YAN_STEPS:
        return ""
    rates = [after.firing_rate for _, after in pairs]
    more = [after.regret - before.regret for before, after in pairs]
    rate, extra = of_seeds(rates), of_seeds(more)
    is_met = rate.value <= YAN_RATE and extra.value <= MORE_REGRET
    is_sure = rate.high <= YAN_RATE and extra.high <= MORE_REGRET
    doubt = " (one seed)" if len(pairs) == 1 else ", though an interval reaches beyond it"
    kept = sum(one <= YAN_RATE and other <= MORE_REGRET for one, other in zip(rates, more, strict=True))
    in_percent, points = (of_seeds([100.0 * share for share in shares]) for shares in (rates, more))
    before, after = zip(*pairs, strict=True)
    return (
        f"The bar, a mean rate of at most {percent(YAN_RATE)} at T = {YAN_STEPS} and at most "
        f"{100 * MORE_REGRET:g} percentage point more regret, is **{'met' if is_met else 'missed'}** in the "
        f"mean{doubt if is_met and not is_sure else ''}: a rate of {_told(in_percent)} %, {_told(points)} "
        f"points more regret. {kept} of {len(pairs)} seeds keep both; {_within(after, violation_limit)} of "
        f"{len(pairs)} keep within the scenario's {percent(violation_limit)} of violations, "
        f"{_within(before, violation_limit)} without the weight."
    )


def _within(runs: Sequence[Sparse], violation_limit: float) -> int:
    return sum(run.violation_rate <= violation_limit for run in runs)


def bills(pairs: Pairs) -> str:
    """What each device's bill says, before and after."""
    titles = (
        "device",
        "dynamic, without → with",
        "ratio",
        "total, without → with",
        "ratio",
        "P(less than dense int8), without → with",
    )
    return markdown(titles, [_bill(device.profile, pairs) for device in pairs[0][0].devices])


def _bill(profile: str, pairs: Pairs) -> list[str]:
    devices = [(before.on(profile), after.on(profile)) for before, after in pairs]
    cells = [f"`{profile}`"]
    for name in ("dynamic_j", "total_j"):
        energies = [tuple(getattr(device, name) for device in pair) for pair in devices]
        without, with_ = (float(np.mean(values)) for values in zip(*energies, strict=True))
        cells.append(f"{with_prefix(without, 'J')} → {with_prefix(with_, 'J')}")
        cells.append(_told(ratio_of_seeds([after / before for before, after in energies])))
    chances = [(before.probability, after.probability) for before, after in devices]
    known = [pair for pair in chances if None not in pair]
    if not known:
        return [*cells, "no ratio"]
    without, with_ = (float(np.mean(values)) for values in zip(*known, strict=True))  # type: ignore[arg-type]
    dense_on = devices[0][0].dense_on
    beside = "" if dense_on == profile else f" (dense on `{dense_on}`)"
    return [*cells, f"{percent(without)} → {percent(with_)}{beside}"]


def every_run(runs: Sequence[Sparse]) -> str:
    """A row a run."""
    titles = ("run", "seed", "T", "weight", "rate", "encoder's spikes", "events", "regret", "violations")
    rows = [
        (
            run.run,
            str(run.seed),
            str(run.steps),
            f"{run.weight:g}",
            str(percent(run.firing_rate)),
            significant(run.encoder_spikes),
            f"{run.synaptic_events:,.0f}",
            str(percent(run.regret)),
            str(percent(run.violation_rate)),
        )
        for run in runs
    ]
    return markdown(titles, rows)


def _told(estimate: Estimate) -> str:
    value, low, high = (significant(x) for x in (estimate.value, estimate.low, estimate.high))
    if not finite(estimate.low) or value == low == high:
        return value
    return f"{value} ({low}{NBSP}to{NBSP}{high})"
