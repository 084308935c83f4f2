"""Actors survive the way to disk and back; anything else is refused in one line."""

import json
from pathlib import Path

import pytest
import torch

from neuro_aolo.agent.checkpoint import ActorSpec, load_actor, save_actor
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.errors import AgentError
from neuro_aolo_export.graph import Quantity
from neuro_aolo_export.graph_file import graph_digest

CONFIGS = [PopSANConfig(hidden=(12, 8), steps=3, decoder_population=4), MLPConfig((12, 8))]


def save(folder: Path, config: PopSANConfig | MLPConfig) -> tuple[torch.nn.Module, ActorSpec]:
    spec = ActorSpec(("a", "b", "c"), ("x", "y"), config)
    actor = spec.build(torch.Generator().manual_seed(0))
    save_actor(folder, actor, spec, {"requests": 7})
    return actor, spec


@pytest.mark.parametrize("config", CONFIGS)
def test_round_trip(tmp_path: Path, config: PopSANConfig | MLPConfig) -> None:
    actor, spec = save(tmp_path, config)
    loaded = load_actor(tmp_path)
    assert loaded.spec == spec
    assert loaded.training == {"requests": 7}
    states = torch.rand(9, 3, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert torch.equal(loaded.network(states), actor(states))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["actor.json", "actor.safetensors"]


@pytest.mark.parametrize("config", CONFIGS)
def test_graph_decides_like_the_network(tmp_path: Path, config: PopSANConfig | MLPConfig) -> None:
    actor, _ = save(tmp_path, config)
    graph = actor.graph()
    assert graph.input_size == 3
    assert graph.action_size == 2


@pytest.mark.parametrize("config", CONFIGS)
def test_a_graph_tells_its_quantities_and_keeps_its_weights(config: PopSANConfig | MLPConfig) -> None:
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
