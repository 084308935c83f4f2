"""Every reader of a file that a user can hand over, and the files that it is tried on."""

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hardware_profiles.profile import ProfileError, load_profile
from neuro_aolo.agent import snapshot
from neuro_aolo.agent.checkpoint import load_actor
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.files import DIGEST, sealed
from neuro_aolo.formulate.transcript import Transcript
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.config import scenario_data
from neuro_aolo.runs.exports import FORMATS, check_export
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.kept import Question
from neuro_aolo.runs.options import TrainingOptions
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import exports
from neuro_aolo.runs.summary.decided import Decided
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.systems.aolo.qoe_fit import fit_file
from neuro_aolo.systems.grid.trace_csv import read_trace
from neuro_aolo.systems.names import load
from neuro_aolo_export import graph_file
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2.lava_file import read_network
from neuro_aolo_export.nir.convert import read_nir
from neuro_aolo_export.npz_file import load_array
from neuro_aolo_export.onnx import _file as onnx_file
from neuro_aolo_export.onnx.read_dense import read_dense
from neuro_aolo_export.onnx.run import run_decision, run_dense, run_step
from neuro_aolo_export.spike_file import load_spikes

ON_PURPOSE = (NeuroAoloError, ExportError, ProfileError)
"""All that a reader may raise."""

CHANNELS, STEPS = 6, 8
"""Of the files of spikes."""

QUESTION = "fuzz"
_NO_PATH = "no-such-folder"


@dataclass(frozen=True)
class Loader:
    """A reader of a file.

    Attributes:
        name: what it reads.
        read: a file in a folder with all that belongs to it; what was read, or None where it is not taken.
        seeds: folder and file in it, of :func:`fuzzing.seeds.make_seeds`; a file may be a pattern.
        form: of the file, one of :data:`fuzzing.structures.FORMS`.
        has_digest: whether a change of what is read must be noticed.
        reads_older: whether files of earlier versions, which have no digest, are read too.
        odd: which numbers that are none the format has: none, ``nan``, or ``any``, infinities too.
        seal: gives changed bytes a digest that is right for them.
    """

    name: str
    read: Callable[[Path], Any]
    seeds: tuple[tuple[str, str], ...]
    form: str
    has_digest: bool = False
    reads_older: bool = False
    odd: Literal["", "nan", "any"] = ""
    seal: Callable[[bytes], bytes] | None = None


def _actor(file: Path) -> Any:
    saved = load_actor(file.parent)
    return {"weights": saved.network, "spec": saved.spec, "training": saved.training}


def _exports(file: Path) -> Any:
    check_export(None, FORMATS, file.parent)
    return exports(Run.open(RunFolder.open(file.parent)), None)


def _kept(file: Path) -> Any:
    return Question(file.parent.parent, QUESTION, {}).answer(Decided)


def _settings(file: Path) -> Any:
    return TrainingOptions(config_file=file).config().tables()


def _scenario(file: Path) -> Any:
    loaded = load(file)
    try:
        loaded.system.task(loaded.scenario)
    except NeuroAoloError as error:
        # Which knows the scenario by its name, not by its file.
        raise type(error)(f"{file}: {error}") from None
    deployment = Deployment.of(loaded.deployment, loaded.where)
    return {"scenario": scenario_data(loaded.scenario), "deployment": deployment}


def _run_back(file: Path) -> Any:
    """The outputs of one of our ONNX files on fixed inputs; which of them it is, its name says."""
    rng = np.random.default_rng(0)
    if "dense" in file.name:
        return run_dense(file, rng.uniform(-1.0, 1.0, (64, 5)).astype(np.float32))
    if "step" in file.name:
        return asdict(run_step(file, rng.integers(0, 2, (4, 64, 15))))
    return asdict(run_decision(file, rng.uniform(-1.0, 1.0, (64, 5)).astype(np.float32)))


def _foreign(file: Path) -> Any:
    network = read_dense(file)
    network.check(np.zeros((1, network.graph.input_size), np.float32))
    return network.graph


def _seal_json(data: bytes) -> bytes:
    tree = json.loads(data)
    return json.dumps(sealed({key: tree[key] for key in tree if key != DIGEST})).encode()


def _seal_answer(data: bytes) -> bytes:
    record = json.loads(data)
    return json.dumps({**record, "sha256": hashlib.sha256(record["answer"].encode()).hexdigest()}).encode()


def _seal_graph(data: bytes) -> bytes:
    from safetensors.numpy import load as tensors_of
    from safetensors.numpy import save

    (size,) = struct.unpack("<Q", data[:8])
    description = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["neuro_aolo_graph"])
    arrays = tensors_of(data)
    rest = {key: description[key] for key in description if key != "sha256"}
    text = json.dumps({"sha256": graph_file._digest(rest, arrays), **rest})
    return save(arrays, metadata={"neuro_aolo_graph": text})


def _seal_snapshot(data: bytes) -> bytes:
    from safetensors.torch import load as tensors_of
    from safetensors.torch import save

    (size,) = struct.unpack("<Q", data[:8])
    values = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["neuro_aolo"])
    rest, tensors = {key: values[key] for key in values if key != DIGEST}, tensors_of(data)
    return save(tensors, {"neuro_aolo": json.dumps({DIGEST: snapshot._digest(rest, tensors), **rest})})


def _seal_onnx(data: bytes) -> bytes:
    model = onnx_file.parse(_NO_PATH, data, "")
    onnx_file._set_digest(model)
    return bytes(model.SerializeToString(deterministic=True))


_ONNX = (
    *(("run", f"actor_{name}.onnx") for name in ("step", "decision", "dense", "dense_int8")),
    *(("passes", f"actor_{name}.onnx") for name in ("dense", "dense_int8")),
)

LOADERS: tuple[Loader, ...] = (
    Loader(
        "config",
        lambda file: RunFolder(file.parent).config().tables(),
        (("run", "config.toml"), ("begun", "config.toml"), ("dense", "config.toml")),
        "toml",
        has_digest=True,
        reads_older=True,
    ),
    # Before anything was learnt there is no actor to say what its settings were.
    Loader(
        "config-alone",
        lambda file: RunFolder(file.parent).config().tables(),
        (("alone", "config.toml"), ("counted", "config.toml")),
        "toml",
    ),
    Loader(
        "actor-json",
        _actor,
        (("run", "actor.json"), ("dense", "actor.json"), ("passes", "actor.json")),
        "json",
        has_digest=True,
        reads_older=True,
        seal=_seal_json,
    ),
    Loader(
        "actor-weights",
        _actor,
        (("run", "actor.safetensors"), ("dense", "actor.safetensors")),
        "safetensors",
        has_digest=True,
    ),
    Loader(
        "snapshot",
        snapshot.Snapshot.load,
        (("begun", "training.safetensors"),),
        "safetensors",
        has_digest=True,
        reads_older=True,
        odd="any",
        seal=_seal_snapshot,
    ),
    Loader("metrics", lambda file: RunFolder(file.parent).metrics(), (("run", "metrics.csv"),), "csv",
           odd="nan"),
    Loader("exports", _exports, (("run", "exports.json"),), "json", has_digest=True, reads_older=True,
           seal=_seal_json),
    Loader("cell", Cell.load, (("cells", "a.json"), ("cells", "b.json")), "json", has_digest=True,
           reads_older=True, seal=_seal_json),
    Loader("transcript", Transcript.load, (("transcripts", "talk.json"),), "json", has_digest=True,
           seal=_seal_json),
    Loader("summary", Summary.read, (("run", "summary.json"),), "json"),
    Loader("answer", _kept, (("run", f"answers/{QUESTION}-*.json"),), "json", has_digest=True,
           odd="any", seal=_seal_answer),
    Loader("settings", _settings, (("settings", "whole.toml"), ("settings", "part.toml")), "toml"),
    Loader("scenario", _scenario, (("scenarios", "own.toml"), ("scenarios", "whole.toml")), "toml"),
    Loader("environment", _scenario, (("scenarios", "short.toml"), ("scenarios", "pendulum.toml")), "toml"),
    Loader("trace", lambda file: read_trace(file, "hold"),
           (("tables", "trace.csv"), ("tables", "minutes.csv")), "csv"),
    Loader("scores", fit_file, (("tables", "scores.csv"), ("tables", "semicolons.csv")), "csv"),
    Loader("profile", load_profile,
           (("profiles", "loihi2.toml"), ("profiles", "h100.toml"), ("profiles", "gap9.toml")), "toml"),
    Loader("graph", graph_file.load_graph,
           (("run", "actor.graph"), ("dense", "actor.graph"), ("passes", "actor.graph")), "safetensors",
           has_digest=True, seal=_seal_graph),
    Loader("nir", read_nir, (("run", "actor.nir"),), "hdf5", has_digest=True),
    Loader("nir-foreign", lambda file: read_nir(file, 5, 1e-4), (("foreign", "chain.nir"),), "hdf5"),
    Loader("onnx", _run_back, _ONNX, "onnx", has_digest=True, odd="any", seal=_seal_onnx),
    Loader("onnx-foreign", _foreign, (("foreign", "net.onnx"), ("foreign", "rows.onnx")), "onnx"),
    Loader("inputs", lambda file: load_array(file, "input", "inputs", "(decisions, numbers)"),
           (("foreign", "inputs.npz"),), "npz", odd="any"),
    Loader("spikes", lambda file: load_spikes(file, CHANNELS, STEPS), (("foreign", "spikes.npz"),), "npz"),
    Loader("lava", read_network, (("run", "actor.net"),), "hdf5"),
)  # fmt: skip
