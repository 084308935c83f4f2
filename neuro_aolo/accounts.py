"""A run's ledger: what its decisions emit beside the service, device by device, and whether that pays."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neuro_aolo.agent.checkpoint import SavedActor, load_actor
from neuro_aolo.agent.evaluate import Policy, noise_free
from neuro_aolo.agent.rivals import random_policy
from neuro_aolo.agent.task import Floats
from neuro_aolo.analysis import Analysis
from neuro_aolo.carbon.ledger import (
    Account,
    Line,
    embodied_line,
    inference_lines,
    on_for_s,
    requests_per_year,
    service_lines,
    training_line,
)
from neuro_aolo.carbon.payback import NOTHING, Saving, of_means, parity_power_w, payback, saving
from neuro_aolo.energy.bill import Bill
from neuro_aolo.energy.hardware import Hardware, hardware
from neuro_aolo.energy.ranges import Range
from neuro_aolo.service.request import outcome, to_physical
from neuro_aolo.units import J_PER_KWH, S_PER_YEAR, operational_carbon_g

UNITS = {
    "carbon": "mg CO2e per request",
    "year": "kg CO2e per year",
    "energy": "J per request",
    "rate": "requests per second",
}
RANDOM_SEED = 0


@dataclass(frozen=True)
class Baseline:
    """What an agent's saving is measured against.

    Attributes:
        name: short.
        title: in words.
        saved: of the service's carbon, by the agent.
        violation_rate: share of requests in which the baseline breaks a constraint.
        agent_mg: what the baseline's own deciding emits, in mgCO2e per request.
    """

    name: str
    title: str
    saved: Saving
    violation_rate: float
    agent_mg: Range = NOTHING


class Accounts:
    """The ledger of a run with a spiking actor.

    Args:
        analysis: of the run.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.rate_hz = analysis.request_rate_hz
        self.intensity = analysis.site_intensity_g_per_kwh

    @cached_property
    def by_profile(self) -> dict[str, Account]:
        """Service and agent on each device that runs it."""
        bills = self.analysis.always_on.spiking
        return {
            name: self._account(bill, self.analysis.saved)
            for name, bill in bills.items()
            if isinstance(bill, Bill)
        }

    def hardware(self, bill: Bill) -> tuple[Hardware, ...]:
        """The devices that the agent of a bill takes, its host among them, whose making has a figure."""
        return tuple(made for made in self._made(bill).values() if made is not None)

    def _made(self, bill: Bill) -> dict[str, Hardware | None]:
        profile = self.analysis.profile(bill.profile)
        made = {"embodied": hardware(profile, bill.placement.chips if bill.placement else 1)}
        host = self.analysis.host
        if "host" in bill.parts_j and host is not None:
            made["host embodied"] = hardware(host)
        return made

    def _account(self, bill: Bill, saved: SavedActor) -> Account:
        lines: list[Line] = [
            *service_lines(self.analysis.service_terms_mg),
            *inference_lines(bill, self.intensity),
        ]
        missing = []
        for part, made in self._made(bill).items():
            if made is None:
                missing.append(f"making of {bill.profile}")
            else:
                lines.append(embodied_line(made, part, on_for_s(bill, self.rate_hz)))  # type: ignore[arg-type]
        lines.append(training_line(self._training_g(saved), self.trained_for, saved.training["measured_by"]))
        bound = (*bill.unpriced, *bill.left_out, *missing)
        return Account(tuple(lines), requests_per_year(self.rate_hz), tuple(dict.fromkeys(bound)))

    @property
    def trained_for(self) -> float:
        """Requests that share a training."""
        years = self.analysis.config.scenario.deployment.retrained_years
        return max(self.rate_hz * years * S_PER_YEAR, 1.0)

    def _training_g(self, saved: SavedActor) -> float:
        """Carbon of a training, in g: measured energy at the agent's site."""
        return operational_carbon_g(float(saved.training["energy_kwh"]) * J_PER_KWH, self.intensity)

    @cached_property
    def service_mg(self) -> Floats:
        """Carbon of the service in each held-out request under the agent, ``(n,)``."""
        return self._served(self.analysis.actions)[0]

    def _served(self, actions: Floats) -> tuple[Floats, Floats]:
        scenario = self.analysis.config.scenario
        states = self.analysis.held_out.states
        served = outcome(scenario, states, *to_physical(scenario, actions))
        return served.carbon_mg, served.feasible

    @cached_property
    def words(self) -> float:
        """Mean length of an answer under the agent."""
        return float(to_physical(self.analysis.config.scenario, self.analysis.actions)[0].mean())

    @cached_property
    def service_energy_j(self) -> float:
        """Mean energy that the service draws for a request, cooling of the data centre included."""
        scenario, states = self.analysis.config.scenario, self.analysis.held_out.states
        terms = outcome(scenario, states, *to_physical(scenario, self.analysis.actions)).terms
        sides = {"dc": terms.inference_operational_g, "bs": terms.wireless_operational_g}
        total = 0.0
        for side, carbon_g in sides.items():
            intensity = states[:, scenario.state_names.index(f"{side}_intensity_g_per_kwh")]
            drawing = intensity > 0.0
            total += float(np.mean(carbon_g[drawing] / intensity[drawing])) if drawing.any() else 0.0
        return total * J_PER_KWH

    @cached_property
    def baselines(self) -> tuple[Baseline, ...]:
        """Random actions, the best constant one, and the same-size MLP where one was trained."""
        analysis = self.analysis
        words, power_w = analysis.task.physical(analysis.constant.action)
        found = [
            self.against("random", "uniformly random actions", random_policy(2, RANDOM_SEED)),
            self.against(
                "constant",
                f"the best constant action, {words:.4g} words at {power_w:.4g} W",
                analysis.constant.policy(),
            ),
        ]
        if (analysis.folder.twin.path / "actor.json").is_file():
            found.append(self._twin(load_actor(analysis.folder.twin.path)))
        return tuple(baseline for baseline in found if baseline is not None)

    def against(self, name: str, title: str, policy: Policy, agent_mg: Range = NOTHING) -> Baseline | None:
        """A baseline that decides the held-out requests; None where it never keeps every constraint."""
        baseline_mg, kept = self._served(policy(self.analysis.held_out.observations))
        if not kept.any():
            return None
        saved = saving(baseline_mg[kept], self.service_mg[kept])
        return Baseline(name, title, saved, 1.0 - float(kept.mean()), agent_mg)

    def known_by_mean(self, name: str, title: str, carbon_mg: float, violation_rate: float) -> Baseline:
        """A baseline of which only the mean carbon of the same held-out requests is known."""
        return Baseline(name, title, of_means(carbon_mg, self.service_mg), violation_rate)

    def _twin(self, saved: SavedActor) -> Baseline | None:
        profile = self.analysis.config.scenario.deployment.dense_profile
        bill = self.analysis.dense_bill(profile)
        where, agent_mg = "", NOTHING
        if isinstance(bill, Bill):
            where, agent_mg = f" on {profile}", self._account(bill, saved).agent_mg
        return self.against("mlp", f"the same-size MLP{where}", noise_free(saved.network), agent_mg)

    def summary(self) -> dict[str, Any]:
        """The ledger as plain data."""
        scenario = self.analysis.config.scenario
        bits = self.words * scenario.radio.bits_per_word
        units = {"request": 1.0, "word": self.words, "bit": bits}
        bills = self.analysis.always_on.spiking
        devices = {}
        for name, account in self.by_profile.items():
            bill = bills[name]
            assert isinstance(bill, Bill)
            devices[name] = {
                "device": self.analysis.profile(name).name,
                "boundary": bill.boundary,
                "evidence": bill.evidence,
                "lines": [_line(account, line) for line in account.lines if line.part != "service"],
                "energy_j": {part: asdict(energy) for part, energy in bill.parts_j.items()},
                "agent_mg": asdict(account.agent_mg),
                "running_mg": asdict(account.running_mg),
                "total_mg": asdict(account.total_mg()),
                "agent_kg_per_year": asdict(account.per_year_kg(account.agent_mg)),
                "total_kg_per_year": asdict(account.per_year_kg(account.total_mg())),
                "sci": {unit: asdict(account.sci_mg(number)) for unit, number in units.items()},
                "lower_bound": list(account.lower_bound),
            }
        service = Account(service_lines(self.analysis.service_terms_mg), requests_per_year(self.rate_hz))
        return {
            "units": UNITS,
            "request_rate_hz": self.rate_hz,
            "requests_per_year": requests_per_year(self.rate_hz),
            "site": self.analysis.config.agent_site,
            "intensity_g_per_kwh": self.intensity,
            "words_per_request": self.words,
            "bits_per_request": bits,
            "service_energy_j": self.service_energy_j,
            "service": [_line(service, line) for line in service.lines],
            "devices": devices,
            "training_g": self._training_g(self.analysis.saved),
            "training_over_requests": self.trained_for,
        }

    def payback_summary(self, others: tuple[Baseline, ...] = ()) -> dict[str, list[dict[str, Any]]]:
        """Whether it pays, device by device and against each baseline, as plain data."""
        bills = self.analysis.always_on.spiking
        found: dict[str, list[dict[str, Any]]] = {}
        for name, account in self.by_profile.items():
            bill = bills[name]
            assert isinstance(bill, Bill)
            made = self.hardware(bill)
            powers = [power for device in made if (power := parity_power_w(device, self.intensity))]
            for baseline in (*self.baselines, *others):
                result = payback(
                    baseline.saved,
                    account,
                    made,
                    self._training_g(self.analysis.saved),
                    baseline.agent_mg,
                )
                found.setdefault(name, []).append(
                    {
                        "baseline": baseline.name,
                        "title": baseline.title,
                        "requests": baseline.saved.requests,
                        "baseline_violation_rate": baseline.violation_rate,
                        "baseline_agent_mg": asdict(baseline.agent_mg),
                        "saving_mg": _bounds(asdict(baseline.saved)),
                        "net_mg": asdict(result.net_mg),
                        "whole_mg": asdict(result.whole_mg),
                        "verdict": result.verdict,
                        "payback_requests": asdict(result.requests),
                        "lowest_rate_hz": asdict(result.lowest_rate_hz),
                        "parity_power_w": asdict(Range.total(powers)) if powers else None,
                    }
                )
        return found


def _line(account: Account, line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "part": line.part,
        "mg": asdict(line.carbon_mg),
        "kg_per_year": asdict(account.per_year_kg(line.carbon_mg)),
        "source": line.source,
    }


def _bounds(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("low", "nominal", "high")}
