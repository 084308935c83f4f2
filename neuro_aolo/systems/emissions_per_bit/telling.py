"""What the cell says of a run: title, places, grades, figures, limits."""

from neuro_aolo.systems.emissions_per_bit.accounts import SITE
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.figures import caveats, lines
from neuro_aolo.systems.emissions_per_bit.reference import CAUSAL, Best
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.grid.countries import country_name
from neuro_aolo.systems.system import Figures, Telling

SHIPPED = "emissions-per-bit"
_SOURCE = (
    "Cell, batteries and metric: C. Kurisummoottil Thomas, O. Hashash, K. Ehsani, W. Saad (2025), "
    "arXiv:2509.02395; delay, carbon of batteries and references: this project"
)
_GRADES = {
    "paper": "from the paper",
    "chosen": "chosen by this project",
    "CodeCarbon": "from CodeCarbon's data",
    "IPCC": "from the IPCC",
    "scenario": "from this scenario, its trace or elsewhere",
}


def tell(figures: Figures) -> Telling:
    """What is said of a run on a cell."""
    scenario: Scenario = figures.scenario
    best, told = Best(scenario), figures.told
    where = _where(scenario)
    shipped = figures.deployed_as_usual and _is_shipped(scenario)
    return Telling(
        title=f"{scenario.name}: electricity {where or 'as in the scenario'}",
        controls="what each server of a radio cell does with its battery and how fast it computes, hour by "
        f"hour, on a grid {where or 'as the scenario has it'}",
        grade=_grade,
        grades=_GRADES,
        countries={SITE: scenario.grid_country or ""},
        limits=(
            *caveats(told),
            "Energy and delay hardly conflict here: the slowest clocks of the GPU are the greenest, and "
            "faster ones pay in the few hours of a server that is nearly full.",
            "A rule gets far: to store the sun's surplus, and to use it as soon as the sun is not enough, is "
            "about a sixth above the causal optimum on the default grid, at the same delay.",
            "Carbon is followed through the batteries: at the constant factor that the paper prints, energy "
            "from the grid comes out of a battery cleaner than it went in.",
            _of_reference(best.name),
            "Energy is modelled, not measured: power of clocks, solar power and load are drawn or chosen, so "
            "ratios carry further than nanograms, and delays only as ratios.",
        ),
        options=_options(scenario, shipped=shipped),
        sources=(_SOURCE,),
        shipped=shipped,
        figures=lines(told, best.name),
        against=caveats(told),
        cost=_cost(scenario),
    )


def _cost(scenario: Scenario) -> str:
    """What is minimised: where it is carbon, that beyond what no decision changes."""
    if scenario.interface.objective != "carbon":
        return ""
    return (
        "Carbon counts beyond that of serving all from the grid with the slowest clocks, and delay at its "
        "weight: below 0 less is emitted than so."
    )


def _of_reference(name: str) -> str:
    if name == CAUSAL:
        return (
            "Regret is against a causal optimum that treats all batteries as one and has its effort from a "
            "price of 5 g a second of delay: another price is another optimum."
        )
    return (
        "Regret is against a linear program that knows the whole week, which no policy reaches: part of it "
        "is the price of not knowing the future."
    )


def _where(scenario: Scenario) -> str:
    trace = None if scenario.traces is None else scenario.traces.grid
    if trace is not None and trace.start:
        return f"of {trace.source}"
    return f"in {country_name(scenario.grid_country)}" if scenario.grid_country else ""


def _is_shipped(scenario: Scenario) -> bool:
    """Whether the scenario is the shipped one, its country and trace aside."""
    groups = set(Cell.model_fields) - ({"grid"} if scenario.grid_country else set())
    default = Cell()
    return scenario.name == SHIPPED and all(
        getattr(scenario, name) == getattr(default, name) for name in groups
    )


def _options(scenario: Scenario, *, shipped: bool) -> tuple[str, ...]:
    """Words of a command line that choose scenario and place."""
    trace = None if scenario.traces is None else scenario.traces.grid
    options = ["--scenario", scenario.name if shipped else "FILE.toml"]
    if trace is not None and trace.start:
        options += ["--trace", f"{SITE}={trace.source}"]
    elif scenario.grid_country:
        options += ["--country", f"{SITE}={scenario.grid_country}"]
    return tuple(options)


def _grade(source: str) -> str:
    """What the source's words begin with."""
    return next((grade for grade in _GRADES if source.startswith(grade)), "scenario")
