"""Rows of real grids: what forecasts are worth, and what S says of a grid that is clean already.

The traces are those of P. Wiesner et al. (2021), Let's Wait Awhile: How Temporal Workload Shifting Can Reduce
Carbon Emissions in the Cloud, Middleware, doi:10.1145/3464298.3493399.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emissions.study import G_PER_S, SEED, Row, Study
from neuro_aolo.agent.predictor import PredictorConfig, Series, fit, mean_errors, predict
from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.cell import NG_PER_G
from neuro_aolo.systems.emissions_per_bit.forecasts import Forecast, blended, known, past_days, planned
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.storage_value import typical_day
from neuro_aolo.systems.grid.trace import HOUR
from neuro_aolo.systems.grid.trace_csv import read_trace

HELD_OUT = 4
"""Every so many ISO weeks one is held out of training, with the 24 h after it."""

MEAN_DAYS = 14


@dataclass(frozen=True)
class Year:
    """A cell on a real grid, with all hours of it drawn once.

    Attributes:
        cell: on the trace.
        slot: its hours, as so many cells.
        held_out: first hour of each week that is held out, as far as there are days before and after it.
    """

    cell: Scenario
    slot: Slot
    held_out: tuple[int, ...]

    @classmethod
    def of(cls, file: Path) -> "Year":
        """The default cell on the trace in a file."""
        trace = read_trace(file)
        assert trace.start is not None
        cell = Scenario.load("emissions-per-bit").with_traces(trace)
        hours = np.arange(len(cell.clock))
        first = trace.start + HOUR * (-trace.start.hour % 24)
        days = [first + timedelta(days=day) for day in range(len(hours) // 24)]
        mondays = [
            24 * index
            for index, day in enumerate(days)
            if day.isoweekday() == 1 and day.isocalendar().week % HELD_OUT == 0
        ]
        slot = cell.slot(hours, np.random.default_rng(SEED))
        return cls(
            cell,
            slot,
            tuple(hour for hour in mondays if 24 * MEAN_DAYS <= hour <= len(hours) - cell.time.slots - 24),
        )

    @property
    def weeks(self) -> tuple[int, ...]:
        """Every other week that is held out, from the second on: over the seasons."""
        return self.held_out[1::2]

    @property
    def learnt_from(self) -> Any:
        """Whether an hour is one of training, ``(H,)``."""
        hours = len(self.cell.clock)
        allowed = np.ones(hours, np.bool_)
        for start in self.held_out:
            allowed[start : start + self.cell.time.slots + 24] = False
        return allowed

    @property
    def series(self) -> Series:
        """Grid in g/kWh, own carbon in g where surplus is stored, and sun in J, hour by hour, ``(H, 3)``."""
        slots = [_rows(self.slot, [hour]) for hour in range(len(self.cell.clock))]
        effort = rules.least_effort(self.cell, G_PER_S)
        services = effort(self.slot)
        batteries, own_g = self.cell.fresh(1), []
        for hour, slot in enumerate(slots):
            service = _rows(services, [hour])
            flows = rules.store_surplus(self.cell, slot, batteries, service)
            sourced = self.cell.settle(slot, batteries, flows)
            batteries = sourced.batteries
            own_g.append(float(sourced.carbon_g.sum()))
        return np.column_stack([self.cell.clock, own_g, self.slot.sun_j])

    def error(self, predicted: Series, starts: Sequence[int]) -> float:
        """Mean absolute error in g/kWh of what is predicted after each hour of these weeks."""
        within = np.full_like(predicted, np.nan)
        for start in starts:
            week = slice(start, start + self.cell.time.slots)
            within[week] = predicted[week]
        return float(mean_errors(within, self.cell.clock).mean())

    def study(self, starts: Sequence[int]) -> Study:
        """Weeks that begin in these hours."""
        first = np.array(starts)
        return Study(self.cell, [_rows(self.slot, first + gone) for gone in range(self.cell.time.slots)])

    def planned(self, starts: Sequence[int], forecast: Forecast, every: int) -> float:
        """Carbon of a bit in ng, of weeks that storage is planned in by a forecast, every few hours."""
        effort = rules.least_effort(self.cell, G_PER_S)
        day = typical_day(self.cell, effort, np.random.default_rng(1))
        grams = bits = 0.0
        for start in starts:
            study = self.study([start])
            sourcing = planned(self.cell, day, forecast, start, every, self.cell.time.slots)
            week = study.live(study.served(effort), sourcing)
            grams, bits = grams + float(week.carbon_g.sum()), bits + float(week.bits.sum())
        return NG_PER_G * grams / bits


def forecasts(file: Path, most: int) -> list[Row]:
    """Row 9: what a forecast of the grid has to be like for trade with it to pay.

    Args:
        file: trace of the grid.
        most: weeks.
    """
    year = Year.of(file)
    clock, starts = year.cell.clock, year.weeks[:most]
    study = year.study(starts)
    serving = study.served(rules.least_effort(year.cell, G_PER_S))
    alone, first, stored = (
        study.live(serving, study.rule(name)) for name in ("grid_only", "renewable_first", "store_surplus")
    )
    mean = year.planned(starts, past_days(clock, MEAN_DAYS), 24)
    yesterday = year.planned(starts, past_days(clock, 1), 24)
    perfect = year.planned(starts, known(clock), 1)
    bound = study.bound_ng(serving, float(stored.bits.sum()))
    told = (alone.ng_per_bit, first.ng_per_bit, stored.ng_per_bit, mean, yesterday, perfect, bound)
    saved = perfect / stored.ng_per_bit - 1.0
    return [
        Row(
            "9",
            f"forecasts on Great Britain's grid of 2020, {len(starts)} held-out weeks: grid first, renewable "
            f"first, surplus stored; planned by the mean of {MEAN_DAYS} days, by yesterday, by the next 24 h "
            "as they will be; linear program",
            " / ".join(f"{value:.2f}" for value in told)
            + f" ng/bit; the next 24 h against surplus stored {100 * saved:.1f} %",
            "the next 24 h below -5 %; yesterday worse than surplus stored",
            saved < -0.05 and yesterday > stored.ng_per_bit,
        )
    ]


def clean_grid(file: Path, most: int) -> list[Row]:
    """Row 10: S on a grid about as clean as solar power.

    Args:
        file: trace of the grid.
        most: weeks.
    """
    year = Year.of(file)
    study = year.study(year.weeks[:most])
    serving = study.served(rules.least_effort(year.cell, G_PER_S))
    lived = [
        study.live(serving, study.rule(name)) for name in ("grid_only", "renewable_first", "store_surplus")
    ]
    stored = lived[-1]
    carbon = [week.ng_per_bit for week in lived]
    return [
        Row(
            "10",
            f"S on France's grid of 2020, {len(year.weeks[:most])} held-out weeks, mean "
            f"{year.cell.clock.mean():.0f} g/kWh: grid first, renewable first, surplus stored",
            " / ".join(f"{value:.2f}" for value in carbon) + f" ng/bit; S {stored.avoided.mean():.3f}",
            "S within 0.05 of 0 although carbon falls",
            abs(float(stored.avoided.mean())) < 0.05 and carbon == sorted(carbon, reverse=True),
        )
    ]


def predictor(file: Path, most: int, ahead: int = 6, epochs: int = 15) -> list[Row]:
    """Row 14: a recurrent network that predicts the next hours, as a forecaster and as one to plan with.

    It sees what the paper's would: the cell's own carbon, where surplus is stored, the grid, and the sun.

    Args:
        file: trace of the grid.
        most: weeks.
        ahead: hours that it predicts.
        epochs: of its learning.
    """
    year, config = Year.of(file), PredictorConfig(ahead=ahead, epochs=epochs)
    clock, starts = year.cell.clock, year.weeks[:most]
    model = fit(year.series, year.learnt_from, config, torch.Generator().manual_seed(SEED))
    after = {
        "the network": predict(model, year.series),
        "the present hour": np.tile(clock[:, None], (1, ahead)),
        "the hours as they will be": np.lib.stride_tricks.sliding_window_view(clock[1:], ahead),
    }
    errors = [year.error(predicted, starts) for predicted in after.values()]
    mean = past_days(clock, MEAN_DAYS)
    planned_ng = [year.planned(starts, blended(clock, predicted, mean), 1) for predicted in after.values()]
    study = year.study(starts)
    serving = study.served(rules.least_effort(year.cell, G_PER_S))
    stored = study.live(serving, study.rule("store_surplus")).ng_per_bit
    saved = planned_ng[0] / stored - 1.0
    return [
        Row(
            "14",
            f"an LSTM on {config.window} h of own carbon, grid and sun, learnt on the other weeks, for the "
            f"next {ahead} h, then the mean of {MEAN_DAYS} days: {', '.join(after)}",
            "mean error "
            + " / ".join(f"{error:.1f}" for error in errors)
            + " g/kWh; planned hourly "
            + " / ".join(f"{value:.2f}" for value in planned_ng)
            + f", surplus stored {stored:.2f} ng/bit: the network {100 * saved:.1f} %",
            "the network errs less than the present hour, and planning by it is below surplus stored",
            errors[0] < errors[1] and saved < 0.0,
        )
    ]


def _rows(arrays: Any, index: Any) -> Any:
    """The same of some cells alone."""
    if is_dataclass(arrays):
        return type(arrays)(
            **{field.name: _rows(getattr(arrays, field.name), index) for field in fields(arrays)}
        )
    return arrays[index]
