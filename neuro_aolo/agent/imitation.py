"""A warm start: the actor imitates what the reference decides, before it learns by itself.

References:
    D. A. Pomerleau (1989), ALVINN: an autonomous land vehicle in a neural network, NeurIPS 1.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.gaussian import straight_through
from neuro_aolo.agent.optimise import adam, geometric, set_lr
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Reference, Task

_EPISODES = 64
_BATCH_SIZE = 512
_LR, _LR_END = 2e-3, 4e-5


def imitate(task: Task, actor: nn.Module, updates: int, seed: np.random.SeedSequence) -> None:
    """Fit ``actor`` to what the task's reference decides on episodes of its own.

    Args:
        task: what is controlled.
        actor: observations ``(n, D)`` to actions ``(n, A)`` in [-1, 1].
        updates: how many.
        seed: of the episodes, and of what is drawn from them.

    Raises:
        AgentError: the task has no reference that decides by the state alone.
    """
    rng = np.random.default_rng(seed)
    states = task.reset(_EPISODES, rng)
    known = task.optimum(states)
    if not isinstance(known, Reference) or known.decide is None:
        raise AgentError("there is nobody to imitate on this task: leave warm_start at 0")
    observations, actions = _decided(task, known.decide, states, rng)
    device = next(actor.parameters()).device
    optimiser = adam([{"params": list(actor.parameters())}])
    for update in range(updates):
        set_lr(optimiser, geometric(_LR, _LR_END, update / updates))
        rows = rng.integers(len(observations), size=_BATCH_SIZE)
        seen, wanted = observations[rows].to(device), actions[rows].to(device)
        loss = (straight_through(actor(seen), actor) - wanted).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


def _decided(
    task: Task, decide: Callable[[Floats], Floats], states: Floats, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """What is seen and decided in whole episodes, ``(n, D)`` and ``(n, A)``."""
    seen, decided = [], []
    for _ in range(task.spec.horizon):
        actions = decide(states)
        seen.append(task.observe(states))
        decided.append(actions)
        states = task.step(states, actions, rng).next_states
    return torch.from_numpy(np.concatenate(seen)), torch.from_numpy(np.concatenate(decided)).float()
