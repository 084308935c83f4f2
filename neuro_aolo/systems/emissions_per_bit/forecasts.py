"""Storage that plans on a forecast of the grid: what a day ahead is worth, where no two days are the same.

A plan takes the day that is forecast to repeat, and follows what stored energy is worth on it
(:mod:`~neuro_aolo.systems.emissions_per_bit.storage_value`) until the next plan. What the grid emits in the
present hour is known to all; loads and clouds to come are known by their distribution alone.
"""

from collections.abc import Callable, Sequence

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell, Sourcing
from neuro_aolo.systems.emissions_per_bit.serving import Service
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Flows
from neuro_aolo.systems.emissions_per_bit.storage_value import SWEEPS, Hour, StorageValue
from neuro_aolo.systems.task import Floats

Forecast = Callable[[int], Floats]
"""From an hour of the grid's clock, to intensities of it and the 23 that follow, in gCO2/kWh, ``(24,)``."""


def past_days(clock: Floats, days: int) -> Forecast:
    """The mean of so many days that lie behind: of one, yesterday's day again.

    Args:
        clock: carbon intensity by the hour, in gCO2/kWh, ``(H,)``.
        days: at least as many lie before each hour that is asked for.
    """

    def forecast(hour: int) -> Floats:
        return np.asarray(clock[hour - 24 * days : hour].reshape(days, 24).mean(axis=0))

    return forecast


def known(clock: Floats) -> Forecast:
    """The day as it will be."""
    return lambda hour: clock[hour : hour + 24]


def blended(clock: Floats, predicted: Floats, otherwise: Forecast) -> Forecast:
    """What is predicted of the next hours, and another forecast of those that follow.

    Args:
        clock: carbon intensity by the hour, in gCO2/kWh, ``(H,)``.
        predicted: after each hour, of the next ones, ``(H, ahead)``; at most 23 count.
        otherwise: of the hours beyond.
    """

    def forecast(hour: int) -> Floats:
        ahead = otherwise(hour).copy()
        first = predicted[hour, :23]
        ahead[0], ahead[1 : 1 + len(first)] = clock[hour], first
        return ahead

    return forecast


def planned(
    cell: Cell, day: Sequence[Hour], forecast: Forecast, start: int, every: int, hours: int
) -> Sourcing:
    """Sourcing of one episode by plans that are made again every few hours.

    Args:
        cell: whose batteries they are.
        day: loads and clouds of each hour of the clock, that plans are made for.
        forecast: of the grid.
        start: hour of the grid's clock in which the episode begins.
        every: hours from plan to plan.
        hours: of the episode.
    """
    plans, value = [], StorageValue.nothing(cell)
    for hour in range(start, start + hours, every):
        ahead = np.roll(forecast(hour), hour % 24)
        # Where plans follow fast, each goes on from the one before.
        value = value.swept(day, ahead, hour % 24, SWEEPS if hour == start or every >= 24 else 1)
        plans.append(value)

    def sourcing(slot: Slot, batteries: Batteries, service: Service) -> Flows:
        return plans[(int(slot.hours[0]) - start) // every].sourcing(slot, batteries, service)

    return sourcing
