"""The process that runs Lava, started fresh as ``python -m neuro_aolo_export.loihi2._lava_child``.

Lava forks one process per part of the network, so nothing that does not survive a fork may be loaded
before; and it hangs instead of ending when one of them fails, so this process ends without ceremony.
"""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.loihi2._bounded import end_with_parent
from neuro_aolo_export.loihi2._lava_compat import load_runtime

READY = b"\1"
"""What a session's process says once it runs."""


def child_command(mode: str, file: Path, folder: Path, steps: int, levels: int) -> list[str]:
    """Command line of this process: ``run``, ``trace`` or ``serve``, decisions of so many steps.

    Input spikes carry up to ``levels``.
    """
    arguments = map(str, (file.resolve(), folder, steps, levels))
    return [sys.executable, "-W", "ignore", "-m", "neuro_aolo_export.loihi2._lava_child", mode, *arguments]


def child_environment() -> dict[str, str]:
    """The caller's environment variables, so that this package is found and no threads are started."""
    package_parent = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    # Ten processes each take their turn: threads inside them would only get in each other's way.
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = package_parent if not inherited else os.pathsep.join((package_parent, inherited))
    return {**os.environ, **single, "PYTHONPATH": path}


def arrived(rows: NDArray[Any], index: int, depth: int) -> NDArray[Any]:
    """Of the rows ``(steps, ...)`` that layer ``index`` of ``depth`` made, those that the input caused.

    Input sent at step n, counted from 1, reaches layer l at step ``n + l + 1``.
    """
    return rows[index + 1 : index + 1 + len(rows) - depth]


class _Graph:
    """A network file on Lava, fed from ``feed.npy`` of a folder and recorded into ``layer_0.npy``, ..."""

    def __init__(self, file: str, folder: Path, reset_interval: int, levels: int) -> None:
        self.lava = load_runtime()
        feed = np.load(folder / "feed.npy", mmap_mode="r+", allow_pickle=False)
        self.feed: SpikeArray = feed
        # The reset of a layer comes with the first input that reaches it: hence the offset.
        # To Lava a spike without bits is binary.
        bits = levels.bit_length() if levels > 1 else 0
        self.network = self.lava.network(
            file, reset_interval=reset_interval, reset_offset=1, input_message_bits=bits
        )
        source = self.lava.source(data=np.zeros((feed.shape[1], 1), dtype=np.int32))
        self.lava.attach(source, folder / "feed.npy")
        source.s_out.connect(self.network.inp)
        self.records: list[SpikeArray] = []
        for index, layer in enumerate(self.network.layers):
            path = folder / f"layer_{index}.npy"
            shape = (len(feed), *map(int, layer.out.shape))
            self.records.append(np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape))
            sink = self.lava.sink(shape=layer.out.shape, buffer=1)
            self.lava.attach(sink, path)
            layer.out.connect(sink.a_in)

    def run(self, steps: int) -> None:
        """Go on for so many steps."""
        self.network.run(condition=self.lava.steps(num_steps=steps), run_cfg=self.lava.config)


def _run_all(file: str, folder: Path, steps: int, levels: int) -> None:
    """All rows of the feed, without a pause."""
    end_with_parent()
    graph = _Graph(file, folder, steps, levels)
    graph.run(len(graph.feed))
    graph.network.stop()


def _trace_all(file: str, folder: Path, steps: int, levels: int) -> None:
    """All rows of the feed, with a look at both states after each: ``u_0.npy``, ``v_0.npy``, ..."""
    end_with_parent()
    graph = _Graph(file, folder, steps, levels)
    states = {
        f"{name}_{index}": getattr(layer.neuron, name)
        for index, layer in enumerate(graph.network.layers)
        for name in ("u", "v")
    }
    seen: dict[str, list[NDArray[Any]]] = {name: [] for name in states}
    for _ in range(len(graph.feed)):
        graph.run(1)
        for name, state in states.items():
            seen[name].append(np.array(state.get(), dtype=np.int32))
    graph.network.stop()
    for name, rows in seen.items():
        np.save(folder / f"{name}.npy", np.stack(rows), allow_pickle=False)


def _serve(file: str, folder: Path, steps: int, levels: int) -> None:
    """One decision per request, bytes ``(T, N0)``; the answer is ``(T, Nl)`` of every layer in turn."""
    # Lava prints: what it says goes to standard error, and the pipe is for answers alone.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    period, channels = np.load(folder / "feed.npy", mmap_mode="r", allow_pickle=False).shape
    requests: SimpleQueue[bytes] = SimpleQueue()
    end_with_parent(steps * channels, requests.put)
    graph = _Graph(file, folder, period, levels)
    depth = len(graph.records)
    # The first run compiles and forks: it is no decision's.
    graph.run(period)
    answers.write(READY)
    while True:
        answers.flush()
        graph.feed[:steps] = np.frombuffer(requests.get(), dtype=np.uint8).reshape(steps, channels)
        graph.run(period)
        for index, record in enumerate(graph.records):
            answers.write(arrived(record, index, depth).tobytes())


_MODES: dict[str, Callable[[str, Path, int, int], None]] = {
    "run": _run_all,
    "trace": _trace_all,
    "serve": _serve,
}


def _main() -> None:
    mode, file, folder, steps, levels = sys.argv[1:]
    try:
        _MODES[mode](file, Path(folder), int(steps), int(levels))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        # Lava's own processes would be waited for in vain; the caller ends them.
        os._exit(1)


if __name__ == "__main__":
    _main()
