"""Tasks: drawing states, observing them, reading actions, and what serving costs. Pure functions of a batch.

K users decide on one state. Of B states, states are ``(B, S)``, observations and actions have ``B * K`` rows,
those of a state together, and figures of users are ``(B, K)``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.systems.grid.trace import Hours
from neuro_aolo.systems.offload.parameters import array
from neuro_aolo.systems.offload.physics import (
    operational_g,
    quality,
    upload_s,
)
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.task import Flags, Floats, Observations
from neuro_aolo.units import G_PER_KG, MG_PER_G, S_PER_YEAR

Indices = NDArray[np.intp]
CONSTRAINTS = ("quality", "deadline_s", "wait_s")
"""What a task must keep: its quality, its deadline, and a queue that is not too long."""

_OF_USER = 6
"""Components of a state that are no server's."""


@dataclass(frozen=True)
class Tasks:
    """The components of B states; of servers ``(B, M)``, else ``(B, 1)``."""

    input_mbit: Floats
    output_mbit: Floats
    gain: Floats
    deadline_s: Floats
    wanted_quality: Floats
    user_intensity_g_per_kwh: Floats
    server_intensity_g_per_kwh: Floats
    server_wait_s: Floats


@dataclass(frozen=True)
class Choice:
    """What each user decides, ``(B, K)``: the server that serves, counted from 0, steps, and power in W."""

    server: Indices
    steps: Floats
    power_w: Floats


@dataclass(frozen=True)
class Outcome:
    """What the tasks of a batch come to, ``(B, K)`` each; carbon in g.

    Attributes:
        server: that served, counted from 0.
        compute_s: of the image's own steps, alone on its server.
        shared_s: until all images of the round on that server are done: it shares its time among them.
        upload_s, download_s: in s.
        total_s: wait, upload, computing and download.
        quality: of the image.
        computing_g, server_making_g: at the server.
        device_g, station_g, station_making_g: at the user's device and the base station.
        server_j, user_j: energy drawn there, cooling of the server included.
        margins: slack of each of :data:`CONSTRAINTS` in its own unit, ``(B, K, 3)``.
        slack: the same over the sum of what is allowed and what was reached, in [-1, 1].
    """

    server: Indices
    compute_s: Floats
    shared_s: Floats
    upload_s: Floats
    download_s: Floats
    total_s: Floats
    quality: Floats
    computing_g: Floats
    server_making_g: Floats
    device_g: Floats
    station_g: Floats
    station_making_g: Floats
    server_j: Floats
    user_j: Floats
    margins: Floats
    slack: Floats

    @property
    def carbon_mg(self) -> Floats:
        """Carbon of each task in mgCO2e, ``(B, K)``."""
        at_server = self.computing_g + self.server_making_g
        return (at_server + self.device_g + self.station_g + self.station_making_g) * MG_PER_G

    @property
    def kept(self) -> Flags:
        """Whether a task keeps every constraint, ``(B, K)``."""
        return np.asarray((self.margins >= 0.0).all(axis=-1))


def sample_states(
    scenario: Scenario, count: int, rng: np.random.Generator, hours: Hours | None = None
) -> Floats:
    """Draw states ``(count, S)`` in physical units: uniform and independent, traced grids by the hour.

    Args:
        scenario: of servers and tasks.
        count: how many.
        rng: source of the draws.
        hours: of each on the traces' clock; drawn uniformly where None.
    """
    bounds = scenario.bounds
    states = rng.uniform(bounds.sample_low, bounds.sample_high, (count, bounds.sample_low.size))
    if scenario.traces is not None:
        clock = scenario.traces.clock
        hours = rng.integers(clock.hours, size=count) if hours is None else hours
        for site, figures in clock.at(hours).items():
            states[:, scenario.intensity_of(site)] = figures
    return states


def observe(scenario: Scenario, states: Floats) -> Observations:
    """What every user sees, float32 ``(B * K, S)`` in [-1, 1]: users of a state see the same."""
    low, high = scenario.bounds.observe_low, scenario.bounds.observe_high
    unit = np.clip((states - low) * (2.0 / (high - low)) - 1.0, -1.0, 1.0).astype(np.float32)
    return np.repeat(unit, scenario.users.count, axis=0)


def tasks_of(scenario: Scenario, states: Floats) -> Tasks:
    """States ``(B, S)`` in parts."""
    servers = scenario.servers.count
    return Tasks(
        *np.split(states[:, :_OF_USER], _OF_USER, axis=1),
        *np.split(states[:, _OF_USER:], (servers,), axis=1),
    )


def decode(scenario: Scenario, actions: Floats) -> Choice:
    """What actions ``(B * K, A)`` mean; those outside [-1, 1] are clipped."""
    users, servers = scenario.users.count, scenario.servers.count
    unit = np.clip(np.asarray(actions, np.float64), -1.0, 1.0).reshape(-1, users, np.shape(actions)[-1])
    if scenario.actions.choice == "scores":
        server = unit[..., :servers].argmax(axis=-1)
    else:
        server = np.minimum((unit[..., 0] + 1.0) * (servers / 2.0), servers - 1.0).astype(np.intp)
    steps, power_w = (
        low + (high - low) * (column + 1.0) / 2.0
        for column, (low, high) in zip(
            (unit[..., -2], unit[..., -1]), (scenario.actions.steps, scenario.actions.power_w), strict=True
        )
    )
    return Choice(server, steps, power_w)


def encode(scenario: Scenario, choice: Choice) -> Floats:
    """Actions ``(B * K, A)`` that mean a choice: the inverse of :func:`decode`, in the middle of a bin."""
    servers, box = scenario.servers.count, scenario.actions
    if box.choice == "scores":
        named = np.where(choice.server[..., None] == np.arange(servers), 1.0, -1.0)
    else:
        named = (choice.server[..., None] + 0.5) * (2.0 / servers) - 1.0
    numbers = [
        (value - low) / (high - low) * 2.0 - 1.0
        for value, (low, high) in ((choice.steps, box.steps), (choice.power_w, box.power_w))
    ]
    actions = np.concatenate([named, np.stack(numbers, axis=-1)], axis=-1)
    return actions.reshape(-1, actions.shape[-1])


def outcome(scenario: Scenario, states: Floats, choice: Choice) -> Outcome:
    """Times, quality, carbon and constraints of every task.

    Users who chose the same server share its time: each image is there when the last of them is. A server's
    energy is that of the image's own steps, whoever else waits.

    Args:
        scenario: of servers and tasks.
        states: ``(B, S)`` in physical units.
        choice: of K users each.
    """
    tasks, servers, radio = tasks_of(scenario, states), scenario.servers, scenario.radio
    at = choice.server

    def of_server(name: str) -> Floats:
        return array(getattr(servers, name))[at]

    compute_s = choice.steps * scenario.task.tflop_per_step / of_server("tflop_per_s")
    same = at[:, :, None] == at[:, None, :]
    shared_s = (same * compute_s[:, None, :]).sum(axis=-1)
    up_s = upload_s(
        tasks.input_mbit,
        choice.power_w,
        tasks.gain,
        noise_w=radio.noise_w,
        bandwidth_hz=radio.bandwidth_hz,
    )
    down_s = np.broadcast_to(tasks.output_mbit / radio.download_mbit_per_s, up_s.shape)
    wait_s = np.take_along_axis(tasks.server_wait_s, at, axis=1)
    total_s = wait_s + up_s + shared_s + down_s
    reached = quality(
        choice.steps,
        of_server("start_steps"),
        of_server("start_quality"),
        of_server("full_steps"),
        of_server("full_quality"),
    )
    server_j = compute_s * of_server("power_w") * of_server("pue")
    device_j, station_j = choice.power_w * up_s, (up_s + down_s) * radio.fixed_power_w
    making_g_per_s = of_server("embodied_kg") * G_PER_KG / (of_server("lifetime_years") * S_PER_YEAR)
    allowed = np.stack(
        np.broadcast_arrays(tasks.wanted_quality, tasks.deadline_s, scenario.limits.wait_s, reached)[:3], -1
    )
    met = np.stack([reached, total_s, wait_s], axis=-1)
    margins = (met - allowed) * np.array([1.0, -1.0, -1.0])
    return Outcome(
        server=at,
        compute_s=compute_s,
        shared_s=shared_s,
        upload_s=up_s,
        download_s=down_s,
        total_s=total_s,
        quality=reached,
        computing_g=operational_g(server_j, np.take_along_axis(tasks.server_intensity_g_per_kwh, at, axis=1)),
        server_making_g=compute_s * making_g_per_s,
        device_g=operational_g(device_j, tasks.user_intensity_g_per_kwh),
        station_g=operational_g(station_j, tasks.user_intensity_g_per_kwh),
        station_making_g=(up_s + down_s) * station_making_g_per_s(scenario),
        server_j=server_j,
        user_j=device_j + station_j,
        margins=margins,
        slack=margins / np.maximum(met + allowed, 1e-300),
    )


def station_making_g_per_s(scenario: Scenario) -> float:
    """What making the base station counts for each second of a transfer, in g."""
    radio = scenario.radio
    return radio.bs_embodied_kg * G_PER_KG / (radio.bs_lifetime_years * S_PER_YEAR)
