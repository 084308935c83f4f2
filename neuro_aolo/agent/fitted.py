"""Rivals of any task that are no actors of ours: a table, a linear policy, a network taught the optimum.

Two of the three are made of the optimum's own decisions, which nobody has in practice: they say what is left
to learn where the model is known.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from neuro_aolo.agent.cem import CEMConfig, search_linear
from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.agent.inward import REQUESTS, SHARE
from neuro_aolo.agent.known import solved
from neuro_aolo.agent.mlp import MLP
from neuro_aolo.agent.regressed import RegressionConfig, regress
from neuro_aolo.agent.tabulated import TableConfig, points_per_axis, tabulate
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Policy, Task

FITTED = ("optimum-table", "linear-cem", "regressed-mlp")
"""By name; the first and the last know the optimum."""

FIT_SEED = 27_182
"""Entropy, beside the seed of a cell, of what they are fitted to: apart from the held-out requests."""

_SETTINGS: dict[str, TableConfig | CEMConfig | RegressionConfig] = {
    "optimum-table": TableConfig(),
    "linear-cem": CEMConfig(),
    "regressed-mlp": RegressionConfig(),
}


@dataclass(frozen=True)
class Fitted:
    """A policy, and what it took.

    Attributes:
        policy: that decides.
        requests: solved or served for it.
        updates: batches learnt from, or generations.
        seconds: of processor time.
        network: that decides, where it is one.
    """

    policy: Policy
    requests: int
    updates: int
    seconds: float
    network: MLP | None = None


def settings(name: str) -> dict[str, Any]:
    """All that a fit depends on but the task and the seed."""
    return {**asdict(_SETTINGS[name]), "shift_requests": REQUESTS, "shift_share": SHARE}


def applicable(task: Task) -> tuple[str, ...]:
    """Those of :data:`FITTED` that a task allows."""
    return tuple(name for name in FITTED if refusal(name, task) is None)


def refusal(name: str, task: Task) -> str | None:
    """Why one of :data:`FITTED` cannot be made for a task; None where it can."""
    try:
        if name == "optimum-table":
            points_per_axis(task, TableConfig())
        elif name == "regressed-mlp":
            solved(task, task.reset(1, np.random.default_rng(0)))
    except AgentError as error:
        return str(error)
    return None


def fit(name: str, task: Task, seed: int) -> Fitted:
    """Make one of :data:`FITTED`.

    Raises:
        AgentError: the task does not allow it, see :func:`refusal`.
    """
    config, rng = _SETTINGS[name], np.random.default_rng(np.random.SeedSequence((FIT_SEED, seed)))
    began = time.process_time()
    shifted = REQUESTS if task.spec.constraints and task.spec.horizon == 1 else 0
    network = None
    if isinstance(config, TableConfig):
        table, requests = tabulate(task, rng, config)
        policy, updates = table.policy(), 0
    elif isinstance(config, CEMConfig):
        linear, requests = search_linear(task, rng, config)
        policy = linear.policy()
        updates = config.generations if task.spec.horizon == 1 else config.episode_generations
    else:
        network, updates = regress(task, rng, config)
        policy, requests = noise_free(network), config.requests
    return Fitted(policy, requests + shifted, updates, time.process_time() - began, network)
