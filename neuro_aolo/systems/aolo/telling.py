"""What AOLO says of a run: title, places, parameters with their grades, limits."""

import math

from neuro_aolo.systems.aolo.scenario import Scenario, scenario_names
from neuro_aolo.systems.grid.countries import country_name
from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.system import Figures, Telling
from neuro_aolo.text.numbers import percent

_PLACES = {"dc": "data centre", "bs": "base station"}
_SECTIONS = ("channel", "inference", "radio", "provision", "quality", "limits", "actions", "prompts", "link")
_SOURCE = "Service, problem and algorithm: X. Wang, H. Du, Y. Gao, D. I. Kim (2025), AOLO, arXiv:2503.04418"
_GRADES = {
    "AOLO, table": "from AOLO's table",
    "AOLO": "from elsewhere in AOLO",
    "restored": "restored from what its print lost",
    "chosen": "chosen by this project",
    "CodeCarbon": "from CodeCarbon's data",
    "published": "from other published models",
    "recalled": "recalled from published documents",
    "scenario": "from this scenario or its traces",
}
_PUBLISHED = ("3GPP", "EARTH", "UCLouvain")


def tell(figures: Figures) -> Telling:
    """What is said of a run on a scenario of AOLO's."""
    scenario: Scenario = figures.scenario
    shipped = figures.deployed_as_usual and _is_shipped(scenario)
    return Telling(
        title=_title(scenario),
        controls=_controls(scenario),
        grade=_grade,
        grades=_GRADES,
        countries={site: getattr(scenario, f"{site}_country") or "" for site in _PLACES},
        limits=(
            f"The wireless phase is {percent(_wireless_share(figures))} of the service's carbon in this run, "
            "and about 0.004 % at the parameters of the AOLO paper: there, power control saves next to "
            "nothing.",
            "The service's carbon is modelled by the AOLO equations. Its quality curve and carbon ranges are "
            "chosen, so ratios and rankings carry further than milligrams.",
            *_of_prompts(scenario),
            *_of_link(scenario),
        ),
        options=_options(scenario, shipped=shipped),
        sources=(_SOURCE,),
        shipped=shipped,
    )


def _of_prompts(scenario: Scenario) -> tuple[str, ...]:
    """Who stands behind the scores."""
    prompts = scenario.prompts
    if prompts is None:
        return ()
    if prompts.users is None:
        return (
            "No user was asked: a fixed random network stands for them. It says at what length an answer to "
            f"a prompt of {prompts.features} features scores best, and scores scatter about its curve by "
            f"{prompts.noise_points:g} points.",
        )
    return (
        f"Scores are those of a network fitted to {len(prompts.users.features):,} answers of "
        f"{prompts.users.source}, and scatter about it by {prompts.noise_points:.3g} points: what it missed "
        "of the users is counted as noise.",
    )


def _of_link(scenario: Scenario) -> tuple[str, ...]:
    """What the wireless share rests on where the link is in real units."""
    if scenario.link is None:
        return ()
    radio = scenario.radio
    return (
        f"The station's {radio.fixed_power_w:g} W for being on are shared over the "
        f"{radio.downlink_mbit_per_s:g} Mbit/s that it sends: how busy it is, not the transmit power, "
        "decides the wireless share.",
        f"Interference is {scenario.link.interference_db:g} dB on top of the noise everywhere in the "
        "cell, and no modulation ends the rate: near the mast it is better than any handset's.",
    )


def _wireless_share(figures: Figures) -> float:
    """Share of the wireless phase in the service's carbon; NaN where the service emits nothing."""
    terms = figures.terms_mg
    total = math.fsum(terms.values())
    wireless = math.fsum(terms.get(f"wireless_{kind}", 0.0) for kind in ("operational", "embodied"))
    return wireless / total if total else math.nan


def _grade(source: str) -> str:
    """What the source's words say: printed by AOLO, restored, chosen here; else the scenario's own."""
    if "restored" in source:
        return "restored"
    if source.startswith(_PUBLISHED):
        return "recalled" if "recalled" in source else "published"
    for grade in ("chosen", "AOLO, table", "AOLO", "CodeCarbon"):
        if source.startswith(grade):
            return grade
    return "scenario"


def _title(scenario: Scenario) -> str:
    """The scenario and the countries whose carbon intensities apply."""
    traces = _dated(scenario)
    found = {site: traces.get(site) or getattr(scenario, f"{site}_country") for site in _PLACES}
    if not any(found.values()):
        return f"{scenario.name}: carbon intensities from the scenario"
    return f"{scenario.name}: " + ", ".join(
        f"{place} in {found[site]}" if found[site] else f"{place} as in the scenario"
        for site, place in _PLACES.items()
    )


def _controls(scenario: Scenario) -> str:
    """What is decided, and where the data centre and the base station stand."""
    traces = _dated(scenario)
    where = {}
    for site in _PLACES:
        country = getattr(scenario, f"{site}_country")
        where[site] = f" on the grid of {traces[site]}" if site in traces else ""
        if country and site not in traces:
            where[site] = f" in {country_name(country)}"
    places = " and ".join(f"a {place}{where[site]}" for site, place in _PLACES.items())
    return f"how many words a language model answers with and at what transmit power, for {places}"


def _dated(scenario: Scenario) -> dict[str, str]:
    """Files of the dated traces, by site."""
    traces: dict[str, Trace | None] = {site: getattr(scenario.traces, site, None) for site in _PLACES}
    return {site: trace.source for site, trace in traces.items() if trace is not None and trace.start}


def _is_shipped(scenario: Scenario) -> bool:
    """Whether the scenario is a shipped one, its countries and traces aside."""
    if scenario.name not in scenario_names():
        return False
    shipped = Scenario.load(scenario.name)
    return all(getattr(shipped, name) == getattr(scenario, name) for name in _SECTIONS)


def _options(scenario: Scenario, *, shipped: bool) -> tuple[str, ...]:
    """Words of a command line that choose scenario and places."""
    traces = _dated(scenario)
    found = {
        "--scenario": scenario.name if shipped else "FILE.toml",
        **{
            f"--{site}-country": None if site in traces else getattr(scenario, f"{site}_country")
            for site in _PLACES
        },
        **{f"--{site}-trace": traces.get(site) for site in _PLACES},
    }
    return tuple(word for option, value in found.items() if value is not None for word in (option, value))
