"""A training survives: whatever stops it, what goes on ends with the same weights, bit for bit."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.runs.training import Keeping, train_into
from neuro_aolo.systems.names import load

MLP = MLPConfig((32, 32))
SPIKING = replace(PRESETS["tuned"][1], hidden=(32, 32))
TUNED = replace(
    PRESETS["tuned"][0],
    total_steps=16_000,
    critic_hidden=(32, 32),
    evaluate_every=10,
    validation_requests=200,
)
PAPER = replace(
    PRESETS["paper"][0],
    total_steps=100,
    batch_size=32,
    critic_hidden=(32, 32),
    evaluate_every=20,
    validation_requests=200,
)


def begin(path: Path, actor: PopSANConfig | MLPConfig, training: SDRLConfig) -> RunFolder:
    loaded = load("paper")
    config = RunConfig(loaded.system, loaded.scenario, actor, training, seed=3, agent_site="bs")
    return RunFolder.create(path, config, overwrite=False)


def without_seconds(folder: RunFolder) -> list[dict[str, float]]:
    rows = [{key: value for key, value in row.items() if key != "seconds"} for row in folder.metrics()]
    assert rows
    return rows


def same_result(one: RunFolder, other: RunFolder) -> bool:
    weights = [(folder.path / "actor.safetensors").read_bytes() for folder in (one, other)]
    np.testing.assert_equal(without_seconds(one), without_seconds(other))
    return weights[0] == weights[1]


def rows_on_disk(folder: RunFolder) -> int:
    file = folder.path / "metrics.csv"
    return file.read_text().count("\n") - 1 if file.exists() else 0


def kill(folder: RunFolder, after_rows: int, delay_s: float) -> None:
    """Go on with a training in a process of its own, and kill it."""
    command = [sys.executable, "-m", "neuro_aolo", "train", "--resume", str(folder.path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        while rows_on_disk(folder) < after_rows and process.poll() is None:
            time.sleep(0.002)
        time.sleep(delay_s)
    finally:
        process.kill()
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said


@pytest.mark.parametrize("actor", [MLP, pytest.param(SPIKING, marks=pytest.mark.slow)], ids=["mlp", "popsan"])
def test_killed_at_three_random_moments(cli, tmp_path: Path, actor: PopSANConfig | MLPConfig) -> None:
    whole, killed = (begin(tmp_path / name, actor, TUNED) for name in ("whole", "killed"))
    train_into(whole, whole.config(), lambda row: None)
    curve = whole.metrics()
    row_seconds = (curve[-1]["seconds"] - curve[0]["seconds"]) / (len(curve) - 1)
    rng = np.random.default_rng(20)
    moments = np.sort(rng.choice(np.arange(1, len(curve) - 1), 3, replace=False))
    for rows in moments:
        kill(killed, int(rows), float(rng.uniform(0.0, row_seconds)))
    evaluated = cli("evaluate", killed.path, "--requests", "500", "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads(evaluated.stdout)["interrupted"] is True
    assert 0 < json.loads(evaluated.stdout)["steps"] < TUNED.total_steps
    done = cli("train", "--resume", killed.path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["interrupted"] is False
    assert not killed.snapshot_file.exists()
    assert same_result(whole, killed)


@pytest.mark.parametrize("training", [TUNED, PAPER], ids=["tuned", "paper"])
@pytest.mark.parametrize("actor", [MLP, SPIKING], ids=["mlp", "popsan"])
def test_interrupted_before_and_after_the_first_snapshot(
    tmp_path: Path, actor: PopSANConfig | MLPConfig, training: SDRLConfig
) -> None:
    training = replace(training, total_steps=min(training.total_steps, 6_400))
    whole, parts = (begin(tmp_path / name, actor, training) for name in ("whole", "parts"))
    assert train_into(whole, whole.config(), lambda row: None) is False
    for stop in (1, 2, 4):

        def interrupt(row: Metrics, stop: int = stop) -> None:
            if len(parts.metrics()) == stop:
                raise KeyboardInterrupt

        assert train_into(parts, parts.config(), interrupt) is True
        assert not parts.is_trained
        # The row that the interrupt fell on is not in the snapshot before it.
        assert parts.snapshot_file.exists() == (stop > 1)
    assert train_into(parts, parts.config(), lambda row: None, Keeping(checkpoint_every=1_000)) is False
    assert not parts.snapshot_file.exists()
    assert parts.is_trained
    assert same_result(whole, parts)


def test_a_checkpoint_is_due_before_the_first_evaluation(tmp_path: Path, monkeypatch) -> None:
    """Ten seconds may pass in which nothing is evaluated; here none have to."""
    training = replace(TUNED, total_steps=3_200, evaluate_every=1_000)
    whole, parts = (begin(tmp_path / name, MLP, training) for name in ("whole", "parts"))
    train_into(whole, whole.config(), lambda row: None)
    monkeypatch.setattr("neuro_aolo.runs.training.CHECKPOINT_EVERY_S", 0.0)
    save, saved = Snapshot.save, []

    def stop_at_the_seventh(snapshot: Snapshot, file: Path) -> None:
        save(snapshot, file)
        saved.append(snapshot.values["rounds"])
        if len(saved) == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(Snapshot, "save", stop_at_the_seventh)
    assert train_into(parts, parts.config(), lambda row: None) is True
    assert saved == [1, 2, 3, 4, 5, 6, 7]
    assert train_into(parts, parts.config(), lambda row: None) is False
    assert same_result(whole, parts)


def test_the_energy_of_all_parts_adds_up(tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", MLP, replace(TUNED, total_steps=6_400))
    used = []
    for stop in (2, 4, 99):

        def interrupt(row: Metrics, stop: int = stop) -> None:
            if len(folder.metrics()) == stop:
                raise KeyboardInterrupt

        train_into(folder, folder.config(), interrupt)
        saved = folder.actor()
        assert saved is not None
        used.append((saved.training["energy_kwh"], saved.training["seconds"]))
    assert used == sorted(used)
    assert used[0][0] > 0.0
    assert used[2][1] > folder.metrics()[-1]["seconds"] > 0.0


def refusal(done: "subprocess.CompletedProcess[str]") -> str:
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    return done.stderr


def test_what_cannot_be_resumed(cli, tmp_path: Path) -> None:
    assert "is not a folder" in refusal(cli("train", "--resume", tmp_path / "nowhere"))
    assert "has no config.toml" in refusal(cli("train", "--resume", tmp_path))
    assert "--out DIR, or --resume DIR" in refusal(cli("train"))
    folder = begin(tmp_path / "run", MLP, replace(TUNED, total_steps=640))
    assert "--seed cannot be given" in refusal(cli("train", "--resume", folder.path, "--seed", "1"))
    assert "--out cannot be given" in refusal(cli("train", "--resume", folder.path, "--out", tmp_path / "x"))
    assert "trains no spiking actor" in refusal(cli("run", "--resume", folder.path))
    folder.snapshot_file.write_bytes(b"damaged")
    assert "training.safetensors holds no training" in refusal(cli("train", "--resume", folder.path))
    folder.snapshot_file.unlink()
    assert cli("train", "--resume", folder.path).returncode == 0
    assert "trained to its end" in refusal(cli("train", "--resume", folder.path))


def test_ctrl_c_before_anything_was_learnt_can_be_resumed(cli, tmp_path: Path) -> None:
    path = tmp_path / "run"
    command = [sys.executable, "-m", "neuro_aolo", "train", "--actor", "mlp", "--steps", "640", "--out", path]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        while not (path / "config.toml").exists() and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert not said or (said.startswith("interrupted") and said.count("\n") == 1)
    done = cli("train", "--resume", path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["requests"] == 640


def test_a_whole_job_goes_on_with_its_second_actor(cli, small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", RunFolder(small_run).config(), overwrite=False)
    assert train_into(folder, folder.config(), lambda row: None) is False
    before = (folder.path / "actor.safetensors").stat().st_mtime_ns
    done = cli("run", "--resume", folder.path, "--json")
    assert done.returncode == 0, done.stderr
    assert (folder.path / "actor.safetensors").stat().st_mtime_ns == before
    assert same_result(folder.twin, RunFolder(small_run).twin)
    assert (folder.path / "report.html").is_file()


def test_presets(cli, tmp_path: Path) -> None:
    for preset, (training, actor) in PRESETS.items():
        steps = training.num_envs
        done = cli("train", "--preset", preset, "--steps", str(steps), "--out", tmp_path / preset)
        assert done.returncode == 0, done.stderr
        config = RunFolder(tmp_path / preset).config()
        assert config.preset == preset
        assert config.actor == actor
        assert config.training == replace(training, total_steps=steps)
    assert PRESETS["paper"][1] == PopSANConfig()
    assert "none of tuned, population, paper" in refusal(
        cli("train", "--preset", "best", "--out", tmp_path / "x")
    )


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("seed = 3", 'seed = "a"', "seed = 'a'"),
        ("seed = 3", "seed = -1", "seed = -1"),
        ('device = "cpu"', "device = 7", "device = 7"),
        ('agent_site = "bs"', 'agent_site = "moon"', "agent_site = 'moon'"),
        ('preset = "tuned"', 'preset = "best"', "preset = 'best'"),
        ("seed = 3", "seed = 3\nsteps = 7", "unknown key 'steps'"),
        ("[scenario]", "[scenario]\nbogus = 2", "unknown key 'scenario.bogus'"),
        ("[scenario.radio]", "[scenario.radio]\nbogus = 2", "unknown key 'scenario.radio.bogus'"),
        ("[training]", "[training]\nbogus = 2", "unknown key 'training.bogus'"),
        ('kind = "mlp"', 'kind = ["a"]', "actor.kind ['a'] is none of"),
        ('system = "aolo"', 'system = ["a"]', "system = ['a'] is not a system's name"),
        ("request_rate_hz = 1.0", "request_rate_hz = -1.0", "deployment.request_rate_hz = -1.0"),
    ],
)
def test_settings_of_another_type(cli, tmp_path: Path, was: str, now: str, said: str) -> None:
    folder = begin(tmp_path / "run", MLP, TUNED)
    file = folder.path / "config.toml"
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, now))
    assert said in refusal(cli("train", "--resume", folder.path))


def test_tensorboard(cli, tmp_path: Path) -> None:
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = begin(tmp_path / "run", MLP, replace(TUNED, total_steps=3_200))

    def interrupt(row: Metrics) -> None:
        if len(folder.metrics()) == 3:
            raise KeyboardInterrupt

    assert train_into(folder, folder.config(), interrupt) is True
    done = cli("train", "--resume", folder.path, "--tensorboard")
    assert done.returncode == 0, done.stderr
    events = accumulators.EventAccumulator(str(folder.path / "tensorboard"))
    events.Reload()
    columns = {
        "charts/noise": "noise",
        "losses/critic": "critic_loss",
        "rollout/reward": "training_reward",
        "rollout/cost": "cost",
        "rollout/regret": "regret",
        "rollout/violation_rate": "violation_rate",
    }
    assert set(events.Tags()["scalars"]) == {"charts/requests_per_second", *columns}
    curve = folder.metrics()
    assert len(curve) == 3
    for tag, column in columns.items():
        drawn = events.Scalars(tag)
        assert [point.step for point in drawn] == [row["requests"] for row in curve]
        np.testing.assert_allclose(
            [point.value for point in drawn], [row[column] for row in curve], rtol=1e-6, equal_nan=True
        )
    assert all(point.value > 0.0 for point in events.Scalars("charts/requests_per_second"))
    copy = cli("train", "--out", folder.path, "--actor", "mlp", "--steps", "64", "--overwrite")
    assert copy.returncode == 0, copy.stderr
    assert not (folder.path / "tensorboard").exists()
