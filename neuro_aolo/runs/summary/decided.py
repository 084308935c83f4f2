"""What the float actor's decisions come to."""

import math
from typing import Literal

from neuro_aolo.runs.summary.part import Number, Part, Share


class PolicyFigures(Part):
    """How a policy does on the held-out decisions.

    Attributes:
        regret: against the exact optimum, violating decisions included; NaN where nobody knows that.
        violation_rate: share of decisions in which a constraint is broken.
    """

    regret: Number
    violation_rate: Share


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
        cost_per_decision: of what is minimised, in units of the first objective; NaN in older files.
    """

    decisions: int
    service_mg_per_decision: Number
    optimum_mg_per_decision: Number
    deciding_mg_per_decision: Number
    terms: dict[str, TermFigures]
    margins: tuple[Margin, ...]
    constant: ConstantFigures | None
    cost_per_decision: Number = math.nan
