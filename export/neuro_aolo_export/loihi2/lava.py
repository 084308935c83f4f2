"""An integer graph on Lava: the network file, and that file run on Lava's process graph.

Lava runs in a process of its own, started fresh: it forks one process per part of the network, and hangs
instead of ending when one of them fails.

References:
    Lava: A software framework for neuromorphic computing, https://github.com/lava-nc/lava (archived).
    lava-dl, https://github.com/lava-nc/lava-dl (archived): slayer and netx.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.arrays import IntArray, SpikeArray, as_spikes
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import temporary_folder
from neuro_aolo_export.loihi2._bounded import run_bounded
from neuro_aolo_export.loihi2._lava_child import arrived, child_command, child_environment
from neuro_aolo_export.loihi2._lava_compat import LAVA_INSTALL, lava_version, require_lava
from neuro_aolo_export.loihi2.lava_file import read_network, require_loadable, write_network
from neuro_aolo_export.loihi2.lava_session import LavaSession

__all__ = [
    "LAVA_INSTALL",
    "LavaSession",
    "LayerTrace",
    "lava_version",
    "read_network",
    "require_lava",
    "run_network",
    "trace_network",
    "write_network",
]


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """All that a layer did, without its delay.

    Attributes:
        spikes: ``(T, B, N)`` uint8.
        current: u ``(T, B, N)`` int32, after each step.
        voltage: v ``(T, B, N)`` int32, after each step: 0 where the neuron fired.
    """

    spikes: SpikeArray
    current: IntArray
    voltage: IntArray


def run_network(
    path: str | os.PathLike[str],
    input_spikes: NDArray[Any],
    steps: int,
    timeout_s: float = 120.0,
    levels: int = 1,
) -> tuple[SpikeArray, ...]:
    """Run a network file on Lava's fixed-point CPU models, one decision after the other.

    All neurons are put to rest between decisions. The step of delay that each layer adds is taken out.

    Args:
        path: a file written by :func:`write_network`.
        input_spikes: ``(T, B, N0)``, always-on channel included.
        steps: time steps T of one decision.
        timeout_s: seconds for everything, start of the process included.
        levels: largest number that an input spike carries: 1 of binary ones. The file does not say.

    Returns:
        Spikes ``(T, B, Nl)`` of every layer, uint8.

    Raises:
        ExportError: Lava is missing, the file or the spikes do not fit, or Lava failed or took too long.
    """
    return tuple(_ran("run", path, input_spikes, steps, timeout_s, levels)["layer"])


def trace_network(
    path: str | os.PathLike[str],
    input_spikes: NDArray[Any],
    steps: int,
    timeout_s: float = 120.0,
    levels: int = 1,
) -> tuple[LayerTrace, ...]:
    """As :func:`run_network`, paused after every step to read both states of every neuron.

    For verification: a pause takes milliseconds, and each state read another 40 us.
    """
    rows = _ran("trace", path, input_spikes, steps, timeout_s, levels)
    return tuple(LayerTrace(*layer) for layer in zip(rows["layer"], rows["u"], rows["v"], strict=True))


def _ran(
    mode: Literal["run", "trace"],
    path: str | os.PathLike[str],
    input_spikes: NDArray[Any],
    steps: int,
    timeout_s: float,
    levels: int,
) -> dict[str, list[NDArray[Any]]]:
    """What Lava's process left, ``(T, B, Nl)`` of each layer, by the name of its files."""
    require_lava()
    layers = read_network(path)
    require_loadable(layers)
    inputs = as_spikes(input_spikes, layers[0].inputs, levels)
    batch = inputs.shape[1]
    if len(inputs) != steps or batch == 0:
        raise ExportError(
            f"input spikes have shape {inputs.shape}: "
            f"give ({steps}, decisions, {layers[0].inputs}) with at least one decision"
        )
    with temporary_folder("lava") as folder:
        feed = np.zeros((steps * batch + len(layers), layers[0].inputs), dtype=np.uint8)
        feed[: steps * batch] = inputs.transpose(1, 0, 2).reshape(steps * batch, -1)
        np.save(folder / "feed.npy", feed, allow_pickle=False)
        run_bounded(
            child_command(mode, Path(path), folder, steps, levels),
            folder=folder,
            environment=child_environment(),
            timeout_s=timeout_s,
            label=f"Lava on {path}",
        )

        def result(kind: str, index: int) -> NDArray[Any]:
            rows = np.load(folder / f"{kind}_{index}.npy", allow_pickle=False)
            own = arrived(rows, index, len(layers)).reshape(batch, steps, -1)
            return np.ascontiguousarray(own.transpose(1, 0, 2))

        kinds = ("layer", "u", "v") if mode == "trace" else ("layer",)
        return {kind: [result(kind, index) for index in range(len(layers))] for kind in kinds}
