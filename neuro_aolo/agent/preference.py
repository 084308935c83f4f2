"""How much each of several objectives counts, in training and where checkpoints are compared."""

import math

import numpy as np
import torch
from torch import nn

from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Spec


def check_preference(preference: tuple[float, ...]) -> None:
    """Refuse weights without a meaning.

    Raises:
        AgentError: one is below 0 or not finite, or all are 0.
    """
    if not all(0.0 <= weight < math.inf for weight in preference) or (preference and not any(preference)):
        raise AgentError(
            f"preference = {list(preference)} is not allowed: give a weight of 0 or above for each "
            "objective, one of them above"
        )


def preferred(spec: Spec, preference: tuple[float, ...]) -> list[float]:
    """Weight of each objective: as preferred, or the task's own.

    Raises:
        AgentError: there are not as many as objectives.
    """
    own = [objective.weight for objective in spec.objectives]
    if not preference:
        return own
    if len(preference) != len(own):
        names = ", ".join(objective.name for objective in spec.objectives)
        raise AgentError(
            f"preference has {len(preference)} numbers, the objectives are {names}: give one for each"
        )
    return list(preference)


def beyond_own(
    spec: Spec, weights: torch.Tensor, decided: Rollout, actor: nn.Module, toll: SpikeToll | None
) -> float:
    """What a decision costs by preference beyond the task's own weights, and what its spikes pay.

    Args:
        spec: of the task.
        weights: of each objective as preferred, ``(O,)``.
        decided: noise-free decisions.
        actor: that decided.
        toll: what spikes cost; None where nothing.
    """
    scales = np.array([objective.scale for objective in spec.objectives])
    preferred_cost = (decided.costs / scales) @ weights.double().cpu().numpy() * spec.scale
    beyond = float(np.mean(preferred_cost - decided.cost))
    if toll is None:
        return beyond
    return beyond + spec.agents * toll.cost(actor, torch.from_numpy(decided.seen).to(weights.device))
