"""Our ONNX files run back with onnxruntime, on the CPU."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import FloatArray, SpikeArray, as_observations, as_spikes, require
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.onnx._file import OnnxFile, read_model


@dataclass(frozen=True, eq=False)
class Decided:
    """What a decision model gave.

    Attributes:
        actions: ``(B, A)``, float32 in [-1, 1] or physical float64; None of layers without a decoder.
        spikes: by name, ``encoder`` and ``layer0``, ``layer1``, ..., each ``(T, B, N)``; those that the
            model gives.
    """

    actions: NDArray[Any] | None
    spikes: Mapping[str, SpikeArray]


@dataclass(frozen=True, eq=False)
class Stepped:
    """What a step model gave, run from rest over T steps; each array ``(T, B, Nl)``, one per layer.

    Attributes:
        spikes: 0 or 1.
        currents: c after each step.
        voltages: v after each step, reset where the neuron fired.
    """

    spikes: tuple[SpikeArray, ...]
    currents: tuple[FloatArray, ...]
    voltages: tuple[FloatArray, ...]


def run_decision(path: str | os.PathLike[str], inputs: ArrayLike, *, threads: int = 1) -> Decided:
    """Run a file of :func:`neuro_aolo_export.onnx.spiking.write_decision`.

    Args:
        path: the file.
        inputs: observations ``(B, D)``, in [-1, 1] or physical as the file was written; or input spikes
            ``(T, B, N0)`` of layers without an encoder.
        threads: threads that compute.

    Raises:
        ExportError: the file is not ours, or is damaged; inputs of another shape, or not finite.
    """
    model = _Model(read_model(path, "decision"), threads)
    given = model.inputs[0]
    bare = given.name == "input_spikes"
    model.require_inputs([given.name if bare else "observations"], rank=3 if bare else 2)
    if not bare:
        values = model.observations(inputs)
    else:
        spikes = as_spikes(np.asarray(inputs), given.shape[2])
        require(
            len(spikes) == given.shape[0],
            f"{path} runs {given.shape[0]} steps, the input spikes have {len(spikes)}: make them equal",
        )
        values = spikes.astype(np.float32)
    results = model.run({given.name: values})
    actions = results.pop("actions", None)
    return Decided(actions, {name.removesuffix("_spikes"): train for name, train in results.items()})


def run_step(
    path: str | os.PathLike[str], input_spikes: ArrayLike, *, threads: int = 1, levels: int = 1
) -> Stepped:
    """Run a file of :func:`neuro_aolo_export.onnx.spiking.write_step` once per step, handing the states on.

    Args:
        path: the file.
        input_spikes: ``(T, B, N0)``.
        threads: threads that compute.
        levels: largest number that an input spike carries: 1 of binary ones.

    Raises:
        ExportError: the file is not ours, or is damaged; input spikes of another shape.
    """
    model = _Model(read_model(path, "step"), threads)
    source, *states = model.inputs
    layers = [f"layer{index}" for index in range(len(states) // 2)]
    named = [f"{layer}_{state}" for layer in layers for state in ("current", "voltage")]
    model.require_inputs(["input_spikes", *named], rank=2)
    model.require_outputs(f"{x}_{y}" for x in layers for y in ("spikes", "next_current", "next_voltage"))
    spikes = as_spikes(np.asarray(input_spikes), source.shape[1], levels)
    held = {state.name: np.zeros((spikes.shape[1], state.shape[1]), dtype=np.float32) for state in states}
    record: dict[str, list[NDArray[Any]]] = {}
    for arriving in spikes.astype(np.float32):
        results = model.run({source.name: arriving, **held})
        for name, result in results.items():
            record.setdefault(name, []).append(result)
        held = {name: results[name.replace("_", "_next_", 1)] for name in held}

    def trains(what: str) -> tuple[NDArray[Any], ...]:
        return tuple(np.stack(record[f"{layer}_{what}"]) for layer in layers)

    fired = tuple(train.astype(np.uint8) for train in trains("spikes"))
    return Stepped(fired, trains("next_current"), trains("next_voltage"))


def run_dense(path: str | os.PathLike[str], observations: ArrayLike, *, threads: int = 1) -> NDArray[Any]:
    """Actions ``(B, A)`` of a file of :func:`~neuro_aolo_export.onnx.dense.write_dense` or its int8 twin.

    Args:
        path: the file.
        observations: ``(B, D)``, in [-1, 1] or physical as the file was written.
        threads: threads that compute.

    Raises:
        ExportError: the file is not ours, or is damaged; observations of another shape, or not finite.
    """
    model = _Model(read_model(path, "dense", "dense_int8"), threads)
    model.require_inputs(["observations"], rank=2)
    model.require_outputs(["actions"])
    actions: NDArray[Any] = model.run({"observations": model.observations(observations)})["actions"]
    return actions


def session(data: bytes, threads: int = 1) -> Any:
    """An ``InferenceSession`` on the CPU, which prints nothing; it raises onnxruntime's own errors."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return InferenceSession(data, options, providers=["CPUExecutionProvider"])


class _Model:
    """An onnxruntime session, its errors told in one line."""

    def __init__(self, file: OnnxFile, threads: int) -> None:
        require(threads >= 1, f"{threads} threads: give at least 1")
        self._path = file.path
        try:
            self._session = session(file.data, threads)
        except Exception as error:  # onnxruntime's have no common base
            raise self._told(error) from None
        self.inputs: Sequence[Any] = self._session.get_inputs()
        self._outputs: Sequence[str] = [output.name for output in self._session.get_outputs()]
        require(len(self.inputs) > 0, f"{file.path} takes no input: export it again")

    def require_inputs(self, names: Sequence[str], *, rank: int) -> None:
        """Check that the inputs are these, and every size but the batch's, the last but one, a number."""
        told = {given.name: given.shape for given in self.inputs}
        fixed = [size for shape in told.values() for size in (*shape[:-2], *shape[-1:])]
        require(
            list(told) == list(names)
            and all(len(shape) == rank for shape in told.values())
            and all(isinstance(size, int) and size > 0 for size in fixed),
            f"{self._path} takes {str(told)[:200]}, which is not as we write it: export it again",
        )

    def require_outputs(self, names: Iterable[str]) -> None:
        """Check that there are these outputs."""
        missing = set(names) - set(self._outputs)
        require(not missing, f"{self._path} does not give {sorted(missing)[:3]}: export it again")

    def observations(self, given: ArrayLike) -> NDArray[Any]:
        """Observations ``(B, D)`` in the type that the model takes."""
        wanted = self.inputs[0]
        batch = as_observations(given, wanted.shape[1])
        if wanted.type == "tensor(double)":
            return np.asarray(given, dtype=np.float64)
        return batch

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """All outputs by name."""
        try:
            return dict(zip(self._outputs, self._session.run(None, dict(inputs)), strict=True))
        except Exception as error:
            raise self._told(error) from None

    def _told(self, error: Exception) -> ExportError:
        reason = " ".join(str(error).split())[:200]
        return ExportError(f"{self._path} does not run in onnxruntime ({reason}): export it again")
