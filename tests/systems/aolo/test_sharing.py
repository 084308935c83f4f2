"""Requests that share GPUs, and the part of inference that the prompt takes: what AOLO has not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.admissible import words_interval
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import footprint, outcome, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario, scenario_names
from neuro_aolo.systems.aolo.task import AoloTask

PAPER = Scenario.load("paper")
COUNT = 200


def served(scenario: Scenario) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return sample_states(scenario, COUNT, rng), rng.uniform(1.0, 800.0, COUNT), rng.uniform(0.1, 60.0, COUNT)


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_without_them_is_written_as_it_was(name: str) -> None:
    inference = Scenario.load(name).model_dump(mode="json", exclude_none=True)["inference"]
    assert not inference.keys() & {"batch_size", "prompt_time_s"}
    explicit = Scenario.load(name).with_values(inference={"batch_size": 1, "prompt_time_s": 0.0})
    assert explicit.to_toml() == Scenario.load(name).to_toml()


def test_a_batch_shares_power_and_making_and_nothing_else() -> None:
    states, words, power_w = served(PAPER)
    alone = footprint(PAPER, states, words, power_w)
    shared = footprint(PAPER.with_values(inference={"batch_size": 16}), states, words, power_w)
    for part in ("inference_operational_g", "inference_embodied_g"):
        np.testing.assert_allclose(16.0 * getattr(shared, part), getattr(alone, part), rtol=1e-15)
    for part in ("inference_time_s", "transmission_time_s", "wireless_operational_g", "wireless_embodied_g"):
        np.testing.assert_array_equal(getattr(shared, part), getattr(alone, part))


def test_energy_and_carbon_of_a_batch_are_those_of_the_same_joules() -> None:
    scenario = PAPER.with_values(inference={"batch_size": 16, "prompt_time_s": 0.05})
    task, rng = AoloTask(scenario), np.random.default_rng(2)
    states = task.reset(COUNT, rng)
    ledger = task.step(states, rng.uniform(-1.0, 1.0, (COUNT, 2)), rng).served
    np.testing.assert_allclose(
        ledger.carbon_g[:, 0], ledger.energy_j[:, 0] * task.intensity(states, "dc") / 3.6e6, rtol=1e-13
    )
    assert ledger.busy_s is not None
    inference = scenario.inference
    working_w = inference.gpus * inference.gpu_power_w * inference.pue
    np.testing.assert_allclose(ledger.energy_j[:, 0], ledger.busy_s[:, 0] * working_w, rtol=1e-13)


def test_a_prompt_adds_the_same_to_every_answer() -> None:
    states, words, power_w = served(PAPER)
    without = footprint(PAPER, states, words, power_w)
    reading = footprint(PAPER.with_values(inference={"prompt_time_s": 0.05}), states, words, power_w)
    np.testing.assert_allclose(reading.inference_time_s - without.inference_time_s, 0.05, rtol=1e-13)
    inference = PAPER.inference
    prompt_j = 0.05 * inference.gpus * inference.gpu_power_w * inference.pue
    added = reading.inference_operational_g - without.inference_operational_g
    np.testing.assert_allclose(added, prompt_j / 3.6e6 * states[:, 3], rtol=1e-9)


@pytest.mark.parametrize("price", [0.0, 2.0])
def test_the_oracle_stays_exact(price: float) -> None:
    scenario = Scenario.load("mixed").with_values(
        inference={"batch_size": 4, "prompt_time_s": 0.1},
        quality={"threshold": 5.0, "price_mg_per_point": price},
        limits={"penalty_mg": 400.0},
    )
    states = sample_states(scenario, 40, np.random.default_rng(3))
    best = oracle(scenario, states)
    assert best.feasible.all()
    words = np.geomspace(*scenario.actions.words, 400)
    power_w = np.geomspace(*scenario.actions.power_w, 60)
    every = [each.ravel() for each in np.meshgrid(words, power_w)]
    for row, state in enumerate(states):
        tried = outcome(scenario, np.tile(state, (len(every[0]), 1)), *every)
        cheapest = tried.cost_mg[tried.feasible].min()
        assert best.cost_mg[row] <= cheapest + 1e-9
        assert cheapest - best.cost_mg[row] < 0.05 * abs(best.carbon_mg[row]) + 0.05


@settings(deadline=None, max_examples=60)
@given(st.floats(0.0, 1.0, exclude_max=True), st.floats(0.3, 1.5))
def test_the_longest_answer_is_in_time_whatever_the_prompt_takes(share: float, exponent: float) -> None:
    limit_s = PAPER.limits.inference_time_s
    scenario = PAPER.with_values(
        inference={"prompt_time_s": share * limit_s, "acceleration_exponent": exponent},
        actions={"words": [1e-3, 1e6]},
        limits={"energy": 1e9},
    )
    states = sample_states(scenario, 1, np.random.default_rng(4))
    _, longest = words_interval(scenario, states)
    if longest[0] > 1e-6:
        served = outcome(scenario, states, np.minimum(longest, 1e6), np.ones(1))
        assert served.margins["inference_time_s"][0] >= 0.0


@pytest.mark.parametrize("prompt_s", [0.3, 5.0])
def test_a_prompt_that_takes_all_the_time_leaves_no_answer(prompt_s: float) -> None:
    scenario = PAPER.with_values(inference={"prompt_time_s": prompt_s})
    assert not oracle(scenario, sample_states(scenario, 5, np.random.default_rng(5))).feasible.any()
    with pytest.raises(ScenarioError, match=r"loosen limits.inference_time_s = 0\.3"):
        AoloTask(scenario)


@pytest.mark.parametrize(("key", "value"), [("batch_size", 0), ("batch_size", 1.5), ("prompt_time_s", -1.0)])
def test_what_is_not_allowed_is_refused(key: str, value: float) -> None:
    with pytest.raises(ScenarioError, match=f"inference.{key} = {value}"):
        PAPER.with_values(inference={key: value})
