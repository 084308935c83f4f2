"""What tasks served and emitted, for ledgers and people, and what stands for them beyond the work on them."""

from collections.abc import Mapping

import numpy as np

from neuro_aolo.systems.offload.parameters import USER
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Outcome, decode, outcome, station_making_g_per_s
from neuro_aolo.systems.system import Machine
from neuro_aolo.systems.task import Entry, Floats, Served
from neuro_aolo.units import G_PER_KG, S_PER_YEAR

_SOURCE = "our reconstruction, in the form of AOLO's equations, arXiv:2503.04418"


def entries(scenario: Scenario) -> tuple[Entry, ...]:
    """Lines of what a decision emits: computing and making of each server, transfers, the station."""
    servers = (
        entry
        for number, site in enumerate(scenario.servers.sites, start=1)
        for entry in (
            Entry(f"{site}_operational", f"server {number}, operational", "operational", site, _SOURCE),
            Entry(f"{site}_embodied", f"server {number}, embodied", "embodied", site, _SOURCE),
        )
    )
    return (
        *servers,
        Entry("device_operational", "user's device, operational", "operational", USER, _SOURCE),
        Entry("station_operational", "base station, operational", "operational", USER, _SOURCE),
        Entry("station_embodied", "base station, embodied", "embodied", USER, _SOURCE),
    )


def served(scenario: Scenario, result: Outcome) -> Served:
    """Figures of tasks whose outcome is known, of all users of a state together."""
    server = result.server[..., None] == np.arange(scenario.servers.count)

    def by_server(part: Floats) -> Floats:
        return np.asarray(np.einsum("bk,bkm->bm", part, server))

    def together(part: Floats) -> Floats:
        return np.asarray(part.sum(axis=1, keepdims=True))

    count = len(result.server)
    at_server = np.stack([by_server(result.computing_g), by_server(result.server_making_g)], axis=-1)
    of_user = (result.device_g, result.station_g, result.station_making_g)
    return Served(
        carbon_g=np.hstack([at_server.reshape(count, -1), *map(together, of_user)]),
        energy_j=np.hstack([by_server(result.server_j), together(result.user_j)]),
        units=np.full((count, 1), float(scenario.users.count)),
        margins=result.margins.min(axis=1),
        busy_s=np.hstack([by_server(result.compute_s), together(result.upload_s + result.download_s)]),
    )


def emits(scenario: Scenario, states: Floats, actions: Floats) -> Served:
    """What decisions serve and emit under parameters that the task was not made for, as at a range's end.

    Args:
        scenario: with those parameters.
        states: ``(B, S)`` in physical units.
        actions: ``(B * K, A)`` in [-1, 1].
    """
    return served(scenario, outcome(scenario, states, decode(scenario, actions)))


def machines(scenario: Scenario) -> tuple[Machine, ...]:
    """The servers and the user's share of the base station, all of them used by others too."""
    servers, radio, provision = scenario.servers, scenario.radio, scenario.provision
    return (
        *(
            Machine(
                key=site,
                name=f"server {index + 1}",
                site=site,
                idle_w=servers.power_w[index] * provision.idle_share * servers.pue[index],
                making_g_per_s=servers.embodied_kg[index]
                * G_PER_KG
                / (servers.lifetime_years[index] * S_PER_YEAR),
                utilisation=provision.server_utilisation,
                shared=True,
                source="provision.idle_share, provision.server_utilisation",
            )
            for index, site in enumerate(servers.sites)
        ),
        Machine(
            key="station",
            name="base station",
            site=USER,
            idle_w=radio.fixed_power_w,
            making_g_per_s=station_making_g_per_s(scenario),
            utilisation=provision.bs_utilisation,
            shared=True,
            source="radio.fixed_power_w, provision.bs_utilisation",
        ),
    )


def pue(scenario: Scenario) -> Mapping[str, float]:
    """Power usage effectiveness of each site."""
    return {**dict(zip(scenario.servers.sites, scenario.servers.pue, strict=True)), USER: 1.0}
