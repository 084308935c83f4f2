"""What deciding emits, as a part of what is minimised: a task that charges its agent for it."""

from dataclasses import dataclass, replace

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.task import (
    Floats,
    Hourly,
    Observations,
    Optimum,
    Reference,
    Spec,
    Task,
    Transition,
    expected,
)
from neuro_aolo.units import J_PER_KWH, MG_PER_G

_PROBED = 1_000
_MG_PER_J = MG_PER_G / J_PER_KWH
"""At an intensity of 1 g/kWh."""


@dataclass(frozen=True)
class Overhead:
    """What deciding emits whatever is decided.

    Attributes:
        site: where the agent stands.
        energy_j: of an evaluation of the network.
        making_mg: of the agent's devices, its share of such an evaluation, in mgCO2e.
    """

    site: str
    energy_j: float
    making_mg: float = 0.0

    def mg(self, intensity_g_per_kwh: Floats, more_j: Floats | float = 0.0) -> Floats:
        """Carbon of evaluations at intensities ``(n,)`` in g/kWh, in mgCO2e; ``more_j`` joules are added."""
        return (self.energy_j + more_j) * intensity_g_per_kwh * _MG_PER_J + self.making_mg


class Charged:
    """A task whose carbon objective holds what deciding emits.

    The optimum stays that of the system: it decides for nothing.

    Args:
        task: the system's.
        overhead: what deciding emits.

    Raises:
        ScenarioError: an optimal decision would cost more than breaking a constraint, so that violations
            would pay.
    """

    def __init__(self, task: Task, overhead: Overhead) -> None:
        self.task, self.overhead = task, overhead
        self._per_mg = np.array([objective.per_mg for objective in task.spec.objectives])
        spec, states = task.spec, task.reset(_PROBED, np.random.default_rng(0))
        optimum = task.optimum(states)
        if spec.penalty is None or not isinstance(optimum, Optimum):
            return
        charged = self._cost_of(self._mg(states))
        dearest = float(np.max(optimum.cost + charged, initial=-np.inf, where=optimum.feasible))
        if dearest >= spec.penalty:
            raise ScenarioError(
                f"{spec.penalty_name} = {spec.penalty:g} is below the {dearest:.4g} mg of an optimal "
                f"{spec.decision}, so that breaking a constraint would pay: raise it, "
                f"e.g. to {5 * dearest:.0f}"
            )

    @property
    def spec(self) -> Spec:
        """The task's."""
        return self.task.spec

    @property
    def expected(self) -> Task:
        """The same of the task's expected costs."""
        known = expected(self.task)
        return self if known is self.task else Charged(known, self.overhead)

    @property
    def hourly(self) -> Hourly | None:
        """The task's."""
        return self.task.hourly

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """As the task does."""
        return self.task.reset(count, rng)

    def observe(self, states: Floats) -> Observations:
        """As the task does."""
        return self.task.observe(states)

    def intensity(self, states: Floats, site: str) -> Floats:
        """As the task has it."""
        return self.task.intensity(states, site)

    def optimum(self, states: Floats) -> Optimum | Reference | None:
        """The system's, which decides for nothing."""
        return self.task.optimum(states)

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """The task's step; its carbon objective and its reward hold what deciding emits."""
        transition = self.task.step(states, actions, rng)
        emitted = self._mg(states)
        charged = self._cost_of(emitted)
        costs = transition.costs + emitted[:, None] * self._per_mg
        shares = None
        if transition.agent_costs is not None:
            each = emitted[:, None, None] * self._per_mg / self.spec.agents
            shares = transition.agent_costs + each
        reward = np.where(transition.violated, transition.reward, transition.reward - charged)
        return replace(transition, costs=costs, reward=reward, agent_costs=shares)

    def _mg(self, states: Floats) -> Floats:
        return self.spec.agents * self.overhead.mg(self.intensity(states, self.overhead.site))

    def _cost_of(self, emitted_mg: Floats) -> Floats:
        """What that adds to the cost, in units of the first objective."""
        return self.spec.cost(emitted_mg[:, None] * self._per_mg)
