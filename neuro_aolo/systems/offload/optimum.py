"""The exact optimum of every task: the limit that policies are measured against.

Carbon and time of a server rise with the steps, and quality does too, so the fewest steps that are good
enough are best; and carbon has one least over the transmit power, so the best power is that least, or the
least power that meets the deadline where it is above. Each server has one price then, known in closed form,
and the cheapest serves.

Where K users share servers, n of them on one all have its price at n times the computing: how many each
serves is found exactly, server by server, by the least sum over all counts that add up to K.
"""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.offload.apportion import least_sum
from neuro_aolo.systems.offload.parameters import array
from neuro_aolo.systems.offload.physics import least_steps, power_in_time, thriftiest_power
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Choice, outcome, station_making_g_per_s, tasks_of
from neuro_aolo.systems.task import Flags, Floats
from neuro_aolo.units import J_PER_KWH


@dataclass(frozen=True)
class Prices:
    """What a task costs at each server, at its best steps and power, where n users are there: ``(B, M, K)``.

    Attributes:
        steps: the fewest that are good enough, ``(B, M)``.
        power_w: the best power for n = 1 .. K.
        mg: carbon of one of the tasks, in mgCO2e; infinite where a constraint is broken.
    """

    steps: Floats
    power_w: Floats
    mg: Floats


@dataclass(frozen=True)
class Best:
    """The optimum of B states; NaN, and not ``feasible``, where nothing keeps every constraint.

    Attributes:
        choice: of each user, ``(B, K)``.
        carbon_mg: of all tasks of a state, ``(B,)``.
        feasible: ``(B,)``.
    """

    choice: Choice
    carbon_mg: Floats
    feasible: Flags


def prices(scenario: Scenario, states: Floats) -> Prices:
    """The best that each server can do for each of 1 to K users who share it.

    Args:
        scenario: of servers and tasks.
        states: ``(B, S)`` in physical units.
    """
    tasks, servers = tasks_of(scenario, states), scenario.servers
    radio, box = scenario.radio, scenario.actions
    least = least_steps(
        tasks.wanted_quality,
        *(array(getattr(servers, f"{end}_{of}")) for end in ("start", "full") for of in ("steps", "quality")),
    )
    steps = np.maximum(least, box.steps[0])
    usable = steps <= box.steps[1]
    steps = np.where(usable, steps, box.steps[1])
    compute_s = steps * scenario.task.tflop_per_step / array(servers.tflop_per_s)
    together = np.arange(1.0, scenario.users.count + 1.0)
    spent_s = tasks.server_wait_s + tasks.output_mbit / radio.download_mbit_per_s
    left_s = (tasks.deadline_s - spent_s)[..., None] - compute_s[..., None] * together
    gain, intensity = tasks.gain[..., None], tasks.user_intensity_g_per_kwh
    emits = np.maximum(intensity, 1e-300)
    beside_w = radio.fixed_power_w + station_making_g_per_s(scenario) * J_PER_KWH / emits
    thrifty = np.clip(thriftiest_power(beside_w, tasks.gain, noise_w=radio.noise_w), *box.power_w)
    in_time = power_in_time(
        tasks.input_mbit[..., None],
        left_s * (1.0 - 1e-12),
        gain,
        noise_w=radio.noise_w,
        bandwidth_hz=radio.bandwidth_hz,
    )
    power_w = np.maximum(thrifty[..., None], in_time)
    kept = (power_w <= box.power_w[1]) & (usable & (tasks.server_wait_s <= scenario.limits.wait_s))[..., None]
    power_w = np.minimum(power_w, box.power_w[1])
    count, many = steps.shape
    alone = outcome(
        scenario,
        states.repeat(many * len(together), axis=0),
        Choice(
            np.tile(np.arange(many).repeat(len(together)), count)[:, None],
            steps.repeat(len(together))[:, None],
            power_w.reshape(-1, 1),
        ),
    )
    mg = alone.carbon_mg.reshape(power_w.shape)
    return Prices(steps, power_w, np.where(kept, mg, np.inf))


def best(scenario: Scenario, states: Floats) -> Best:
    """The exact optimum of every state; with several users that of who serves how many.

    Args:
        scenario: of servers and tasks.
        states: ``(B, S)`` in physical units.
    """
    priced, users = prices(scenario, states), scenario.users.count
    nobody = np.zeros((*priced.steps.shape, 1))
    carbon_mg, counts = least_sum(np.concatenate([nobody, priced.mg * np.arange(1.0, users + 1.0)], axis=-1))
    feasible = np.isfinite(carbon_mg)
    server = (np.arange(users) >= counts.cumsum(axis=1)[..., None]).sum(axis=1)
    server = np.where(feasible[:, None], server, 0)
    rows = np.arange(len(states))[:, None]
    steps = priced.steps[rows, server]
    power_w = priced.power_w[rows, server, np.maximum(counts[rows, server] - 1, 0)]
    known = np.where(feasible, 1.0, np.nan)
    choice = Choice(server, steps * known[:, None], power_w * known[:, None])
    return Best(choice, np.where(feasible, carbon_mg, np.nan), feasible)
