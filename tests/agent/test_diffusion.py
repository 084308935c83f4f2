"""The diffusion actor: its passes beside the published formulas, its gradient, and its first phase."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from toy_tasks import Cliff
from torch.nn import functional

from neuro_aolo.agent.critic import logit
from neuro_aolo.agent.diffusion import Diffusion, DiffusionConfig, schedule
from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.agent.gaussian import straight_through
from neuro_aolo.agent.mish import mish
from neuro_aolo.agent.optimise import output_parameters
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError

Array = NDArray[np.float64]
S, A = 5, 2


def actor(
    steps: int = 5, hidden: tuple[int, ...] = (24, 16), louder: float = 40.0, seed: int = 0
) -> Diffusion:
    """An untrained one; with larger output weights it reaches the bounds."""
    built = DiffusionConfig(hidden, steps).build(S, A, torch.Generator().manual_seed(seed))
    weight, bias = output_parameters(built)
    with torch.no_grad():
        weight.mul_(louder)
        bias.uniform_(-0.5, 0.5, generator=torch.Generator().manual_seed(seed + 1))
    return built


def observations(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, S, generator=torch.Generator().manual_seed(seed)) * 2.0 - 1.0


def soft(x: Array) -> Array:
    return x * np.tanh(np.log1p(np.exp(x)))


def published(of: Diffusion, seen: Array) -> tuple[Array, list[Array]]:
    """The action by the formulas as they are printed, and every estimate of x0 before its clip, in float64."""
    weights = {name: value.detach().double().numpy() for name, value in of.state_dict().items()}

    def through(kind: str, index: int, x: Array) -> Array:
        return x @ weights[f"{kind}.{index}.weight"].T + weights[f"{kind}.{index}.bias"]

    steps, layers = of.config.steps, len(of.layers)
    i = np.arange(1, steps + 1)
    beta = 1.0 - np.exp(-0.1 / steps - (10.0 - 0.1) * (2 * i - 1) / (2 * steps**2))
    alpha = 1.0 - beta
    abar = np.concatenate([[1.0], np.cumprod(alpha)])
    x, estimates = np.zeros((len(seen), A)), []
    for k in range(steps, 0, -1):
        rates = 10_000.0 ** (-np.arange(8) / 7)
        told = np.concatenate([np.sin(k * rates), np.cos(k * rates)])
        told = through("time", 1, soft(through("time", 0, told)))
        h = np.column_stack([seen, x, np.tile(told, (len(seen), 1))])
        for index in range(layers - 1):
            h = soft(through("layers", index, h))
        eps = UNIT * through("layers", layers - 1, h)
        x0 = (x - np.sqrt(1.0 - abar[k]) * eps) / np.sqrt(abar[k])
        estimates.append(x0)
        x = (
            beta[k - 1] * np.sqrt(abar[k - 1]) / (1.0 - abar[k]) * np.clip(x0, -1.0, 1.0)
            + (1.0 - abar[k - 1]) * np.sqrt(alpha[k - 1]) / (1.0 - abar[k]) * x
        )
    return np.tanh(5.0 * np.clip(x, -1.0, 1.0)), estimates
