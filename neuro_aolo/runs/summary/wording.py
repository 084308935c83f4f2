"""How a system speaks of a run."""

from pydantic import Field

from neuro_aolo.runs.summary.part import Part
from neuro_aolo.runs.summary.run import FactorFacts


class Wording(Part):
    """How the system speaks of it.

    Attributes:
        title: scenario and places.
        controls: what is decided, and of what, as it follows "decided" in a sentence; empty in older files.
        decision: what a decision is called.
        optimum: what the optimum is called.
        exact: whether that is the least of each decision, and not what a reference comes to.
        cost_unit: of what is minimised.
        constant: the best constant action, as ``150.0 words, 8.293 W``; empty where there is none.
        countries: ISO 3166-1 alpha-3 code of the grid of each site; empty where it is no country's.
        factors: what the carbon intensities of these countries are figures of, by site.
        traces: files of the dated traces, by site.
        limits: what the system's figures do not say, a sentence each; the first before all others.
        command: words of a command line that choose scenario, places and the agent's site.
        shipped: whether the scenario comes with this package.
        grades: each grade of an assumption as part of a sentence.
        sources: whose model the system is, a line each.
        figures: the system's own figures of the run as people read them, a line each.
        against: what the system says against the actor, a sentence each.
        cost: what the cost of learning curves is, in a sentence, where its unit does not say it.
        merit: what a regret is of.
        start: what a held-out decision is called: ``episode`` where several decisions follow one another.
    """

    title: str
    controls: str = ""
    decision: str
    optimum: str
    exact: bool = True
    cost_unit: str = "mg"
    constant: str = ""
    countries: dict[str, str] = Field(default_factory=dict)
    factors: dict[str, FactorFacts] = Field(default_factory=dict)
    traces: dict[str, str] = Field(default_factory=dict)
    limits: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    shipped: bool = False
    grades: dict[str, str] = Field(default_factory=dict)
    sources: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    cost: str = ""
    merit: str = "cost"
    start: str = ""

    @property
    def decisions(self) -> str:
        """What several decisions are called."""
        return f"{self.decision}s"

    @property
    def starts(self) -> str:
        """What several of the held-out ones are called."""
        return f"{self.start or self.decision}s"

    @property
    def a_decision(self) -> str:
        """One of them, with its article."""
        return f"{'an' if self.decision.lower().startswith((*'aeiou', 'hour')) else 'a'} {self.decision}"
