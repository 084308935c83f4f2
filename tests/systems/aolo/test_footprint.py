import dataclasses

import numpy as np
import pytest
import torch

from neuro_aolo.systems.aolo.request import footprint, outcome, sample_states, to_normalised, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario

SANITY = """
60  0.037097 7.7624 0.99755 0.048098 1.9008e-4 6.1834e-5
150 0.077214 16.157 2.0763  0.12024  4.7520e-4 1.5459e-4
200 0.097196 20.338 2.6136  0.16033  6.3361e-4 2.0611e-4
500 0.20230  42.331 5.4399  0.40082  1.5840e-3 5.1528e-4
800 0.29464  61.652 7.9229  0.64131  2.5344e-3 8.2445e-4
"""
"""words, T_I s, C_I^op mg, C_I^em mg, T_C ms, C_C^op mg, C_C^em mg at m=3, Omega=1, 20 MHz, 10 W."""


def test_sanity_table_to_all_its_digits():
    scenario = Scenario.load("paper")
    for line in SANITY.split("\n")[1:-1]:
        words, *expected = line.split()
        terms = footprint(
            scenario, np.array([[3.0, 1.0, 20e6, 200.0, 300.0]]), np.array([float(words)]), np.array([10.0])
        )
        values = (
            terms.inference_time_s,
            terms.inference_operational_g * 1e3,
            terms.inference_embodied_g * 1e3,
            terms.transmission_time_s * 1e3,
            terms.wireless_operational_g * 1e3,
            terms.wireless_embodied_g * 1e3,
        )
        for value, text in zip(values, expected, strict=True):
            digits = len(text.split("e")[0].replace(".", "").lstrip("0"))
            assert f"{value[0]:.{digits - 1}e}" == f"{float(text):.{digits - 1}e}"


def test_total_is_the_sum_of_its_terms_and_per_bit_divides_by_the_data():
    scenario, rng = Scenario.load("paper"), np.random.default_rng(0)
    terms = footprint(scenario, sample_states(scenario, 50, rng), np.full(50, 200.0), np.full(50, 10.0))
    total = (
        terms.inference_operational_g
        + terms.inference_embodied_g
        + terms.wireless_operational_g
        + terms.wireless_embodied_g
    )
    np.testing.assert_allclose(terms.total_g, total, rtol=1e-14)
    np.testing.assert_allclose(terms.g_per_bit * 200.0 * 50.0, total, rtol=1e-14)


NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NO_GPU)])
def test_torch_gives_numpy_values_and_the_gradient_of_carbon(device):
    scenario, rng = Scenario.load("paper"), np.random.default_rng(0)
    states = sample_states(scenario, 100, rng)
    words, power_w = to_physical(scenario, rng.uniform(-1.0, 1.0, (100, 2)))
    tensors = [torch.from_numpy(a).to(device).requires_grad_() for a in (words, power_w)]
    served = outcome(scenario, torch.from_numpy(states).to(device), *tensors)
    plain = outcome(scenario, states, words, power_w)
    for name in ("carbon_mg", "cost_mg", "reward"):
        np.testing.assert_allclose(
            getattr(served, name).detach().cpu().numpy(), getattr(plain, name), rtol=1e-12
        )
    assert (served.feasible.cpu().numpy() == plain.feasible).all()

    def slope(field: str, argument: int) -> np.ndarray:
        steps = [np.zeros(100), np.zeros(100)]
        steps[argument] = 1e-4 * (words, power_w)[argument]
        ends = [
            getattr(footprint(scenario, states, words + sign * steps[0], power_w + sign * steps[1]), field)
            for sign in (1.0, -1.0)
        ]
        return (ends[0] - ends[1]) / (2.0 * steps[argument])

    for field in ("total_g", "wireless_g", "transmission_time_s", "g_per_bit"):
        gradients = torch.autograd.grad(getattr(served.terms, field).sum(), tensors, retain_graph=True)
        for argument in range(2):
            scale = np.abs(slope(field, argument)).max()
            np.testing.assert_allclose(
                gradients[argument].cpu().numpy(), slope(field, argument), rtol=1e-4, atol=1e-6 * scale
            )


@pytest.mark.parametrize("name", ["paper", "mixed", "speech", "grid"])
def test_torch_differentiates_carbon_and_cost(name):
    scenario = Scenario.load(name)
    states = torch.from_numpy(sample_states(scenario, 6, np.random.default_rng(0)))
    words = torch.linspace(20.0, 900.0, 6, dtype=torch.float64).requires_grad_()
    power_w = torch.linspace(0.5, 50.0, 6, dtype=torch.float64).requires_grad_()

    def total(words: torch.Tensor, power_w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        served = outcome(scenario, states, words, power_w)
        return served.carbon_mg, served.cost_mg

    assert torch.autograd.gradcheck(total, (words, power_w), eps=1e-4, atol=1e-8, rtol=1e-5)


def test_blocks_do_not_change_a_request():
    scenario, rng = Scenario.load("paper"), np.random.default_rng(4)
    states = sample_states(scenario, 9000, rng)
    words, power_w = to_physical(scenario, rng.uniform(-1.0, 1.0, (9000, 2)))
    whole = outcome(scenario, states, words, power_w)
    part = outcome(scenario, states[5000:5007], words[5000:5007], power_w[5000:5007])
    np.testing.assert_allclose(whole.carbon_mg[5000:5007], part.carbon_mg, rtol=1e-13)
    for field in dataclasses.fields(part.terms):
        both = (getattr(served.terms, field.name) for served in (whole, part))
        first, second = both
        np.testing.assert_allclose(first[5000:5007], second, rtol=1e-13)


def test_actions_map_affinely_and_back():
    scenario = Scenario.load("paper")
    words, power_w = to_physical(scenario, np.array([[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0], [-7.0, 9.0]]))
    np.testing.assert_array_equal(words, [1.0, 1000.0, 500.5, 1.0])
    np.testing.assert_allclose(power_w, [0.1, 60.0, 30.05, 60.0], rtol=1e-15)
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (1000, 2))
    np.testing.assert_allclose(to_normalised(scenario, *to_physical(scenario, actions)), actions, atol=1e-13)
    tensors = torch.from_numpy(actions).float()
    assert to_physical(scenario, tensors)[0].dtype == torch.float64


@pytest.mark.parametrize("scale", [2.0])
def test_carbon_is_linear_in_both_intensities(scale):
    scenario, states = Scenario.load("paper"), np.array([[3.0, 1.0, 20e6, 200.0, 300.0]])
    words, power_w = np.array([150.0]), np.array([10.0])
    scaled = states * np.array([1.0, 1.0, 1.0, scale, scale])
    terms, more = (footprint(scenario, s, words, power_w) for s in (states, scaled))
    assert more.inference_operational_g == pytest.approx(scale * terms.inference_operational_g, rel=1e-14)
    assert more.wireless_operational_g == pytest.approx(scale * terms.wireless_operational_g, rel=1e-14)
    assert more.inference_embodied_g == terms.inference_embodied_g
    assert more.wireless_embodied_g == terms.wireless_embodied_g
