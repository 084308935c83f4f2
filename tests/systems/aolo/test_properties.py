from functools import cache

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import observe, outcome, to_normalised, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario, scenario_names
from neuro_aolo.units import J_PER_KWH, kwh, operational_carbon_g

NAMES = scenario_names()
unit = st.floats(0.0, 1.0)
actions = st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))


@cache
def loaded(name: str) -> Scenario:
    return Scenario.load(name)


@cache
def environments(name: str) -> tuple[gym.Env, gym.vector.VectorEnv]:
    scenario = loaded(name)
    if scenario.prompts is not None:
        # Each environment draws scores of its own.
        scenario = scenario.with_values(prompts={"noise_points": 0.0})
    return (
        gym.make("neuro_aolo:AOLO-v0", scenario=scenario).unwrapped,
        gym.make_vec("neuro_aolo:AOLO-v0", num_envs=3, scenario=scenario),
    )


@st.composite
def requests(draw: st.DrawFn) -> tuple[Scenario, np.ndarray]:
    """A scenario and a state anywhere inside its observed bounds, intensities above zero."""
    scenario = loaded(draw(st.sampled_from(NAMES)))
    bounds = scenario.bounds
    position = np.array([draw(unit) for _ in scenario.state_names])
    state = bounds.observe_low + (bounds.observe_high - bounds.observe_low) * position
    return scenario, np.maximum(state, 1e-3)[None]


@settings(deadline=None, max_examples=150)
@given(requests(), actions, st.floats(1e-6, 0.5))
def test_carbon_rises_in_words_and_in_power(request_, action, step):
    scenario, state = request_
    words, power_w = to_physical(scenario, np.array([action]))
    carbon_mg = outcome(scenario, state, words, power_w).carbon_mg
    longer = outcome(scenario, state, words * (1.0 + step), power_w)
    louder = outcome(scenario, state, words, power_w * (1.0 + step))
    assert longer.carbon_mg > carbon_mg
    assert louder.carbon_mg >= carbon_mg * (1.0 - 1e-15)
    quiet = outcome(scenario, state, words, power_w).terms
    assert louder.terms.wireless_operational_g >= quiet.wireless_operational_g * (1.0 - 1e-8)
    assert louder.terms.transmission_time_s < quiet.transmission_time_s


@settings(deadline=None, max_examples=150)
@given(requests(), actions)
def test_margins_are_negative_exactly_where_a_request_is_infeasible(request_, action):
    scenario, state = request_
    served = outcome(scenario, state, *to_physical(scenario, np.array([action])))
    assert served.feasible[0] == all(margin[0] >= 0.0 for margin in served.margins.values())
    if served.feasible[0]:
        assert served.reward == -served.cost_mg
    else:
        assert served.reward == -scenario.limits.penalty_mg


@settings(deadline=None, max_examples=60)
@given(requests(), st.sampled_from(["quality", "inference_time_s", "transmission_time_s", "energy"]), actions)
def test_each_margin_changes_sign_at_its_own_limit(request_, name, action):
    """With the limit moved just beyond the action's own value the constraint holds, just short of it not."""
    scenario, state = request_
    words, power_w = to_physical(scenario, np.array([action]))
    served = outcome(scenario, state, words, power_w)
    assume(name in served.margins)
    curve, limits = scenario.quality, scenario.limits
    section, key, limit, sign = {
        "quality": ("quality", "threshold", curve.threshold, -1.0),
        "energy": ("limits", "energy", limits.energy, 1.0),
        "inference_time_s": ("limits", "inference_time_s", limits.inference_time_s, 1.0),
        "transmission_time_s": ("limits", "transmission_time_s", limits.transmission_time_s, 1.0),
    }[name]
    at_action = limit - sign * float(served.margins[name][0])
    assume(1e-9 < at_action < (0.999 * curve.peak_score if name == "quality" else np.inf))
    for side, kept in ((1e-9, True), (-1e-9, False)):
        moved = scenario.with_values(**{section: {key: at_action * (1.0 + sign * side)}})
        margin = outcome(moved, state, words, power_w).margins[name]
        assert (margin[0] >= 0.0) == kept


@settings(deadline=None, max_examples=60)
@given(requests(), actions)
def test_scalar_and_batched_environments_agree(request_, action):
    scenario, state = request_
    single, batch = environments(scenario.name)
    single.reset(seed=0, options={"state": state[0]})
    batch.reset(seed=0, options={"state": state[0]})
    chosen = np.array(action, dtype=np.float32)
    _, reward, _, _, one = single.step(chosen)
    _, rewards, _, _, many = batch.step(np.tile(chosen, (3, 1)))
    np.testing.assert_allclose(rewards, reward, rtol=1e-12)
    for key in ("carbon_mg", "cost_mg", "words", "power_w"):
        np.testing.assert_allclose(many[key], one[key], rtol=1e-12)
    for key, margin in one["margins"].items():
        np.testing.assert_allclose(many["margins"][key], margin, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(requests(), st.lists(actions, min_size=1, max_size=20))
def test_the_oracle_is_feasible_and_no_feasible_action_costs_less(request_, tried):
    scenario, state = request_
    best = oracle(scenario, state)
    words, power_w = to_physical(scenario, np.array(tried))
    served = outcome(scenario, np.repeat(state, len(tried), 0), words, power_w)
    if not best.feasible[0]:
        assert not served.feasible.any()
        assert np.isnan(best.cost_mg[0])
        return
    at_best = outcome(scenario, state, best.words, best.power_w)
    assert at_best.feasible[0]
    assert at_best.cost_mg == best.cost_mg
    assert (served.cost_mg[served.feasible] >= best.cost_mg - 1e-9 * best.carbon_mg).all()


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(NAMES), actions)
def test_actions_survive_the_way_to_physical_units_and_back(name, action):
    scenario = loaded(name)
    chosen = np.array([action])
    np.testing.assert_allclose(to_normalised(scenario, *to_physical(scenario, chosen)), chosen, atol=1e-13)


@settings(deadline=None, max_examples=100)
@given(requests())
def test_observations_tell_the_state(request_):
    scenario, state = request_
    bounds = scenario.bounds
    observed = observe(scenario, state).astype(np.float64)
    width = bounds.observe_high - bounds.observe_low
    assert (np.abs(observed) <= 1.0).all()
    np.testing.assert_allclose(
        bounds.observe_low + (observed + 1.0) / 2.0 * width, state, atol=1e-6 * width.max()
    )


@given(st.floats(1e-12, 1e12), st.floats(1e-3, 3000.0))
def test_units_round_trip(energy_j, intensity):
    assert kwh(energy_j) * J_PER_KWH == pytest.approx(energy_j, rel=1e-14)
    assert operational_carbon_g(energy_j, intensity) / intensity * J_PER_KWH == pytest.approx(
        energy_j, rel=1e-14
    )
