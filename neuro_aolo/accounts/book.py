"""A run's ledger: what its decisions emit beside the service, device by device, and whether that pays."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.agent.checkpoint import SavedActor, load_actor
from neuro_aolo.agent.evaluate import Policy, noise_free
from neuro_aolo.agent.rivals import random_policy
from neuro_aolo.agent.task import Floats, Observations
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
from neuro_aolo.comparison.cell import Cell, scenario_sha256
from neuro_aolo.energy.bill import Bill, Unfit
from neuro_aolo.energy.hardware import Hardware, hardware
from neuro_aolo.energy.ranges import Range
from neuro_aolo.errors import RunError
from neuro_aolo.service.request import outcome, to_normalised, to_physical
from neuro_aolo.service.scenario import Scenario
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


BASELINES = ("random", "constant", "mlp")
"""Baselines that every run can be set against, the last where its same-size MLP was trained."""


class Accounts:
    """The ledger of a run with a spiking actor.

    Args:
        analysis: of the run.
        baselines: what it is set against: some of :data:`BASELINES`, a constant action as ``WORDS,WATTS``, or
            a ``.json`` cell that ``neuro-aolo compare`` kept; where None, the first, as far as they exist.
    """

    def __init__(self, analysis: Analysis, baselines: Sequence[str] | None = None) -> None:
        self.analysis = analysis
        self._asked = baselines
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

    @property
    def unfit(self) -> dict[str, str]:
        """Why the other devices do not run the agent."""
        bills = self.analysis.always_on.spiking
        return {name: bill.reason for name, bill in bills.items() if isinstance(bill, Unfit)}

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
        """What the agent is set against; without those that never keep every constraint.

        Raises:
            RunError: a baseline that was asked for is none, or is not there.
        """
        return tuple(found for found in self._set_against if isinstance(found, Baseline))

    @property
    def no_service(self) -> tuple[str, ...]:
        """Titles of those that never keep every constraint."""
        return tuple(found for found in self._set_against if isinstance(found, str))

    @cached_property
    def _set_against(self) -> tuple["Baseline | str", ...]:
        asked = self._asked or (BASELINES if self._has_twin else BASELINES[:2])
        return tuple(self._baseline(text) for text in dict.fromkeys(asked))

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """What decides, by name: the agent, and every baseline that is more than a cell."""
        asked = self._asked or (BASELINES if self._has_twin else BASELINES[:2])
        names = [text for text in dict.fromkeys(asked) if not text.endswith(".json")]
        agent = {"agent": noise_free(self.analysis.saved.network)}
        return agent | {name: self._policy(name) for name in names}

    @property
    def _has_twin(self) -> bool:
        return (self.analysis.folder.twin.path / "actor.json").is_file()

    def _policy(self, name: str) -> Policy:
        if name == "random":
            return random_policy(len(self.analysis.task.action_names), RANDOM_SEED)
        if name == "constant":
            return self.analysis.constant.policy()
        if name == "mlp":
            if not self._has_twin:
                raise RunError(
                    f"--baseline mlp: {self.analysis.folder.path} has no same-size MLP beside it: "
                    "make it with neuro-aolo run, or choose another"
                )
            return noise_free(load_actor(self.analysis.folder.twin.path).network)
        return _constant(self.analysis.config.scenario, name)

    def _baseline(self, name: str) -> Baseline | str:
        """The baseline of that name; its title where it never keeps every constraint."""
        if name.endswith(".json"):
            return self._cell(Path(name))
        policy = self._policy(name)
        title, agent_mg = name, NOTHING
        if name == "random":
            title = "uniformly random actions"
        elif name == "constant":
            words, power_w = self.analysis.task.physical(self.analysis.constant.action)
            title = f"the best constant action, {words:.4g} words at {power_w:.4g} W"
        elif name == "mlp":
            profile = self.analysis.config.scenario.deployment.dense_profile
            bill = self.analysis.dense_bill(profile)
            title = "the same-size MLP"
            if isinstance(bill, Bill):
                title += f" on {profile}"
                agent_mg = self._account(bill, load_actor(self.analysis.folder.twin.path)).agent_mg
        else:
            words, power_w = (float(part) for part in name.split(","))
            title = f"the constant action of {words:g} words at {power_w:g} W"
        baseline_mg, kept = self._served(policy(self.analysis.held_out.observations))
        if not kept.any():
            return title
        saved = saving(baseline_mg[kept], self.service_mg[kept])
        return Baseline(name, title, saved, 1.0 - float(kept.mean()), agent_mg)

    def _cell(self, file: Path) -> Baseline:
        """A policy that a comparison trained, of which the mean carbon is known.

        Raises:
            RunError: the file is no cell, is of another service, or kept no constraint.
        """
        if not file.is_file():
            raise RunError(f"--baseline {file} is no file: name a cell that neuro-aolo compare kept")
        cell = Cell.load(file)
        if cell.settings.get("scenario_sha256") != scenario_sha256(self.analysis.config.scenario):
            raise RunError(
                f"--baseline {file} is of another service than {self.analysis.folder.path}: "
                "name one of the same scenario, countries and traces"
            )
        if not math.isfinite(cell.carbon_mg):
            raise RunError(f"--baseline {file} keeps every constraint in no request: choose another")
        title = f"{cell.learner} with seed {cell.seed} as compared, its own deciding aside"
        return Baseline(file.stem, title, of_means(cell.carbon_mg, self.service_mg), cell.violation_rate)

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

    def payback_summary(self) -> dict[str, list[dict[str, Any]]]:
        """Whether it pays, device by device and against each baseline, as plain data."""
        bills = self.analysis.always_on.spiking
        found: dict[str, list[dict[str, Any]]] = {}
        for name, account in self.by_profile.items():
            bill = bills[name]
            assert isinstance(bill, Bill)
            made = self.hardware(bill)
            powers = [power for device in made if (power := parity_power_w(device, self.intensity))]
            for baseline in self.baselines:
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


def _constant(scenario: Scenario, text: str) -> Policy:
    """The policy of a constant action ``WORDS,WATTS``.

    Raises:
        RunError: these are not two numbers inside the scenario's action box.
    """
    box = scenario.actions
    try:
        words, power_w = (float(part) for part in text.split(","))
        inside = box.words[0] <= words <= box.words[1] and box.power_w[0] <= power_w <= box.power_w[1]
    except ValueError:
        inside = False
    if not inside:
        raise RunError(
            f"--baseline {text!r} is none of {', '.join(BASELINES)}, no CELL.json, and no WORDS,WATTS with "
            f"{box.words[0]:g} to {box.words[1]:g} words and {box.power_w[0]:g} to {box.power_w[1]:g} W: "
            "choose one of them"
        )
    action = to_normalised(scenario, np.array([words]), np.array([power_w]))[0]

    def decide(observations: Observations) -> Floats:
        return np.tile(action, (len(observations), 1))

    return decide


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
