"""A user's own environment as something to train on: a registered id, an instance, or a function."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import gymnasium as gym

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.environment import system as by_id
from neuro_aolo.systems.environment.make import Make, called
from neuro_aolo.systems.environment.resolve import of_id, resolved, task_of
from neuro_aolo.systems.environment.scenario import Line, Margin, Scenario
from neuro_aolo.systems.environment.spaces import Env
from neuro_aolo.systems.environment.task import EnvironmentTask
from neuro_aolo.systems.environment.telling import tell
from neuro_aolo.systems.system import Figures, System, Telling
from neuro_aolo.systems.task import Policy
from neuro_aolo.systems.wording import shown


@dataclass(frozen=True)
class OwnEnvironment:
    """The system of an environment that a function of Python makes: no file names it.

    A run on it opens again with such a system of the same function:
    ``Run.open(RunFolder.open(path, system=as_task(function).system))``.

    Attributes:
        make: a new instance.
        called: how the environment is called in Python.
    """

    make: Make
    called: str

    @property
    def Scenario(self) -> Any:  # noqa: N802 - the name of a class
        """Class of its scenarios."""
        return Scenario

    @property
    def __name__(self) -> str:
        """The name under which a run keeps it: what gives it again."""
        return f"as_task({self.called}).system"

    def task(self, scenario: Any) -> EnvironmentTask:
        """The task of a scenario.

        Raises:
            ScenarioError: the environment cannot be used, or is another.
        """
        return task_of(scenario, called(self.make, self.called), self.make)

    def policies(self, scenario: Any) -> Mapping[str, Policy]:
        """None by name."""
        return {}

    def tell(self, figures: Figures) -> Telling:
        """What is said of a run."""
        return tell(figures)


@dataclass(frozen=True)
class Controlled:
    """An environment to train on: ``train(out, system=x.system, scenario=x.scenario)``.

    Attributes:
        system: of it.
        scenario: with everything that was asked of the environment or measured in it.
    """

    system: System
    scenario: Scenario

    @cached_property
    def task(self) -> EnvironmentTask:
        """The environment as a task."""
        return cast("EnvironmentTask", self.system.task(self.scenario))


def as_task(
    env: str | Env | Callable[[], Env],
    *,
    kwargs: Mapping[str, Any] | None = None,
    horizon: int | None = None,
    discount: float | None = None,
    margins: Sequence[str | Mapping[str, Any] | Margin] = (),
    carbon: Sequence[str | Mapping[str, Any] | Line] = (),
    country: str | None = None,
    **more: Any,
) -> Controlled:
    """An environment with continuous actions as something to train on.

    What is left out is asked of the environment or measured in it under random actions, as
    :func:`~neuro_aolo.systems.environment.resolve.resolved` says.

    Args:
        env: a registered id, as ``"Pendulum-v1"`` or ``"module:Name-v0"``; an instance; or a function that
            returns a new one at each call. A run on an id opens again anywhere. Of an instance its id is
            taken where nothing is wrapped around it, else it is copied.
        kwargs: what ``gymnasium.make`` passes on to the environment of an id.
        horizon: steps of an episode, at which it is cut; the environment's ``max_episode_steps`` where None.
        discount: weight of the next step's cost; 0.99 where None.
        margins: constraints: names in ``info["margins"]``, whose figures are at least 0 exactly where the
            constraint holds; with ``{"name": ..., "unit": ..., "scale": ...}`` more is said of one.
        carbon: what the environment emits: names in ``info["carbon_g"]``, in gCO2e of the step; likewise
            with ``{"name": ..., "kind": "embodied", "source": ...}``.
        country: ISO 3166 alpha-3 code of the grid that environment and agent draw on.
        **more: further values of :class:`~neuro_aolo.systems.environment.scenario.Scenario`, such as
            ``violation_limit``, ``energy`` or ``observation_low``.

    Raises:
        ScenarioError: a value is not allowed, or the environment cannot be used: its actions are not a
            bounded box, its observations no numbers, it is not deterministic given a seed.

    Example:
        >>> import neuro_aolo as na
        >>> pendulum = na.as_task("Pendulum-v1", horizon=20)
        >>> [quantity.name for quantity in pendulum.task.spec.actions]
        ['action_0']
        >>> run = na.train(pendulum, out="pendulum", steps=100, progress=False)
        >>> sorted(run.energy(profiles=["loihi2"]).nominal_j)
        ['loihi2']
    """
    data = {
        "kwargs": dict(kwargs or {}),
        "horizon": horizon,
        "discount": discount,
        "margins": [_table(each) for each in margins],
        "carbon": [_table(each) for each in carbon],
        "grid_country": country,
        **more,
    }
    given = {key: value for key, value in data.items() if value is not None}
    if isinstance(env, str):
        return _of_id(env, given)
    if isinstance(env, gym.Env):
        if env.spec is not None and not env.spec.additional_wrappers and env.spec.id in gym.registry:
            asked = {"horizon": env.spec.max_episode_steps} if env.spec.max_episode_steps else {}
            own = {"kwargs": {**env.spec.kwargs, **given.pop("kwargs")}}
            return _of_id(env.spec.id, {**asked, **given, **own})
        name = type(env.unwrapped).__name__
        return _of_function(_copies(env, name), name, given)
    if isinstance(env, gym.vector.VectorEnv) or not callable(env):
        raise ScenarioError(
            f"as_task({shown(env)}): give a registered id, one gymnasium.Env, or a function that returns one"
        )
    name = getattr(env, "__qualname__", type(env).__qualname__).rpartition("<locals>.")[2]
    return _of_function(env, "function" if name == "<lambda>" else name, given)


def _of_id(env_id: str, given: dict[str, Any]) -> Controlled:
    scenario = Scenario.checked({"env_id": env_id, **given}, f"as_task({env_id!r})")
    return Controlled(cast("System", by_id), of_id(scenario, f"as_task({env_id!r})"))


def _of_function(make: Make, name: str, given: dict[str, Any]) -> Controlled:
    where = f"as_task({name})"
    if given.pop("kwargs"):
        raise ScenarioError(f"{where}: kwargs are for a registered id: let the function pass them on itself")
    scenario = Scenario.checked({"name": name, **given}, where)
    try:
        return Controlled(OwnEnvironment(make, name), resolved(scenario, called(make, name), make))
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {error}") from None


def _copies(env: Env, name: str) -> Make:
    """What makes instances like ``env``.

    Raises:
        ScenarioError: it cannot be copied.
    """
    try:
        original = copy.deepcopy(env)
    except (TypeError, ValueError, AttributeError, RuntimeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ScenarioError(
            f"as_task({name}): the instance cannot be copied ({reason}): give a function that makes one"
        ) from None

    def make() -> Env:
        return copy.deepcopy(original)

    return make


def _table(given: Any) -> Any:
    """A margin or line that is given by its name alone."""
    return {"name": given} if isinstance(given, str) else given
