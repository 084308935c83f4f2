"""Fills in what a scenario leaves out, once: asked of the environment, or measured in it."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.environment.make import Make, made, named_horizon
from neuro_aolo.systems.environment.measure import WIDENED, Seen, check_determined, measured
from neuro_aolo.systems.environment.outcome import Reader
from neuro_aolo.systems.environment.scenario import Scenario
from neuro_aolo.systems.environment.spaces import Env, Spaces, spaces_of
from neuro_aolo.systems.environment.task import EnvironmentTask
from neuro_aolo.systems.task import Floats
from neuro_aolo.systems.wording import shown

DISCOUNT = 0.99
EVALUATED_STEPS = 10_000
"""Steps of an evaluation: as many episodes as make these up, but at least the next."""

LEAST_STARTS = 16
_PENALTY = 10.0
"""Of the reward's scale."""

_OF_OTHERS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RuntimeError),
    *(TypeError, ValueError),
)
"""What an environment's own code raises where it is given what it cannot use."""


def of_id(scenario: Scenario, where: str) -> Scenario:
    """The scenario of a registered environment, with nothing left out.

    Raises:
        ScenarioError: the environment cannot be used, and why, after ``where``.
    """
    try:
        env = made(scenario.env_id, scenario.kwargs, scenario.horizon)
        spaces_of(env, scenario.env_id)
        horizon = horizon_of(scenario, env)
        return resolved(scenario, env, partial(made, scenario.env_id, scenario.kwargs, horizon))
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {error}") from None
    except _OF_OTHERS as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ScenarioError(
            f"{where}: env_id = {shown(scenario.env_id)} with kwargs {shown(dict(scenario.kwargs))} fails "
            f"when it is run ({reason}): correct the kwargs, or the environment"
        ) from error


def horizon_of(scenario: Scenario, env: Env) -> int:
    """Steps of an episode.

    Raises:
        ScenarioError: nobody says.
    """
    horizon = scenario.horizon or named_horizon(env)
    if horizon is None:
        raise ScenarioError(
            f"{scenario.name or scenario.env_id} has no max_episode_steps: give horizon, the steps after "
            "which an episode is cut"
        )
    return horizon


def task_of(scenario: Scenario, env: Env, make: Make) -> EnvironmentTask:
    """The task of a scenario in its environment; what the scenario leaves out is filled in.

    Raises:
        ScenarioError: the environment cannot be used, or is another than the scenario was filled in for.
    """
    if not complete(scenario):
        scenario = resolved(scenario, env, make)
    spaces = spaces_of(env, scenario.name)
    _check_sizes(scenario, spaces)
    return EnvironmentTask(scenario, make, spaces)


def _check_sizes(scenario: Scenario, spaces: Spaces) -> None:
    """Refuse an environment whose numbers are not as many as those that the scenario names."""
    for what, names, size in (
        ("observes", scenario.observation_names, len(spaces.low)),
        ("takes", scenario.action_names, len(spaces.action_low)),
    ):
        if len(names) != size:
            raise ScenarioError(
                f"{scenario.name} {what} {size} numbers, and its scenario has {len(names)}: give the "
                "environment that the scenario was made for"
            )


def resolved(scenario: Scenario, env: Env, make: Make) -> Scenario:
    """The scenario with nothing left out.

    The environment's bounds of observations are taken where it has them. Others are measured over 20
    episodes of random actions, at most 5,000 steps, and widened by a quarter of the range at either end.

    Args:
        scenario: as it was asked for.
        env: an instance of its environment.
        make: a new instance of it.

    Raises:
        ScenarioError: the environment cannot be used: its spaces, its numbers, or not the same twice.
    """
    name = scenario.name or scenario.env_id
    scenario = with_values(scenario, name=name)
    spaces = spaces_of(env, name)
    horizon = horizon_of(scenario, env)
    reader = Reader.of(scenario, spaces)
    check_determined(env, make, reader, horizon)
    if complete(scenario):
        _check_sizes(scenario, spaces)
        return scenario
    seen = measured(env, reader, horizon)
    how = f"measured over {seen.steps} random steps"
    low, high, measures = _bounds(scenario, spaces, seen)
    scale = scenario.reward_scale or _round(seen.reward)
    margins = tuple(
        margin.model_copy(update={"scale": margin.scale or _round(size)})
        for margin, size in zip(scenario.margins, seen.margins.tolist(), strict=True)
    )
    penalty = scenario.penalty
    sources = {
        **({"observation_low": how, "observation_high": how} if measures else {}),
        **({"reward_scale": how} if scenario.reward_scale is None else {}),
        **({"horizon": f"max_episode_steps of {name}"} if scenario.horizon is None else {}),
        **scenario.sources,
    }
    return with_values(
        scenario,
        horizon=horizon,
        discount=_discount(scenario, horizon),
        starts=scenario.starts or max(math.ceil(EVALUATED_STEPS / horizon), LEAST_STARTS),
        observation_low=tuple(low.tolist()),
        observation_high=tuple(high.tolist()),
        observation_names=_names(name, "observation", scenario.observation_names, len(low)),
        action_names=_names(name, "action", scenario.action_names, len(spaces.action_low)),
        reward_scale=scale,
        margins=margins,
        penalty=(_PENALTY * scale if margins else 0.0) if penalty is None else penalty,
        sources=sources,
    )


def complete(scenario: Scenario) -> bool:
    """Whether nothing is left to fill in, as in the settings of a run."""
    given: Sequence[Any] = (scenario.horizon, scenario.discount, scenario.starts, scenario.reward_scale)
    scales = (scenario.penalty, *(margin.scale for margin in scenario.margins))
    named = scenario.observation_names and scenario.action_names and scenario.observation_low
    return bool(named) and None not in (*given, *scales)


def _bounds(scenario: Scenario, spaces: Spaces, seen: Seen) -> tuple[Floats, Floats, bool]:
    """What spans [-1, 1] of each observation, and whether any of it was measured."""
    if scenario.observation_low:
        if len(scenario.observation_low) != len(spaces.low):
            raise ScenarioError(
                f"observation_low has {len(scenario.observation_low)} numbers, and {scenario.name} observes "
                f"{len(spaces.low)}: give one each"
            )
        return np.array(scenario.observation_low), np.array(scenario.observation_high), False
    width = seen.high - seen.low
    more = np.where(width > 0.0, WIDENED * width, 1.0)
    low = np.where(np.isfinite(spaces.low), spaces.low, seen.low - more)
    high = np.where(np.isfinite(spaces.high), spaces.high, seen.high + more)
    # A number that never changes, and is bounded to be so, still spans a range.
    high = np.where(high > low, high, low + 1.0)
    return low, high, not (np.isfinite(spaces.low).all() and np.isfinite(spaces.high).all())


def _discount(scenario: Scenario, horizon: int) -> float:
    """Where every decision stands alone nothing follows."""
    if horizon > 1:
        return DISCOUNT if scenario.discount is None else scenario.discount
    if scenario.discount:
        raise ScenarioError(
            f"discount = {scenario.discount:g} with a horizon of 1, where nothing follows: give 0, or leave "
            "it out"
        )
    return 0.0


def _names(name: str, what: str, given: tuple[str, ...], size: int) -> tuple[str, ...]:
    if given and len(given) != size:
        raise ScenarioError(
            f"{what}_names has {len(given)} names, and {name} has {size} {what} numbers: give one each"
        )
    return given or tuple(f"{what}_{index}" for index in range(size))


def _round(size: float) -> float:
    """Two digits of a positive size; 1 of nothing."""
    return float(f"{size:.2g}") if size > 0.0 else 1.0


def with_values(scenario: Scenario, **values: Any) -> Scenario:
    """The scenario with some values changed and checked."""
    return scenario.model_copy(update=values)
