"""Actors survive the way to disk and back; anything else is refused in one line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from neuro_aolo.agent.checkpoint import ActorConfig, ActorSpec, load_actor, save_actor
from neuro_aolo.agent.diffusion import DiffusionConfig
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.errors import AgentError
from neuro_aolo_export.graph import Quantity
from neuro_aolo_export.graph_file import graph_digest

CONFIGS = [
    PopSANConfig(hidden=(12, 8), steps=3, decoder_population=4),
    MLPConfig((12, 8)),
    DiffusionConfig((12, 8), steps=3),
]

TRAINING = {
    "requests": 7,
    "interrupted": False,
    "energy_kwh": 2e-6,
    "seconds": 0.5,
    "measured_by": "CodeCarbon 3.3.0, process mode",
}


def save(folder: Path, config: ActorConfig) -> tuple[torch.nn.Module, ActorSpec]:
    spec = ActorSpec(("a", "b", "c"), ("x", "y"), config)
    actor = spec.build(torch.Generator().manual_seed(0))
    save_actor(folder, actor, spec, TRAINING)
    return actor, spec


@pytest.mark.parametrize("config", CONFIGS)
def test_round_trip(tmp_path: Path, config: ActorConfig) -> None:
    actor, spec = save(tmp_path, config)
    loaded = load_actor(tmp_path)
    assert loaded.spec == spec
    assert loaded.training == TRAINING
    states = torch.rand(9, 3, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert torch.equal(loaded.network(states), actor(states))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["actor.json", "actor.safetensors"]


@pytest.mark.parametrize("config", CONFIGS)
def test_graph_decides_like_the_network(tmp_path: Path, config: ActorConfig) -> None:
    actor, _ = save(tmp_path, config)
    graph = actor.graph()
    assert graph.input_size == 3
    assert graph.action_size == 2


@pytest.mark.parametrize("config", CONFIGS)
def test_a_graph_tells_its_quantities_and_keeps_its_weights(config: ActorConfig) -> None:
    actor = config.build(3, 2, torch.Generator().manual_seed(0))
    watched = [Quantity(name, "m", 0.0, 2.0) for name in ("a", "b", "c")]
    done = [Quantity(name, "W", -1.0, 1.0) for name in ("x", "y")]
    graph = actor.graph(watched, done)
    assert (graph.observations, graph.actions) == (tuple(watched), tuple(done))
    before = graph_digest(graph)
    with torch.no_grad():
        actor.layers[0].weight += 1.0
    assert graph_digest(graph) == before != graph_digest(actor.graph(watched, done))
    assert graph_digest(actor.double().graph(watched, done)) == graph_digest(
        actor.float().graph(watched, done)
    )


def mangle(folder: Path, case: str) -> None:
    description = json.loads((folder / "actor.json").read_text())
    if case == "no weights":
        (folder / "actor.safetensors").unlink()
    elif case == "no description":
        (folder / "actor.json").unlink()
    elif case == "not json":
        (folder / "actor.json").write_text("{")
    elif case == "other actor":
        (folder / "actor.json").write_text(json.dumps(description | {"actor": "transformer"}))
    elif case == "other format":
        (folder / "actor.json").write_text(json.dumps(description | {"format": 99}))
    elif case == "other shape":
        description["config"]["hidden"] = [13, 8]
        (folder / "actor.json").write_text(json.dumps(description))
    else:
        (folder / "actor.safetensors").write_bytes(b"not a tensor file")


@pytest.mark.parametrize(
    "case",
    [
        "no weights",
        "no description",
        "not json",
        "other actor",
        "other format",
        "other shape",
        "broken weights",
    ],
)
def test_a_folder_that_holds_no_actor_is_refused(tmp_path: Path, case: str) -> None:
    save(tmp_path, CONFIGS[0])
    mangle(tmp_path, case)
    with pytest.raises(AgentError) as caught:
        load_actor(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def described(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "actor.json").read_text())
    return data


def refusal(folder: Path) -> str:
    with pytest.raises(AgentError) as caught:
        load_actor(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_flipped_bit_of_the_weights_is_noticed(tmp_path: Path) -> None:
    save(tmp_path, CONFIGS[0])
    file = tmp_path / "actor.safetensors"
    whole = file.read_bytes()
    for position in range(0, len(whole), len(whole) // 40):
        file.write_bytes(
            whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :]
        )
        assert "by its digest" in refusal(tmp_path)
    file.write_bytes(whole)
    load_actor(tmp_path)


def test_files_of_two_trainings_are_not_one_actor(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for seed, folder in enumerate((one, other)):
        folder.mkdir()
        (folder / "config.toml").write_text(f"seed = {seed}\n")
        spec = ActorSpec(("a",), ("x",), CONFIGS[1])
        network = spec.build(torch.Generator().manual_seed(seed))
        save_actor(folder, network, spec, TRAINING, ("config.toml", "metrics.csv"))
        load_actor(folder)
    for name in ("config.toml", "actor.safetensors"):
        whole = (one / name).read_bytes()
        (one / name).write_bytes((other / name).read_bytes())
        assert refusal(one).startswith(f"{one / name} is not the one that belongs to actor.json")
        (one / name).write_bytes(whole)
    # The same text with another ending of its lines says the same.
    (one / "config.toml").write_bytes(b"seed = 0\r\n")
    load_actor(one)


@pytest.mark.parametrize(("name", "resumes"), [("actor.safetensors", True), ("config.toml", False)])
def test_a_resumption_is_advised_where_it_mends(name: str, resumes: bool, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("seed = 0\n")
    spec = ActorSpec(("a",), ("x",), CONFIGS[1])
    network = spec.build(torch.Generator().manual_seed(0))
    save_actor(tmp_path, network, spec, TRAINING, ("config.toml",))
    (tmp_path / name).write_bytes(b"seed = 1\n")
    assert "--resume" not in refusal(tmp_path)
    (tmp_path / "training.safetensors").write_bytes(b"")
    assert ("go on with --resume" in refusal(tmp_path)) == resumes


@pytest.mark.parametrize("kind", ["pipe", "loop"])
def test_a_text_beside_that_is_no_file_is_refused(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text("a\n")
    spec = ActorSpec(("a",), ("x",), CONFIGS[1])
    save_actor(tmp_path, spec.build(torch.Generator().manual_seed(0)), spec, TRAINING, (file.name,))
    file.unlink()
    load_actor(tmp_path)
    os.mkfifo(file) if kind == "pipe" else file.symlink_to(file.name)
    assert refusal(tmp_path).startswith(f"{file} cannot be read (")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused_whoever_wrote_them(tmp_path: Path, value: float) -> None:
    spec = ActorSpec(("a",), ("x",), CONFIGS[1])
    network = spec.build(torch.Generator().manual_seed(0))
    with torch.no_grad():
        network.layers[0].weight[0, 0] = value
    save_actor(tmp_path, network, spec, TRAINING)
    assert "layers.0.weight holds NaN or infinity" in refusal(tmp_path)


def test_a_description_says_that_it_was_changed(tmp_path: Path) -> None:
    save(tmp_path, CONFIGS[0])
    data = described(tmp_path)
    file = tmp_path / "actor.json"
    for change in ({"observation_names": ["a", "b", "d"]}, {"training": TRAINING | {"requests": 8}}):
        file.write_text(json.dumps(data | change))
        assert "not what its digest" in refusal(tmp_path)
    file.write_text(json.dumps({key: value for key, value in data.items() if key != "sha256"}))
    assert "'sha256' is missing" in refusal(tmp_path)
    # Written another way it says the same.
    file.write_text(json.dumps(data, indent=None, sort_keys=True))
    load_actor(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["training"].pop("interrupted"), "training.interrupted is missing"),
        (lambda data: data["training"].pop("requests"), "training.requests is missing"),
        (lambda data: data["training"].pop("measured_by"), "training.measured_by is missing"),
        (lambda data: data["training"].update(requests="3_50"), "training.requests = '3_50'"),
        (lambda data: data["training"].update(energy_kwh=-1.0), "training.energy_kwh = -1.0"),
        (lambda data: data["training"].update(seconds=None), "training.seconds = None"),
        (lambda data: data["training"].update(hours=1), "unknown key 'training.hours'"),
        (lambda data: data.update(training=[]), "training = []"),
        (lambda data: data["config"].update(threshold=float("nan")), "NaN is no number"),
        (lambda data: data["config"].update(threshold=float("inf")), "Infinity is no number"),
        (lambda data: data["config"].update(threshold=0.0), "threshold = 0.0 is not allowed"),
        (lambda data: data["config"].update(voltage_decay=1.5), "voltage_decay = 1.5 is not allowed"),
        (lambda data: data["config"].update(encoder_population=10**9), "give 1 to 65,536"),
        (lambda data: data["config"].update(steps=10**9), "steps = 1000000000 is not allowed"),
        (lambda data: data["config"].update(hidden=[60_000, 60_000]), "at most 67,108,864"),
        (lambda data: data["config"].update(hidden=[8] * 100), "hidden has 100 layers"),
        (lambda data: data["config"].update(hidden="12"), "config.hidden = '12'"),
        (lambda data: data["config"].update(width=3), "unknown key 'config.width'"),
        (lambda data: data.update(observation_names=[]), "observation_names = []"),
        (lambda data: data.update(actor=["popsan"]), "actor = ['popsan']"),
    ],
)
def test_a_description_of_0_1_is_checked_as_strictly(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    save(tmp_path, CONFIGS[0])
    data = described(tmp_path) | {"format": 1}
    del data["sha256"], data["files"]
    (tmp_path / "actor.json").write_text(json.dumps(data))
    load_actor(tmp_path)
    change(data)
    (tmp_path / "actor.json").write_text(json.dumps(data))
    assert said in refusal(tmp_path)
    assert str(tmp_path / "actor.json") in refusal(tmp_path)
