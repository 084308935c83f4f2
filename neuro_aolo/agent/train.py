"""Train an actor with the learner that the settings are of."""

from collections.abc import Callable

import torch
from torch import nn

from neuro_aolo.agent.dime import Dime
from neuro_aolo.agent.dime_config import DimeConfig
from neuro_aolo.agent.learner import Learner, Metrics, Seeds, Training
from neuro_aolo.agent.loop import learn
from neuro_aolo.agent.ppo import PPO
from neuro_aolo.agent.ppo_config import PPOConfig
from neuro_aolo.agent.sdrl import SDRL
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.systems.task import Task

TrainingConfig = SDRLConfig | PPOConfig | DimeConfig
LEARNERS: dict[str, type[TrainingConfig]] = {"sdrl": SDRLConfig, "ppo": PPOConfig, "dime": DimeConfig}
"""Learners, by the name that settings and files give them."""


def learner_of(config: TrainingConfig) -> str:
    """The name of the learner that settings are of."""
    return next(name for name, cls in LEARNERS.items() if isinstance(config, cls))


def train_actor(
    task: Task,
    make_actor: Callable[[torch.Generator], nn.Module],
    config: TrainingConfig,
    seed: int,
    device: str = "cpu",
    on_metrics: Callable[[Metrics], None] | None = None,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    resume: Snapshot | None = None,
    toll: SpikeToll | None = None,
    is_due: Callable[[], bool] | None = None,
) -> Training:
    """Train an actor on ``task``; an interrupt from the keyboard ends it early with what there is.

    Args:
        task: what to control.
        make_actor: builds the untrained actor, drawing its weights from the generator.
        config: settings; their type says of which learner.
        seed: one seed for everything drawn at random.
        device: where the networks live, ``"cpu"`` or ``"cuda"``.
        on_metrics: called with every row of the learning curve.
        on_snapshot: called after it, and whenever ``is_due``, with the training as it stands.
        resume: a snapshot of a training with the same arguments, to go on from.
        toll: what spikes cost; checkpoints are then judged with it.
        is_due: asked after every round whether a snapshot is wanted.

    Raises:
        AgentError: ``resume`` is of a training of another shape, or the learner does not take the task.
    """
    seeds = Seeds.of(seed)
    learner = learner_for(task, make_actor, config, seeds, device, toll)
    return learn(task, learner, config.pace, seeds, on_metrics, on_snapshot, resume, is_due)


def learner_for(
    task: Task,
    make_actor: Callable[[torch.Generator], nn.Module],
    config: TrainingConfig,
    seeds: Seeds,
    device: str = "cpu",
    toll: SpikeToll | None = None,
) -> Learner:
    """The untrained learner that settings are of; arguments as of :func:`train_actor`."""
    if isinstance(config, PPOConfig):
        return PPO.build(task, make_actor, config, seeds, device, toll)
    if isinstance(config, DimeConfig):
        return Dime.build(task, make_actor, config, seeds, device, toll)
    return SDRL.build(task, make_actor, config, seeds, device, toll)
