"""What a run on edge servers says of itself: title, places, grades, limits."""

from neuro_aolo.systems.grid.countries import country_name
from neuro_aolo.systems.offload.parameters import USER
from neuro_aolo.systems.offload.scenario import SYSTEM, Scenario
from neuro_aolo.systems.scenario_file import scenario_names
from neuro_aolo.systems.system import Figures, Telling

_SECTIONS = ("task", "servers", "radio", "provision", "limits", "actions", "users", "state")
_SOURCE = (
    "Our reconstruction of a case that J. Wen et al. (2024), arXiv:2404.18077, describe in words; carbon in "
    "the form of AOLO's equations, quality in that of AGOD (H. Du et al., 2024); numbers: this project"
)
_GRADES = {
    "datasheet": "from the chips' datasheets",
    "AGOD": "from AGOD",
    "AOLO": "from AOLO",
    "Stable Diffusion": "from a published count of Stable Diffusion's operations",
    "chosen": "chosen by this project",
    "CodeCarbon": "from CodeCarbon's data",
    "scenario": "from this scenario or its traces",
}


def tell(figures: Figures) -> Telling:
    """What is said of a run."""
    scenario: Scenario = figures.scenario
    shipped = figures.deployed_as_usual and _is_shipped(scenario)
    return Telling(
        title=f"{scenario.name} (our reconstruction): {_places(scenario) or 'intensities from the scenario'}",
        controls=_controls(scenario),
        grade=_grade,
        grades=_GRADES,
        countries={site: scenario.country(site) for site in scenario.sites},
        limits=(
            "This is our reconstruction: arXiv:2404.18077 describes its case in words, and none of its "
            "equations, parameters or results is known here. Nothing here reproduces a figure of it.",
            "All that matters is observed and every server has one price in closed form, so that trying all "
            "servers is exact in microseconds: there is nothing that only an agent that learns could find.",
            "Speed and power of the servers are datasheet figures at a chosen share of their peak, queues, "
            "deadlines and quality curves are chosen: ratios carry further than milligrams.",
            *_of_users(scenario),
        ),
        options=_options(scenario, shipped=shipped),
        sources=(_SOURCE,),
        shipped=shipped,
    )


def _of_users(scenario: Scenario) -> tuple[str, ...]:
    users = scenario.users.count
    if users == 1:
        return ()
    return (
        f"{users} users see the same and decide at once. One network without chance sends all of them to one "
        "server, whatever it has learnt; the optimum that regret is against tells each user where to go, "
        "which no policy of users who cannot talk to each other reaches.",
    )


def _controls(scenario: Scenario) -> str:
    users = "" if scenario.users.count == 1 else f" of each of {scenario.users.count} users"
    places = _places(scenario)
    return (
        f"which of {scenario.servers.count} edge servers serves an image-generation task{users}, in how many "
        f"denoising steps and at what transmit power{f', with {places}' if places else ''}"
    )


def _places(scenario: Scenario) -> str:
    """Where the sites stand that a country or a dated trace is given for."""
    dated = _dated(scenario)
    named = {
        site: f"on the grid of {dated[site]}" if site in dated else f"in {country_name(country)}"
        for site in scenario.sites
        if (country := scenario.country(site)) or site in dated
    }
    return ", ".join(f"{'user' if site == USER else site} {where}" for site, where in named.items())


def _dated(scenario: Scenario) -> dict[str, str]:
    """Files of the dated traces, by site."""
    traces = {} if scenario.traces is None else scenario.traces.by_site
    return {site: trace.source for site, trace in traces.items() if trace.start}


def _is_shipped(scenario: Scenario) -> bool:
    """Whether the scenario is a shipped one, its countries and traces aside."""
    if scenario.name not in scenario_names(SYSTEM):
        return False
    shipped, own = Scenario.load(scenario.name), scenario
    if own.server_countries is not None:
        own = own.model_copy(
            update={
                "server_countries": None,
                "servers": own.servers.model_copy(
                    update={"fixed_g_per_kwh": shipped.servers.fixed_g_per_kwh}
                ),
            }
        )
    if own.user_country is not None or own.traces is not None:
        key = "user_intensity_g_per_kwh"
        state = own.state.model_copy(update={key: getattr(shipped.state, key)})
        own = own.model_copy(update={"state": state, "user_country": None, "traces": None})
    return all(getattr(shipped, name) == getattr(own, name) for name in _SECTIONS)


def _options(scenario: Scenario, *, shipped: bool) -> tuple[str, ...]:
    """Words of a command line that choose scenario and places."""
    dated = _dated(scenario)
    options = ["--scenario", scenario.name if shipped else "FILE.toml"]
    for site in scenario.sites:
        if site in dated:
            options += ["--trace", f"{site}={dated[site]}"]
        elif scenario.country(site):
            options += ["--country", f"{site}={scenario.country(site)}"]
    return tuple(options)


def _grade(source: str) -> str:
    """What the source's words begin with."""
    return next((grade for grade in _GRADES if source.startswith(grade)), "scenario")
