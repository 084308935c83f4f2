"""Files as the product writes them, small, for every reader: one folder a kind of run or table."""

import shutil
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from onnx import TensorProto, helper, numpy_helper

import hardware_profiles
from fuzzing.loaders import CHANNELS, QUESTION, STEPS
from neuro_aolo.formulate.model import Message
from neuro_aolo.formulate.transcript import Exchange, Transcript, messages_sha256
from neuro_aolo.runs.cell import Cell, Point
from neuro_aolo.runs.exports import FORMATS, export_run
from neuro_aolo.runs.kept import Question
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import summarise, write_summary
from neuro_aolo.runs.training import train
from neuro_aolo.systems.names import load
from neuro_aolo_export.graph_file import save_graph
from neuro_aolo_export.loihi2.lava import lava_version

_TINY = {
    "training.critic_hidden": [8],
    "training.validation_requests": 100,
    "training.evaluate_every": 1,
    "training.num_envs": 32,
    "training.learning_starts": 64,
    "training.actor_starts": 64,
    "training.batch_size": 16,
    "actor.hidden": [8],
}
_SPIKING = {
    "actor.encoder": "population",
    "actor.encoder_population": 3,
    "actor.decoder": "population",
    "actor.decoder_population": 3,
}
_REQUESTS = 200

_PART = (
    'scenario = "mixed"\nseed = 3\n[training]\ntotal_steps = 1e4\nactor_lr = 1e-3\n[actor]\nhidden = [8]\n'
)
_OWN = """extends = "grid"
name = "campus"
dc_country = "POL"
[traces.bs]
csv = "trace.csv"
[quality]
peak_words = 120.0
[deployment]
agent_carbon = "provisioned"
[sources]
"quality.peak_words" = "measured"
"""
_SHORT = """system = "environment"
env_id = "Pendulum-v1"
name = "short"
horizon = 20
starts = 2
grid_country = "FRA"
discount = 0.9
[kwargs]
g = 9.5
"""
_PENDULUM = 'system = "environment"\nenv_id = "Pendulum-v1"\nhorizon = 20\nstarts = 2\n'


def make_seeds(folder: Path) -> Path:
    """Train, export, summarise and write by hand into ``folder``, which is returned."""
    spiking = train(folder / "run", steps=_REQUESTS, settings=_TINY | _SPIKING)
    dense = train(folder / "dense", steps=_REQUESTS, actor="mlp", settings=_TINY)
    train(
        folder / "begun",
        steps=10 * _REQUESTS,
        spike_weight=1.0,
        settings=_TINY | _SPIKING,
        on_metrics=_stop,
    )
    save_graph(dense.graph, folder / "dense" / "actor.graph")
    passes = train(folder / "passes", steps=_REQUESTS, actor="diffusion", settings=_TINY)
    save_graph(passes.graph, folder / "passes" / "actor.graph")
    export_run(passes, ("onnx",), folder / "passes")
    _exported(folder, spiking, dense)
    _tables(folder)
    _foreign(folder)
    _transcript(folder)
    return folder


def _stop(row: Any) -> None:
    if row.requests >= _REQUESTS:
        raise KeyboardInterrupt


def _exported(folder: Path, spiking: Run, dense: Run) -> None:
    run = folder / "run"
    export_run(spiking, tuple(name for name in FORMATS if name != "lava" or lava_version()), run)
    export_run(dense, ("onnx",), folder / "dense")
    for file in (folder / "dense").glob("*.onnx"):
        shutil.copy(file, run)
    summary = summarise(spiking)
    write_summary(spiking, summary)
    question = Question(run, QUESTION, {})
    question.keep(summary.decided, question.key())
    (folder / "cells").mkdir()
    curve = (Point(1.0, 64, 0.5, 0.25, 0.9), Point(2.0, 128, 0.25, 0.0, 1.8))
    settings = {"training": {"total_steps": 200, "actor_lr": 1e-3}, "seed": 0}
    versions = {"numpy": np.__version__}
    cell = Cell("paper", "mlp", 0, settings, 0.1, 0.01, 70.5, 71.0, 200, 20, 1.5, curve, versions)
    cell = replace(cell, processor_s=1.75, validation_requests=200)
    cell.save(folder / "cells" / "a.json")
    replace(cell, learner="random", regret=float("nan"), curve=()).save(folder / "cells" / "b.json")


def _tables(folder: Path) -> None:
    hours = [f"2024-01-{1 + hour // 24:02}T{hour % 24:02}:00:00Z" for hour in range(30)]
    trace = "datetime,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle)\n"
    trace += "".join(f"{hour},{300 + 3 * index},{350.5 + index}\n" for index, hour in enumerate(hours))
    minutes = "Zeit;timestamp;intensity g/kWh\n" + "".join(
        f"{minute};2024-03-31 {minute // 60:02}:{minute % 60:02};{200 + minute}\n"
        for minute in range(0, 600, 15)
    )
    scores = [(20, 1.5), (60, 3.0), (100, 3.9), (150, 4.1), (220, 3.8), (300, 3.1), (400, 2.2)]
    texts = {
        "settings/whole.toml": (folder / "run" / "config.toml").read_text("utf-8"),
        "settings/part.toml": _PART,
        "alone/config.toml": (folder / "dense" / "config.toml").read_text("utf-8"),
        "counted/config.toml": (folder / "begun" / "config.toml").read_text("utf-8"),
        "scenarios/own.toml": _OWN,
        "scenarios/trace.csv": trace,
        "scenarios/whole.toml": load("mixed").scenario.to_toml(),
        "scenarios/short.toml": _SHORT,
        "scenarios/pendulum.toml": _PENDULUM,
        "tables/trace.csv": trace,
        "tables/minutes.csv": minutes,
        "tables/scores.csv": "words,score\n" + "".join(f"{words},{score}\n" for words, score in scores),
        "tables/semicolons.csv": "who;Words;Score\n"
        + "".join(f'"a; b";{words};{score}\n' for words, score in scores),
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    pendulum = folder / "scenarios" / "pendulum.toml"
    pendulum.write_text(load(pendulum).scenario.to_toml(), encoding="utf-8")
    (folder / "profiles").mkdir()
    for entry in resources.files(hardware_profiles).iterdir():
        if entry.name.endswith(".toml"):
            (folder / "profiles" / entry.name).write_bytes(entry.read_bytes())


def _foreign(folder: Path) -> None:
    foreign, rng = folder / "foreign", np.random.default_rng(0)
    foreign.mkdir()
    shutil.copy(folder / "run" / "actor.nir", foreign / "chain.nir")
    with h5py.File(foreign / "chain.nir", "a") as file:
        del file["node/metadata"]
    spikes = rng.integers(0, 2, (4, STEPS, CHANNELS), dtype=np.uint8)
    np.savez_compressed(foreign / "spikes.npz", input=spikes, action=np.zeros((4, 1), np.float32))
    np.savez(foreign / "inputs.npz", input=rng.normal(size=(4, CHANNELS)), other=np.arange(3))
    _network(rng, foreign / "net.onnx", [("Gemm", {"transB": 1}), ("Relu", {}), ("Gemm", {"transB": 1})])
    _network(rng, foreign / "rows.onnx", [("MatMul", {}), ("Softmax", {"axis": -1})])


def _transcript(folder: Path) -> None:
    texts = {"8 GPUs of 250 W": '{"gpus": "8", "gpu_power_w": "250 W"}', "größer\n": "{}"}
    exchanges = tuple(
        Exchange(messages_sha256([Message("user", asked)]), asked, answer) for asked, answer in texts.items()
    )
    (folder / "transcripts").mkdir()
    Transcript("small at home", date(2026, 1, 31), exchanges).save(folder / "transcripts" / "talk.json")


def _network(rng: np.random.Generator, file: Path, operators: list[tuple[str, dict[str, Any]]]) -> None:
    """Square layers of four numbers, as another tool would write them."""
    nodes, weights, source = [], [], "input"
    for index, (operator, attributes) in enumerate(operators):
        given = [source]
        if operator in ("Gemm", "MatMul"):
            shapes = {"weight": (4, 4), "bias": (4,)} if operator == "Gemm" else {"weight": (4, 4)}
            for name, shape in shapes.items():
                array = rng.normal(size=shape).astype(np.float32)
                weights.append(numpy_helper.from_array(array, f"{name}{index}"))
                given.append(f"{name}{index}")
        source = f"value{index}"
        nodes.append(helper.make_node(operator, given, [source], **attributes))
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in ("input", source)]
    graph = helper.make_graph(nodes, "net", sides[:1], sides[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    file.write_bytes(model.SerializeToString())
