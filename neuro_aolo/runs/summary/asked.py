"""What single questions about a run are answered with."""

from typing import Any

from neuro_aolo.runs.summary.decided import Decided
from neuro_aolo.runs.summary.part import Part
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.wording import Wording


class EvaluatedRun(Part):
    """How a run's actor does on held-out decisions: ``neuro-aolo evaluate``.

    Attributes:
        run: what ran.
        wording: how its system speaks of it.
        decided: what its decisions come to.
        scenario: where it was looked at.
        trained_in: the scenario that it was trained in, where that is another; empty otherwise.
    """

    run: RunFacts
    wording: Wording
    decided: Decided
    scenario: str
    trained_in: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON holds it: the system's own figures first, and what they are set against."""
        own = {"optimum": self.wording.optimum} if self.decided.figures else {}
        data = {
            **self.decided.figures,
            **own,
            "run": self.run.to_dict(),
            "wording": self.wording.to_dict(),
            "decided": self.decided.to_dict(),
        }
        return data | ({"trained_in": self.trained_in} if self.trained_in else {})


class PricedRun(Part):
    """What a decision of a run's actor costs on devices: ``neuro-aolo energy``.

    Attributes:
        run: what ran.
        priced: bills, and pairs of them.
    """

    run: RunFacts
    priced: Priced
