"""A Gaussian head: an actor's output is the mean, and only the mean is deployed.

The spread is one for all states and not learnt: what is explored is drawn from candidates, and a spread that
follows the misfit would take away the pull where it is needed. Networks, files and bills are the same with
it.
"""

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.diffusion import Diffusion
from neuro_aolo.systems.task import Floats

_STD = 0.5
_LARGEST = 1.0 - 1e-6
"""Action at which the inverse of tanh is taken at most."""


def disturbed(actions: Floats, noise: Floats, logits: bool) -> Floats:
    """Noisy actions in [-1, 1]: on the scale of ``atanh`` with ``logits``, else clipped."""
    if not logits:
        return np.clip(actions + noise, -1.0, 1.0)
    return np.tanh(np.arctanh(np.clip(actions, -_LARGEST, _LARGEST)) + noise)


def surprise(means: Tensor, candidates: Tensor, weights: Tensor, stakes: Tensor | None = None) -> Tensor:
    """Negative log-likelihood of weighted candidates: its mean over a batch, constants aside.

    Args:
        means: ``(B, A)``.
        candidates: of every number, ``(K,)``.
        weights: of the candidates, which add up to 1 for each number, ``(B, A, K)``.
        stakes: what each number's likelihood counts, ``(B, A)``; 1 where None.
    """
    square = (weights * (candidates - means[..., None]).square()).sum(-1)
    unlikely = 0.5 * square / _STD**2
    if stakes is not None:
        unlikely = stakes * unlikely
    return unlikely.sum(-1).mean()


def around(means: Tensor, candidates: Tensor) -> Tensor:
    """How likely candidates ``(K,)`` are beside means ``(B, A)``: near them, or uniform, ``(B, A, K)``."""
    near = torch.softmax(-0.5 * ((candidates - means[..., None]) / _NEAR).square(), dim=-1)
    return (1.0 - _UNIFORM) * near + _UNIFORM / len(candidates)


def beyond(actions: Tensor) -> Tensor:
    """Penalty on actions so close to a bound that their tanh would hold them there, its mean over a batch."""
    return torch.relu(actions.abs() - _FURTHEST).square().sum(-1).mean()


_NEAR, _UNIFORM = 0.2, 0.25
"""Standard deviation within which an actor's own candidates lie, and the share that lies anywhere."""
_FURTHEST = 0.97


def straight_through(actions: Tensor, actor: nn.Module) -> Tensor:
    """The same actions of ``actor``; the gradient passes their tanh as if its slope were 1.

    At a bound the slope is nearly 0, and an actor that stands there would never leave.
    """
    has_tanh = not isinstance(actor, Diffusion) or actor.config.reach > 0.0
    if actions.requires_grad and has_tanh:
        slope = (1.0 - actions.detach().square()).clamp_min(_LEAST_SLOPE)
        actions.register_hook(lambda gradient: gradient / slope)
    return actions


_LEAST_SLOPE = 0.05
