"""Every export of an actor, run back on the same inputs before it takes its place."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from export.errors import ExportError
from export.graph import DenseGraph, SpikingGraph
from export.graph_file import graph_digest, save_graph
from export.lava import LAVA_INSTALL, lava_version, write_network
from export.nir import write_nir
from export.onnx import write_decision, write_step
from export.onnx_dense import write_dense, write_dense_int8
from export.verify import TOLERANCE, Check, check_decision, check_dense, check_lava, check_nir, check_step
from neuro_aolo.agent.task import Observations
from neuro_aolo.analysis import Analysis
from neuro_aolo.deployment.network import Network, of_run
from neuro_aolo.deployment.simulation import lava_timeout_s
from neuro_aolo.errors import AgentError, RunError
from neuro_aolo.run import (
    DECISION,
    DENSE,
    DENSE_INT8,
    EXPORTS,
    GRAPH,
    NETWORK,
    NIR,
    STEP,
    to_json,
    write_whole,
)

FORMATS = ("lava", "nir", "onnx")

DECISIONS, SEED = 2_048, 0
"""Requests of a run that its exports are run back on."""

LAVA_DECISIONS = 128
"""The first of them, which Lava is compared on: milliseconds each."""

Checks = dict[str, Check]
_Export = Callable[[Path], Check]
_Record = dict[str, dict[str, Any]]


def chosen_formats(to: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Formats that were asked for, and a line on each that is left out: Lava where it is not installed.

    Raises:
        AgentError: an unknown format, or none.
    """
    if to is None:
        if lava_version() is None:
            reason = f"Lava is not installed, so no {NETWORK} was written: install it with  {LAVA_INSTALL}"
            return FORMATS[1:], (reason,)
        return FORMATS, ()
    names = tuple(dict.fromkeys(name.strip() for name in to.split(",") if name.strip()))
    if not names or set(names) - set(FORMATS):
        raise AgentError(f"--to {to!r}: give one or more of {', '.join(FORMATS)}, with commas between")
    return names, ()


def export_run(analysis: Analysis, formats: tuple[str, ...], folder: Path, weight_bits: int = 8) -> Checks:
    """Write the files of a run's actor to ``folder``, and those of the MLP trained beside it.

    Raises:
        ExportError: a file cannot be written, or differs when it is run back.
        RunError: the folder cannot be written, or the run holds an MLP and no format is for it.
    """
    checks: Checks = {}
    if analysis.is_spiking:
        checks |= export_spiking(of_run(analysis, DECISIONS, SEED, weight_bits), formats, folder)
    elif "onnx" not in formats:
        raise RunError(
            f"{analysis.folder.path} holds an MLP, which has no spikes for {' and '.join(formats)}: "
            "add onnx to --to"
        )
    if "onnx" in formats and analysis.dense_graph is not None:
        task = analysis.task
        observations = task.observe(task.reset(DECISIONS, np.random.default_rng(SEED)))
        checks |= export_dense(analysis.dense_graph, observations, folder)
    return checks


def export_spiking(network: Network, formats: tuple[str, ...], folder: Path) -> Checks:
    """Write a spiking network's files to ``folder``: all, or none where one does not run as it should.

    Raises:
        ExportError: a file cannot be written, or differs when it is run back.
        RunError: the folder cannot be written.
    """
    made: dict[str, _Export] = {}
    if "lava" in formats:
        made[NETWORK] = lambda path: _lava(network, path)
    if "nir" in formats:
        made[NIR] = lambda path: _nir(network, path)
    if "onnx" in formats:
        made[STEP] = lambda path: _step(network, path)
        made[DECISION] = lambda path: _decision(network, path)
    record = _earlier(folder / EXPORTS)
    with _staged(folder) as stage:
        save_graph(network.graph, stage / GRAPH)
        checks = {name: export(stage / name) for name, export in made.items()}
    _record(folder, record, GRAPH, network.graph, checks)
    return checks


def export_dense(graph: DenseGraph, observations: Observations, folder: Path) -> Checks:
    """Write a dense actor's files to ``folder``, fp32 and int8, both or none.

    Args:
        graph: the actor.
        observations: ``(B, D)``: the first half calibrates the activations' scales, the other is run back.
        folder: where the files go.

    Raises:
        ExportError: a file cannot be written, or differs when it is run back.
        RunError: the folder cannot be written.
    """
    half = max(1, len(observations) // 2)
    calibration, inputs = observations[:half], observations[-half:]
    record = _earlier(folder / EXPORTS)
    with _staged(folder) as stage:
        write_dense(graph, stage / DENSE)
        write_dense_int8(graph, stage / DENSE_INT8, calibration)
        checks = {
            DENSE: check_dense(graph, stage / DENSE, inputs, TOLERANCE),
            DENSE_INT8: check_dense(graph, stage / DENSE_INT8, inputs, None),
        }
    _record(folder, record, DENSE, graph, checks)
    return checks


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


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder to write files into, which take their places in ``folder`` once nothing has failed."""
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as name:
            stage = Path(name)
            yield stage
            made = sorted(stage.iterdir())
            for file in made:
                if (folder / file.name).is_dir():
                    raise RunError(f"{folder / file.name} is a folder: move it away, or give another --out")
            for file in made:
                file.replace(folder / file.name)
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written ({error.strerror or error}): give a writable --out"
        ) from None


def _record(
    folder: Path, earlier: _Record, name: str, graph: SpikingGraph | DenseGraph, checks: Mapping[str, Check]
) -> None:
    """Add the checks to those of ``exports.json``; what came of another graph is dropped."""
    digest = graph_digest(graph)
    before = earlier.get(name, {})
    files = before["files"] if before.get("graph_sha256") == digest else {}
    files = {**files, **{key: asdict(check) for key, check in checks.items()}}
    record = {**earlier, name: {"graph_sha256": digest, "files": files}}
    write_whole(folder / EXPORTS, to_json(record) + "\n")


def _earlier(file: Path) -> _Record:
    """What ``exports.json`` says; read before anything is replaced, for it may be damaged."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError(f"{file} is damaged ({error}): remove it, and export again") from None
    entries = record.values() if isinstance(record, dict) else [record]
    if not all(isinstance(entry, dict) and isinstance(entry.get("files"), dict) for entry in entries):
        raise ExportError(f"{file} is damaged (no `files` of a graph): remove it, and export again")
    return dict(record)
