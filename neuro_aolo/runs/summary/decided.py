"""What the float actor's decisions come to."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, computed_field, model_validator

from neuro_aolo.runs.summary.part import Number, Part, Share
from neuro_aolo.text.feasibility import is_feasible


class PolicyFigures(Part):
    """How a policy does on the held-out decisions.

    Attributes:
        regret: against the exact optimum, violating decisions included; NaN where nobody knows that.
        violation_rate: share of decisions in which a constraint is broken.
        violation_limit: share in which one may be broken; NaN where that was not kept.
        cost_per_decision: of what is minimised, in units of the first objective; NaN in older files.
    """

    regret: Number
    violation_rate: Share
    violation_limit: Share = math.nan
    cost_per_decision: Number = math.nan

    @computed_field  # type: ignore[prop-decorator]
    @property
    def feasible(self) -> bool | None:
        """Whether the violation rate is within the limit; None where one of them is unknown."""
        return is_feasible(self.violation_rate, self.violation_limit)

    @model_validator(mode="before")
    @classmethod
    def _work_out_anew(cls, data: Any) -> Any:
        """``feasible`` follows from the other two: what a file says of it is not read."""
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if key != "feasible"}
        return data


class ConstantFigures(PolicyFigures):
    """The best constant action.

    Attributes:
        action: physical values, by the action's name.
    """

    action: dict[str, Number]


class TwinFigures(PolicyFigures):
    """The dense actor of the same size that was trained with the run."""

    steps: int
    interrupted: bool


class TermFigures(Part):
    """One line of what the system emits under the actor.

    Attributes:
        name: what people read.
        kind: ``operational`` or ``embodied``.
        site: where.
        source: of the figure.
        mg: mgCO2e per decision.
    """

    name: str
    kind: Literal["operational", "embodied"]
    site: str
    source: str
    mg: Number


class Margin(Part):
    """How far the actor keeps a constraint.

    Attributes:
        name: of the constraint.
        title: what people read.
        unit: of its margin.
        limit: what is kept.
        broken: share of decisions in which it is broken.
        quantiles: of the margin, by their share; None where it is without end.
    """

    name: str
    title: str
    unit: str
    limit: Number
    broken: Share
    quantiles: dict[str, float | None]


class Decided(PolicyFigures):
    """What the float actor's decisions come to.

    Attributes:
        decisions: held out, that have a feasible action.
        service_mg_per_decision: carbon of the system, in mgCO2e.
        optimum_mg_per_decision: that of the exact optimum.
        deciding_mg_per_decision: carbon of deciding, as far as the regret holds it.
        terms: carbon of the system, by the entry's key.
        margins: of each constraint.
        constant: the best constant action; None where none was searched.
        figures: the system's own, by name; units are in the names.
        rules: of the system, by name: what it decides without learning; empty in older files.
    """

    decisions: int
    service_mg_per_decision: Number
    optimum_mg_per_decision: Number
    deciding_mg_per_decision: Number
    terms: dict[str, TermFigures]
    margins: tuple[Margin, ...]
    constant: ConstantFigures | None
    figures: dict[str, Number] = Field(default_factory=dict)
    rules: dict[str, PolicyFigures] = Field(default_factory=dict)

    @property
    def constrained(self) -> bool:
        """Whether there is a constraint to break."""
        return bool(self.margins) or self.violation_rate > 0.0
