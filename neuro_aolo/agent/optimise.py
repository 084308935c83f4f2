"""Small steps that learners share: optimisers, their pace, and networks that follow others."""

from typing import Any

import numpy as np
import torch
from torch import nn

from neuro_aolo.errors import AgentError


def geometric(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` by equal ratios; ``progress`` runs from 0 to 1."""
    value: float = start * (end / start) ** progress
    return value


def adam(groups: list[dict[str, Any]]) -> torch.optim.AdamW:
    """Adam for groups of parameters, without weight decay where a group has none of its own."""
    return torch.optim.AdamW([{"weight_decay": 0.0, **group} for group in groups], fused=True)


def set_lr(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Let every group take steps of ``lr``."""
    for group in optimiser.param_groups:
        group["lr"] = lr


def soft_update(target: nn.Module, source: nn.Module, tau: float) -> None:
    """Move the weights of ``target`` a share ``tau`` of the way to those of ``source``."""
    with torch.no_grad():
        torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), tau)


def torch_generator(sequence: np.random.SeedSequence) -> torch.Generator:
    """A generator of torch, of a source of randomness."""
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0] >> 1))


def output_parameters(actor: nn.Module) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias of an actor's last layer, which makes actions of what comes before.

    Raises:
        AgentError: no layer of it has a bias.
    """
    names = [name for name, _ in actor.named_parameters() if name.endswith("bias")]
    if not names:
        raise AgentError(f"{type(actor).__name__} has no bias to learn first: give its last layer one")
    name = names[-1]
    return actor.get_parameter(name.removesuffix("bias") + "weight"), actor.get_parameter(name)
