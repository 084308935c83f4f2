"""What an environment says of a run."""

from neuro_aolo.systems.environment.scenario import SITE, Scenario
from neuro_aolo.systems.system import Figures, Telling

_GRADES = {
    "measured": "measured in the environment",
    "CodeCarbon": "from CodeCarbon's data",
    "chosen": "chosen by this project",
    "scenario": "from the scenario or the environment",
}


def tell(figures: Figures) -> Telling:
    """What is said of a run on an environment."""
    scenario: Scenario = figures.scenario
    country = scenario.grid_country or ""
    return Telling(
        title=f"{scenario.name}: electricity " + (f"of {country}" if country else "as in the scenario"),
        controls=f"each action in the environment {scenario.name}",
        grade=_grade,
        grades=_GRADES,
        countries={SITE: country},
        limits=(_limit(scenario),),
        options=("--scenario", "FILE.toml", *(("--country", f"{SITE}={country}") if country else ())),
        sources=(f"Environment: {scenario.env_id or scenario.name}, through Gymnasium (arXiv:2407.17032)",),
    )


def _limit(scenario: Scenario) -> str:
    if not scenario.carbon:
        return (
            "The environment tells no carbon of its own, so the ledger holds the agent alone: nothing here "
            "says what its decisions save."
        )
    return "What the environment emits is its own figure, and is not checked here."


def _grade(source: str) -> str:
    """What the source's words say."""
    return next((grade for grade in _GRADES if grade in source), "scenario")
