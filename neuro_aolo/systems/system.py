"""What a system offers, be it a folder of this package or anybody's module: its task, rules and words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from neuro_aolo.systems.task import Policy, Task


@dataclass(frozen=True)
class Machine:
    """What stands for the system also while no decision keeps it busy; its entries hold only its work.

    Attributes:
        key: short, as ``gpus``.
        name: what people read.
        site: where it draws energy.
        idle_w: power while it waits, cooling included.
        making_g_per_s: its making by the time that it lasts, in gCO2e per second.
        utilisation: share of its time that it works, at most.
        shared: whether others fill its time, so that each decision bears the waiting that goes with its own
            work; else it waits from one decision to the next.
        source: where the figures come from.
        kind: of what it is, as hardware profiles have it (``gpu``); empty where it is of no such kind.
        pieces: of that kind.
    """

    key: str
    name: str
    site: str
    idle_w: float
    making_g_per_s: float
    utilisation: float
    shared: bool
    source: str
    kind: str = ""
    pieces: int = 1


@dataclass(frozen=True)
class Figures:
    """What a run knows of itself, for its system to put in words.

    Attributes:
        scenario: the system's own.
        terms_mg: mean carbon of a decision in mgCO2e, by entry.
        told: the system's own figures of it, where it has any.
        deployed_as_usual: whether its deployment is the one that the scenario's name stands for.
    """

    scenario: Any
    terms_mg: Mapping[str, float] = field(default_factory=dict)
    told: Mapping[str, float] = field(default_factory=dict)
    deployed_as_usual: bool = True


@dataclass(frozen=True)
class Telling:
    """What a system says of a run, in its own words.

    Attributes:
        title: scenario and places.
        controls: what is decided, and of what, as it follows "decided" in a sentence: ``how many words a
            language model answers with, for a base station in France``. Empty: the names of the actions say.
        grade: how much the source of a parameter carries, in a word or two, from the source's words.
        grades: each grade as part of a sentence that counts them.
        countries: ISO 3166-1 alpha-3 code of the grid of each site; empty where it is no country's.
        limits: what its figures do not say, a sentence each.
        options: words of a command line that choose scenario and places.
        shipped: whether the scenario comes with this package, its places aside.
        sources: whose model the system is, a line each.
        figures: its own figures of the run as people read them, a line each.
        against: what speaks against the actor beyond what everybody sees, a sentence each, as people should
            read it first.
        cost: what the cost that learning curves show is, in a sentence, where its unit does not say it.
    """

    title: str
    controls: str = ""
    grade: Callable[[str], str] = lambda source: "scenario"
    grades: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    shipped: bool = False
    sources: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    cost: str = ""


class System(Protocol):
    """A system that can be controlled: a folder of this package, or anybody's module.

    It may offer more: ``figures(scenario, reached, reference) -> Mapping[str, float]``, its own figures of
    what an actor's episodes came to (:class:`~neuro_aolo.systems.task.Reached`) beside those of the
    reference on the same draws, None where there is none. They stand at the top of ``evaluate --json``.
    ``chapters(task, episodes) -> tuple[Chapter, ...]``, sections of its own on the page of a run, as
    :mod:`neuro_aolo.systems.chapter` has them.
    ``estimators(scenario) -> Mapping[str, Estimator]``, rivals that log so many decisions drawn at random,
    estimate what they come to and then optimise (:mod:`neuro_aolo.systems.rivals`), for ``compare``.
    ``phrases() -> Phrases``, how people speak of its parameters, places and choices, as
    :mod:`neuro_aolo.systems.phrases` has it, for ``formulate``.
    ``machines(scenario) -> tuple[Machine, ...]``, what stands for it also while no decision keeps it busy:
    the ledger then bears its waiting beside its work; ``busy_s`` of what was served has a column for each.
    ``emits(scenario, states, actions) -> Served``, what decisions that stand alone serve and emit under other
    parameters, whether feasible or not: the ledger then has ranges where the scenario has them.
    ``pue(scenario) -> Mapping[str, float]``, the power usage effectiveness of its sites, else 1.
    ``from_llm`` makes a scenario of a named language model, with its ``toml``, ``figures`` and ``rows``, for
    ``scenarios from-llm``.
    ``examine``, ``fit`` and ``shift`` are what ``scenarios check``, ``scenarios fit`` and ``evaluate
    --scenario`` ask for.
    """

    @property
    def Scenario(self) -> Any:  # noqa: N802 - the name of a class
        """Class of its scenarios: a pydantic model or a frozen dataclass."""
        ...

    def task(self, scenario: Any) -> Task:
        """The task of a scenario."""
        ...

    def policies(self, scenario: Any) -> Mapping[str, Policy]:
        """Rules and constants to compare with, by name."""
        ...

    def tell(self, figures: Figures) -> Telling:
        """What it says of a run."""
        ...
