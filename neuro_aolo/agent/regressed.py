"""A small dense network regressed on the optimum's decisions: supervised, with no loop at all."""

from dataclasses import dataclass

import numpy as np
import torch

from neuro_aolo.agent.known import kept_inside, taught
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.systems.task import Floats, Observations, Task

_LEAST_SPREAD = 0.05
"""Least standard deviation that an action's error is measured in: it may be the same for all requests."""
_INSIDE = 1e-4
"""Distance of an action to the ends of its range below which its inverse tangent is not asked for."""


@dataclass(frozen=True)
class RegressionConfig:
    """Settings of the regression.

    Attributes:
        hidden: neurons of each hidden layer.
        requests: solved ones that it is fitted to.
        epochs: passes over them.
        batch_size: requests of an update.
        learning_rate: of Adam at the start; it falls to 0 as half a cosine.
    """

    hidden: tuple[int, ...] = (32, 32)
    requests: int = 50_000
    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 3e-3


def regress(
    task: Task,
    rng: np.random.Generator,
    config: RegressionConfig = RegressionConfig(),
) -> tuple[MLP, int]:
    """The network, and how many updates it took.

    Squared error of the inverse hyperbolic tangents of the actions is minimised, which the last layer
    computes, each over its own spread; its bias is then shifted off the constraints' edge.

    Raises:
        AgentError: the optimum's actions are not known, or no request has any.
    """
    observations, actions = taught(task, config.requests, rng)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    network = MLPConfig(hidden=config.hidden).build(observations.shape[1], actions.shape[1], generator)
    inside = np.clip(actions, -1.0 + _INSIDE, 1.0 - _INSIDE)
    seen, wanted = torch.from_numpy(observations), torch.from_numpy(np.arctanh(inside).astype(np.float32))
    spread = wanted.std(dim=0).clamp(min=_LEAST_SPREAD)
    updates = config.epochs * -(-len(seen) // config.batch_size)
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates)
    for _ in range(config.epochs):
        for rows in torch.randperm(len(seen), generator=generator).split(config.batch_size):
            loss = ((_computed(network, seen[rows]) - wanted[rows]) / spread).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            decay.step()

    def compute(observations: Observations) -> Floats:
        with torch.no_grad():
            return np.asarray(_computed(network, torch.from_numpy(observations)).double().numpy())

    shift = kept_inside(task, compute, np.tanh, rng)
    with torch.no_grad():
        last = network.layers[-1]
        assert isinstance(last, torch.nn.Linear)
        last.bias.add_(torch.from_numpy(shift.astype(np.float32)))
    return network, updates


def _computed(network: MLP, observations: torch.Tensor) -> torch.Tensor:
    """What the last layer computes before its tanh."""
    x = observations
    for layer in network.layers[:-1]:
        x = torch.relu(layer(x))
    computed: torch.Tensor = network.layers[-1](x)
    return computed
