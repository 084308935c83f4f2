"""Every export of an actor, run back on the same inputs before it takes its place."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.errors import AgentError, RunError
from neuro_aolo.runs.export_record import Record, read_record, same_entry, write_record
from neuro_aolo.runs.files import DECISION, DENSE, DENSE_INT8, EXPORTS, GRAPH, NETWORK, NIR, STEP
from neuro_aolo.runs.lock import locked
from neuro_aolo.runs.network import Network, of_run
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.simulation import lava_timeout_s
from neuro_aolo.systems.task import Observations
from neuro_aolo.systems.wording import one_of
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import disk_fails, temporary_folder
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.graph_file import graph_digest, save_graph
from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, lava_version, require_lava, write_network
from neuro_aolo_export.nir.convert import write_nir
from neuro_aolo_export.onnx.dense import write_dense, write_dense_int8
from neuro_aolo_export.onnx.spiking import write_decision, write_step
from neuro_aolo_export.verify import (
    TOLERANCE,
    Check,
    check_decision,
    check_dense,
    check_lava,
    check_nir,
    check_step,
)

FORMATS = ("lava", "nir", "onnx")

DECISIONS, SEED = 2_048, 0
"""Requests of a run that its exports are run back on."""

LAVA_DECISIONS = 128
"""The first of them, which Lava is compared on: milliseconds each."""

Checks = dict[str, Check]
_Export = Callable[[Network, Path], Check]


def chosen_formats(to: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Formats that were asked for, and a line on each that is left out: Lava where it is not installed.

    Raises:
        AgentError: an unknown format, or none.
        ExportError: Lava was asked for and is not installed.
    """
    if to is None:
        if lava_version() is None:
            reason = f"Lava is not installed, so no {NETWORK} was written: install it with  {LAVA_INSTALL}"
            return FORMATS[1:], (reason,)
        return FORMATS, ()
    names = tuple(dict.fromkeys(name.strip() for name in to.split(",") if name.strip()))
    if not names:
        raise AgentError(f"--to {to!r}: give one or more of {', '.join(FORMATS)}, with commas between")
    chosen = tuple(dict.fromkeys(one_of("--to", name, FORMATS) for name in names))
    if "lava" in chosen:
        require_lava()
    return chosen, ()


def loadable_formats(
    network: Network, formats: tuple[str, ...], *, asked: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Formats that can hold a network of one's own, and a line on each that is left out.

    Raises:
        ExportError: Lava was ``asked`` for, and its neuron cannot reset as the network's do.
    """
    if "lava" not in formats or network.graph.reset == "zero":
        return formats, ()
    reason = f"{network.source} resets by subtraction, which Lava's neuron cannot"
    if asked:
        raise ExportError(f"{reason}: leave lava out of --to")
    return tuple(name for name in formats if name != "lava"), (f"{reason}, so no {NETWORK} was written",)


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        checks: each file, and how it ran when it was run back.
        quantisation: what rounding to the chip's integers did: ``weight_bits``, ``layers`` and ``movement``;
            None of a dense actor.
        reset: of a network of one's own: ``reset``, and ``reset_assumed`` where its file cannot say.
    """

    checks: Checks
    quantisation: dict[str, Any] | None = None
    reset: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> dict[str, Any]:
        """The same as plain data."""
        files = {name: asdict(check) for name, check in self.checks.items()}
        return {"files": files, "quantisation": self.quantisation, **self.reset}


def check_export(run: Run | None, formats: tuple[str, ...], folder: Path) -> None:
    """Refuse what cannot be exported, before anything is made.

    Args:
        run: whose actor it is; None for a network of one's own.
        formats: that were asked for.
        folder: where the files go.

    Raises:
        RunError: the actor is dense and no format is for it, or the record of earlier exports is damaged.
    """
    if run is not None and run.kind == "dense" and "onnx" not in formats:
        raise RunError(
            f"{run.folder.path} holds a dense actor, which has no spikes for {' and '.join(formats)}: "
            "add onnx to --to"
        )
    read_record(folder / EXPORTS)


def export_run(run: Run, formats: tuple[str, ...], folder: Path, weight_bits: int | None = None) -> Exported:
    """Write the files of a run's actor to ``folder``, and those of the MLP trained beside it.

    All files take their places, or none where one does not run as it should.

    Raises:
        ExportError: a file cannot be written, or differs when it is run back.
        RunError: the folder cannot be written, or the actor is dense and no format is for it.
    """
    check_export(run, formats, folder)
    network = of_run(run, DECISIONS, SEED, weight_bits) if run.kind == "spiking" else None
    dense = None
    if "onnx" in formats:
        graphs = (run.graph, run.twin.graph if run.twin is not None else None)
        dense = next((graph for graph in graphs if isinstance(graph, DenseGraph)), None)
    observations = run.task.observe(run.task.reset(DECISIONS, np.random.default_rng(SEED)))
    return _export(network, dense, observations, formats, folder)


def export_network(network: Network, formats: tuple[str, ...], folder: Path) -> Exported:
    """Write the files of a network of one's own to ``folder``, all or none.

    Raises:
        ExportError: a file cannot be written, or differs when it is run back.
        RunError: the folder cannot be written.
    """
    return _export(network, None, None, formats, folder)


def _export(
    network: Network | None,
    dense: DenseGraph | None,
    observations: Observations | None,
    formats: tuple[str, ...],
    folder: Path,
) -> Exported:
    try:
        with locked(folder):
            return _export_into(folder, network, dense, observations, formats)
    except OSError as error:
        if disk_fails(error):
            raise
        raise RunError(
            f"{folder} cannot be written ({error.strerror or error}): give a writable --out"
        ) from None


def _export_into(
    folder: Path,
    network: Network | None,
    dense: DenseGraph | None,
    observations: Observations | None,
    formats: tuple[str, ...],
) -> Exported:
    record = read_record(folder / EXPORTS)
    spiking_checks: Checks = {}
    dense_checks: Checks = {}
    with _staged(folder) as stage:
        if network is not None:
            save_graph(network.graph, stage / GRAPH)
            makers = [maker for format_ in formats for maker in _MAKERS[format_]]
            spiking_checks = {name: make(network, stage / name) for name, make in makers}
        if dense is not None and observations is not None:
            dense_checks = _dense(dense, observations, stage)
    quantisation = None
    if network is not None:
        quantisation = _quantisation(network)
        record = _with(record, GRAPH, network.graph, spiking_checks, quantisation)
        record = {**record, GRAPH: {**record[GRAPH], **_reset(network)}}
    if dense is not None:
        record = _with(record, DENSE, dense, dense_checks, None)
    write_record(folder / EXPORTS, record)
    return Exported(spiking_checks | dense_checks, quantisation, {} if network is None else _reset(network))


def _dense(graph: DenseGraph, observations: Observations, stage: Path) -> Checks:
    """Both files of a dense actor; half of the observations scale the integers, the others are run back."""
    half = max(1, len(observations) // 2)
    calibration, inputs = observations[:half], observations[-half:]
    write_dense(graph, stage / DENSE)
    write_dense_int8(graph, stage / DENSE_INT8, calibration)
    return {
        # Rounding of a pass is carried into the next.
        DENSE: check_dense(graph, stage / DENSE, inputs, TOLERANCE * graph.passes),
        DENSE_INT8: check_dense(graph, stage / DENSE_INT8, inputs, None),
    }


def _reset(network: Network) -> dict[str, Any]:
    """How a network of one's own resets; nothing of a run's, which resets to zero."""
    if network.requests is not None:
        return {}
    return {"reset": network.graph.reset, "reset_assumed": network.reset_assumed}


def _quantisation(network: Network) -> dict[str, Any]:
    """What rounding did: what was clipped and rounded, and how far spikes and actions moved."""
    moved = network.movement
    return {
        "weight_bits": network.weight_bits,
        "layers": [
            {"name": name, **asdict(report)}
            for name, report in zip(network.layer_names, network.quantized.report, strict=True)
        ],
        "movement": asdict(moved) if moved else None,
    }


def _lava(network: Network, path: Path) -> Check:
    write_network(network.quantized, path)
    spikes = network.chip_spikes[:, :LAVA_DECISIONS]
    return check_lava(network.quantized, path, spikes, lava_timeout_s(spikes.shape[0] * spikes.shape[1]))


def _nir(network: Network, path: Path) -> Check:
    write_nir(network.graph, path)
    return check_nir(network.graph, path, network.input_spikes)


def _step(network: Network, path: Path) -> Check:
    write_step(network.graph, path)
    return check_step(network.graph, path, network.input_spikes)


def _decision(network: Network, path: Path) -> Check:
    write_decision(network.graph, path, spikes=True)
    if network.graph.encoder is None:
        return check_decision(network.graph, path, network.input_spikes)
    observations = network.observations
    if observations is None:
        # Its input spikes are of no use to the encoder: any observations serve.
        shape = (DECISIONS, network.graph.input_size)
        observations = np.random.default_rng(SEED).uniform(-1.0, 1.0, shape).astype(np.float32)
    return check_decision(network.graph, path, observations)


_MAKERS: dict[str, tuple[tuple[str, _Export], ...]] = {
    "lava": ((NETWORK, _lava),),
    "nir": ((NIR, _nir),),
    "onnx": ((STEP, _step), (DECISION, _decision)),
}


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder to write files into, which take their places in ``folder`` once nothing has failed."""
    with temporary_folder("export", folder) as stage:
        yield stage
        made = sorted(stage.iterdir())
        for file in made:
            if (folder / file.name).is_dir():
                raise RunError(f"{folder / file.name} is a folder: move it away, or give another --out")
        for file in made:
            file.replace(folder / file.name)


def _with(
    record: Record,
    name: str,
    graph: SpikingGraph | DenseGraph,
    checks: Mapping[str, Check],
    quantisation: dict[str, Any] | None,
) -> Record:
    """The record with these checks; earlier ones of another graph, or other integers, are dropped."""
    entry = {"graph_sha256": graph_digest(graph), "quantisation": quantisation}
    before = record.get(name, {})
    files = before["files"] if same_entry(entry, before) else {}
    files = {**files, **{key: asdict(check) for key, check in checks.items()}}
    return {**record, name: {**entry, "files": files}}
