"""Counts times prices: the energy of one decision, line by line, as low / nominal / high.

    E_dynamic = sum_i n_i e_i (+ calibration)         devices priced per operation
    E_dynamic = n_launches t_launch P_active          devices bound by kernel launches
    E = E_dynamic + E_host + P_static t_on            what the device and its host need for a decision
    t_on = t_decision + t_wake, or 1 / f where the device is on all the time and decides f requests a second

The prices of one device err together (one process, one voltage), so the lows add up to the low and the highs
to the high; random draws between them keep one latent factor per device. Published operation prices of
neuromorphic chips are a simulated minimum: the calibration line carries what measurements show beyond them.
Whatever has no price is named in ``unpriced``, whatever lies outside the boundary in ``excluded``; where
either is not empty, the total is a lower bound.

References:
    M. Davies et al. (2018), doi:10.1109/MM.2018.112130359.
    G. Tang, N. Kumar, K. Michmizos (2020), doi:10.1109/IROS45743.2020.9340948.
"""

from collections.abc import Sequence
from functools import reduce
from operator import mul

from hardware_profiles.figure import Figure
from hardware_profiles.profile import Actor, Profile
from neuro_aolo.pricing.bill import (
    INT8_BITS,
    LEFT_OUT,
    LINES,
    Bill,
    BillLine,
    Conditions,
    LeftOut,
    LineKey,
    Part,
    PowerKey,
    Unfit,
)
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.draws import Values, bounded, interval, spread, total
from neuro_aolo.pricing.placement import Placement, place
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.pricing.terms import Term, chip_steps, coding_terms, figures_of, terms_of

J_PER_PJ = 1e-12
J_PER_MW_US = 1e-9
US_PER_S = 1e6
PJ_PER_MW_US = 1e3


ALONE = Conditions()
"""The device is on for the decision alone, and has no host."""


def price(
    counts: SpikingCounts | DenseCounts, profile: Profile, conditions: Conditions = ALONE
) -> Bill | Unfit:
    """The bill of one decision on the device of ``profile``.

    Where the profile is calibrated, the dynamic energy is ``modelled_j x calibration`` value by value: the
    low is the simulated minimum itself, nominal and high carry the measured excess. For a chip, give the
    counts of the quantised graph: there a bias costs events, which a float graph does not show.

    Returns:
        The bill, or the reason where the device cannot run this kind of actor or does not hold this network.
    """
    actor: Actor = "snn" if isinstance(counts, SpikingCounts) else "mlp"
    bits = conditions.spiking_bits if actor == "snn" else conditions.dense_bits
    placement = _placement(counts, profile, bits)
    reason = placement if isinstance(placement, str) else _missing(actor, profile, bits)
    if reason or isinstance(placement, str):
        return Unfit(profile.id, actor, reason)
    return _Account(counts, profile, placement, bits, conditions).bill(actor)


def _placement(counts: SpikingCounts | DenseCounts, profile: Profile, bits: int) -> Placement | str | None:
    if profile.capacity is None or isinstance(counts, DenseCounts) or "snn" not in profile.executes:
        return None
    return place(counts, bits, profile.capacity, profile.mapping)


def _missing(actor: Actor, profile: Profile, bits: int) -> str:
    """Why the device has no price for the actor; nothing where it has."""
    if actor not in profile.executes:
        kinds = {"snn": "spiking", "mlp": "dense"}
        return profile.refuses or f"it runs no {kinds[actor]} networks"
    mac = profile.energy_pj.mac_int8 if bits <= INT8_BITS else profile.energy_pj.mac_fp32
    if actor == "mlp" and profile.timing.launch_us is None and mac is None:
        return f"no price of a multiply-accumulate of {bits} bits"
    return ""


class _Account:
    """The sums behind one bill, as arrays over low, nominal, high and the random draws."""

    def __init__(
        self,
        counts: SpikingCounts | DenseCounts,
        profile: Profile,
        placement: Placement | None,
        bits: int,
        conditions: Conditions,
    ) -> None:
        self.counts, self.profile, self.placement, self.conditions = counts, profile, placement, conditions
        self.draws = conditions.draws
        self.terms = terms_of(counts, profile, placement, bits)
        self.lines: list[BillLine] = []
        self.energies: dict[Part, list[Values]] = {}
        self.figures: list[Figure] = figures_of(self.terms)
        self.time_figures: list[Figure] = []
        self.excluded: list[str] = []
        self.left_out: list[LeftOut] = []

    def bill(self, actor: Actor) -> Bill:
        """All lines, added up."""
        self._pay(self.terms, self.profile, "dynamic")
        modelled = total(self.energies.get("dynamic", []), self.draws)
        if self.profile.calibration is not None:
            self._calibrate(modelled, self.profile.calibration)
        host_us = self._host()
        latency_us = self._latency_us(host_us)
        self._static(latency_us, host_us)
        parts = {part: total(amounts, self.draws) for part, amounts in self.energies.items()}
        everything = total(list(parts.values()), self.draws)
        evidence = self.profile.weakest_evidence(figure.evidence for figure in self.figures)
        return Bill(
            profile=self.profile.id,
            actor=actor,
            lines=tuple(self.lines),
            modelled_j=spread(modelled),
            parts_j={part: spread(values) for part, values in parts.items()},
            total_j=spread(everything),
            interval_j=interval(everything),
            latency_s=None if latency_us is None else spread(latency_us / US_PER_S),
            placement=self.placement,
            boundary=self._boundary(),
            extent=self.profile.boundary,
            left_out=tuple(dict.fromkeys(self.left_out)),
            evidence=evidence,
            unpriced=self._unpriced(),
            excluded=(*self.excluded, *self.profile.excludes),
            draws_j=everything,
        )

    def _add(
        self, key: LineKey, part: Part, count: float, energy_j: Values, figures: Sequence[Figure]
    ) -> None:
        energy_j = bounded(energy_j)
        source = "; ".join(dict.fromkeys(figure.source for figure in figures))
        of_one = spread(energy_j / (count * J_PER_PJ)) if count else Range(0.0, 0.0, 0.0)
        self.lines.append(BillLine(key, part, count, of_one, spread(energy_j), source))
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

    def _value(self, figure: Figure, profile: Profile, latent: str = "prices") -> Values:
        return self.draws.of(figure, f"{profile.id} {latent}")

    def _calibrate(self, modelled: Values, calibration: Figure) -> None:
        excess = self._value(calibration, self.profile, "calibration") - 1.0
        self.figures.append(calibration)
        self._add("calibration", "dynamic", 1.0, modelled * excess, [calibration])

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
        energy_j = total(self.energies.get("host", []), self.draws)
        return self._time_us(energy_j, host)

    def _latency_us(self, host_us: Values) -> Values | None:
        """Time of one decision, host included; None where no figure tells it."""
        timing, power = self.profile.timing, self.profile.power_mw
        if timing.launch_us is not None:
            return self._value(timing.launch_us, self.profile) * self.counts.kernel_launches
        if timing.step_us is not None and isinstance(self.counts, SpikingCounts):
            self.time_figures.append(timing.step_us)
            device_us = self._value(timing.step_us, self.profile, "step") * chip_steps(
                self.counts, self.profile
            )
            woken = timing.wake_us if self.conditions.request_rate_hz is None else None
            for figure in (timing.io_us, woken):
                if figure is not None:
                    self.time_figures.append(figure)
                    device_us = device_us + self._value(figure, self.profile, "io")
            return device_us + host_us
        if power.active is not None:
            # All of the energy is spent at this power: E / P is the time.
            energy_j = total(self.energies.get("dynamic", []), self.draws)
            return self._time_us(energy_j, self.profile) + host_us
        return None

    def _time_us(self, energy_j: Values, profile: Profile) -> Values:
        """Of work that takes so much energy at the device's active power."""
        active = profile.power_mw.active
        assert active is not None
        self.time_figures.append(active)
        per_us = bounded(1.0 / (self._value(active, profile, "active") * J_PER_MW_US))
        return energy_j * per_us

    def _static(self, latency_us: Values | None, host_us: Values) -> None:
        """Lines of power that is drawn whether the device works or not."""
        power, rate = self.profile.power_mw, self.conditions.request_rate_hz
        window_us = latency_us
        if rate is not None:
            period_us = self.draws.constant(US_PER_S / rate)
            # A device that is slower than the requests come works all the time, and falls behind.
            window_us = period_us if latency_us is None else period_us.clip(min=latency_us)
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
            self.figures += [figure, *self.time_figures]
            # The words seed the figure's draws, as they have from the first.
            energy_j = self._value(figure, self.profile, LINES[key]) * window_us * (count * J_PER_MW_US)
            self._add(key, "static", 1.0, energy_j, [figure])
        if self.profile.scope != "all_in" and "static" not in self.energies:
            self.left_out.append("static_power")
        if rate is None:
            self.excluded.append(LEFT_OUT["idle_power"])
        elif window_us is not None:
            if self.profile.scope == "all_in":
                self._sleep(self.profile, "sleep", window_us, latency_us)
            if "host" in self.energies and self.conditions.host is not None:
                self._sleep(self.conditions.host, "host_sleep", window_us, host_us)

    def _sleep(self, device: Profile, key: PowerKey, window_us: Values, busy_us: Values | None) -> None:
        """A line of what a device draws from the end of its work to the next decision."""
        sleep = device.power_mw.sleep
        if sleep is None or busy_us is None:
            self.excluded.append(f"{device.id}: {LEFT_OUT['idle_power']}")
            self.left_out.append("idle_power")
            return
        self.figures += [sleep, *self.time_figures]
        idle_us = (window_us - busy_us).clip(min=0.0)
        self._add(key, "static", 1.0, self._value(sleep, device, "sleep") * idle_us * J_PER_MW_US, [sleep])

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

    def _unpriced(self) -> tuple[str, ...]:
        missing = [
            term for term in self.terms if term.figures is None and term.count > 0 and not term.on_host
        ]
        if self.profile.scope != "per_term":
            missing = [term for term in missing if not term.overhead]
        return (*map(str, missing), *self.profile.unpriced)
