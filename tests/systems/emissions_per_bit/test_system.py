"""The cell as a system: figures, rules, words, what a scenario is like."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from neuro_aolo.agent.evaluate import Requests, grams_per_unit
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.check import examine
from neuro_aolo.systems.emissions_per_bit.figures import figures, lines
from neuro_aolo.systems.emissions_per_bit.parameters import Interface, Storage, Time
from neuro_aolo.systems.emissions_per_bit.policies import rules
from neuro_aolo.systems.emissions_per_bit.reference import CAUSAL, KNOWING
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.system import policies, task
from neuro_aolo.systems.emissions_per_bit.telling import tell
from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.names import load, name_of
from neuro_aolo.systems.scenario_file import scenario_names
from neuro_aolo.systems.system import Figures

FIVE = ("regret", "delay_ratio", "drop_rate", "ng_per_bit", "optimum_ng_per_bit")


@pytest.fixture(scope="module")
def shipped() -> Scenario:
    return load("emissions-per-bit").scenario


@pytest.fixture(scope="module")
def told(shipped: Scenario) -> dict[str, dict[str, float]]:
    """Figures of every rule on the same weeks."""
    requests = Requests(task(shipped), 6, 1)
    return {
        name: dict(figures(shipped, requests.rollout(policy).reached, requests.reached))
        for name, policy in policies(shipped).items()
    }


def test_the_shipped_scenario_is_the_default_cell(shipped: Scenario) -> None:
    loaded = load("emissions-per-bit")
    assert scenario_names("emissions_per_bit")[0] == "emissions-per-bit"
    assert name_of(loaded.system) == loaded.name == "emissions_per_bit"
    assert all(getattr(shipped, name) == getattr(Cell(), name) for name in Cell.model_fields)
    assert loaded.deployment["request_rate_hz"] == pytest.approx(1.0 / shipped.time.slot_s)
    assert tomllib.loads(shipped.to_toml())["name"] == "emissions-per-bit"


def test_rules_are_what_their_names_say(told: dict[str, dict[str, float]]) -> None:
    carbon = {name: each["ng_per_bit"] for name, each in told.items()}
    assert carbon["store-surplus-slow"] < carbon["store-surplus"] < carbon["batteries-idle"]
    # Trading by the intensity alone loses against storing the surplus alone.
    assert carbon["store-surplus"] < carbon["buy-when-clean"] < carbon["batteries-idle"]
    assert told["store-surplus"]["regret"] == pytest.approx(0.17, abs=0.05)
    assert 0.9 < told["store-surplus"]["delay_ratio"] < 1.05
    assert told["store-surplus-slow"]["delay_ratio"] > 2.0
    assert told["store-surplus-slow"]["uj_per_bit"] < told["store-surplus"]["uj_per_bit"]
    other = task(Scenario(name="x")).spec
    assert rules(Cell(), replace(other, actions=other.actions[:1])) == {}


def test_figures_are_those_of_the_bits(shipped: Scenario, told: dict[str, dict[str, float]]) -> None:
    assert tuple(told["store-surplus"])[:5] == FIVE
    requests = Requests(task(shipped), 6, 1)
    rolled = requests.rollout(policies(shipped)["store-surplus"])
    found = figures(shipped, rolled.reached, requests.reached)
    assert found == told["store-surplus"]
    assert found["ng_per_bit"] == pytest.approx(1e9 * grams_per_unit(requests.task.spec, rolled.reached))
    assert found["regret"] == pytest.approx(requests.measure(rolled).regret)
    assert found["uj_per_bit"] == pytest.approx(
        1e6 * rolled.served.energy_j.sum() / rolled.served.units.sum()
    )
    alone = figures(shipped, rolled.reached, None)
    assert "regret" not in alone
    assert "optimum_ng_per_bit" not in alone
    assert alone["drop_rate"] == found["drop_rate"]


def test_a_regret_bought_with_delay_or_losses_is_called_so(told: dict[str, dict[str, float]]) -> None:
    assert not any("not a fair one" in line for line in lines(told["store-surplus"], CAUSAL))
    slow = lines(told["store-surplus-slow"], CAUSAL)[-1]
    assert "not a fair one: the mean delay is" in slow
    assert "of the packets are lost" in slow
    assert lines({}, CAUSAL) == ()


def test_sun_that_nobody_uses_is_told() -> None:
    small = Scenario(name="small", storage=Storage(capacity_kwh=0.05), time=Time(slots=24))
    requests = Requests(task(small), 2, 0)
    found = figures(small, requests.rollout(policies(small)["batteries-idle"]).reached, None)
    assert found["curtailed_kwh"] > 0.5


def test_the_share_from_the_sun_is_told_where_it_is_followed(told: dict[str, dict[str, float]]) -> None:
    """Of a rule that buys nothing for its batteries, it is what did not come from the grid."""
    assert "renewable_share" not in told["store-surplus"]
    rer = Scenario(name="rer", interface=Interface(objective="renewable"), time=Time(slots=48))
    requests = Requests(task(rer), 3, 0)
    reached = requests.rollout(policies(rer)["store-surplus"]).reached
    found = figures(rer, reached, requests.reached)
    # Carbon of the grid's entry is of what was used from it, at hourly intensities of 260 to 491 g/kWh.
    grid_kwh = reached.served.carbon_g[:, 1].sum() / np.array([491.4, 260.0])
    low, high = 1.0 - grid_kwh[::-1] * 3.6e6 / reached.served.energy_j.sum()
    assert low < found["renewable_share"] < high
    assert any("of the energy used came from the sun" in line for line in lines(found, CAUSAL))


def test_what_is_told_of_a_run(shipped: Scenario, told: dict[str, dict[str, float]]) -> None:
    usual = tell(Figures(shipped, told=told["store-surplus-slow"]))
    assert usual.shipped
    assert usual.options == ("--scenario", "emissions-per-bit")
    assert "not a fair one" in usual.limits[0]
    assert "Energy and delay hardly conflict" in usual.limits[1]
    assert usual.figures == lines(told["store-surplus-slow"], CAUSAL)
    france = tell(Figures(shipped.with_countries(grid="FR")))
    assert france.shipped
    assert france.options[-1] == "grid=FRA"
    assert france.countries == {"grid": "FRA"}
    assert "in France" in france.controls
    trace = Trace(source="a.csv", start=datetime(2023, 3, 1, tzinfo=UTC), g_per_kwh=(300.0,) * 72)
    dated = tell(Figures(shipped.with_traces(grid=trace)))
    assert dated.options[-1] == "grid=a.csv"
    assert any("knows the whole week" in limit for limit in dated.limits)
    assert task(shipped.with_traces(grid=trace)).spec.optimum == KNOWING
    assert not tell(Figures(shipped.with_values(storage={"capacity_kwh": 4.0}))).shipped
    for source in ("paper, Table I", "chosen", "CodeCarbon's figure for FRA", "traces.grid"):
        assert usual.grade(source) in usual.grades


def test_a_scenario_is_looked_at_before_anything_is_trained() -> None:
    found, rows = examine(Scenario(name="mine"), np.random.default_rng(0), 3)
    order = ("optimum", "store_surplus", "renewable_first", "grid_only")
    carbon = [found[f"{name}_ng_per_bit"] for name in order]
    assert carbon == sorted(carbon)
    assert found["episodes"] == 3
    assert any(label == CAUSAL for label, _ in rows)


def test_the_hours_are_those_of_the_clock(shipped: Scenario) -> None:
    hourly = task(shipped).hourly
    assert hourly.hours == 24
    states = hourly.states(np.arange(24), np.random.default_rng(0))
    np.testing.assert_allclose(task(shipped).intensity(states, "grid"), hourly.g_per_kwh["grid"])
