"""Rules by name: which server serves by a word of common sense; steps and power then by the equations.

Nothing is learnt here. All that is decided on is observed, so whoever writes down the equations has the
optimum itself; a rule is what is left when one figure of each server is looked at.
"""

from collections.abc import Callable, Mapping

import numpy as np

from neuro_aolo.systems.offload.mixed import best_mixed
from neuro_aolo.systems.offload.optimum import Prices, prices
from neuro_aolo.systems.offload.parameters import array
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Choice, Indices, Tasks, encode, tasks_of
from neuro_aolo.systems.task import Floats, Observations, Policy, Spec
from neuro_aolo_export.quantity import physical

_SEED = 2404_18077
_INWARD = 1e-5
"""Relative step off a constraint's edge: what is observed is rounded."""

_Key = Callable[[Tasks, Prices], Floats]


def rules(scenario: Scenario, spec: Spec) -> Mapping[str, Policy]:
    """The rules of a scenario, which choose among the servers that can serve a task in quality and time.

    - ``cleanest-grid``: that of the least carbon intensity.
    - ``cleanest-work``: that of the least operational carbon for an operation: intensity, power and cooling
      over speed.
    - ``least-wait``: that of the shortest queue.
    - ``fastest``: that where queue and computing take least time.
    - ``random-server``: any, drawn evenly.

    Users who share servers do the same by a rule, and all go to one server; of those that draw, each goes
    where its own draw says:

    - ``mixed``: the best chances of each server, of :mod:`~neuro_aolo.systems.offload.mixed`.

    Args:
        scenario: of servers and tasks.
        spec: of its task.
    """
    work = array(scenario.servers.power_w) * array(scenario.servers.pue) / array(scenario.servers.tflop_per_s)
    operation = scenario.task.tflop_per_step / array(scenario.servers.tflop_per_s)
    keys: dict[str, _Key] = {
        "cleanest-grid": lambda tasks, priced: tasks.server_intensity_g_per_kwh,
        "cleanest-work": lambda tasks, priced: tasks.server_intensity_g_per_kwh * work,
        "least-wait": lambda tasks, priced: tasks.server_wait_s,
        "fastest": lambda tasks, priced: tasks.server_wait_s + priced.steps * operation,
    }
    found = {name: _by(scenario, spec, key) for name, key in keys.items()}
    found["random-server"] = _random(scenario, spec)
    if scenario.users.count > 1:
        found["mixed"] = _mixed(scenario, spec)
    return found


def _by(scenario: Scenario, spec: Spec, key: _Key) -> Policy:
    """The server of the least ``key`` ``(B, M)`` among those that can serve all users; else among all."""

    def decide(observations: Observations) -> Floats:
        states = _seen(scenario, spec, observations)
        priced = prices(scenario, states)
        wanted = np.where(np.isfinite(priced.mg[..., -1]), key(tasks_of(scenario, states), priced), np.inf)
        server = wanted.argmin(axis=1)[:, None].repeat(scenario.users.count, axis=1)
        return _acted(scenario, server, priced.steps, priced.power_w[..., -1])

    return decide


def _random(scenario: Scenario, spec: Spec) -> Policy:
    """Any server that can serve a user who is alone there."""

    def decide(observations: Observations) -> Floats:
        priced = prices(scenario, _seen(scenario, spec, observations))
        count, servers, _ = priced.mg.shape
        drawn = np.random.default_rng(_SEED).random((count, scenario.users.count, servers))
        able = np.isfinite(priced.mg[..., 0])[:, None]
        return _acted(
            scenario, np.where(able, drawn, 2.0).argmin(axis=-1), priced.steps, priced.power_w[..., -1]
        )

    return decide


def _mixed(scenario: Scenario, spec: Spec) -> Policy:
    def decide(observations: Observations) -> Floats:
        mixed = best_mixed(scenario, _seen(scenario, spec, observations))
        drawn = np.random.default_rng(_SEED).random((len(mixed.chances), scenario.users.count, 1))
        server = (drawn > mixed.chances.cumsum(axis=1)[:, None] - 1e-9).sum(axis=-1)
        return _acted(scenario, server.clip(max=scenario.servers.count - 1), mixed.steps, mixed.power_w)

    return decide


def _seen(scenario: Scenario, spec: Spec, observations: Observations) -> Floats:
    """States ``(B, S)`` that are a little harder to serve than what is observed."""
    states = physical(spec.observations, observations[:: scenario.users.count]).astype(np.float64)
    factors = {"deadline_s": 1.0 - _INWARD, "wanted_quality": 1.0 + _INWARD}
    for name, factor in factors.items():
        states[:, scenario.state_names.index(name)] *= factor
    waits = [name.endswith("_wait_s") for name in scenario.state_names]
    states[:, waits] *= 1.0 + _INWARD
    return states


def _acted(scenario: Scenario, server: Indices, steps: Floats, power_w: Floats) -> Floats:
    """Actions of servers ``(B, K)``, with steps and power of each server ``(B, M)``."""
    rows = np.arange(len(server))[:, None]
    return encode(scenario, Choice(server, steps[rows, server], power_w[rows, server]))
