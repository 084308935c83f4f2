"""Processor time of one round of our loop, and of its matrix products on their own.

A round decides a batch of states with exploration, serves it, remembers what came of it and learns from one
batch. Its products are those of actor and critics, forwards and backwards: they are taken down in one round,
and done again by themselves on the same tensors. What is left is the environment, activations and spikes,
optimisers, and PyTorch itself. Products that other than PyTorch's functions do are not seen.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from neuro_aolo.agent.checkpoint import ActorConfig, ActorSpec
from neuro_aolo.agent.learner import Seeds
from neuro_aolo.agent.sdrl import SDRL
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.systems.task import Task

ROUNDS = 100
_WARM = 10
_PROGRESS = 0.5
"""Of the training: beyond its random start and the share in which the bias moves alone."""

_PRODUCTS = {
    torch.ops.aten.mm: torch.mm,
    torch.ops.aten.addmm: torch.mm,
    torch.ops.aten.bmm: torch.bmm,
    torch.ops.aten.baddbmm: torch.bmm,
}
"""Products, and what does them without the sum that some add."""

Product = tuple[Callable[[Tensor, Tensor], Tensor], Tensor, Tensor]


@dataclass(frozen=True)
class RoundCost:
    """What a round takes.

    Attributes:
        round_s: processor time of a round, in s; a mean.
        products_s: the same of its matrix products alone.
        products: how many there are.
    """

    round_s: float
    products_s: float
    products: int

    @property
    def times(self) -> float:
        """How many times its products a round takes."""
        return self.round_s / self.products_s


def round_cost(task: Task, actor: ActorConfig, config: SDRLConfig, rounds: int = ROUNDS) -> RoundCost:
    """Measure rounds and their products in turn, on one thread, so that both meet the same machine."""
    one_round = _rounds(task, actor, config)
    for _ in range(_WARM):
        one_round()
    with _Recorder() as recorder:
        one_round()
    round_s = products_s = 0.0
    for _ in range(rounds):
        began = time.process_time()
        one_round()
        between = time.process_time()
        with torch.inference_mode():
            for product, left, right in recorder.found:
                product(left, right)
        round_s += between - began
        products_s += time.process_time() - between
    return RoundCost(round_s / rounds, products_s / rounds, len(recorder.found))


def _rounds(task: Task, actor: ActorConfig, config: SDRLConfig) -> Callable[[], None]:
    """What does one round of a training in its middle after another."""
    seeds = Seeds.of(0)
    spec = ActorSpec(task.spec.observation_names, task.spec.action_names, actor)
    learner = SDRL.build(task, spec.build, config, seeds)
    rng, noise = np.random.default_rng(seeds.requests), np.random.default_rng(seeds.exploration)
    served = config.random_requests + 1
    states = task.reset(config.num_envs, rng)

    def one_round() -> None:
        nonlocal states
        observations = task.observe(states)
        actions = learner.explore(observations, _PROGRESS, served, noise)
        transition = task.step(states, actions, rng)
        learner.remember(observations, actions, transition, task.observe(transition.next_states))
        learner.update(_PROGRESS, served)
        states = transition.next_states

    return one_round


@dataclass
class _Recorder(TorchDispatchMode):
    """Take down every matrix product, with what it is of."""

    found: list[Product] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        product = _PRODUCTS.get(func.overloadpacket)
        if product is not None:
            left, right = args[-2:]
            self.found.append((product, left, right))
        return func(*args, **(kwargs or {}))
