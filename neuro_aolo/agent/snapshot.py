"""Everything that a training in progress consists of, in one file: safetensors, no pickle, and a digest.

What is restored from it goes on as if it had never stopped, bit for bit on the same machine.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from neuro_aolo.agent.replay import Replay
from neuro_aolo.errors import AgentError
from neuro_aolo.files import DIGEST
from neuro_aolo_export.files import regular_size, whole

FORMAT = 2
"""Number of this form; that of 0.1 was 1, without a digest."""
MOST_BYTES = 1 << 34
"""Largest file that is read: 16 GiB, a hundred million remembered requests."""
_HEADER = "neuro_aolo"


@dataclass(frozen=True)
class Snapshot:
    """A training in progress.

    Attributes:
        tensors: weights, moments, replayed requests and states of generators, by name. Taken of a training,
            they are its own and change as it goes on: save them at once.
        values: everything else, as JSON holds it.
    """

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]

    def save(self, file: Path) -> None:
        """Write the file, whole or not at all, and onto the disk."""
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.tensors.items()}
        values = json.loads(json.dumps({"format": FORMAT, **self.values}))
        header = {_HEADER: json.dumps({DIGEST: _digest(values, tensors), **values})}
        with whole(file) as partial, partial.open("wb") as stream:
            stream.write(save(tensors, header))
            stream.flush()
            os.fsync(stream.fileno())

    @classmethod
    def load(cls, file: Path) -> "Snapshot":
        """Read a file that :meth:`save` wrote.

        Raises:
            AgentError: it is missing, damaged, or of another format.
        """
        try:
            if regular_size(file) > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
            with safe_open(file, framework="pt") as stream:
                values = json.loads((stream.metadata() or {})[_HEADER])
                tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            if DIGEST in values or values["format"] != 1:
                written = values.pop(DIGEST)
                if written != _digest(values, tensors):
                    raise ValueError(
                        f"it is not what its digest {str(written)[:16]!r} says: changed or damaged"
                    )
            if values.pop("format") not in (1, FORMAT):
                raise ValueError(f"its format is not {FORMAT}")
        except (
            OSError,
            KeyError,
            ValueError,
            TypeError,
            AttributeError,
            RecursionError,
            SafetensorError,
        ) as error:
            reason = " ".join(str(error).split())[:200]
            raise AgentError(f"{file} holds no training in progress ({reason}): train anew") from None
        return cls(tensors, values)


def _digest(values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for name in sorted(tensors):
        array = tensors[name].numpy()
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Parts:
    """What a learner consists of.

    Attributes:
        networks: by name.
        optimisers: by name.
        replay: what it learns from; None of one that keeps nothing.
        generator: draws from it.
    """

    networks: Mapping[str, nn.Module]
    optimisers: Mapping[str, torch.optim.Optimizer]
    replay: Replay | None
    generator: torch.Generator

    def state(self) -> Snapshot:
        """Weights, moments, replayed rows and the generator's state."""
        replay, tensors = self.replay, {"generator": self.generator.get_state()}
        for name, network in self.networks.items():
            tensors |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimiser in self.optimisers.items():
            for index, moments in optimiser.state_dict()["state"].items():
                tensors |= {f"{name}_optimiser.{index}.{key}": value for key, value in moments.items()}
        if replay is None:
            return Snapshot(tensors, {})
        tensors |= {f"replay.{name}": column[: replay.size] for name, column in replay.columns.items()}
        return Snapshot(tensors, {"size": replay.size, "cursor": replay.cursor})

    def restore(self, state: Snapshot) -> None:
        """Stand where :meth:`state` found parts of the same shape.

        Raises:
            AgentError: the state is that of a learner of another shape.
        """
        try:
            self._restore(state)
        except (KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise AgentError(f"the training in progress is of another shape ({reason}): train anew") from None

    def _restore(self, state: Snapshot) -> None:
        tensors, replay = state.tensors, self.replay
        self.generator.set_state(tensors["generator"])
        for name, network in self.networks.items():
            network.load_state_dict(_under(tensors, f"{name}."))
        for name, optimiser in self.optimisers.items():
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in _under(tensors, f"{name}_optimiser.").items():
                index, quantity = key.split(".")
                moments.setdefault(int(index), {})[quantity] = value
            optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
        if replay is None:
            return
        replay.size, replay.cursor = state.values["size"], state.values["cursor"]
        for name, column in replay.columns.items():
            column[: replay.size] = tensors[f"replay.{name}"].to(column)


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def tensors_of(name: str, rounds: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """What rounds hold, by name: copies, for they share what is seen between them."""
    return {
        f"{name}.{index}.{column}": value.clone()
        for index, row in enumerate(rounds)
        for column, value in row.items()
    }


def rounds_of(name: str, tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """The rounds that :func:`tensors_of` took."""
    rounds: dict[int, dict[str, Tensor]] = {}
    for key, value in _under(tensors, f"{name}.").items():
        index, column = key.split(".")
        rounds.setdefault(int(index), {})[column] = value
    return [rounds[index] for index in sorted(rounds)]
