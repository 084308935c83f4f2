"""Making an environment of its id or function."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.environment.spaces import Env
from neuro_aolo.systems.wording import shown

Make = Callable[[], Env]
"""A new instance at each call, all alike."""


def made(env_id: str, kwargs: Mapping[str, Any], horizon: int | None = None) -> Env:
    """A new instance of a registered environment.

    Args:
        env_id: as ``Pendulum-v1``; of ``module:Name-v0`` the module is imported first.
        kwargs: passed on to it.
        horizon: steps after which it is cut; as it is registered where None.

    Raises:
        ScenarioError: there is none, or it cannot be made.
    """
    try:
        with warnings.catch_warnings():
            # Its checks at every step are made once, by our own; an old version is what was asked for.
            warnings.filterwarnings("ignore", category=DeprecationWarning, module="gymnasium")
            return gym.make(env_id, max_episode_steps=horizon, disable_env_checker=True, **kwargs)
    except (gym.error.Error, ImportError, AttributeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".")[:200]
        raise ScenarioError(
            f"env_id = {shown(env_id)} with kwargs {shown(dict(kwargs))} cannot be made ({reason}): give a "
            "registered id and its arguments"
        ) from None


def called(function: Make, name: str) -> Env:
    """What a user's function makes.

    Raises:
        ScenarioError: it is no environment.
    """
    env: Any = function()
    if not isinstance(env, gym.Env):
        raise ScenarioError(
            f"{name} makes {shown(env)}, which is no gymnasium.Env: give a function that returns one "
            "environment"
        )
    return env


def named_horizon(env: Env) -> int | None:
    """Steps after which an environment is registered to be cut; None where it is not."""
    return None if env.spec is None else env.spec.max_episode_steps
