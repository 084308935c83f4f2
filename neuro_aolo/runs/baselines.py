"""What an agent is set against, and whether it pays."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hardware_profiles.profile import load_profile
from neuro_aolo.agent.checkpoint import load_actor
from neuro_aolo.agent.evaluate import Policy, noise_free
from neuro_aolo.agent.rivals import random_policy
from neuro_aolo.carbon.ledger import Account
from neuro_aolo.carbon.payback import Saving, of_means, parity_power_w, payback, saving
from neuro_aolo.comparison.cell import Cell, scenario_sha256
from neuro_aolo.energy.bill import Bill, price
from neuro_aolo.energy.ranges import Range
from neuro_aolo.errors import RunError
from neuro_aolo.runs.book import Accounts
from neuro_aolo.systems.aolo.request import outcome, to_normalised, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.task import Flags, Floats, Observations

NAMES = ("random", "constant", "mlp")
"""Baselines that every run can be set against, the last where its same-size MLP was trained."""

RANDOM_SEED = 0


@dataclass(frozen=True)
class Baseline:
    """What an agent's saving is measured against.

    Attributes:
        name: short.
        title: in words.
        saved: of the service's carbon, by the agent.
        violation_rate: share of requests in which the baseline breaks a constraint.
        account: of what the baseline decides with; None where it computes nothing, or where nobody tells.
    """

    name: str
    title: str
    saved: Saving
    violation_rate: float
    account: Account | None = None


class Baselines:
    """The baselines of a run.

    Args:
        accounts: the run's ledger.
        asked: some of :data:`NAMES`, a constant action as ``WORDS,WATTS``, or a ``.json`` cell that
            ``neuro-aolo compare`` kept; where None, the first, as far as they exist.
    """

    def __init__(self, accounts: Accounts, asked: Sequence[str] | None = None) -> None:
        self.accounts = accounts
        self.analysis = accounts.analysis
        self._twin = self.analysis.folder.twin.path
        known = NAMES if (self._twin / "actor.json").is_file() else NAMES[:-1]
        self.names = tuple(dict.fromkeys(asked or known))

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """What decides, by name: the agent, and every baseline that is more than a cell."""
        agent = {"agent": noise_free(self.analysis.saved.network)}
        return agent | {name: self._policy(name) for name in self.names if not name.endswith(".json")}

    @property
    def found(self) -> tuple[Baseline, ...]:
        """Those that keep every constraint in some request in which the agent does.

        Raises:
            RunError: one that was asked for is none, or is not there.
        """
        return tuple(found for found in self._all if isinstance(found, Baseline))

    @property
    def no_service(self) -> tuple[str, ...]:
        """Titles of the others."""
        return tuple(found for found in self._all if isinstance(found, str))

    @cached_property
    def _all(self) -> tuple[Baseline | str, ...]:
        return tuple(self._baseline(name) for name in self.names)

    @cached_property
    def _agent(self) -> tuple[Floats, Flags]:
        """Carbon of the service in each held-out request under the agent, and where it keeps constraints."""
        return self._served(self.analysis.actions)

    def _served(self, actions: Floats) -> tuple[Floats, Flags]:
        scenario, states = self.analysis.config.scenario, self.analysis.held_out.states
        served = outcome(scenario, states, *to_physical(scenario, actions))
        return served.carbon_mg, served.feasible

    def _policy(self, name: str) -> Policy:
        if name == "random":
            return random_policy(len(self.analysis.task.action_names), RANDOM_SEED)
        if name == "constant":
            return self.analysis.constant.policy()
        if name == "mlp":
            if not (self._twin / "actor.json").is_file():
                raise RunError(
                    f"--baseline mlp: {self.analysis.folder.path} has no same-size MLP beside it: "
                    "make it with neuro-aolo run, or choose another"
                )
            return noise_free(load_actor(self._twin).network)
        return _constant(self.analysis.config.scenario, name)

    def _baseline(self, name: str) -> Baseline | str:
        """The baseline of that name; its title where nothing can be compared."""
        if name.endswith(".json"):
            return self._cell(Path(name))
        title, account = self._title(name)
        baseline_mg, kept = self._served(self._policy(name)(self.analysis.held_out.observations))
        agent_mg, agent_kept = self._agent
        both = kept & agent_kept
        if not both.any():
            return title
        saved = saving(baseline_mg[both], agent_mg[both])
        return Baseline(name, title, saved, 1.0 - float(kept.mean()), account)

    def _title(self, name: str) -> tuple[str, Account | None]:
        """What it is called, and what it decides with."""
        if name == "random":
            return "uniformly random actions", None
        if name == "constant":
            words, power_w = self.analysis.task.physical(self.analysis.constant.action)
            return f"the best constant action, {words:.4g} words at {power_w:.4g} W", None
        if name != "mlp":
            return f"the constant action of {' words at '.join(name.split(','))} W", None
        profile = load_profile(self.analysis.config.scenario.deployment.dense_profile)
        assert self.analysis.always_on.dense_counts is not None
        bill = price(self.analysis.always_on.dense_counts, profile, self.analysis.always_on.conditions)
        if not isinstance(bill, Bill):
            return f"the same-size MLP, its own deciding aside, which {profile.id} cannot do", None
        account = self.accounts.account(bill, profile, load_actor(self._twin))
        return f"the same-size MLP on {profile.id}", account

    def _cell(self, file: Path) -> Baseline | str:
        """A policy that a comparison trained, of which the mean carbon is known.

        Raises:
            RunError: the file is no cell, is of another service, or breaks constraints too often.
        """
        if not file.is_file():
            raise RunError(f"--baseline {file} is no file: name a cell that neuro-aolo compare kept")
        cell, scenario = Cell.load(file), self.analysis.config.scenario
        if cell.settings.get("scenario_sha256") != scenario_sha256(scenario):
            raise RunError(
                f"--baseline {file} is of another service than {self.analysis.folder.path}: "
                "name one of the same scenario, countries and traces"
            )
        limit = scenario.limits.violation_rate
        if not math.isfinite(cell.carbon_mg) or cell.violation_rate > limit:
            broken = f"breaks a constraint in {cell.violation_rate:.2%} of requests"
            raise RunError(
                f"--baseline {file} {broken}: of a mean alone {limit:.2%} is allowed at most, choose another"
            )
        aside = "aside" if scenario.deployment.agent_carbon == "none" else "included"
        title = f"{cell.learner} with seed {cell.seed} as compared, its own deciding {aside}"
        agent_mg, kept = self._agent
        if not kept.any():
            return title
        return Baseline(str(file), title, of_means(cell.carbon_mg, agent_mg[kept]), cell.violation_rate)

    def summary(self) -> dict[str, list[dict[str, Any]]]:
        """Whether it pays, device by device and against each baseline, as plain data."""
        return {
            name: [self._row(account, baseline) for baseline in self.found]
            for name, account in self.accounts.by_profile.items()
        }

    def _row(self, account: Account, baseline: Baseline) -> dict[str, Any]:
        saved, result = baseline.saved, payback(baseline.saved, account, baseline.account)
        return {
            "baseline": baseline.name,
            "title": baseline.title,
            "requests": saved.requests,
            "baseline_violation_rate": baseline.violation_rate,
            "agent_violation_rate": 1.0 - float(self._agent[1].mean()),
            "baseline_agent_mg": asdict(baseline.account.agent_mg) if baseline.account else None,
            "saving_mg": {"low": saved.low, "nominal": saved.nominal, "high": saved.high},
            "net_mg": asdict(result.net_mg),
            "whole_mg": asdict(result.whole_mg),
            "verdict": result.verdict,
            "lower_bound": bool(account.lower_bound),
            "payback_requests": asdict(result.requests),
            "lowest_rate_hz": asdict(result.lowest_rate_hz),
            "parity_power_w": self._parity_power_w(account),
        }

    def _parity_power_w(self, account: Account) -> dict[str, float] | None:
        """Of the devices together; None where the making of one has no figure, or running emits nothing."""
        if any(gap.kind == "making" for gap in account.lower_bound):
            return None
        powers = [parity_power_w(device, self.accounts.intensity) for device in account.hardware]
        known = [power for power in powers if power is not None]
        return asdict(Range.total(known)) if known else None


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
            f"--baseline {text!r} is none of {', '.join(NAMES)}, no CELL.json, and no WORDS,WATTS with "
            f"{box.words[0]:g} to {box.words[1]:g} words and {box.power_w[0]:g} to {box.power_w[1]:g} W: "
            "choose one of them"
        )
    action = to_normalised(scenario, np.array([words]), np.array([power_w]))[0]

    def decide(observations: Observations) -> Floats:
        return np.tile(action, (len(observations), 1))

    return decide
