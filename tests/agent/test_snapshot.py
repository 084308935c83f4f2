"""A training in progress survives the way to disk and back; anything else is refused in one line."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuro_aolo.agent.checkpoint import ActorSpec
from neuro_aolo.agent.diffusion import DiffusionConfig
from neuro_aolo.agent.learner import Training
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sdrl_config import PAPER, SDRLConfig
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask

TASK = AoloTask(Scenario.load("paper"))
SMALL = {"critic_hidden": (16,), "validation_requests": 100}
TRAININGS = {
    # The replay is full and goes round, the margins move, and the bias stage ends on the way.
    "tuned": SDRLConfig(total_steps=3_200, num_envs=64, buffer_size=1_000, evaluate_every=7, **SMALL),
    # The target networks follow.
    "paper": replace(PAPER, total_steps=60, batch_size=16, evaluate_every=7, **SMALL),
}
ACTORS = {
    "mlp": MLPConfig((16, 16)),
    "diffusion": DiffusionConfig((16, 16), steps=3),
    "popsan": PopSANConfig(steps=3, hidden=(16, 16), decoder_population=4, fan_in=1),
}


def run(
    actor: str,
    config: SDRLConfig,
    resume: Snapshot | None = None,
    is_due: Callable[[], bool] | None = None,
) -> tuple[Training, list[Snapshot]]:
    spec = ActorSpec(TASK.spec.observation_names, TASK.spec.action_names, ACTORS[actor])
    kept: list[Snapshot] = []

    def keep(snapshot: Snapshot) -> None:
        copies = {name: value.clone() for name, value in snapshot.tensors.items()}
        kept.append(Snapshot(copies, snapshot.values))

    trained = train_actor(TASK, spec.build, config, seed=1, on_snapshot=keep, resume=resume, is_due=is_due)
    return trained, kept


def same(one: Snapshot, other: Snapshot) -> bool:
    def values(snapshot: Snapshot) -> dict[str, object]:
        rows = [
            row | {"seconds": 0.0, "critic_loss": repr(row["critic_loss"])}
            for row in snapshot.values["metrics"]
        ]
        return {**snapshot.values, "seconds": 0.0, "metrics": rows}

    equal = [torch.equal(value, other.tensors[name]) for name, value in one.tensors.items()]
    return all(equal) and one.tensors.keys() == other.tensors.keys() and values(one) == values(other)


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("actor", ACTORS)
def test_what_goes_on_from_any_snapshot_passes_through_all_later_ones(
    tmp_path: Path, actor: str, training: str
) -> None:
    whole, snapshots = run(actor, TRAININGS[training])
    assert len(snapshots) == len(whole.metrics) >= 8
    for number in (0, 3, len(snapshots) - 1):
        file = tmp_path / f"{number}.safetensors"
        snapshots[number].save(file)
        assert same(Snapshot.load(file), snapshots[number])
        rest, later = run(actor, TRAININGS[training], Snapshot.load(file))
        assert len(later) == len(snapshots) - number - 1
        assert all(map(same, later, snapshots[number + 1 :]))
        weights, expected = rest.actor.state_dict(), whole.actor.state_dict()
        assert all(torch.equal(weights[name], value) for name, value in expected.items())
        assert (rest.best, rest.requests) == (whole.best, whole.requests)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".safetensors"] * 3


@pytest.mark.parametrize("training", TRAININGS)
def test_a_snapshot_of_any_round_goes_on_to_the_same_weights(tmp_path: Path, training: str) -> None:
    expected = run("popsan", TRAININGS[training])[0].actor.state_dict()
    rounds = itertools.count(1)
    wanted = (1, 2, 8, 33, 45)
    whole, snapshots = run("popsan", TRAININGS[training], is_due=lambda: next(rounds) in wanted)
    assert all(torch.equal(whole.actor.state_dict()[name], value) for name, value in expected.items())
    between = [each for each in snapshots if each.values["rounds"] in wanted]
    assert [each.values["rounds"] for each in between] == list(wanted)
    assert [each.values["best"] is None for each in between] == [True, True, False, False, False]
    for number, snapshot in enumerate(between):
        file = tmp_path / f"{number}.safetensors"
        snapshot.save(file)
        rest, _ = run("popsan", TRAININGS[training], Snapshot.load(file))
        weights = rest.actor.state_dict()
        assert all(torch.equal(weights[name], value) for name, value in expected.items())
        one, other = ([(row.requests, row.training_reward) for row in each.metrics] for each in (rest, whole))
        assert one == other


@pytest.mark.parametrize("part", ["tensor", "value", "digest", "no digest"])
def test_a_changed_snapshot_is_refused(tmp_path: Path, part: str) -> None:
    file = tmp_path / "training.safetensors"
    Snapshot({"x": torch.ones(1_000)}, {"rounds": 31_415, "metrics": []}).save(file)
    data = file.read_bytes()
    assert Snapshot.load(file).values == {"rounds": 31_415, "metrics": []}
    changed = {
        "tensor": data[:-1] + bytes([data[-1] ^ 1]),
        "value": data.replace(b"31415", b"31416"),
        "digest": data.replace(b'sha256\\": \\"', b'sha255\\": \\"'),
        "no digest": data.replace(b'format\\": 2', b'format\\": 1'),
    }[part]
    assert changed != data
    file.write_bytes(changed)
    with pytest.raises(AgentError, match="holds no training in progress"):
        Snapshot.load(file)


@pytest.mark.parametrize(
    ("actor", "change"),
    [
        ("popsan", {}),
        ("mlp", {"critic_hidden": (8,)}),
        ("mlp", {"objective": "reward"}),
        ("mlp", {"discount": 0.5}),
        ("mlp", {"buffer_size": 500}),
    ],
)
def test_another_shape_is_refused(actor: str, change: dict[str, object]) -> None:
    config = replace(TRAININGS["tuned"], total_steps=1_280)
    snapshot = run("mlp", config)[1][-1]
    with pytest.raises(AgentError, match="another shape") as refused:
        run(actor, replace(config, **change), snapshot)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("case", ["missing", "empty", "truncated", "other header", "other file", "folder"])
def test_a_damaged_file_is_refused(tmp_path: Path, case: str) -> None:
    file = tmp_path / "training.safetensors"
    Snapshot({"x": torch.ones(1_000)}, {"updates": 3}).save(file)
    whole = file.read_bytes()
    file.unlink()
    if case == "folder":
        file.mkdir()
    elif case != "missing":
        file.write_bytes(
            {
                "empty": b"",
                "truncated": whole[: len(whole) // 2],
                "other header": whole.replace(b"neuro_aolo", b"neuro_olao"),
                "other file": b"requests,seconds\n" * 100,
            }[case]
        )
    with pytest.raises(AgentError, match="holds no training in progress") as refused:
        Snapshot.load(file)
    assert "\n" not in str(refused.value)
