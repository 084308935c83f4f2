import hashlib
import math

import mpmath
import numpy as np
import pytest
import torch

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.channel import mean_inverse_rate, outage_threshold
from neuro_aolo.systems.aolo.check import check
from neuro_aolo.systems.aolo.link import THERMAL_NOISE_W_PER_HZ, Link
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.rate_table import CELL_ACCURACY
from neuro_aolo.systems.aolo.request import outcome, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.system import policies
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo.systems.aolo.telling import tell
from neuro_aolo.systems.system import Figures
from neuro_aolo.units import J_PER_KWH

URBAN, MACRO = Scenario.load("urban"), Scenario.load("urban-macro")
EPSILON = 0.01

BEFORE = {
    "paper": ("dc553b462a0333dd", 11875.060542563475, 4720.666277352955),
    "grid": ("7d2e5cf1d6a67e8f", 12354.281955260003, 4809.530656060295),
    "mixed": ("f6fd61c08500ebf0", 11784.417412156015, 4114.699981742086),
    "onprem": ("dc553b462a0333dd", 152.6871133242115, 60.59185028157541),
    "prompts": ("eec559c59db60ef1", 11875.060542563475, 4535.76521975772),
    "speech": ("dc553b462a0333dd", 430.0868432474561, 128.91262685227264),
}
"""Before there was a link: digest of drawn states; carbon of random actions and of optima, mg."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


@pytest.mark.parametrize("name", BEFORE)
def test_scenarios_without_a_link_are_as_they_were(name: str) -> None:
    scenario = Scenario.load(name)
    states = sample_states(scenario, 256, np.random.default_rng(7))
    rng = np.random.default_rng(8)
    words, power_w = (rng.uniform(*ends, 256) for ends in (scenario.actions.words, scenario.actions.power_w))
    drawn, random_mg, best_mg = BEFORE[name]
    assert not {"[link]", "path_loss_db"} & set(scenario.to_toml().split())
    assert digest(np.ascontiguousarray(states).tobytes()) == drawn
    # The last digits belong to the processor's exponentials.
    assert outcome(scenario, states, words, power_w).carbon_mg.sum() == pytest.approx(random_mg, rel=1e-13)
    assert oracle(scenario, states).carbon_mg.sum() == pytest.approx(best_mg, rel=1e-13)


def test_the_noise_is_that_of_link_budgets() -> None:
    assert 10.0 * math.log10(THERMAL_NOISE_W_PER_HZ * 1e3) == pytest.approx(-174.0, abs=0.03)


def test_the_snr_is_the_link_budget_in_decibels() -> None:
    link = Link(antenna_gain_db=8.0, noise_figure_db=7.0, interference_db=3.0, building_loss_db=12.0)
    loss_db, bandwidth_hz = np.array([80.0, 120.0]), np.array([20e6, 10e6])
    noise_dbm = -173.975 + 10.0 * np.log10(bandwidth_hz) + 7.0 + 3.0
    budget_db = 30.0 + 8.0 - loss_db - 12.0 - noise_dbm
    np.testing.assert_allclose(
        10.0 * np.log10(link.snr_per_watt(loss_db, bandwidth_hz)), budget_db, atol=2e-3
    )


@pytest.mark.parametrize("m", [1.0, 1.7, 4.7, 12.0])
@pytest.mark.parametrize("snr_mean", [0.05, 1.0, 300.0, 1e6])
def test_sending_again_is_what_the_exact_integral_gives(m: float, snr_mean: float) -> None:
    with mpmath.workdps(30):
        beta = mpmath.mpf(m) / snr_mean
        threshold = mpmath.mpf(float(outage_threshold(np.array(m), np.array(snr_mean), EPSILON)))

        def served(gamma: mpmath.mpf) -> mpmath.mpf:
            density = beta**m * gamma ** (m - 1) * mpmath.exp(-beta * gamma) / mpmath.gamma(m)
            return density * mpmath.log(2) / mpmath.log1p(gamma)

        inner = (snr_mean * k for k in (0.1, 0.5, 1, 2, 5, 20))
        ends = [threshold, *(end for end in inner if end > threshold), mpmath.inf]
        whole = mpmath.quad(served, ends)
        wanted = (whole + EPSILON * mpmath.log(2) / mpmath.log1p(threshold)) / (1 - mpmath.mpf(EPSILON))
    found = float(mean_inverse_rate(np.array(m), np.array(snr_mean), EPSILON, resend=True))
    assert found == pytest.approx(float(wanted), rel=1e-8)


def test_sending_again_is_what_a_simulation_of_attempts_gives() -> None:
    m, snr_mean, answers = 1.0, 10.0, 400_000
    rng = np.random.default_rng(3)
    threshold = float(outage_threshold(np.array(m), np.array(snr_mean), 0.1))
    time, waiting = np.zeros(answers), np.arange(answers)
    while waiting.size:
        snr = rng.gamma(m, snr_mean / m, waiting.size)
        time[waiting] += 1.0 / np.log2(1.0 + np.maximum(snr, threshold))
        waiting = waiting[snr < threshold]
    expected = float(mean_inverse_rate(np.array(m), np.array(snr_mean), 0.1, resend=True))
    assert abs(time.mean() - expected) < 4.0 * time.std() / math.sqrt(answers)


def test_sending_again_costs_more_than_renormalising_and_nothing_without_outage() -> None:
    m, snr_mean = np.array([1.0, 3.0, 12.0]), np.array([1.0, 10.0, 100.0])
    plain = mean_inverse_rate(m, snr_mean, EPSILON)
    assert (mean_inverse_rate(m, snr_mean, EPSILON, resend=True) > plain / (1.0 - EPSILON)).all()
    np.testing.assert_array_equal(
        mean_inverse_rate(m[1:], snr_mean[1:], 0.0, resend=True), mean_inverse_rate(m[1:], snr_mean[1:], 0.0)
    )


@pytest.mark.parametrize("scenario", [URBAN, MACRO], ids=lambda scenario: scenario.name)
def test_the_table_keeps_its_accuracy_over_the_whole_cell(scenario: Scenario) -> None:
    table, rng = scenario.rate_table, np.random.default_rng(0)
    m = rng.uniform(*scenario.state.nakagami_m.observe, 4000)
    snr_mean = np.exp(rng.uniform(*np.log(table.snr_range), 4000))
    exact = mean_inverse_rate(m, snr_mean, EPSILON, resend=True)
    np.testing.assert_allclose(table(m, snr_mean), exact, rtol=CELL_ACCURACY)


@pytest.mark.parametrize("scenario", [URBAN, MACRO], ids=lambda scenario: scenario.name)
def test_a_quiet_cell_with_good_handsets_has_a_table_too(scenario: Scenario) -> None:
    quiet = scenario.with_values(
        link={"interference_db": 0.0, "noise_figure_db": 5.0, "antenna_gain_db": 17.0}
    )
    low, high = quiet.rate_table.snr_range
    assert high / low > 1e9
    m, snr_mean = np.full(50, 1.0), np.geomspace(low, high, 50)
    exact = mean_inverse_rate(m, snr_mean, EPSILON, resend=True)
    np.testing.assert_allclose(quiet.rate_table(m, snr_mean), exact, rtol=CELL_ACCURACY)


def test_carbon_rises_and_time_falls_in_the_power() -> None:
    states = sample_states(URBAN, 300, np.random.default_rng(1))
    words = np.full(300, 150.0)
    powers = np.geomspace(*URBAN.actions.power_w, 40)
    served = [outcome(URBAN, states, words, np.full(300, power_w)) for power_w in powers]
    assert (np.diff([each.carbon_mg for each in served], axis=0) > 0.0).all()
    assert (np.diff([each.terms.transmission_time_s for each in served], axis=0) < 0.0).all()


def test_gradients_flow_through_power_and_path_loss() -> None:
    states = torch.tensor(sample_states(URBAN, 20, np.random.default_rng(2)), requires_grad=True)
    power_w = torch.full((20,), 2.0, dtype=torch.float64, requires_grad=True)
    words = torch.full((20,), 150.0, dtype=torch.float64)
    seconds = outcome(URBAN, states, words, power_w).terms.transmission_time_s
    by_power, by_state = torch.autograd.grad(seconds.sum(), (power_w, states))
    assert (by_power < 0.0).all()
    assert (by_state[:, URBAN.state_names.index("path_loss_db")] > 0.0).all()
    # A decibel of loss is a decibel of power.
    np.testing.assert_allclose(
        by_state[:, 1].numpy(), -by_power.numpy() * 2.0 * math.log(10.0) / 10.0, rtol=1e-9
    )


def test_the_station_draws_what_its_linear_model_says() -> None:
    states = sample_states(MACRO, 50, np.random.default_rng(4))
    words, power_w = np.full(50, 200.0), np.full(50, 20.0)
    terms = outcome(MACRO, states, words, power_w).terms
    # Six transceivers, 130 W each and 4.7 W a watt; 132 Mbit/s share the 780 W.
    joules = 4.7 * 20.0 * terms.transmission_time_s + 200.0 * 50.0 / 132e6 * 6 * 130.0
    intensity = states[:, MACRO.state_names.index("bs_intensity_g_per_kwh")]
    np.testing.assert_allclose(terms.wireless_operational_g, joules * intensity / J_PER_KWH, rtol=1e-12)
    task = AoloTask(MACRO)
    actions = task.optimum(states).actions
    assert actions is not None
    served = task.step(states, np.nan_to_num(actions), np.random.default_rng(0)).served
    np.testing.assert_allclose(
        served.energy_j[:, 1] * intensity / J_PER_KWH, served.carbon_g[:, 2], rtol=1e-12
    )


def test_states_are_those_of_handsets_in_the_cell() -> None:
    states = sample_states(URBAN, 20_000, np.random.default_rng(5))
    assert URBAN.state_names[:3] == ("nakagami_m", "path_loss_db", "bandwidth_hz")
    assert "omega" not in URBAN.state_names
    m, loss_db = states[:, 0], states[:, 1]
    assert ((m >= 1.0) & (m <= 12.0) & (loss_db >= 60.0) & (loss_db <= 130.0)).all()
    assert loss_db[m > 1.0].mean() < loss_db[m == 1.0].mean() - 15.0
    assert (loss_db == 130.0).mean() < 1e-3
    fixed = URBAN.with_values(state={"path_loss_db": {"sample": [100.0, 100.0]}})
    assert (sample_states(fixed, 100, np.random.default_rng(0))[:, 1] == 100.0).all()


@pytest.mark.parametrize(("scenario", "percent"), [(URBAN, "0.01 %"), (MACRO, "0.03 %")])
def test_the_wireless_share_is_what_the_description_says(scenario: Scenario, percent: str) -> None:
    shares = check(scenario, np.random.default_rng(0), 20_000).shares
    station = sum(share for name, share in shares.items() if name.startswith("wireless"))
    assert percent in scenario.description
    assert 100.0 * station == pytest.approx(float(percent.split()[0]), abs=0.006)
    assert shares["wireless_radio"] < 0.07 * station


def test_power_decides_at_the_edge_of_the_cell_alone() -> None:
    states = sample_states(URBAN, 20_000, np.random.default_rng(6))
    best = oracle(URBAN, states)
    assert best.feasible.mean() == pytest.approx(0.993, abs=2e-3)
    above = best.power_w[best.feasible] > URBAN.actions.power_w[0]
    assert above.mean() == pytest.approx(0.32, abs=0.02)
    assert states[best.feasible][above, 1].mean() > states[best.feasible][~above, 1].mean() + 15.0


@pytest.mark.parametrize("scenario", [URBAN, MACRO], ids=lambda scenario: scenario.name)
def test_the_rules_keep_within_the_limit(scenario: Scenario) -> None:
    task = AoloTask(scenario)
    states = sample_states(scenario, 20_000, np.random.default_rng(7))
    states = states[oracle(scenario, states).feasible]
    rules = policies(scenario)
    assert set(rules) == {"shortest-answer", "log-linear"}
    for rule in rules.values():
        served = task.step(states, rule(task.observe(states)), np.random.default_rng(0))
        assert (served.slack < 0.0).any(axis=1).mean() <= scenario.limits.violation_rate


@pytest.mark.parametrize(
    ("base", "values", "said"),
    [
        ("paper", {"link": {"noise_figure_db": 7.0}}, "link and state.path_loss_db go together"),
        (
            "paper",
            {"state": {"path_loss_db": {"sample": [60.0, 130.0], "observe": [60.0, 130.0]}}},
            "go together",
        ),
        ("urban", {"link": {"least_distance_m": 200.0}}, "leaves no room"),
        ("urban", {"link": {"model": "rural"}}, "urban-micro"),
        ("urban", {"link": {"overhead": 1.0}}, "overhead"),
    ],
)
def test_what_does_not_fit_together_is_refused(base: str, values: dict, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        Scenario.load(base).with_values(**values)


def test_a_saved_link_is_the_same_again(tmp_path) -> None:
    file = tmp_path / "again.toml"
    file.write_text(URBAN.to_toml(), encoding="utf-8")
    assert Scenario.load(file) == URBAN


def test_what_is_told_names_the_traffic_that_decides() -> None:
    told = tell(Figures(URBAN))
    assert any("112 W" in limit and "52 Mbit/s" in limit for limit in told.limits)
    assert told.grade("3GPP TR 38.901, table 7.8-1, recalled: of a handset") == "recalled"
    assert told.grade("EARTH, table 2") == "published"
