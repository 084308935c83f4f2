"""Scenarios of named language models say what EcoLogits says, and can be used."""

import math
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.llm.scenario_of import LLMScenario, from_llm
from neuro_aolo.systems.aolo.llm.spread import SPREADS, spread_at
from neuro_aolo.systems.aolo.request import footprint
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask

STATE = np.array([[3.0, 1.0, 20e6, 200.0, 300.0]])
POWER_W = np.array([10.0])
MODELS = {
    "Llama-3.1-8B": {},
    "meta-llama/Meta-Llama-3.1-70B-Instruct": {"batch": 8},
    "Mixtral-8x22B-v0.1": {"batch": 512},
    "mine": {"parameters": "30.5:3.3", "batch": 1},
    "gemini-2.5-flash": {},
}


def test_what_is_missing_comes_with_its_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ecologits.model_repository", None)
    monkeypatch.setitem(sys.modules, "ecologits", None)
    with pytest.raises(ScenarioError, match=r"pip install 'neuro-aolo\[ecologits\]'"):
        from_llm("Llama-3.1-8B", "x")


def test_the_ranges_of_measurements_are_looked_up_by_factors() -> None:
    assert spread_at(64) == (64, SPREADS[64])
    assert [spread_at(batch)[0] for batch in (1, 11, 12, 90, 91, 512)] == [8, 8, 16, 64, 128, 512]
    for each in SPREADS.values():
        assert 0.0 < each.energy[0] < each.energy[1]
        assert 0.0 < each.time[0] < each.time[1] < 1.0, "EcoLogits' time is too long everywhere"


ecologits = pytest.mark.skipif(find_spec("ecologits") is None, reason="needs the extra ecologits")


@ecologits
@pytest.mark.parametrize("model", MODELS)
def test_energy_carbon_and_time_of_an_answer_are_ecologits_own(model: str) -> None:
    """Against the library's own way from tokens to impacts, of which this project uses the parts."""
    from ecologits.impacts.llm import compute_llm_impacts, compute_llm_impacts_dag
    from ecologits.utils.range_value import RangeValue

    made = from_llm(model, "x", **MODELS[model])
    inference, figures = made.scenario.inference, made.figures
    words = 217.0
    terms = footprint(made.scenario, STATE, np.array([words]), POWER_W)
    total, active = (
        low if low == high else RangeValue(min=low, max=high)
        for low, high in (figures["total_billions"], figures["active_billions"])
    )
    asked = {
        "output_token_count": words * inference.operations_per_word,
        "if_electricity_mix_gwp": 0.2,
        "if_electricity_mix_adpe": 0.0,
        "if_electricity_mix_pe": 0.0,
        "if_electricity_mix_wue": 0.0,
        "datacenter_pue": inference.pue,
        "datacenter_wue": 0.0,
        "batch_size": inference.batch_size,
    }
    impacts = compute_llm_impacts(active, total, **asked)
    usage, embodied = impacts.usage.gwp.value, impacts.embodied.gwp.value
    usage, embodied = (getattr(each, "mean", each) for each in (usage, embodied))
    assert terms.inference_operational_g[0] == pytest.approx(1e3 * usage, rel=1e-12)
    assert terms.inference_embodied_g[0] == pytest.approx(1e3 * embodied, rel=1e-12)
    ends = figures["active_billions"]
    times = [
        compute_llm_impacts_dag(each, figures["total_billions"][0], request_latency=math.inf, **asked)
        for each in ends
    ]
    assert terms.inference_time_s[0] == pytest.approx(
        np.mean([each["generation_latency"] for each in times]), rel=1e-12
    )
    assert inference.gpus == times[0]["gpu_required_count"]


@ecologits
@pytest.mark.parametrize("base", ["paper", "mixed", "speech"])
def test_the_file_loads_as_it_was_made_and_every_request_can_be_served(base: str, tmp_path: Path) -> None:
    made = from_llm("Llama-3.1-70B", "seventy", base, batch=32, prompt_tokens=3_000)
    file = tmp_path / "seventy.toml"
    file.write_text(made.toml)
    assert Scenario.load(file) == made.scenario
    written = tomllib.loads(made.toml)
    assert written["extends"] == base
    for section in ("inference", "limits"):
        assert {f"{section}.{key}" for key in written[section]} <= written["sources"].keys()
    task = AoloTask(made.scenario)
    best = task.optimum(task.reset(2_000, np.random.default_rng(7)))
    assert best.feasible.mean() > 0.99
    assert np.nanmax(best.cost) < made.scenario.limits.penalty_mg


@ecologits
def test_every_figure_with_ends_lies_between_them() -> None:
    for settings in ({}, {"hardware": "a100"}, {"hardware": "l4", "batch": 2}, {"batch": 512}):
        made = from_llm("Llama-3.1-8B", "x", **settings)
        for name in ("joules_per_token", "joules_per_word"):
            ends = made.figures[name]
            assert 0.0 < ends["low"] <= ends["nominal"] <= ends["high"]


@ecologits
@pytest.mark.parametrize("settings", [{}, {"hardware": "l4", "batch": 2}, {"batch": 512, "prompt_tokens": 9}])
def test_the_file_has_the_ends_of_each_parameter_that_has_some(settings: dict) -> None:
    made = from_llm("gemini-2.5-flash", "x", **settings)
    ranges = tomllib.loads(made.toml)["ranges"]
    assert len(ranges) == 6 + ("prompt_tokens" in settings)
    assert {key: each.low for key, each in made.scenario.ranges.items() if key in ranges} == {
        key: each["low"] for key, each in ranges.items()
    }
    assert "inference.peak_tflop_per_s" not in made.scenario.ranges, "paper has a range of its own figure"
    for key, ends in ranges.items():
        section, _, name = key.partition(".")
        value = getattr(getattr(made.scenario, section), name)
        assert ends["low"] <= value <= ends["high"]
        assert ends["low"] < ends["high"]
        assert ends["source"]
    energy = made.figures["joules_per_token"]
    power = ranges["inference.gpu_power_w"]
    for end, name in (("low", "low"), ("high", "high")):
        assert power[end] / made.scenario.inference.gpu_power_w == pytest.approx(
            energy[name] / energy["nominal"], rel=1e-12
        )


@ecologits
def test_hardware_gpus_prompts_and_guesses_move_what_they_should() -> None:
    def of(model: str = "Llama-3.1-8B", **settings: object) -> LLMScenario:
        return from_llm(model, "x", **settings)  # type: ignore[arg-type]

    plain = of()
    # EcoLogits lets each GPU of a model draw the same for a token.
    assert of(gpus=2).figures["joules_per_token"]["nominal"] == pytest.approx(
        2.0 * plain.figures["joules_per_token"]["nominal"], rel=1e-12
    )
    slower = of(hardware="a100")
    assert slower.figures["seconds_per_token"]["nominal"] == pytest.approx(
        plain.figures["seconds_per_token"]["nominal"] * 3.35 / 2.039, rel=1e-12
    )
    assert slower.figures["seconds_per_token"]["measured"] is None
    assert of(hardware="l4").figures["gpus"] == 1
    # A thousand tokens of 2 x 8.03 billion FLOP at two fifths of 989 TFLOP/s, for each of 64.
    read = of(prompt_tokens=1_000).scenario.inference.prompt_time_s
    assert read == pytest.approx(64 * 1e3 * 2 * 8.03e9 / (0.4 * 989e12), rel=1e-12)
    guessed = of("gemini-2.5-flash")
    assert not guessed.figures["released"]
    assert "its makers do not say" in guessed.toml


@ecologits
def test_a_name_is_found_however_it_is_written() -> None:
    names = ("llama-3.1-8b", "Meta-Llama-3.1-8B", "meta-llama/meta-llama-3.1-8b")
    assert {from_llm(name, "x").figures["model"] for name in names} == {"meta-llama/Meta-Llama-3.1-8B"}


@ecologits
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "Llama-3.1-80B"}, r"unknown model 'Llama-3.1-80B': did you mean one of .*Llama-3.1-8B"),
        ({"model": "no such thing at all"}, "give its parameters in billions, as --parameters 30.5:3.3"),
        ({"parameters": "3:30"}, "--parameters '3:30' is not allowed: .*active at most total"),
        ({"parameters": "many"}, "--parameters 'many' is not allowed"),
        ({"parameters": "0"}, "--parameters '0' is not allowed"),
        ({"hardware": "h10"}, "--hardware 'h10' .*did you mean 'h100'"),
        ({"batch": 0}, "--batch 0 is not allowed: give a whole number of 1 to 512"),
        ({"batch": "many"}, "--batch 'many' is not allowed"),
        ({"gpus": 0}, "--gpus 0 is not allowed"),
        ({"prompt_tokens": -1}, "--prompt-tokens -1 is not allowed"),
        ({"model": "Llama-3.1-70B", "gpus": 1}, "do not fit into 1 x 80 GB: give at least 4"),
        ({"scenario": "grid"}, "price of quality"),
        ({"scenario": "offload"}, "--scenario 'offload' is none of paper"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(settings: dict, said: str) -> None:
    asked = {"model": "Llama-3.1-8B", "name": "x", **settings}
    with pytest.raises(ScenarioError, match=said) as refused:
        from_llm(**asked)
    assert "\n" not in str(refused.value)
    assert "/tmp" not in str(refused.value)


@ecologits
def test_a_strange_name_stays_in_its_comment(tmp_path: Path) -> None:
    made = from_llm('evil\nname = "other"\x1b[31m', "x", parameters="7")
    assert made.scenario.name == "x"
    assert "\x1b" not in made.toml
