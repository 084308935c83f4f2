"""The toll on spikes: counted as the energy bill counts them, and learnt from."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import torch

from hardware_profiles.profile import load_profile
from neuro_aolo.agent.checkpoint import ActorSpec
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import TUNED, PopSAN, PopSANConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.count import count_spiking
from neuro_aolo.pricing.profiler import spike_prices_uj
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo_export.simulate import simulate_float

SMALL = PopSANConfig(hidden=(24, 24), fan_in=1, surrogate_width=0.2)
GRADED = replace(TUNED, hidden=(24,))


def _actor(config: PopSANConfig = SMALL) -> PopSAN:
    return PopSAN(3, 2, config, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("config", [SMALL, GRADED])
def test_the_toll_is_the_bill_of_the_counted_spikes(config: PopSANConfig) -> None:
    actor, toll = _actor(config), SpikeToll("loihi2", 6e-5, 8e-5, 0.5)
    observations = np.random.default_rng(0).uniform(-1, 1, (40, 3)).astype(np.float32)
    graph = actor.graph()
    counts = count_spiking(graph, simulate_float(graph, observations))
    spikes = counts.input_spikes + sum(counts.layer_spikes)
    by_hand = 0.5 * (6e-5 * sum(counts.synaptic_events) + 8e-5 * spikes)
    assert toll.cost(actor, torch.from_numpy(observations)) == pytest.approx(by_hand, rel=1e-5)


def test_a_toll_changes_no_action_and_reaches_encoder_and_layers() -> None:
    actor, toll = _actor(), SpikeToll("loihi2", 6e-5, 8e-5, 0.5)
    observations = torch.rand((16, 3), generator=torch.Generator().manual_seed(1)) * 2 - 1
    actions, cost = toll.decide(actor, observations)
    assert torch.equal(actions, actor(observations))
    cost.backward()
    for name in ("encoder.mean", "encoder.std", "layers.0.weight", "layers.2.bias"):
        gradient = actor.get_parameter(name).grad
        assert gradient is not None
        assert gradient.abs().sum() > 0.0
    assert actor.decoder.weight.grad is None


def test_prices_are_the_profiles_with_its_calibration() -> None:
    event_uj, spike_uj = spike_prices_uj(load_profile("loihi2"))
    assert event_uj == pytest.approx(4.0 * 15.0e-6)
    assert spike_uj == pytest.approx(4.0 * (1.0 + 60.0 - 40.0) * 1e-6)
    with pytest.raises(AgentError, match=r"'xylo_a2' has no energy_pj\.synop"):
        spike_prices_uj(load_profile("xylo_a2"))


def test_a_toll_waits_until_spikes_carry_decisions() -> None:
    shares = [SpikeToll.share(progress) for progress in (0.0, 0.3, 0.45, 0.6, 1.0)]
    assert shares == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_training_with_a_toll_spikes_less() -> None:
    task = AoloTask(Scenario.load("paper"))
    config = SDRLConfig(total_steps=40_960, num_envs=64, evaluate_every=80, validation_requests=500)
    spec = ActorSpec(task.spec.observation_names, task.spec.action_names, SMALL)
    events = {}
    for weight in (0.0, 30.0):
        toll = SpikeToll("loihi2", 6e-5, 8.4e-5, weight) if weight else None
        actor = train_actor(task, spec.build, config, 0, toll=toll).actor
        assert isinstance(actor, PopSAN)
        graph = actor.graph()
        observations = task.observe(task.reset(200, np.random.default_rng(0)))
        events[weight] = sum(count_spiking(graph, simulate_float(graph, observations)).synaptic_events)
    assert events[30.0] < 0.7 * events[0.0]


@pytest.mark.parametrize(
    "change", [{"event_uj": -1.0}, {"cost_per_uj": float("nan")}, {"event_uj": 0.0, "spike_uj": 0.0}]
)
def test_a_toll_without_a_meaning_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(AgentError, match="give finite numbers of 0 or more, and a device that has a price"):
        dataclasses.replace(SpikeToll("loihi2", 1.0, 1.0, 1.0), **change)


def test_a_dense_actor_has_no_spikes() -> None:
    mlp = MLP(3, 2, MLPConfig(), torch.Generator())
    with pytest.raises(AgentError, match="a MLP has no spikes to be tolled"):
        SpikeToll("loihi2", 1.0, 1.0, 1.0).cost(mlp, torch.zeros((1, 3)))
