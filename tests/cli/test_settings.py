"""``--config`` and ``--set``: a run again, bit for bit, and what is wrong in one line."""

from pathlib import Path

import pytest

from neuro_aolo.runs.config import RunConfig

QUICK = ("--set", "actor.hidden=[16, 16]", "--set", "training.validation_requests=200", "--quiet")


@pytest.fixture(scope="module")
def trained(cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settings") / "first"
    typed = (
        "--scenario",
        "mixed",
        "--seed",
        "5",
        "--steps",
        "1e3",
        "--spike-weight",
        "0.2",
        "--time-steps",
        "3",
    )
    done = cli("train", *typed, *QUICK, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_config_of_a_finished_run_trains_the_same_weights(cli, trained: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    done = cli("train", "--config", trained / "config.toml", "--out", again, "--quiet")
    assert done.returncode == 0, done.stderr
    for name in ("config.toml", "actor.safetensors"):
        assert (again / name).read_bytes() == (trained / name).read_bytes()


def test_other_weights_come_of_another_seed(cli, trained: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done = cli("train", "--config", trained / "config.toml", "--seed", "6", "--out", other, "--quiet")
    assert done.returncode == 0, done.stderr
    assert (other / "actor.safetensors").read_bytes() != (trained / "actor.safetensors").read_bytes()
    first, second = (RunConfig.from_toml((folder / "config.toml").read_text()) for folder in (trained, other))
    assert (second.seed, second.training, second.scenario) == (6, first.training, first.scenario)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--set", "training.actr_lr=1e-3"), "'training.actr_lr': did you mean 'actor_lr'?"),
        (("--set", "actor_lr=1e-3"), "did you mean 'training.actor_lr'?"),
        (("--set", "training.actor_lr=fast"), "training.actor_lr = 'fast'"),
        (("--set", "training.actor_lr"), "is not KEY=VALUE"),
        (("--config", "none.toml"), "--config none.toml cannot be read"),
        (("--config", "half.toml"), "not valid TOML"),
        (("--config", "other.toml"), "did you mean 'training'?"),
    ],
)
def test_what_is_wrong_is_one_line_and_begins_nothing(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "half.toml").write_text("[training\n")
    (tmp_path / "other.toml").write_text("[trainig]\nactor_lr = 1e-3\n")
    done = cli("train", *typed, "--out", "run")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_on_settings_of_its_own_says_how_to_make_it_again(cli, trained: Path) -> None:
    from neuro_aolo.runs import answers

    done = cli("report", trained, "--quiet")
    assert done.returncode == 0, done.stderr
    assert answers.summary(trained).run.options["--config"] == "config.toml"
    assert "--config config.toml" in (trained / "report.html").read_text()
