"""What an agent is set against, and whether it pays."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hardware_profiles.profile import load_profile
from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.agent.rivals import random_policy
from neuro_aolo.carbon.ledger import Account
from neuro_aolo.carbon.lines import BOUNDARIES, Boundary
from neuro_aolo.carbon.payback import Saving, of_means, parity_power_w, payback
from neuro_aolo.errors import RunError
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.count import count_dense
from neuro_aolo.pricing.price import price
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.runs.book import Book
from neuro_aolo.runs.cell import Cell, scenario_sha256
from neuro_aolo.runs.decided import (
    BestConstant,
    action_parts,
    action_units,
    measure_rules,
    physical_action,
)
from neuro_aolo.runs.priced import span
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.ledger import PaybackFigures
from neuro_aolo.runs.summary.part import Reach, Span
from neuro_aolo.runs.typed_action import at, typed
from neuro_aolo.systems.names import SYSTEMS, name_of
from neuro_aolo.systems.task import Policy
from neuro_aolo_export.graph import DenseGraph

NAMES = ("random", "constant", "mlp", "rule")
"""Baselines of every run: the dense twin where one was trained, a rule where its system has one."""

RANDOM_SEED = 0


@dataclass(frozen=True)
class Baseline:
    """What an agent's saving is measured against.

    Attributes:
        name: short.
        title: in words.
        saved: of the system's carbon, by the agent, within each boundary that it is known for.
        violation_rate: share of decisions in which the baseline breaks a constraint.
        accounts: of what the baseline decides with; none where it computes nothing, or where nobody tells.
    """

    name: str
    title: str
    saved: Mapping[Boundary, Saving]
    violation_rate: float
    accounts: Mapping[Boundary, Account] = field(default_factory=dict)


def check_baselines(run: Run, asked: Sequence[str]) -> None:
    """Refuse baselines that are none, or are not there, before anything is decided.

    Raises:
        RunError: one of them.
    """
    rules = run.config.system.policies(run.config.scenario)
    for name in asked:
        if name.endswith(".json"):
            _kept_cell(run, Path(name))
        elif name == "mlp":
            _twin(run)
        elif name == "rule" and not rules:
            raise RunError(
                f"--baseline rule: the system of {run.folder.path} has none: leave it out, or choose another"
            )
        elif name not in (*NAMES, *rules):
            typed(run.task.spec, name, (*NAMES, *rules))


class Baselines:
    """The baselines of a run.

    Args:
        book: the run's ledger.
        constant: its best constant action.
        asked: some of :data:`NAMES`, a rule of the system's, a constant action as physical numbers with
            commas between, or a ``.json`` cell that ``neuro-aolo compare`` kept; where None, the first, as
            far as they exist.
    """

    def __init__(self, book: Book, constant: BestConstant | None, asked: Sequence[str] | None = None) -> None:
        self.book, self.constant = book, constant
        self.run = book.prices.run
        self._rules = self.run.config.system.policies(self.run.config.scenario)
        self._requests = book.decisions.held_out.requests
        there = {"constant": constant is not None, "rule": bool(self._rules), "mlp": self._has_mlp}
        known = [name for name in NAMES if there.get(name, True)]
        self.names = tuple(dict.fromkeys(asked or known))

    @property
    def _has_mlp(self) -> bool:
        return self.run.folder.has_twin

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """What decides, by name: the agent, and every baseline that is more than a cell."""
        agent = {"agent": noise_free(self.run.saved.network)}
        return agent | {name: self._policy(name) for name in self.names if not name.endswith(".json")}

    @property
    def comparable(self) -> tuple[Baseline, ...]:
        """Those that keep every constraint in some decision in which the agent does.

        Raises:
            RunError: one that was asked for is none, or is not there.
        """
        return tuple(each for each in self._all if isinstance(each, Baseline))

    @property
    def no_service(self) -> tuple[str, ...]:
        """Titles of the others."""
        return tuple(each for each in self._all if isinstance(each, str))

    @cached_property
    def _all(self) -> tuple[Baseline | str, ...]:
        return tuple(self._baseline(name) for name in self.names)

    @cached_property
    def _best_rule(self) -> str:
        """Of the system's rules that which keeps within the limit, at the least cost."""
        limit, measured = self.run.task.spec.violation_limit, measure_rules(self.book.decisions.held_out)
        return min(measured, key=lambda name: measured[name].score(limit))

    def _policy(self, name: str) -> Policy:
        spec = self.run.task.spec
        if name in self._rules:
            return self._rules[name]
        if name == "rule":
            return self._rules[self._best_rule]
        if name == "random":
            return random_policy(len(spec.actions), RANDOM_SEED, spec.horizon)
        if name == "constant" and self.constant is not None:
            return self.constant.action.policy()
        if name == "mlp":
            return noise_free(_twin(self.run).saved.network)
        return typed(spec, name, (*NAMES, *self._rules))

    def _baseline(self, name: str) -> Baseline | str:
        """The baseline of that name; its title where nothing can be compared."""
        if name.endswith(".json"):
            return self._cell(Path(name))
        policy = self._policy(name)
        title, accounts = self._title(name)
        rolled = self._requests.rollout(policy)
        kept = rolled.broken == 0
        both = kept & self.book.decisions.kept
        if not both.any():
            return title
        services = self.book.services
        own = services.of(rolled)
        saved = {boundary: own.saved_by(services.agent, both, boundary) for boundary in BOUNDARIES}
        return Baseline(name, title, saved, 1.0 - float(kept.mean()), accounts)

    def _title(self, name: str) -> tuple[str, Mapping[Boundary, Account]]:
        """What it is called, and what it decides with."""
        units = action_units(self.run.task)
        if name in self._rules:
            return f"the rule {name}", {}
        if name == "rule":
            return f"the system's best rule, {self._best_rule}", {}
        if name == "random":
            return "uniformly random actions", {}
        if name == "constant" and self.constant is not None:
            action = self.constant.action.action
            texts = [f"{value:.4g}" for value in physical_action(self.run.task, action).values()]
            parts = action_parts(self.run.task, action, texts)
            return f"the best constant action, {' at '.join(parts)}", {}
        if name != "mlp":
            return f"the constant action of {at(name.split(','), units)}", {}
        assert self.run.twin is not None
        profile = load_profile(self.run.config.deployment.dense_profile)
        graph = self.run.twin.graph
        assert isinstance(graph, DenseGraph)
        accounts: dict[Boundary, Account] = {}
        for boundary in BOUNDARIES:
            bill = price(count_dense(graph), profile, self.book.profiler(boundary).conditions)
            if not isinstance(bill, Bill):
                return f"the dense twin, its own deciding aside, which {profile.id} cannot do", {}
            accounts[boundary] = self.book.account(bill, profile, self.run.twin.saved, boundary)
        return f"the dense twin on {profile.id}", accounts

    def _cell(self, file: Path) -> Baseline | str:
        """A policy that a comparison trained, of which the mean carbon is known.

        Raises:
            RunError: the file is no cell, is of another scenario, or breaks constraints too often.
        """
        cell, config = _kept_cell(self.run, file), self.run.config
        aside = "aside" if config.deployment.agent_carbon == "none" else "included"
        title = f"{cell.learner} with seed {cell.seed} as compared, its own deciding {aside}"
        kept = self.book.decisions.kept
        if not kept.any():
            return title
        agent_mg = self.book.services.agent.nominal.mg("work")[kept]
        # A cell keeps the carbon of work alone.
        return Baseline(str(file), title, {"work": of_means(cell.carbon_mg, agent_mg)}, cell.violation_rate)

    def figures(self) -> dict[str, tuple[PaybackFigures, ...]]:
        """Whether it pays, device by device and against each baseline, as a summary holds it."""
        return {
            name: tuple(
                self._payback(self.book.accounts[boundary][name], baseline)
                for boundary in reversed(BOUNDARIES)
                for baseline in self.comparable
                if boundary in baseline.saved
            )
            for name in self.book.accounts["provisioned"]
        }

    def _payback(self, account: Account, baseline: Baseline) -> PaybackFigures:
        saved, decided_with = baseline.saved[account.boundary], baseline.accounts.get(account.boundary)
        result = payback(saved, account, decided_with)
        return PaybackFigures(
            boundary=account.boundary,
            baseline=baseline.name,
            title=baseline.title,
            decisions=saved.requests,
            baseline_violation_rate=baseline.violation_rate,
            agent_violation_rate=1.0 - float(self.book.decisions.kept.mean()),
            baseline_agent_mg=span(decided_with.agent_mg) if decided_with else None,
            saving_mg=span(saved),
            net_mg=span(result.net_mg),
            whole_mg=span(result.whole_mg),
            verdict=result.verdict,
            lower_bound=bool(account.lower_bound),
            payback_decisions=_reach(result.requests),
            lowest_rate_hz=_reach(result.lowest_rate_hz),
            parity_power_w=self._parity_power_w(account),
        )

    def _parity_power_w(self, account: Account) -> Span | None:
        """Of the devices together; None where the making of one has no figure, or running emits nothing."""
        if any(gap.kind == "making" for gap in account.lower_bound):
            return None
        drawn = self.book.intensity_g_per_kwh * self.book.pue
        powers = [parity_power_w(device, drawn) for device in account.hardware]
        known = [power for power in powers if power is not None]
        return span(Range.total(known)) if known else None


def _reach(amount: Any) -> Reach | None:
    return None if amount is None else Reach.model_validate(amount, from_attributes=True)


def _twin(run: Run) -> Run:
    """The dense twin that was trained with a run.

    Raises:
        RunError: there is none.
    """
    if run.twin is not None:
        return run.twin
    by_hand = "train neuro_aolo.runs.training.twin_config into the folder's begin_twin"
    advice = "make it with neuro-aolo run" if name_of(run.config.system) in SYSTEMS else by_hand
    raise RunError(
        f"--baseline mlp: {run.folder.path} has no dense twin beside it: {advice}, or choose another"
    )


def _kept_cell(run: Run, file: Path) -> Cell:
    """A cell that a run can be set against.

    Raises:
        RunError: the file is no cell, is of another scenario, or breaks constraints too often.
    """
    if not file.is_file():
        raise RunError(f"--baseline {file} is no file: name a cell that neuro-aolo compare kept")
    cell, config = Cell.load(file), run.config
    if cell.settings.get("scenario_sha256") != scenario_sha256(config.scenario, config.deployment):
        raise RunError(
            f"--baseline {file} is of another service than {run.folder.path}: "
            "name one of the same scenario, countries and traces"
        )
    limit = run.task.spec.violation_limit
    if not math.isfinite(cell.carbon_mg) or cell.violation_rate > limit:
        broken = f"breaks a constraint in {cell.violation_rate:.2%} of {run.task.spec.decision}s"
        raise RunError(
            f"--baseline {file} {broken}: of a mean alone {limit:.2%} is allowed at most, choose another"
        )
    return cell
