"""What ran."""

from pydantic import Field

from neuro_aolo.runs.summary.part import ActorKind, Number, Part


class TraceFacts(Part):
    """The hours of a site's grid.

    Attributes:
        source: where they come from, as the name of a file.
        start: the first hour; None where days repeat.
        hours: how many there are.
        mean_g_per_kwh: of them.
        note: what was converted, chosen or filled when they were read.
        of: hours and basis in words: which, and whether the file calls them average or marginal.
    """

    source: str
    start: str | None = None
    hours: int
    mean_g_per_kwh: Number
    note: str | None = None
    of: str = ""


class FactorFacts(Part):
    """The carbon intensity that a site has by its country.

    Attributes:
        country: ISO 3166-1 alpha-3 code.
        name: the country's, in English.
        g_per_kwh: in use.
        year: that it is of; None where that is not known.
        basis: ``average, location-based``; empty where the figure in use is not that of the data.
        of: both in words.
        source: file and package.
    """

    country: str
    name: str
    g_per_kwh: Number
    year: int | None
    basis: str
    of: str
    source: str


class RunFacts(Part):
    """What ran.

    Attributes:
        system: its name.
        scenario: its name.
        actor: kind of the network, as ``popsan``.
        kind: of its graph.
        hidden: neurons of each hidden layer; empty where that was not kept.
        agent_site: where the agent stands.
        agent_intensity_g_per_kwh: mean carbon intensity there.
        agent_carbon: whether deciding counts in what is minimised: ``none``, ``work`` or ``provisioned``.
        seed: of the training.
        steps: decisions served in training.
        interrupted: whether the training was.
        training_kwh: energy of the training.
        training_measured_by: what measured it.
        traces: of the grids that are known hour by hour, by site.
        options: what was typed about preset and spikes, where it was not the default.
    """

    system: str
    scenario: str
    actor: str
    kind: ActorKind
    hidden: tuple[int, ...] = ()
    agent_site: str
    agent_intensity_g_per_kwh: Number
    agent_carbon: str
    seed: int
    steps: int
    interrupted: bool
    training_kwh: Number
    training_measured_by: str
    traces: dict[str, TraceFacts] = Field(default_factory=dict)
    options: dict[str, str] = Field(default_factory=dict)
