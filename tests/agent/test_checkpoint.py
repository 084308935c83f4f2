"""Actors survive the way to disk and back; anything else is refused in one line."""

import json
from pathlib import Path

import pytest
import torch

from neuro_aolo.agent.checkpoint import ActorSpec, load_actor, save_actor
from neuro_aolo.agent.freeze import freeze
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.errors import AgentError

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
    graph = freeze(actor)
    assert graph.input_size == 3
    assert graph.action_size == 2


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
