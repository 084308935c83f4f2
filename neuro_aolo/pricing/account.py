"""The sums behind one bill, as arrays over low, nominal, high and the random draws."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import mul

from hardware_profiles.figure import Evidence, Figure, weakest
from hardware_profiles.profile import Actor, Profile
from neuro_aolo.pricing.bill import (
    LEFT_OUT,
    LINES,
    Bill,
    BillLine,
    Conditions,
    LeftOut,
    LineKey,
    Part,
    PowerKey,
)
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.draws import Values, bounded, interval, quartiles, spread, total
from neuro_aolo.pricing.footing import ACTIVE, Footing, OneByOne, footing, named, unique
from neuro_aolo.pricing.placement import Placement
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.pricing.terms import Term, chip_steps, coding_terms, figures_of, terms_of

J_PER_PJ = 1e-12
J_PER_MW_US = 1e-9
US_PER_S = 1e6
PJ_PER_MW_US = 1e3

MINIMUM: tuple[Evidence, ...] = ("simulated", "projected")
"""Prices that a calibration multiplies: what was measured holds the excess."""


def account(
    counts: SpikingCounts | DenseCounts,
    profile: Profile,
    placement: Placement | None,
    bits: int,
    conditions: Conditions,
    actor: Actor,
) -> Bill:
    """The bill of one decision of an actor that the device runs."""
    return _Account(counts, profile, placement, bits, conditions).bill(actor)


def is_minimum(figures: Sequence[Figure]) -> bool:
    """Whether all figures of a price are a minimum, which a calibration may multiply."""
    return all(figure.evidence in MINIMUM for figure in figures)


class _Account:
    """One bill in the making."""

    def __init__(
        self,
        counts: SpikingCounts | DenseCounts,
        profile: Profile,
        placement: Placement | None,
        bits: int,
        conditions: Conditions,
    ) -> None:
        self.counts, self.profile, self.placement, self.conditions = counts, profile, placement, conditions
        self.bits, self.draws = bits, conditions.draws
        self.terms = terms_of(counts, profile, placement, bits)
        self.lines: list[BillLine] = []
        self.energies: dict[Part, list[Values]] = {}
        self.minimum: list[Values] = []
        self.figures: list[Figure] = figures_of(self.terms)
        self.device_times: list[Figure] = []
        self.host_times: list[Figure] = []
        self.excluded: list[str] = []
        self.left_out: list[LeftOut] = []

    def bill(self, actor: Actor) -> Bill:
        """All lines, added up."""
        modelled, latency_us = self._price()
        parts = {part: total(amounts, self.draws) for part, amounts in self.energies.items()}
        everything = total(list(parts.values()), self.draws)
        latency_s = None if latency_us is None else latency_us / US_PER_S
        unpriced, covered = self._without_price()
        footing = self._footing()
        return Bill(
            profile=self.profile.id,
            actor=actor,
            lines=tuple(self.lines),
            modelled_j=spread(modelled),
            parts_j={part: spread(values) for part, values in parts.items()},
            total_j=spread(everything),
            interval_j=interval(everything),
            quartiles_j=quartiles(everything),
            latency_s=None if latency_s is None else spread(latency_s),
            latency_quartiles_s=None if latency_s is None else quartiles(latency_s),
            placement=self.placement,
            boundary=self._boundary(),
            extent=self.profile.boundary,
            left_out=tuple(dict.fromkeys(self.left_out)),
            evidence=footing.evidence,
            footing=footing,
            origins=tuple(sorted({figure.origin for figure in self.figures})),
            unpriced=unpriced,
            covered=covered,
            excluded=(*self.excluded, *self.profile.excludes),
            draws_j=everything,
        )

    def _price(self) -> tuple[Values, Values | None]:
        """Make all lines; the dynamic energy before its calibration, and the time of a decision in us."""
        self._pay(self.terms, self.profile, "dynamic")
        modelled = total(self.energies.get("dynamic", []), self.draws)
        if self.profile.calibration is not None:
            self._calibrate(self.profile.calibration)
        host_us = self._host()
        latency_us = self._latency_us(host_us)
        self._static(latency_us, host_us)
        return modelled, latency_us

    def _footing(self) -> Footing:
        """What the total rests on, from the same sums with one figure moved at a time."""
        figures = unique(self.figures)
        evidence = self.profile.weakest_evidence(figure.evidence for figure in figures)
        conditions = replace(self.conditions, draws=OneByOne(figures, evidence))
        moved = _Account(self.counts, self.profile, self.placement, self.bits, conditions)
        moved._price()
        amounts = [amount for amounts in moved.energies.values() for amount in amounts]
        names = {id(figure): name for name, figure in named(self.profile)}
        if self.conditions.host is not None:
            host = self.conditions.host
            names = {id(figure): f"{name} on {host.id}" for name, figure in named(host)} | names
        return footing(figures, evidence, total(amounts, moved.draws), names)

    def _add(
        self, key: LineKey, part: Part, count: float, energy_j: Values, figures: Sequence[Figure]
    ) -> None:
        energy_j, of_all = bounded(energy_j), count * J_PER_PJ
        self.lines.append(
            BillLine(
                key=key,
                part=part,
                count=count,
                price_pj=spread(energy_j / of_all) if of_all else Range(0.0, 0.0, 0.0),
                energy_j=spread(energy_j),
                source="; ".join(dict.fromkeys(figure.source for figure in figures)),
                evidence=weakest(figure.evidence for figure in figures),
                quartiles_j=quartiles(energy_j),
            )
        )
        self.energies.setdefault(part, []).append(energy_j)

    def _pay(self, terms: Sequence[Term], profile: Profile, part: Part) -> None:
        """A line for each term that has a price."""
        by_time = profile.timing.launch_us is not None
        for term in terms:
            if term.figures is None:
                continue
            values = [self._value(figure, profile) for figure in term.figures]
            scale = PJ_PER_MW_US if by_time else 1.0
            energy_j = reduce(mul, values) * (term.count * scale * J_PER_PJ)
            self._add(term.key, part, term.count, energy_j, term.figures)
            if part == "dynamic" and is_minimum(term.figures):
                self.minimum.append(energy_j)

    def _value(self, figure: Figure, profile: Profile, latent: str = "prices") -> Values:
        return self.draws.of(figure, f"{profile.id} {latent}")

    def _calibrate(self, calibration: Figure) -> None:
        excess = self._value(calibration, self.profile, "calibration") - 1.0
        self.figures.append(calibration)
        self._add("calibration", "dynamic", 1.0, total(self.minimum, self.draws) * excess, [calibration])

    def _host(self) -> Values:
        """Lines of the host that encodes and decodes; its time in us."""
        nothing = self.draws.constant(0.0)
        outside = [term for term in self.terms if term.on_host and term.figures is None and term.count > 0]
        host = self.conditions.host
        if not outside or not isinstance(self.counts, SpikingCounts):
            return nothing
        if host is None or not self.profile.is_neuromorphic:
            self.excluded += [f"host: {term}" for term in outside]
            self.left_out.append("coding")
            return nothing
        terms = coding_terms(self.counts, host)
        self._pay(terms, host, "host")
        self.figures += figures_of(terms)
        missing = [f"host: {term}" for term in terms if term.figures is None and term.count > 0]
        if missing:
            self.excluded += missing
            self.left_out.append("coding")
        if host.power_mw.active is None:
            return nothing
        self.host_times.append(host.power_mw.active)
        return self._time_us(total(self.energies.get("host", []), self.draws), host, host.power_mw.active)

    def _latency_us(self, host_us: Values) -> Values | None:
        """Time of one decision, host included; None where no figure tells it."""
        timing, power = self.profile.timing, self.profile.power_mw
        if timing.launch_us is not None:
            self.device_times.append(timing.launch_us)
            return self._value(timing.launch_us, self.profile) * self.counts.kernel_launches
        if timing.step_us is not None and isinstance(self.counts, SpikingCounts):
            self.device_times.append(timing.step_us)
            steps = chip_steps(self.counts, self.profile)
            device_us = self._value(timing.step_us, self.profile, "step") * steps
            woken = timing.wake_us if self.conditions.request_rate_hz is None else None
            for figure in (timing.io_us, woken):
                if figure is not None:
                    self.device_times.append(figure)
                    device_us = device_us + self._value(figure, self.profile, "io")
            return device_us + host_us
        if power.active is not None:
            # All of the energy is spent at this power: E / P is the time.
            self.device_times.append(power.active)
            energy_j = total(self.energies.get("dynamic", []), self.draws)
            return self._time_us(energy_j, self.profile, power.active) + host_us
        return None

    def _time_us(self, energy_j: Values, profile: Profile, active: Figure) -> Values:
        """Of work that takes so much energy at the device's active power."""
        per_us = bounded(1.0 / (self._value(active, profile, ACTIVE) * J_PER_MW_US))
        return energy_j * per_us

    def _static(self, latency_us: Values | None, host_us: Values) -> None:
        """Lines of power that is drawn whether the device works or not."""
        power, rate = self.profile.power_mw, self.conditions.request_rate_hz
        window_us, times = latency_us, [*self.device_times, *self.host_times]
        if rate is not None:
            period_us = self.draws.constant(US_PER_S / rate)
            # A device that is slower than the requests come works all the time, and falls behind.
            window_us = period_us if latency_us is None else period_us.clip(min=latency_us)
            if not (window_us > period_us).any():
                times = []
        chips = self.placement.chips if self.placement else 1
        powers: tuple[tuple[PowerKey, Figure | None, int], ...] = (
            ("static_power", power.static, chips),
            ("board_power", power.board_idle, 1),
            ("processor_power", power.mgmt_cpu, chips),
        )
        for key, figure, count in powers:
            if figure is None:
                continue
            if window_us is None:
                drawn = f"{figure.nominal:g} mW ({figure.low:g}-{figure.high:g})"
                self.excluded.append(f"{LINES[key]}: {drawn}, for a time unknown")
                continue
            # The evidence of a time counts where the time becomes energy.
            figures = [figure, *times]
            self.figures += figures
            # Its name seeds the figure's draws.
            energy_j = self._value(figure, self.profile, LINES[key]) * window_us * (count * J_PER_MW_US)
            self._add(key, "static", 1.0, energy_j, figures)
        if self.profile.scope != "all_in" and "static" not in self.energies:
            self.left_out.append("static_power")
        if rate is None:
            self.excluded.append(LEFT_OUT["idle_power"])
        elif window_us is not None:
            if self.profile.scope == "all_in":
                self._sleep(self.profile, "sleep", window_us, latency_us, self.device_times)
            if "host" in self.energies and self.conditions.host is not None:
                slow = [*times, *self.host_times]
                self._sleep(self.conditions.host, "host_sleep", window_us, host_us, slow)

    def _sleep(
        self,
        device: Profile,
        key: PowerKey,
        window_us: Values,
        busy_us: Values | None,
        times: Sequence[Figure],
    ) -> None:
        """A line of what a device draws from the end of its work to the next decision."""
        sleep = device.power_mw.sleep
        if sleep is None or busy_us is None:
            self.excluded.append(f"{device.id}: {LEFT_OUT['idle_power']}")
            self.left_out.append("idle_power")
            return
        figures = [sleep, *dict.fromkeys(times)]
        self.figures += figures
        idle_us = (window_us - busy_us).clip(min=0.0)
        energy_j = self._value(sleep, device, "sleep") * idle_us * J_PER_MW_US
        self._add(key, "static", 1.0, energy_j, figures)

    def _boundary(self) -> str:
        where = self.profile.boundary
        if self.profile.scope == "all_in":
            awake = " while it works" if self.conditions.request_rate_hz is None else ""
            covered = f"whole energy of the {where}{awake}"
        else:
            static = ", static power included" if "static" in self.energies else ", static power left out"
            covered = f"energy of the {where}{static}"
        if "host" in self.energies and self.conditions.host is not None:
            covered += f"; encoder and decoder on {self.conditions.host.id}"
        if self.conditions.request_rate_hz is not None:
            rate_hz = self.conditions.request_rate_hz
            plural = "" if rate_hz == 1.0 else "s"
            alone = self.conditions.copies == 1
            what = f"decision{plural}" if alone else f"evaluation{plural} of the network"
            covered += f"; always on, {rate_hz:g} {what} a second"
        return covered

    def _without_price(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Work without a price of its own: what nothing stands for, and what the calibration does."""
        missing = [
            term for term in self.terms if term.figures is None and term.count > 0 and not term.on_host
        ]
        if self.profile.scope != "per_term":
            missing = [term for term in missing if not term.overhead]
        calibration, terms = self.profile.calibration, tuple(map(str, missing))
        if calibration is None:
            return (*terms, *self.profile.unpriced), ()
        return self.profile.unpriced, (*terms, *calibration.covers)
