"""The public face as a stranger meets it: what importing it costs, and what it hands out."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import neuro_aolo as na

HEAVY = ("torch", "numpy", "gymnasium", "scipy", "numba", "pandas", "matplotlib")


def python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_it_imports_little(tmp_path: Path) -> None:
    code = f"import sys, neuro_aolo as na; print([name for name in {HEAVY} if name in sys.modules])"
    assert python(code, tmp_path) == "[]\n"


@pytest.mark.parametrize("first", ["neuro_aolo, gymnasium", "gymnasium, neuro_aolo"])
def test_the_environments_are_registered_whoever_comes_first(first: str, tmp_path: Path) -> None:
    code = (
        f"import {first}; env = gymnasium.make('AOLO-v0'); print(env.action_space.shape)\n"
        "print(gymnasium.make('neuro_aolo:AOLO-v0').observation_space.shape)"
    )
    assert python(code, tmp_path) == "(2,)\n(5,)\n"


def test_a_users_own_files_do_not_get_in_the_way(tmp_path: Path, small_run: Path) -> None:
    for name in ("export", "run", "energy", "train", "report", "scenario"):
        (tmp_path / f"{name}.py").write_text('raise SystemExit("a file of the user was imported")')
    code = f"import neuro_aolo as na; print(na.load({str(small_run)!r}).energy(profiles='loihi2').kind)"
    assert python(code, tmp_path) == "spiking\n"


def test_all_that_is_public_is_there_and_nothing_else() -> None:
    assert set(na.__all__) <= set(dir(na))
    for name in na.__all__:
        assert getattr(na, name) is not None
    assert na.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="no attribute 'tran'"):
        _ = na.tran


def test_paths_may_be_strings(small_run: Path) -> None:
    assert na.load(str(small_run)) == na.load(small_run)


@pytest.mark.parametrize("what", ["evaluate", "energy", "ledger", "report"])
def test_a_second_answer_is_the_first(small_run: Path, what: str) -> None:
    first, second = getattr(na.load(small_run), what)(), getattr(na.load(small_run), what)()
    assert str(first.to_dict()) == str(second.to_dict())
    assert len(first.to_dataframe()) > 0
    assert first._repr_html_().count("<table") >= 1
    assert str(first)
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.answer = None


def test_results_agree_with_the_command_line(small_run: Path, cli) -> None:
    import json

    from neuro_aolo.files import to_json

    for what in ("evaluate", "energy", "ledger"):
        said = json.loads(cli(what, small_run, "--json").stdout)
        mine = json.loads(to_json(getattr(na.load(small_run), what)().to_dict()))
        assert {key: said[key] for key in mine}.keys() == mine.keys()
        assert said["run"] == mine["run"] | {
            key: said["run"][key] for key in said["run"] if key not in mine["run"]
        }


def test_names_are_read_by_people_and_by_programs() -> None:
    assert "mixed" in na.scenarios()
    assert len(na.profiles()) == len(na.profiles().to_dataframe())
    assert na.profiles()._repr_html_().count("<tr>") == len(na.profiles()) + 1


def test_text_of_a_scenario_is_never_read_as_markup() -> None:
    scenario = na.Scenario.load("paper").with_values({"description": "<script>alert(1)</script>"})
    assert "<script>" not in scenario._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"scenario": "mixd"}, "did you mean 'mixed'"),
        ({"actor": "spiking"}, "popsan"),
        ({"settings": {"training.actr_lr": 1}}, "did you mean"),
        ({"seed": -1}, "seed"),
        ({"country": {"dc": "XYZ"}}, "XYZ"),
        ({"country": {"xx": "DEU"}}, "xx"),
        ({"device": "tpu"}, "tpu"),
        ({"config": "none.toml"}, "none.toml"),
        ({"scenario": 3}, "neither a name nor"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(tmp_path: Path, arguments: dict, said: str) -> None:
    with pytest.raises(na.NeuroAoloError, match=said) as error:
        na.train(**arguments, out=tmp_path / "run")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(na.NeuroAoloError, match="has no config"):
        na.load(tmp_path)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda run: run.energy(profiles="loihi3"), "'loihi3' is unknown"),
        (lambda run: run.evaluate(requests=-1), "requests = -1 is not allowed"),
        (lambda run: run.evaluate(requests="1000"), "requests = '1000' is not allowed"),
        (lambda run: run.simulate(decisions=0), "decisions = 0 is not allowed"),
        (lambda run: run.simulate("lohi2"), "^backend 'lohi2' is none of .*did you mean 'loihi2'"),
        (lambda run: run.export("nri"), "^to 'nri'.*did you mean 'nir'"),
        (lambda run: run.ledger(baselines="constnt"), "^baselines 'constnt'.*did you mean 'constant'"),
        (lambda run: na.energy("none.onnx"), "none.onnx"),
        (lambda run: na.train(out=run.path), "add overwrite=True to replace"),
        (lambda run: na.train(out="x", steps="many"), "steps = 'many' is not allowed"),
        (
            lambda run: na.train(out="x", actor="mpl"),
            "^actor 'mpl' is none of popsan, mlp, diffusion: did you mean 'mlp'",
        ),
        (lambda run: na.train(out="x", device="gpu"), "did you mean 'cuda'"),
        (lambda run: na.compare("paper", ["cnstant"], out="x"), "^learners 'cnstant'.*'constant'"),
        (lambda run: na.make_task("paper", country={"dx": "POL"}), "^country dx=POL"),
    ],
)
def test_every_error_is_of_one_family_and_speaks_python(small_run: Path, asked, said: str) -> None:
    with pytest.raises(na.NeuroAoloError, match=said) as error:
        asked(na.load(small_run))
    assert "--" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(10, 1, 5, 5), (10, 25)])
def test_a_convolution_is_refused_by_its_name(shape: tuple[int, ...]) -> None:
    import numpy as np
    import torch

    network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(36, 2))
    with pytest.raises(na.NeuroAoloError, match="Conv2d"):
        na.energy(network, np.zeros(shape))


def test_a_run_says_what_it_is(small_run: Path) -> None:
    assert str(na.load(small_run)) == f"{small_run}: a PopSAN trained on paper, seed 0"
    assert "import_module" not in dir(na)


def test_a_scenario_of_a_named_model_speaks_python() -> None:
    pytest.importorskip("ecologits", reason="needs the extra ecologits")
    llama = na.Scenario.from_llm("meta-llama/Meta-Llama-3.1-8B", batch=32)
    assert (llama.name, llama.system_name) == ("Meta-Llama-3.1-8B", "aolo")
    assert llama.parameters.inference.batch_size == 32
    assert llama.with_countries(dc="FRA").task().spec.objectives[0].scale > 0.0
    with pytest.raises(ValueError, match=r"^batch 0 is not allowed"):
        na.Scenario.from_llm("Llama-3.1-8B", batch=0)
