"""What an environment does under random actions: whether it goes the same way twice, and in what ranges."""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.environment.episodes import not_the_same
from neuro_aolo.systems.environment.make import Make
from neuro_aolo.systems.environment.outcome import Outcome, Reader
from neuro_aolo.systems.environment.spaces import Env
from neuro_aolo.systems.task import Floats

CHECKED = 64
"""Steps that are taken a second and a third time."""

EPISODES, STEPS = 20, 5_000
"""Random episodes, and steps at most, that ranges are measured in."""

WIDENED = 0.25
"""Share of a measured range that is added at either end."""

_SEED = 0


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen under uniformly random actions.

    Attributes:
        steps: that were taken.
        low: least value of each number of an observation, ``(D,)``.
        high: the largest.
        reward: mean of the reward's size.
        margins: mean of each margin's size, ``(C,)``.
    """

    steps: int
    low: Floats
    high: Floats
    reward: float
    margins: Floats


def measured(env: Env, reader: Reader, horizon: int) -> Seen:
    """Ranges over random episodes with fixed seeds: the same each time."""
    rng, first, outcomes = np.random.default_rng(_SEED), [], list[Outcome]()
    for seed in range(EPISODES):
        observation, went = episode(env, reader, seed, rng, min(horizon, STEPS - len(outcomes)))
        first.append(observation)
        outcomes += went
        if len(outcomes) >= STEPS:
            break
    seen = np.array([*first, *(each.observation for each in outcomes)])
    margins = np.array([each.margins for each in outcomes]).reshape(len(outcomes), -1)
    return Seen(
        steps=len(outcomes),
        low=seen.min(axis=0),
        high=seen.max(axis=0),
        reward=float(np.mean([abs(each.reward) for each in outcomes])),
        margins=np.abs(margins).mean(axis=0),
    )


def episode(
    env: Env, reader: Reader, seed: int, rng: np.random.Generator, most: int
) -> tuple[Floats, list[Outcome]]:
    """The first observation of an episode under random actions, and its steps, ``most`` of them."""
    low, high = reader.spaces.action_low, reader.spaces.action_high
    observation, outcomes = reader.begun(env, seed), list[Outcome]()
    for step in range(1, most + 1):
        action = reader.spaces.taken(rng.uniform(low, high))
        outcomes.append(reader.stepped(env, action, seed, step))
        if outcomes[-1].terminated or outcomes[-1].truncated:
            break
    return observation, outcomes


def check_determined(env: Env, make: Make, reader: Reader, horizon: int) -> None:
    """Take some steps three times: anew, again after another episode, and in another instance.

    Raises:
        ScenarioError: they do not lead to the same.
    """
    steps = min(horizon, CHECKED)

    def went(which: Env, seed: int) -> tuple[Floats, list[Outcome]]:
        return episode(which, reader, seed, np.random.default_rng(_SEED), steps)

    one = went(env, _SEED)
    went(env, _SEED + 1)
    for other in (went(env, _SEED), went(make(), _SEED)):
        _same(reader.name, one, other)


def _same(name: str, one: tuple[Floats, list[Outcome]], other: tuple[Floats, list[Outcome]]) -> None:
    if not np.array_equal(one[0], other[0]):
        raise not_the_same(name, 0, _SEED)
    if len(one[1]) != len(other[1]):
        raise not_the_same(name, min(len(one[1]), len(other[1])), _SEED, "end")
    for step, (first, again) in enumerate(zip(one[1], other[1], strict=True), start=1):
        if not np.array_equal(first.figures(), again.figures()):
            what = "reward" if first.reward != again.reward else "observation"
            raise not_the_same(name, step, _SEED, what)
