"""A trained actor on disk: ``actor.safetensors`` (weights) beside ``actor.json`` (what they are)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from neuro_aolo.agent.actor_files import DESCRIPTION, WEIGHTS
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.errors import AgentError

Actor = PopSAN | MLP
ActorConfig = PopSANConfig | MLPConfig

FORMAT = 1


@dataclass(frozen=True)
class ActorSpec:
    """All that is needed to build an actor, weights aside.

    Attributes:
        observation_names: one name per observation, in order.
        action_names: one name per action, in order.
        config: shape of the network; its type says which network.
    """

    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    config: ActorConfig

    def build(self, generator: torch.Generator) -> Actor:
        """The untrained network, its weights drawn from ``generator``."""
        return self.config.build(len(self.observation_names), len(self.action_names), generator)


ACTORS: dict[str, type[ActorConfig]] = {"popsan": PopSANConfig, "mlp": MLPConfig}
"""Kinds of actor, by the name that settings and files give them."""


def kind_of(config: ActorConfig) -> str:
    """The name of the actor that ``config`` shapes."""
    return next(name for name, cls in ACTORS.items() if isinstance(config, cls))


def save_actor(folder: Path, actor: nn.Module, spec: ActorSpec, training: Mapping[str, Any]) -> None:
    """Write both files, each whole or not at all; ``training`` says how the weights came about."""
    description = {
        "format": FORMAT,
        "actor": kind_of(spec.config),
        "config": asdict(spec.config),
        "observation_names": spec.observation_names,
        "action_names": spec.action_names,
        "training": dict(training),
    }
    partial = folder / f"{WEIGHTS}.part"
    tensors = {name: value.detach().cpu().contiguous() for name, value in actor.state_dict().items()}
    partial.write_bytes(save(tensors))
    partial.replace(folder / WEIGHTS)
    partial = folder / f"{DESCRIPTION}.part"
    partial.write_text(json.dumps(description, indent=2) + "\n")
    partial.replace(folder / DESCRIPTION)


@dataclass(frozen=True)
class SavedActor:
    """An actor as it lies on disk: the network, what it is, and how its weights came about."""

    network: Actor
    spec: ActorSpec
    training: Mapping[str, Any]


def load_actor(folder: Path) -> SavedActor:
    """Read an actor that :func:`save_actor` wrote.

    Raises:
        AgentError: a file is missing, or is not what it should be.
    """
    for name in (DESCRIPTION, WEIGHTS):
        if not (folder / name).is_file():
            raise AgentError(f"{folder} has no {name}: name a folder that `neuro-aolo train` wrote")
    try:
        description = json.loads((folder / DESCRIPTION).read_text())
        spec = _spec(description)
        training = dict(description["training"])
        actor = spec.build(torch.Generator())
        actor.load_state_dict(load_file(folder / WEIGHTS))
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise AgentError(
            f"{folder / DESCRIPTION} and {WEIGHTS} do not describe an actor ({reason}): train it again"
        ) from error
    return SavedActor(actor.eval(), spec, training)


def _spec(description: Mapping[str, Any]) -> ActorSpec:
    if description["format"] != FORMAT:
        raise ValueError(f"format {description['format']}, not {FORMAT}")
    kind = str(description["actor"])
    if kind not in ACTORS:
        raise ValueError(f"actor {kind!r} is none of {', '.join(ACTORS)}")
    config = dict(description["config"])
    config["hidden"] = tuple(config["hidden"])
    return ActorSpec(
        observation_names=tuple(description["observation_names"]),
        action_names=tuple(description["action_names"]),
        config=ACTORS[kind](**config),
    )
