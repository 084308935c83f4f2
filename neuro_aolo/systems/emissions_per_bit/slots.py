"""What is drawn for a slot whatever the agent does: demand, channels, work, sun; and the grid of its hour.

Every slot draws equally many numbers, so two policies with the same seed face the same weeks.
"""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH, Demand, Radio, Sun
from neuro_aolo.systems.emissions_per_bit.serving import Work
from neuro_aolo.systems.task import Floats, Hours


@dataclass(frozen=True)
class Slot:
    """One slot of N cells.

    Attributes:
        hours: of the clock, from midnight, ``(N,)``.
        work: what is asked of the servers.
        sun_j: what the sun offers to all of them together, ``(N,)``.
        grid_g_per_kwh: carbon intensity w_g, ``(N,)``.
    """

    hours: Hours
    work: Work
    sun_j: Floats
    grid_g_per_kwh: Floats


def draw(
    radio: Radio, demand: Demand, sun: Sun, clock: Floats, hours: Hours, rng: np.random.Generator
) -> Slot:
    """A slot of each of N cells.

    Args:
        radio: whose users ask.
        demand: what they draw from.
        sun: what it offers.
        clock: carbon intensity of the grid by the hour from a midnight, ``(H,)``; then it begins again.
        hours: of the clock, ``(N,)``.
        rng: of ``2 U + M + 1`` numbers a cell.
    """
    cells, users = len(hours), radio.users
    drawn = rng.random((cells, 2 * users + radio.servers + 1))
    first, second = drawn[:, :users], drawn[:, users : 2 * users]
    return Slot(
        hours=hours,
        work=Work(
            packets_per_s=_between(demand.packets_per_s, first),
            channel_variance=_between(demand.channel_variance, second),
            flop_per_bit=_between(demand.flop_per_bit, drawn[:, 2 * users : -1]),
        ),
        sun_j=sun_profile_j(sun, hours) * _between(sun.clouds, drawn[:, -1]),
        grid_g_per_kwh=clock[hours % len(clock)],
    )


def sun_profile_j(sun: Sun, hours: Hours) -> Floats:
    """What a clear sky offers in an hour, in J: a half sine from 6 to 18, or the same at all hours."""
    peak_j = sun.peak_kwh * J_PER_KWH
    if sun.profile == "constant":
        return np.full(len(hours), peak_j)
    clear: Floats = peak_j * np.maximum(np.sin(np.pi * (hours % 24 - 6.0) / 12.0), 0.0)
    return clear


def _between(ends: tuple[float, float], share: Floats) -> Floats:
    low, high = ends
    return low + (high - low) * share
