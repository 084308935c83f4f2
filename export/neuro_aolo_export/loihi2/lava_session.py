"""One decision at a time on Lava, for control loops."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import FloatArray, SpikeArray, as_spikes
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import temporary_folder
from neuro_aolo_export.loihi2._bounded import end_group, exchange, last_words, start_bounded
from neuro_aolo_export.loihi2._lava_child import READY, child_command, child_environment
from neuro_aolo_export.loihi2._lava_compat import require_lava
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.loihi2.lava_file import write_network
from neuro_aolo_export.population import needed


class LavaSession:
    """An integer graph that stays on Lava between decisions, in a process of its own.

    ``with LavaSession(qgraph) as session:`` starts that process, and ends it and all that it started on the
    way out; it ends by itself where this process is killed. A decision takes ``T + L`` steps of Lava: the
    input, and one step of delay per layer. All neurons are at rest before each.

    Args:
        qgraph: the graph; it stays on the host with its encoder and decoder.
        start_timeout_s: seconds to write the network, start Lava and compile.
        timeout_s: seconds for one decision.
    """

    def __init__(
        self, qgraph: QuantizedGraph, *, start_timeout_s: float = 60.0, timeout_s: float = 10.0
    ) -> None:
        self.qgraph = qgraph
        self.start_timeout_s = start_timeout_s
        self.timeout_s = timeout_s
        self._folder: Path | None = None
        self._kept = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "LavaSession":
        """Start Lava.

        Raises:
            ExportError: Lava is missing, would alter the network, failed or took too long to start.
        """
        require_lava()
        self._folder = self._kept.enter_context(temporary_folder("lava"))
        try:
            self._start(self._folder)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def decide(self, input_spikes: NDArray[Any]) -> tuple[SpikeArray, ...]:
        """Spikes ``(T, Nl)`` of every layer, of input spikes ``(T, N0)``, always-on channel included.

        Raises:
            ExportError: spikes of another shape, no session under way, or Lava failed or took too long,
                which ends the session.
        """
        layers, steps = self.qgraph.layers, self.qgraph.steps
        spikes = np.asarray(input_spikes)
        if spikes.shape != (steps, layers[0].inputs):
            raise ExportError(f"input spikes have shape {spikes.shape}: give ({steps}, {layers[0].inputs})")
        request = as_spikes(spikes[:, None], layers[0].inputs, layers[0].levels).tobytes()
        sizes = [steps * layer.neurons for layer in layers]
        flat = np.frombuffer(self._ask(request, sum(sizes), self.timeout_s, "a decision"), dtype=np.uint8)
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return tuple(part.reshape(steps, -1) for part in parts)

    def act(self, observation: ArrayLike) -> FloatArray:
        """Action ``(A,)`` in [-1, 1] for an observation ``(D,)`` in [-1, 1]: encoder, Lava, decoder.

        Raises:
            ExportError: as :func:`decide`; no encoder or decoder, or an observation that does not fit.
        """
        decoder = needed(self.qgraph.decoder)
        spikes = self.qgraph.input_spikes(np.asarray(observation)[None])
        action: FloatArray = decoder.decode(self.decide(spikes[:, 0])[-1][:, None])[0]
        return action

    def close(self) -> None:
        """End Lava, if it runs."""
        if self._process is not None:
            end_group(self._process)
            self._process = None
        self._folder = None
        self._kept.close()

    def _start(self, folder: Path) -> None:
        layers, steps = self.qgraph.layers, self.qgraph.steps
        network = folder / "actor.net"
        write_network(self.qgraph, network)
        feed = np.zeros((steps + len(layers), layers[0].inputs), dtype=np.uint8)
        np.save(folder / "feed.npy", feed, allow_pickle=False)
        self._process = start_bounded(
            child_command("serve", network, folder, steps, layers[0].levels),
            folder=folder,
            environment=child_environment(),
            answers=True,
        )
        self._ask(b"", len(READY), self.start_timeout_s, "its start")

    def _ask(self, request: bytes, answer_bytes: int, timeout_s: float, label: str) -> bytes:
        if self._process is None or self._folder is None:
            raise ExportError("this Lava session is not under way: use it inside `with LavaSession(...)`")
        try:
            return exchange(self._process, request, answer_bytes, timeout_s)
        except (TimeoutError, EOFError) as error:
            reason = "ended during" if isinstance(error, EOFError) else f"took more than {timeout_s:g} s for"
            words = last_words(self._folder)
            self.close()
            raise ExportError(
                f"Lava {reason} {label}{words}: start another session, or give it a longer time-out"
            ) from None
        except BaseException:
            # Half an answer may be under way: the next one would be misread.
            self.close()
            raise
