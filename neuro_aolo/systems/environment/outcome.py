"""What one step of an environment says, read and checked: numbers or one line of what is wrong."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.environment.scenario import Scenario
from neuro_aolo.systems.environment.spaces import Env, Spaces
from neuro_aolo.systems.task import Floats
from neuro_aolo.systems.wording import listed, shown


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a step led to.

    Attributes:
        observation: that follows, ``(D,)``.
        reward: of the step.
        terminated: whether nothing follows.
        truncated: whether the environment cuts the episode here.
        margins: of each constraint, ``(C,)``.
        carbon_g: of each line, in gCO2e, ``(E,)``.
        energy_j: drawn, in J.
    """

    observation: Floats
    reward: float
    terminated: bool
    truncated: bool
    margins: Floats
    carbon_g: Floats
    energy_j: float

    def figures(self) -> Floats:
        """All of it in one row."""
        flags = (self.reward, self.terminated, self.truncated, self.energy_j)
        return np.concatenate([self.observation, flags, self.margins, self.carbon_g])


@dataclass(frozen=True)
class Reader:
    """Reads what an environment says.

    Attributes:
        name: of the environment.
        spaces: of it.
        margins: keys of ``info["margins"]``.
        carbon: keys of ``info["carbon_g"]``.
        energy: whether ``info["energy_j"]`` is read.
    """

    name: str
    spaces: Spaces
    margins: tuple[str, ...]
    carbon: tuple[str, ...]
    energy: bool

    @classmethod
    def of(cls, scenario: Scenario, spaces: Spaces) -> "Reader":
        """What reads the environment of a scenario."""
        margins = tuple(margin.name for margin in scenario.margins)
        lines = tuple(line.name for line in scenario.carbon)
        return cls(scenario.name or scenario.env_id, spaces, margins, lines, scenario.energy)

    def begun(self, env: Env, seed: int) -> Floats:
        """The first observation ``(D,)`` of the episode with ``seed``.

        Raises:
            ScenarioError: it is not finite.
        """
        observation, _ = env.reset(seed=seed)
        return self._observation(observation, seed, 0)

    def stepped(self, env: Env, action: Floats, seed: int, step: int) -> Outcome:
        """Take ``action`` ``(A,)`` in step number ``step`` of the episode with ``seed``.

        Raises:
            ScenarioError: a number is missing or not finite.
        """
        observation, reward, terminated, truncated, info = env.step(self.spaces.shaped(action))
        margins = self._named(info, "margins", self.margins, seed, step)
        carbon_g = self._named(info, "carbon_g", self.carbon, seed, step)
        energy_j = self._number(info, "energy_j", "", seed, step) if self.energy else 0.0
        return Outcome(
            observation=self._observation(observation, seed, step),
            reward=self._finite("reward", reward, seed, step),
            terminated=bool(terminated),
            truncated=bool(truncated),
            margins=margins,
            carbon_g=carbon_g,
            energy_j=energy_j,
        )

    def _observation(self, observation: Any, seed: int, step: int) -> Floats:
        flat = self.spaces.flat(observation)
        if flat.shape != self.spaces.low.shape:
            raise ScenarioError(
                f"{self._at(seed, step)} observed {len(flat)} numbers and its space has "
                f"{len(self.spaces.low)}: mend its observation_space"
            )
        wrong = ~np.isfinite(flat)
        if wrong.any():
            index = int(np.argmax(wrong))
            raise ScenarioError(
                f"{self._at(seed, step)} observed {flat[index]} as number {index}: it has to be finite"
            )
        return flat

    def _named(
        self, info: Mapping[str, Any], key: str, names: tuple[str, ...], seed: int, step: int
    ) -> Floats:
        if not names:
            return np.zeros(0)
        found = info.get(key)
        if not isinstance(found, Mapping):
            raise ScenarioError(
                f"{self._at(seed, step)} has no info[{key!r}]: put a dictionary with {listed(names)} there"
            )
        return np.array([self._number(found, name, key, seed, step) for name in names])

    def _number(self, found: Mapping[str, Any], name: str, within: str, seed: int, step: int) -> float:
        what = f"info[{within!r}][{name!r}]" if within else f"info[{name!r}]"
        if name not in found:
            raise ScenarioError(f"{self._at(seed, step)} has no {what}: put a number there in every step")
        return self._finite(what, found[name], seed, step)

    def _finite(self, what: str, value: Any, seed: int, step: int) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not math.isfinite(number):
            raise ScenarioError(
                f"{self._at(seed, step)} gave {what} = {shown(value)}: it has to be a finite number"
            )
        return number

    def _at(self, seed: int, step: int) -> str:
        return f"{self.name}: step {step} of the episode with seed {seed}"
