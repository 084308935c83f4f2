import numpy as np
import pytest
import torch

from neuro_aolo.agent.as_env import TaskEnv
from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.carbon.feedback import agent_carbon, charged, toll
from neuro_aolo.carbon.ledger import on_for_s
from neuro_aolo.carbon.lines import embodied_line, inference_lines
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.hardware import hardware
from neuro_aolo.pricing.profiler import load_conditions
from neuro_aolo.pricing.spending import spending
from neuro_aolo.systems.aolo.request import sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo.systems.charged import Charged, Overhead
from neuro_aolo_export.graph import DenseGraph, SpikingGraph

GENERATOR = torch.Generator()
POPSAN = PopSANConfig(hidden=(32, 32)).build(5, 2, GENERATOR.manual_seed(0)).graph()
DENSE = MLPConfig((32, 32)).build(5, 2, GENERATOR.manual_seed(0)).graph()


SERVICE = Scenario.load("paper").with_countries(bs="DEU")
TASK = AoloTask(SERVICE)


def deployed(agent_carbon: str, **more: object) -> Deployment:
    return Deployment.of({"agent_carbon": agent_carbon, **more}, "a test")


def drawn(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    states = sample_states(SERVICE, count, np.random.default_rng(0))
    return states, TASK.observe(states)


def test_what_does_not_count_costs_nothing() -> None:
    deployment = deployed("none")
    _, observations = drawn()
    assert agent_carbon(deployment, "bs", POPSAN, observations) is None
    assert charged(TASK, deployment, "bs", POPSAN) is TASK
    assert toll(TASK, deployment, "bs") is None


@pytest.mark.parametrize("graph", [POPSAN, DENSE], ids=["popsan", "mlp"])
@pytest.mark.parametrize("mode", ["work", "provisioned"])
def test_the_mean_over_requests_is_the_ledger(mode: str, graph: SpikingGraph | DenseGraph) -> None:
    """At one intensity the carbon of the requests averages to the lines of the ledger, nominal."""
    from hardware_profiles.profile import load_profile
    from neuro_aolo.pricing.count import count_dense, count_spiking
    from neuro_aolo.pricing.price import price
    from neuro_aolo_export.loihi2.quantize import quantize
    from neuro_aolo_export.simulate import simulate_integer

    deployment = deployed(mode, request_rate_hz=0.5)
    states, observations = drawn()
    found = agent_carbon(deployment, "bs", graph, observations)
    assert found is not None
    rate_hz = 0.5 if mode == "provisioned" else None
    conditions = load_conditions("mcu_m33_u575", rate_hz, "mlp-int8")
    if isinstance(graph, SpikingGraph):
        chip, profile = quantize(graph), load_profile("loihi2")
        counts = count_spiking(chip, simulate_integer(chip, observations))
    else:
        counts, profile = count_dense(graph), load_profile("mcu_m33_u575")
    bill = price(counts, profile, conditions)
    assert isinstance(bill, Bill)
    lines = list(inference_lines(bill, float(TASK.intensity(states, "bs")[0])))
    assert bill.latency_s is not None
    time = on_for_s(bill, 0.5) if mode == "provisioned" else bill.latency_s
    lines.append(embodied_line(hardware(profile), "embodied", time))
    if isinstance(graph, SpikingGraph):
        assert {"dynamic", "host", "static"} == set(bill.parts_j)
        lines.append(embodied_line(hardware(load_profile("mcu_m33_u575")), "host embodied", time))
    expected = sum(line.carbon_mg.nominal for line in lines)
    assert found.mg(TASK.intensity(states, "bs")).mean() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("graph", [POPSAN, DENSE], ids=["popsan", "mlp"])
def test_a_device_that_never_waits_is_provisioned_for_its_work_alone(
    graph: SpikingGraph | DenseGraph,
) -> None:
    """Where a decision comes as soon as the last is done, there is no time that only one boundary holds."""
    states, observations = drawn()
    profile, host = ("loihi2", "mcu_m33_u575") if isinstance(graph, SpikingGraph) else ("mcu_m33_u575", None)
    spent = spending(graph, observations, profile, load_conditions(host, None, "mlp-int8"))
    amounts = []
    for mode, rate_hz in (("work", 1.0), ("provisioned", 1.0 / spent.latency_s), ("provisioned", 0.5)):
        found = agent_carbon(deployed(mode, request_rate_hz=rate_hz), "bs", graph, observations)
        assert found is not None
        amounts.append(found.mg(TASK.intensity(states, "bs")))
    work, busy, waiting = amounts
    # But for the host's sleep while the chip works, which a bill of a decision alone does not hold.
    assert busy == pytest.approx(work, rel=1e-4)
    assert (waiting > work).all()


def test_work_of_an_unknown_time_is_refused() -> None:
    _, observations = drawn()
    with pytest.raises(AgentError, match=r"spinnaker2 has no figure of it: set .* to 'provisioned'"):
        agent_carbon(deployed("work", spiking_profile="spinnaker2"), "bs", POPSAN, observations)


def test_a_request_with_more_spikes_emits_more() -> None:
    deployment = deployed("work")
    states, observations = drawn()
    spent = spending(POPSAN, observations, "loihi2", load_conditions("mcu_m33_u575", None, "mlp-int8"))
    assert spent.activity.mean() == pytest.approx(1.0)
    assert np.ptp(spent.activity) > 0.0
    found = agent_carbon(deployment, "bs", POPSAN, observations)
    assert found is not None
    assert np.array_equal(np.argsort(found.mg(TASK.intensity(states, "bs"))), np.argsort(spent.activity))


def test_regret_holds_what_deciding_costs_and_the_oracle_decides_for_nothing() -> None:
    overhead = Overhead("bs", energy_j=100.0, making_mg=0.5)
    counted = Charged(TASK, overhead)
    requests = Requests(TASK, 500, 7)
    emitted = overhead.mg(TASK.intensity(requests.states, "bs"))
    assert emitted[0] == pytest.approx(100.0 / 3.6e6 * requests.states[0, 4] * 1e3 + 0.5)

    def decide(observations: np.ndarray) -> np.ndarray:
        return np.tile([-0.6, -0.5], (len(observations), 1))

    with_it = requests.evaluate(decide, emitted)
    assert with_it == Requests(counted, 500, 7).evaluate(decide)
    without = requests.evaluate(decide)
    assert with_it.optimal_cost == without.optimal_cost
    assert with_it.cost - without.cost == pytest.approx(emitted.mean())
    assert with_it.regret - without.regret == pytest.approx(emitted.sum() / requests.scale.sum())


def test_other_libraries_learn_from_the_same_rewards() -> None:
    counted = Charged(TASK, Overhead("bs", energy_j=100.0, making_mg=0.5))
    action = np.array([-0.6, -0.5], np.float32)
    rewards = []
    for task in (TASK, counted):
        env = TaskEnv(task)
        env.reset(seed=3)
        rewards.append([env.step(action)[1:5] for _ in range(50)])
    intensity = SERVICE.state.bs_intensity_g_per_kwh.sample[0]
    for (plain, *_, info), (less, *_) in zip(*rewards, strict=True):
        expected = 0.0 if info["violated"] else 100.0 / 3.6e6 * intensity * 1e3 + 0.5
        assert plain - less == pytest.approx(expected, rel=1e-9)


def test_a_reward_is_less_by_what_deciding_emits_where_constraints_hold() -> None:
    overhead = Overhead("bs", 0.0, making_mg=2.0)
    states = sample_states(SERVICE, 300, np.random.default_rng(1))
    actions = np.random.default_rng(2).uniform(-1.0, 0.0, (300, 2))
    plain, counted = (
        task.step(states, actions, np.random.default_rng(0)) for task in (TASK, Charged(TASK, overhead))
    )
    assert counted.costs == pytest.approx(plain.costs + 2.0)
    kept = ~plain.violated
    assert 0 < kept.sum() < 300
    assert counted.reward[kept] == pytest.approx(plain.reward[kept] - 2.0)
    assert (counted.reward[~kept] == plain.reward[~kept]).all()


def test_a_toll_is_the_carbon_of_spikes_and_a_weight_comes_on_top() -> None:
    deployment = deployed("work")
    intensity = SERVICE.state.bs_intensity_g_per_kwh.sample[0]
    found = toll(TASK, deployment, "bs")
    assert found is not None
    assert found.cost_per_uj == pytest.approx(intensity * 1e3 / 3.6e6 * 1e-6)
    weighed = SpikeToll("loihi2", found.event_uj, found.spike_uj, 0.02)
    both = toll(TASK, deployment, "bs", weighed)
    assert both is not None
    assert both.cost_per_uj == pytest.approx(0.02 + found.cost_per_uj)
    with pytest.raises(AgentError, match=r"joules of 'loihi1', .* those of 'loihi2': give --spike-profile"):
        toll(TASK, deployment, "bs", SpikeToll("loihi1", 1.0, 1.0, 1.0))


def test_a_device_that_cannot_run_the_actor_is_refused() -> None:
    deployment = deployed("work", spiking_profile="gap9")
    with pytest.raises(AgentError, match=r"gap9 cannot run the snn \(.*: choose another device"):
        charged(TASK, deployment, "bs", POPSAN)


def test_training_in_such_a_scenario_writes_nothing(cli, tmp_path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('extends = "paper"\nname = "mine"\n[deployment]\nagent_carbon = "provisioned"\n')
    file.write_text(file.read_text() + 'spiking_profile = "gap9"\n')
    done = cli("train", "--scenario", file, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_run_counts_what_it_emits(cli, tmp_path, belongs) -> None:
    """The total of the learning curve holds the overhead; the regret of evaluate that of the spikes too."""
    import json

    file = tmp_path / "mine.toml"
    file.write_text('extends = "paper"\nname = "mine"\n[deployment]\nagent_carbon = "provisioned"\n')
    assert cli("train", "--scenario", file, "--steps", "256", "--out", tmp_path / "run").returncode == 0
    with_it = json.loads(cli("evaluate", tmp_path / "run", "--requests", "500", "--json").stdout)
    settings = tmp_path / "run" / "config.toml"
    settings.write_text(settings.read_text().replace('agent_carbon = "provisioned"', 'agent_carbon = "none"'))
    belongs(tmp_path / "run")
    without = json.loads(cli("evaluate", tmp_path / "run", "--requests", "500", "--json").stdout)
    assert with_it["constant_regret"] == without["constant_regret"]
    added_mg = (with_it["regret"] - without["regret"]) * without["oracle_mg_per_request"]
    # 0.28 W of static power at the base station's mean of 400 g/kWh, and the making of two devices.
    assert added_mg == pytest.approx(0.28 / 3.6e6 * 400e3 + 1.01e6 / (5 * 31_536_000.0), rel=0.05)
