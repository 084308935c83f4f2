"""How a run does and what it emits: frozen, with plain data, a data frame, and a table in a notebook."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuro_aolo.api import shown
from neuro_aolo.runs.summary.asked import EvaluatedRun
from neuro_aolo.runs.summary.ledger import BoundaryFigures, LedgerPart
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.grid import Grid

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evaluation:
    """How an actor does on held-out decisions, which no training and no choice of a checkpoint has seen.

    Attributes:
        scenario: where it was looked at.
        decisions: held-out decisions that have a feasible action.
        regret: cost above the exact optimum's over the optimum's, as a share; NaN where nobody knows that.
        violation_rate: share of the decisions in which a constraint is broken.
        violation_limit: the largest share that the scenario allows; NaN where it is not known.
        feasible: whether the rate keeps to the limit: a regret is worth nothing where it does not; None
            where the limit is not known.
        service_mg_per_decision: carbon of what is controlled, in mgCO2e.
        optimum_mg_per_decision: that of the exact optimum; NaN likewise.
        figures: the system's own, by name, units in the names; empty where it has none.
        answer: all figures.
    """

    scenario: str
    decisions: int
    regret: float
    violation_rate: float
    violation_limit: float
    feasible: bool | None
    service_mg_per_decision: float
    optimum_mg_per_decision: float
    figures: Mapping[str, float]
    answer: EvaluatedRun = field(repr=False)

    @classmethod
    def of(cls, answer: EvaluatedRun) -> "Evaluation":
        """The same of a run's answer."""
        decided = answer.decided
        return cls(
            scenario=answer.scenario,
            decisions=decided.decisions,
            regret=decided.regret,
            violation_rate=decided.violation_rate,
            violation_limit=decided.violation_limit,
            feasible=decided.feasible,
            service_mg_per_decision=decided.service_mg_per_decision,
            optimum_mg_per_decision=decided.optimum_mg_per_decision,
            figures=decided.figures,
            answer=answer,
        )

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain data, units in the keys."""
        return self.answer.to_dict()

    def to_dataframe(self) -> "pd.DataFrame":
        """The actor, the best constant action where one was searched, and the system's rules, a row each."""
        rows = [{"policy": self.answer.run.actor, **_policy(self.answer.decided)}]
        if self.answer.decided.constant is not None:
            rows.append({"policy": "constant", **_policy(self.answer.decided.constant)})
        rows += [{"policy": name, **_policy(each)} for name, each in self.answer.decided.rules.items()]
        return shown.frame(rows, "policy")

    def _grids(self) -> list[Grid]:
        from neuro_aolo.report.grids import evaluation

        return [evaluation(self.answer.run, self.answer.wording, self.answer.decided)]

    def _repr_html_(self) -> str:
        return shown.html(self._grids(), self.answer.wording.figures)

    def __str__(self) -> str:
        return shown.text(self._grids(), self.answer.wording.figures)


def _policy(figures: Any) -> dict[str, Any]:
    return {"regret": figures.regret, "violation_rate": figures.violation_rate}


@dataclass(frozen=True)
class Ledger:
    """Service and agent on one ledger, and whether the agent pays.

    Attributes:
        service_mg: nominal carbon of what is controlled, provisioned as the agent is, in mgCO2e per decision.
        agent_mg: nominal carbon of the agent, always on, its making and its training included, by device.
        pays: by baseline and device: ``pays``, ``never`` or ``undecided``, of what is provisioned.
        service_work_mg: of what is controlled while it works for the decision, and no longer.
        agent_work_mg: of the agent likewise, by device.
        answer: all figures.
    """

    service_mg: float
    agent_mg: Mapping[str, float]
    pays: Mapping[str, Mapping[str, str]]
    service_work_mg: float
    agent_work_mg: Mapping[str, float]
    answer: LedgerPart = field(repr=False)

    @classmethod
    def of(cls, answer: LedgerPart) -> "Ledger":
        """The same of a run's answer."""
        pays: dict[str, dict[str, str]] = {}
        for device, pairs in answer.payback.items():
            for pair in pairs:
                if pair.boundary == "provisioned":
                    pays.setdefault(pair.baseline, {})[device] = pair.verdict
        work, provisioned = answer.ledger.work, answer.ledger.provisioned

        def agent_mg(figures: BoundaryFigures) -> dict[str, float]:
            return {name: account.agent_mg.nominal for name, account in figures.accounts.items()}

        return cls(
            service_mg=provisioned.service_mg.nominal,
            agent_mg=agent_mg(provisioned),
            pays=pays,
            service_work_mg=work.service_mg.nominal,
            agent_work_mg=agent_mg(work),
            answer=answer,
        )

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain data, units in the keys."""
        return self.answer.to_dict()

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each line: of the service, and of the agent on each device, within each boundary."""
        ledger = self.answer.ledger
        accounts: list[tuple[str, str, Any]] = []
        for boundary, figures in (("work", ledger.work), ("provisioned", ledger.provisioned)):
            accounts.append((boundary, "", figures.service))
            accounts += [(boundary, name, account.lines) for name, account in figures.accounts.items()]
        return shown.frame(
            {
                "boundary": boundary,
                "device": device,
                "line": line.name,
                "part": line.part,
                "kind": line.kind,
                **shown.spanned("carbon", "mg", line.mg),
                **shown.spanned("carbon_per_year", "kg", line.kg_per_year),
                "source": line.source,
            }
            for boundary, device, lines in accounts
            for line in lines
        )

    def _grids(self) -> list[Grid]:
        from neuro_aolo.report import ledgers
        from neuro_aolo.report.electricity import electricity

        paid = [ledgers.payback(self.answer, name) for name in ledgers.baselines(self.answer)]
        grids = [ledgers.service(self.answer), ledgers.devices(self.answer), *paid]
        places = electricity(self.answer)
        return [*grids, ledgers.by_work(self.answer), *([places] if places.rows else [])]

    def _sentences(self) -> list[str]:
        from neuro_aolo.report.answer import pays

        return pays(self.answer)

    def _repr_html_(self) -> str:
        return shown.html(self._grids(), self._sentences())

    def __str__(self) -> str:
        return shown.text(self._grids(), self._sentences())


@dataclass(frozen=True)
class Report:
    """The page of a run, and all that it says.

    Attributes:
        path: of the page.
        summary: every figure, as ``summary.json`` has it.
    """

    path: Path
    summary: Summary = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain data, units in the keys."""
        return self.summary.to_dict()

    def to_dataframe(self) -> "pd.DataFrame":
        """Every policy of the run, a row each."""
        summary = self.summary
        policies = {
            summary.run.actor: summary.decided,
            "chip": summary.deployed,
            "mlp": summary.twin,
            "constant": summary.decided.constant,
            **summary.decided.rules,
        }
        rows = ({"policy": name, **_policy(each)} for name, each in policies.items() if each is not None)
        return shown.frame(rows, "policy")

    def _sentences(self) -> list[str]:
        from neuro_aolo.report.answer import answer

        return [f"{each.topic}: {' '.join(each.sentences)}" for each in answer(self.summary)]

    def _grids(self) -> list[Grid]:
        from neuro_aolo.report.grids import policies

        return [policies(self.summary)]

    def _repr_html_(self) -> str:
        return shown.html(self._grids(), [*self._sentences(), f"The page: {self.path}"])

    def __str__(self) -> str:
        return shown.text(self._grids(), [*self._sentences(), f"The page: {self.path}"])
