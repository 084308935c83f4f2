"""Settings from files and single keys: the whole of a run again, a part of it, and what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.options import TrainingOptions
from neuro_aolo.runs.places import Places
from neuro_aolo.runs.settings import assigned, by_table

SMALL = {"training.total_steps": 256, "training.actor_lr": 1e-3, "actor.hidden": [16, 16]}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    config = TrainingOptions(
        scenario="mixed", seed=7, spike_weight=0.2, settings=SMALL, places=Places({"dc": "POL"})
    ).config()
    file = tmp_path / "config.toml"
    file.write_text(config.to_toml())
    return file


def test_the_config_of_a_run_is_that_run_again(whole: Path) -> None:
    assert TrainingOptions(config_file=whole).config() == RunConfig.from_toml(whole.read_text())


def test_options_stand_before_the_file_and_keys_before_both(whole: Path) -> None:
    options = TrainingOptions(config_file=whole, seed=3, steps=512, settings={"seed": 4})
    config = options.config()
    assert (config.seed, config.training.total_steps, config.training.actor_lr) == (4, 512, 1e-3)
    assert config.actor.hidden == (16, 16)
    assert config.scenario == RunConfig.from_toml(whole.read_text()).scenario


def test_another_scenario_keeps_the_settings_of_the_training(whole: Path) -> None:
    config = TrainingOptions(config_file=whole, scenario="speech", spike_weight=0.0).config()
    assert (config.scenario.name, config.seed, config.training.actor_lr) == ("speech", 7, 1e-3)
    assert config.toll is None


def test_another_actor_keeps_its_size(whole: Path) -> None:
    config = TrainingOptions(config_file=whole, actor="mlp", spike_weight=0.0).config()
    assert (type(config.actor).__name__, config.actor.hidden) == ("MLPConfig", (16, 16))


def test_another_preset_replaces_actor_and_training(whole: Path) -> None:
    config = TrainingOptions(config_file=whole, preset="paper").config()
    assert (config.preset, config.training.num_envs, config.training.discount) == ("paper", 1, 0.99)


def test_what_spikes_cost_follows_from_what_was_changed(whole: Path) -> None:
    before = RunConfig.from_toml(whole.read_text()).toll
    after = TrainingOptions(config_file=whole, settings={"spike_weight": 0.4}).config().toll
    assert before is not None
    assert after is not None
    assert after.cost_per_uj == pytest.approx(2 * before.cost_per_uj)


def test_a_part_of_a_file_is_laid_over_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "part.toml"
    file.write_text(
        'scenario = "speech"\nseed = 9\n[training]\nactor_lr = 1e-3\n[deployment]\nrequest_rate_hz = 0.1\n'
    )
    config = TrainingOptions(config_file=file).config()
    usual = TrainingOptions(scenario="speech").config()
    assert (config.scenario, config.seed) == (usual.scenario, 9)
    assert config.training.actor_lr == 1e-3
    assert config.training.critic_lr == usual.training.critic_lr
    assert config.deployment.request_rate_hz == 0.1


def test_a_part_of_a_scenario_is_laid_over_the_one_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "part.toml"
    file.write_text("[scenario.limits]\ninference_time_s = 0.5\n")
    config = TrainingOptions(config_file=file, scenario="mixed").config()
    assert (config.scenario.name, config.scenario.limits.inference_time_s) == ("mixed", 0.5)


def test_a_dense_actor_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "part.toml"
    file.write_text('[actor]\nkind = "mlp"\nhidden = [8]\n')
    config = TrainingOptions(config_file=file).config()
    assert (type(config.actor).__name__, config.actor.hidden) == ("MLPConfig", (8,))


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        ("training.actor_lr=1e-3", "training.actor_lr", 1e-3),
        ("training.total_steps = 1e5", "training.total_steps", 1e5),
        ("actor.hidden=[64, 64]", "actor.hidden", [64, 64]),
        ("training.logits=false", "training.logits", False),
        ("preset=paper", "preset", "paper"),
        ('scenario.name="a=b"', "scenario.name", "a=b"),
    ],
)
def test_keys_are_typed_as_in_toml(typed: str, key: str, value: Any) -> None:
    assert assigned(typed) == (key, value)


def test_tables_and_dotted_keys_are_the_same() -> None:
    dotted = by_table({"training.actor_lr": 1.0, "training.tau": 2.0, "seed": 3})
    assert dotted == by_table({"training": {"actor_lr": 1.0}, "training.tau": 2.0, "seed": 3})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"training.actr_lr": 1e-3}, r"training.actr_lr': did you mean 'actor_lr'\?"),
        ({"actor_lr": 1e-3}, r"'actor_lr': did you mean 'training.actor_lr'\?"),
        ({"sede": 1}, r"'sede': did you mean 'seed'\?"),
        ({"actor.hiden": [8]}, r"actor.hiden': did you mean 'hidden'\?"),
        ({"deployment.request_rate": 1}, r"did you mean 'request_rate_hz'\?"),
        ({"scenario.limits.inference_time": 1}, r"did you mean 'inference_time_s'\?"),
        ({"training.actor_lr": "fast"}, r"training.actor_lr = 'fast': Input should be a valid number"),
        ({"training.total_steps": 10.5}, r"training.total_steps = 10.5: Input should be a valid integer"),
        ({"training.total_steps": 0}, r"total_steps = 0 is not allowed: give 1 to"),
        ({"training.discount": float("nan")}, r"discount = nan"),
        ({"actor.kind": "mlp"}, r"choose with --actor mlp"),
        ({"training": 3}, r"give a table of keys, as \[training\]"),
        ({"seed": -1}, r"seed = -1"),
        ({"seed.first": 1}, r"seed = "),
        ({"toll.cost_per_uj": 1.0}, r"toll: it follows from spike_weight"),
        ({"device": "gpu"}, r"'gpu'"),
        ({"training.actor_lr": 1, "training.actor_lr.x": 2}, r"actor_lr has a value already"),
    ],
)
def test_what_is_wrong_is_one_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(NeuroAoloError, match=said) as error:
        TrainingOptions(settings=settings).config()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = ", "is not valid TOML"),
        ("colour = 1", "unknown key 'colour'"),
        ("[training]\nactr_lr = 1", "did you mean 'actor_lr'"),
        ("[trainig]\nactor_lr = 1", r"'trainig': did you mean 'training'\?"),
        ('scenario = "mixd"', "did you mean 'mixed'"),
        ('preset = "best"', "none of tuned, population, paper"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "part.toml"
    file.write_text(text)
    with pytest.raises(NeuroAoloError, match=said) as error:
        TrainingOptions(config_file=file).config()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["none.toml", "."])
def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, place: str) -> None:
    with pytest.raises(NeuroAoloError, match="cannot be read"):
        TrainingOptions(config_file=tmp_path / place).config()
