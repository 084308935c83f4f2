"""A trained actor on disk: ``actor.safetensors`` (weights) beside ``actor.json`` (what they are).

``actor.json`` carries the digests of the weights and of the files that belong to them, and one of itself: a
file that was changed, damaged or mixed with those of another training is noticed when the actor is read.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from neuro_aolo.agent.actor_files import DESCRIPTION, SNAPSHOT, WEIGHTS
from neuro_aolo.agent.diffusion import Diffusion, DiffusionConfig
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.sizes import MOST_QUANTITIES, check_weights
from neuro_aolo.errors import AgentError
from neuro_aolo.files import digest, read_sealed, read_text, sealed, write_whole
from neuro_aolo.systems.schema import as_written
from neuro_aolo_export.files import read_whole, whole

Actor = PopSAN | MLP | Diffusion
ActorConfig = PopSANConfig | MLPConfig | DiffusionConfig

FORMAT = 2
"""Number of this form; that of 0.1 was 1, without digests."""


@dataclass(frozen=True)
class ActorSpec:
    """All that is needed to build an actor, weights aside.

    Attributes:
        observation_names: one name per observation, in order.
        action_names: one name per action, in order.
        config: shape of the network; its type says which network.

    Raises:
        AgentError: the network would be larger than any that is read back.
    """

    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    config: ActorConfig

    def __post_init__(self) -> None:
        """Refuse a size before anything is allocated."""
        check_weights(self.config.widths(len(self.observation_names), len(self.action_names)))

    def build(self, generator: torch.Generator) -> Actor:
        """The untrained network, its weights drawn from ``generator``."""
        return self.config.build(len(self.observation_names), len(self.action_names), generator)


ACTORS: dict[str, type[ActorConfig]] = {
    "popsan": PopSANConfig,
    "mlp": MLPConfig,
    "diffusion": DiffusionConfig,
}
"""Kinds of actor, by the name that settings and files give them."""

_POPULATION = {"encoder": "population", "levels": 255, "decoder": "population"}
"""Settings of population coding that files leave out, as those of before graded input do."""

_Names = Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_QUANTITIES)]
_FileName = Annotated[str, Field(pattern=r"^[\w-][\w.-]*$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Amount = Annotated[float, Field(ge=0.0)]


class _Training(BaseModel):
    """How weights came about."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    requests: Annotated[int, Field(ge=0)]
    interrupted: bool
    energy_kwh: _Amount
    seconds: _Amount
    measured_by: str
    finetuned_requests: Annotated[int, Field(ge=0)] | None = None
    finetuned_weight_bits: Annotated[int, Field(ge=4, le=8)] | None = None
    finetuned_seed: Annotated[int, Field(ge=0)] | None = None


class _Description(BaseModel):
    """What ``actor.json`` holds."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal[1, 2]
    actor: str
    config: dict[str, Any]
    observation_names: _Names
    action_names: _Names
    training: _Training
    files: dict[_FileName, _Sha256] = {}


def kind_of(config: ActorConfig) -> str:
    """The name of the actor that ``config`` shapes."""
    return next(name for name, cls in ACTORS.items() if isinstance(config, cls))


def shape_table(config: ActorConfig) -> dict[str, Any]:
    """The shape of an actor as a table; what population coding knows nothing of is left out of its own."""
    table = asdict(config)
    if isinstance(config, PopSANConfig) and all(table[key] == value for key, value in _POPULATION.items()):
        return {key: value for key, value in table.items() if key not in _POPULATION}
    return table


def shape_of(kind: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
    """All settings of an actor of that kind, of a table as :func:`shape_table` gives it."""
    return {**_POPULATION, **table} if kind == "popsan" else table


def save_actor(
    folder: Path, actor: nn.Module, spec: ActorSpec, training: Mapping[str, Any], beside: Iterable[str] = ()
) -> None:
    """Write both files, each whole or not at all.

    Args:
        folder: where they go.
        actor: the network.
        spec: what it is.
        training: how the weights came about.
        beside: names of text files in the folder that belong to them, where they are there.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in actor.state_dict().items()}
    weights = save(tensors)
    with whole(folder / WEIGHTS) as partial:
        partial.write_bytes(weights)
    texts = [name for name in beside if (folder / name).is_file()]
    description = {
        "format": FORMAT,
        "actor": kind_of(spec.config),
        "config": shape_table(spec.config),
        "observation_names": spec.observation_names,
        "action_names": spec.action_names,
        "training": dict(training),
        "files": {
            WEIGHTS: hashlib.sha256(weights).hexdigest(),
            **{name: digest(read_text(folder / name)) for name in texts},
        },
    }
    write_whole(folder / DESCRIPTION, json.dumps(sealed(description), indent=2) + "\n")


@dataclass(frozen=True)
class SavedActor:
    """An actor as it lies on disk: the network, what it is, and how its weights came about."""

    network: Actor
    spec: ActorSpec
    training: Mapping[str, Any]


def load_actor(folder: Path) -> SavedActor:
    """Read an actor that :func:`save_actor` wrote.

    Raises:
        AgentError: a file is missing, is not what it should be, or belongs to another training.
    """
    for name in (DESCRIPTION, WEIGHTS):
        if not os.path.lexists(folder / name):
            raise AgentError(f"{folder} has no {name}: name a folder that `neuro-aolo train` wrote")
    described = _described(folder / DESCRIPTION)
    try:
        spec = _spec(described)
    except ValueError as error:
        raise AgentError(f"{folder / DESCRIPTION}: {error}; train again, or restore the file") from None
    try:
        weights = read_whole(folder / WEIGHTS)
    except OSError as error:
        raise AgentError(f"{folder / WEIGHTS} cannot be read ({error.strerror}): train again") from None
    if described.files:
        _check_digest(folder / WEIGHTS, hashlib.sha256(weights).hexdigest(), described.files)
        for name in described.files.keys() - {WEIGHTS}:
            _check_text(folder / name, described.files)
    actor = spec.build(torch.Generator())
    try:
        actor.load_state_dict(load(weights))
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise AgentError(
            f"{folder / WEIGHTS} does not hold the weights of {DESCRIPTION} ({reason}): train again"
        ) from None
    bad = [name for name, value in actor.state_dict().items() if not value.isfinite().all()]
    if bad:
        raise AgentError(f"{folder / WEIGHTS}: {bad[0]} holds NaN or infinity: train again")
    return SavedActor(actor.eval(), spec, described.training.model_dump(exclude_none=True))


def _described(file: Path) -> _Description:
    try:
        described = as_written(_Description, read_sealed(file, lambda data: data.get("format") == 1))
        if described.format != 1 and WEIGHTS not in described.files:
            raise ValueError(f"files has no digest of {WEIGHTS}")
    except OSError as error:
        raise AgentError(f"{file} cannot be read ({error.strerror}): train again") from None
    except ValueError as error:
        reason = " ".join(str(error).split())[:300]
        raise AgentError(f"{file}: {reason}; train again, or restore the file") from None
    return described


def _spec(described: _Description) -> ActorSpec:
    kind = described.actor
    if kind not in ACTORS:
        raise ValueError(f"actor = {kind!r} is none of {', '.join(ACTORS)}")
    cls: type[ActorConfig] = ACTORS[kind]
    config = as_written(cls, shape_of(kind, described.config), "config")
    return ActorSpec(described.observation_names, described.action_names, config)


def _check_text(file: Path, digests: Mapping[str, str]) -> None:
    if not os.path.lexists(file):
        return
    try:
        text = read_text(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AgentError(f"{file} cannot be read ({reason}): restore it, or train again") from None
    _check_digest(file, digest(text), digests)


def _check_digest(file: Path, is_now: str, digests: Mapping[str, str]) -> None:
    if digests[file.name] != is_now:
        # The training in progress holds the weights, and none of the texts beside them.
        resumed = file.name == WEIGHTS and (file.parent / SNAPSHOT).is_file()
        raise AgentError(
            f"{file} is not the one that belongs to {DESCRIPTION}, by its digest: it was changed or damaged, "
            f"or comes from another training; restore it, {'go on with --resume, ' * resumed}or train again"
        )
