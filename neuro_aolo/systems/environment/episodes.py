"""Episodes as plain numbers: a row that says how an environment came where it is, and how to get there again.

A state is a row of float64, ``[seed, t, observation (D), actions taken (horizon * A)]``, zeros where no
action was taken yet. Gymnasium promises that an episode is determined by the seed of its ``reset`` and the
actions, so the row rebuilds the environment: ``reset(seed=seed)`` and its ``t`` actions once more. Nothing
hidden belongs to a state: it is saved as an array, and the same start serves any number of policies.

To step row after row in sequence takes one step of the environment each, as the instances that stand at the
latest states are kept, up to three times as many as the largest batch so far. Other states are replayed.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.environment.make import Make
from neuro_aolo.systems.environment.outcome import Outcome, Reader
from neuro_aolo.systems.environment.spaces import Env
from neuro_aolo.systems.task import Floats

SEEDS = 2**31
"""Seeds of episodes lie below it."""

_LEAST, _MOST = 64, 4_096
Key = tuple[int, int, bytes]
"""Seed, steps taken, and a digest of the actions."""


@dataclass(frozen=True)
class Layout:
    """Where what stands in a row.

    Attributes:
        observations: D.
        actions: A.
        horizon: steps of an episode.
    """

    observations: int
    actions: int
    horizon: int

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return 2 + self.observations + self.horizon * self.actions

    @property
    def seen(self) -> slice:
        """The observation."""
        return slice(2, 2 + self.observations)

    def taken(self, step: int) -> slice:
        """The action taken after ``step`` others."""
        first = 2 + self.observations + step * self.actions
        return slice(first, first + self.actions)

    def history(self, row: Floats) -> Floats:
        """The actions taken so far, ``(t, A)``."""
        first = 2 + self.observations
        return row[first : first + int(row[1]) * self.actions].reshape(-1, self.actions)

    def key(self, row: Floats) -> Key:
        """What tells a state from all others."""
        taken = hashlib.blake2b(self.history(row).tobytes(), digest_size=16).digest()
        return int(row[0]), int(row[1]), taken


@dataclass
class Episodes:
    """The instances of one environment, and where each stands.

    Attributes:
        make: a new instance.
        reader: of what it says.
        layout: of states.
    """

    make: Make
    reader: Reader
    layout: Layout
    _live: "OrderedDict[Key, Env]" = field(default_factory=OrderedDict)
    _outcomes: "OrderedDict[Key, Outcome]" = field(default_factory=OrderedDict)
    _idle: list[Env] = field(default_factory=list)
    _limit: int = _LEAST

    def begin(self, seeds: Floats) -> Floats:
        """States ``(n, S)`` in which the episodes of ``seeds`` ``(n,)`` start."""
        self._expect(len(seeds))
        rows = np.zeros((len(seeds), self.layout.width))
        rows[:, 0] = seeds
        for row in rows:
            key = self.layout.key(row)
            env = self._live.pop(key, None) or self._free()
            row[self.layout.seen] = self.reader.begun(env, key[0])
            self._keep(key, env)
        return rows

    def step(self, rows: Floats, actions: Floats) -> tuple[Floats, list[Outcome]]:
        """Take physical actions ``(n, A)`` in states ``(n, S)``, which stay as they are.

        Returns:
            The states that follow, and what the steps led to.

        Raises:
            ScenarioError: an episode has ended before, or is not the same again.
        """
        self._expect(len(rows))
        following, outcomes = rows.copy(), []
        for row, action in zip(following, actions, strict=True):
            outcomes.append(self._stepped(row, action))
        return following, outcomes

    def _stepped(self, row: Floats, action: Floats) -> Outcome:
        """One step; ``row`` is moved on."""
        before, taken = self.layout.key(row), int(row[1])
        if taken >= self.layout.horizon:
            raise ScenarioError(
                f"{self.reader.name}: the episode with seed {before[0]} has ended after {taken} steps: "
                "start another"
            )
        earlier = row.copy()
        row[self.layout.taken(taken)] = action
        row[1] = taken + 1
        after = self.layout.key(row)
        outcome = self._outcomes.get(after)
        if outcome is None:
            env = self._live.pop(before, None) or self._replayed(earlier)
            outcome = self.reader.stepped(env, action, before[0], taken + 1)
            self._remember(after, env, outcome)
        else:
            self._outcomes.move_to_end(after)
        row[self.layout.seen] = outcome.observation
        return outcome

    def _replayed(self, row: Floats) -> Env:
        """An instance in the state of ``row``."""
        env, seed = self._free(), int(row[0])
        observation = self.reader.begun(env, seed)
        for step, action in enumerate(self.layout.history(row), start=1):
            outcome = self.reader.stepped(env, action, seed, step)
            observation = outcome.observation
            if outcome.terminated or outcome.truncated:
                self._idle.append(env)
                raise ScenarioError(
                    f"{self.reader.name}: the episode with seed {seed} has ended after {step} steps: "
                    "start another"
                )
        if not np.array_equal(observation, row[self.layout.seen]):
            raise not_the_same(self.reader.name, int(row[1]), seed)
        return env

    def _remember(self, key: Key, env: Env, outcome: Outcome) -> None:
        """Keep what a step led to, and the instance where the episode goes on."""
        self._outcomes[key] = outcome
        while len(self._outcomes) > 4 * self._limit:
            self._outcomes.popitem(last=False)
        if outcome.terminated or outcome.truncated or key[1] >= self.layout.horizon:
            self._idle.append(env)
        else:
            self._keep(key, env)

    def _keep(self, key: Key, env: Env) -> None:
        self._live[key] = env

    def _free(self) -> Env:
        """An instance that stands nowhere that matters any more: another one as long as there may be more."""
        if self._idle:
            return self._idle.pop()
        if len(self._live) < self._limit:
            return self.make()
        return self._live.popitem(last=False)[1]

    def _expect(self, batch: int) -> None:
        self._limit = min(max(self._limit, 3 * batch), _MOST)


def not_the_same(name: str, step: int, seed: int, what: str = "observation") -> ScenarioError:
    """The refusal of an environment that does not go the same way twice."""
    return ScenarioError(
        f"{name} is not deterministic: step {step} of the episode with seed {seed} led to another {what} the "
        "second time: draw everything random from self.np_random, and let reset(seed=...) set all that steps "
        "change"
    )
