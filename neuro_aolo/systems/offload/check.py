"""What a scenario is like: its optimum, which servers are best, and what common sense costs."""

from typing import Any

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.offload.mixed import best_mixed
from neuro_aolo.systems.offload.optimum import best, prices
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Choice, Outcome, decode, encode, outcome, sample_states
from neuro_aolo.systems.task import Floats

_MIXED = 2_000
"""States that a mixed policy is found for."""


def examine(
    scenario: Scenario, rng: np.random.Generator, requests: int
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What a scenario is like: figures by name, and rows for people.

    Args:
        scenario: of servers and tasks.
        rng: of the states and of random actions.
        requests: states drawn.

    Raises:
        ScenarioError: none of them can be served.
    """
    states = sample_states(scenario, requests, rng)
    found = best(scenario, states)
    if not found.feasible.any():
        raise ScenarioError(f"scenario {scenario.name!r}: none of {requests} tasks can be served: loosen it")
    users, servers = scenario.users.count, scenario.servers.count
    kept = found.feasible
    optimal = _served(scenario, states[kept], found.choice, kept)
    numbers = len(encode(scenario, found.choice)[0])
    drawn = outcome(scenario, states, decode(scenario, rng.uniform(-1.0, 1.0, (requests * users, numbers))))
    cleanest = _cleanest(scenario, states)
    figures: dict[str, Any] = {
        "requests": requests,
        "feasible_share": float(kept.mean()),
        "optimum_carbon_mg": float(found.carbon_mg[kept].mean()),
        "optimum_carbon_stderr_mg": float(found.carbon_mg[kept].std() / np.sqrt(kept.sum())),
        "optimum_servers": {
            site: float((optimal.server == index).mean()) for index, site in enumerate(scenario.servers.sites)
        },
        "optimum_steps": _percentiles(found.choice.steps[kept]),
        "optimum_power_w": _percentiles(found.choice.power_w[kept]),
        "shares": _shares(optimal),
        "server_able_share": {
            site: float(np.isfinite(prices(scenario, states).mg[:, index, 0]).mean())
            for index, site in enumerate(scenario.servers.sites)
        },
        "cleanest_grid_kept_share": float(np.isfinite(cleanest).mean()),
        "random_kept_share": float(drawn.kept.all(axis=1).mean()),
    }
    if users > 1:
        some = states[kept][:_MIXED]
        herd = users * prices(scenario, some).mg[..., -1].min(axis=1)
        figures |= {
            "optimum_carbon_of_those_mg": float(found.carbon_mg[kept][:_MIXED].mean()),
            "one_server_kept_share": float(np.isfinite(herd).mean()),
            "one_server_cost_mg": float(
                np.where(np.isfinite(herd), herd, users * scenario.limits.penalty_mg).mean()
            ),
            "mixed_cost_mg": float(best_mixed(scenario, some).cost_mg.mean()),
        }
    return figures, _rows(scenario, figures, servers)


def _served(scenario: Scenario, states: Floats, choice: Choice, kept: Any) -> Outcome:
    return outcome(scenario, states, Choice(choice.server[kept], choice.steps[kept], choice.power_w[kept]))


def _cleanest(scenario: Scenario, states: Floats) -> Floats:
    """Carbon of a task alone at the server on the cleanest grid, whatever it can do, ``(B,)``."""
    columns = [scenario.intensity_of(site) for site in scenario.servers.sites]
    server = states[:, columns].argmin(axis=1)
    alone: Floats = prices(scenario, states).mg[np.arange(len(states)), server, 0]
    return alone


def _shares(optimal: Outcome) -> dict[str, float]:
    """Share of each term in the optimum's carbon; they sum to 1."""
    total = optimal.carbon_mg.sum() / 1e3
    names = ("computing", "server_making", "device", "station", "station_making")
    return {name: float(getattr(optimal, f"{name}_g").sum() / total) for name in names}


def _rows(scenario: Scenario, figures: dict[str, Any], servers: int) -> list[tuple[str, str]]:
    steps, power_w = figures["optimum_steps"], figures["optimum_power_w"]
    users = scenario.users.count
    what = "tasks" if users == 1 else f"rounds of {users} tasks"
    rows = [
        ("whose model", "our reconstruction of a case that arXiv:2404.18077 describes in words"),
        (f"{what} that can be served", f"{_percent(figures['feasible_share'])} of {figures['requests']:,}"),
        (
            f"optimum, carbon per {'task' if users == 1 else 'round'}",
            f"{figures['optimum_carbon_mg']:.5g} mg CO2e, standard error "
            f"{figures['optimum_carbon_stderr_mg']:.2g}",
        ),
        ("optimum, steps (5th to 95th percentile)", f"{steps[1]:.3g} ({steps[0]:.3g} to {steps[2]:.3g})"),
        (
            "optimum, power (5th to 95th percentile)",
            f"{power_w[1]:.3g} W ({power_w[0]:.3g} to {power_w[2]:.3g})",
        ),
        *(
            (f"optimum, {site}", f"serves {_percent(share)}; could serve {_percent(able)} alone")
            for (site, share), able in zip(
                figures["optimum_servers"].items(), figures["server_able_share"].values(), strict=True
            )
        ),
        *(
            (f"optimum, {name.replace('_', ', ')}", _percent(share))
            for name, share in figures["shares"].items()
        ),
        (
            "the cleanest grid, whatever it can do",
            f"can serve {_percent(figures['cleanest_grid_kept_share'])}",
        ),
        ("random actions, all constraints kept", _percent(figures["random_kept_share"])),
    ]
    if users > 1:
        rows += [
            (
                "all users to one server, at best",
                f"can be served in {_percent(figures['one_server_kept_share'])}",
            ),
            (
                "cost with the penalty, per round",
                f"optimum {figures['optimum_carbon_of_those_mg']:.4g} mg, drawn by the best chances "
                f"{figures['mixed_cost_mg']:.4g} mg, all to one server "
                f"{figures['one_server_cost_mg']:.4g} mg",
            ),
        ]
    return rows


def _percentiles(values: Floats) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in np.percentile(values, (5.0, 50.0, 95.0)))
    return low, middle, high


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"
