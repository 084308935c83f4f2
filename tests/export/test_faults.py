"""Faults at strengths whose outcome is known, and their statistics in between."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo_export.activity import Activity
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationDecoder, PopulationEncoder, SpikingGraph, SpikingLayer
from neuro_aolo_export.loihi2.faults import Fault, _with_noise, faulty_activity
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import integer_spikes, simulate_integer

SHARES = st.floats(0.0, 0.5)


@pytest.fixture
def qgraph(make_graph) -> QuantizedGraph:  # type: ignore[no-untyped-def]
    return quantize(make_graph(np.random.default_rng(0), (40, 30), population=10))


def observations(count: int = 50) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (count, 3))


def decided(qgraph: QuantizedGraph, text: str, seed: int = 0) -> Activity:
    return faulty_activity(qgraph, observations(), Fault.parse(text), np.random.default_rng(seed))


@settings(deadline=None)
@given(SHARES, SHARES, SHARES, SHARES)
def test_a_fault_reads_as_it_is_written(noise: float, lost: float, silent: float, firing: float) -> None:
    fault = Fault(noise, lost, silent, firing)
    assert Fault.parse(str(fault)) == fault


def test_faults_are_typed_by_kind_and_share() -> None:
    assert Fault.parse("weight-noise=0.05") == Fault(weight_noise=0.05)
    assert Fault.parse("lost-spikes=0.01, stuck-firing=2e-2") == Fault(lost_spikes=0.01, stuck_firing=0.02)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "fault '': give KIND=SHARE"),
        ("weight-noise", "fault 'weight-noise': give KIND=SHARE"),
        (
            "weight-noise=",
            "give KIND=SHARE, where KIND is weight-noise, lost-spikes, stuck-silent, stuck-firing",
        ),
        ("weight-noise=much", "fault 'weight-noise=much': give KIND=SHARE"),
        ("weight_noise=0.1", "fault 'weight_noise=0.1': give KIND=SHARE"),
        ("lost-spikes=0.1,", "fault '': give KIND=SHARE"),
        ("lost-spikes=1.5", "lost-spikes=1.5: give a share from 0 to 1"),
        ("lost-spikes=-0.1", "lost-spikes=-0.1: give a share from 0 to 1"),
        ("lost-spikes=nan", "lost-spikes=nan: give a share from 0 to 1"),
        ("lost-spikes=٠.١", "SHARE a number from 0 to 1"),
        ("lost-spikes=0.1_0", "SHARE a number from 0 to 1"),
        ("weight-noise=inf", "weight-noise=inf: give a share from 0 to 1"),
        ("stuck-silent=0.1,stuck-silent=0.2", "names stuck-silent twice"),
        ("stuck-silent=0.6,stuck-firing=0.6", "come to more than all neurons"),
    ],
)
def test_other_text_is_refused_with_the_fix(text: str, message: str) -> None:
    with pytest.raises(ExportError) as error:
        Fault.parse(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_without_a_fault_the_chip_is_the_simulator(qgraph: QuantizedGraph) -> None:
    exact, found = simulate_integer(qgraph, observations()), decided(qgraph, "weight-noise=0")
    np.testing.assert_array_equal(found.input_spikes, exact.input_spikes)
    for mine, other in zip(found.layer_spikes, exact.layer_spikes, strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(found.actions, exact.actions)


def test_all_neurons_stuck_leave_the_bias_neurons(qgraph: QuantizedGraph) -> None:
    silent, firing = decided(qgraph, "stuck-silent=1"), decided(qgraph, "stuck-firing=1")
    for spikes in silent.layer_spikes[:-1]:
        assert not spikes[..., :-1].any()
        assert spikes[..., -1].all()
    assert not silent.layer_spikes[-1].any()
    assert all(spikes.all() for spikes in firing.layer_spikes)
    assert qgraph.decoder is not None
    bias, weight = qgraph.decoder.bias, qgraph.decoder.weight
    np.testing.assert_allclose(silent.actions, np.tile(np.tanh(bias), (50, 1)), rtol=1e-6)
    np.testing.assert_allclose(
        firing.actions, np.tile(np.tanh(weight.sum(1) + bias), (50, 1)), rtol=1e-5, atol=1e-6
    )


def test_a_network_that_loses_every_spike_lives_on_its_biases(qgraph: QuantizedGraph) -> None:
    found = decided(qgraph, "lost-spikes=1")
    for index, layer in enumerate(qgraph.layers):
        arriving = np.zeros((qgraph.steps, 50, layer.inputs), dtype=np.uint8)
        arriving[..., -1] = 1
        (alone,) = integer_spikes((layer,), arriving)
        np.testing.assert_array_equal(found.layer_spikes[index], alone)
    np.testing.assert_array_equal(found.actions, decided(qgraph, "stuck-silent=1").actions)
    np.testing.assert_array_equal(found.input_spikes, simulate_integer(qgraph, observations()).input_spikes)


def _repeater(neurons: int, steps: int) -> QuantizedGraph:
    """Output neuron i fires exactly when input i does, and the action counts the output's spikes."""
    layer = SpikingLayer(np.eye(neurons), np.zeros(neurons), 0.0, 0.0, 0.5)
    encoder = PopulationEncoder(np.zeros((neurons, 1)), np.full((neurons, 1), 1e3))
    decoder = PopulationDecoder(np.full((1, neurons), 1.0 / neurons), np.zeros(1))
    return quantize(SpikingGraph(encoder, (layer,), decoder, steps))


def test_each_hop_loses_its_share() -> None:
    """Of N spikes (1 - p) N arrive behind the first hop, and (1 - p)^2 N at the decoder."""
    count, probability = 400 * 30 * 8, 0.3
    activity = faulty_activity(
        _repeater(30, 8), np.zeros((400, 30)), Fault(lost_spikes=probability), np.random.default_rng(0)
    )
    assert activity.input_spikes[..., :-1].sum() == count
    once, twice = activity.layer_spikes[0].sum() / count, np.arctanh(activity.actions.astype(float)).mean()
    sigma = (0.25 / count) ** 0.5
    assert once == pytest.approx(1 - probability, abs=5 * sigma)
    assert twice == pytest.approx((1 - probability) ** 2, abs=5 * sigma)


def test_stuck_neurons_are_the_same_in_every_decision_and_more_where_the_share_is_larger() -> None:
    graph = _repeater(2_000, 3)
    stuck = []
    for share in (0.05, 0.2):
        activity = faulty_activity(
            graph, np.zeros((3, 2_000)), Fault(stuck_silent=share), np.random.default_rng(2)
        )
        silent = ~activity.layer_spikes[0].any(axis=(0, 1))
        assert (activity.layer_spikes[0] == ~silent).all()
        assert silent.mean() == pytest.approx(share, abs=5 * (share / 2_000) ** 0.5)
        stuck.append(silent)
    assert (stuck[1] | ~stuck[0]).all()


def test_noise_has_its_size_and_keeps_to_the_grid(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(0), (200, 100), population=20)
    for bits in (4, 8):
        step = 2 ** (9 - bits)
        layer = quantize(graph, bits).layers[1]
        noisy = _with_noise(layer, 0.1, step, np.random.default_rng(0), hidden=True)
        assert (noisy.weight % step == 0).all()
        assert not noisy.weight[:-1][layer.weight[:-1] == 0].any()
        np.testing.assert_array_equal(noisy.weight[-1], layer.weight[-1])
        own, changed = layer.weight[:-1], noisy.weight[:-1]
        inner = (own != 0) & (np.abs(own) < 128)
        sigma = 0.1 * np.abs(own).max()
        # Rounding of a normal error adds step^2 / 12 to its variance.
        spread = (sigma**2 + step**2 / 12) ** 0.5
        assert (changed - own)[inner].std() == pytest.approx(spread, rel=0.03)
        assert abs((changed - own)[inner].mean()) < 5 * spread / inner.sum() ** 0.5
        assert noisy.threshold_mant == layer.threshold_mant


def test_weights_of_one_sign_stay_loadable() -> None:
    layer = quantize(
        SpikingGraph(None, (SpikingLayer(-np.ones((3, 4)), np.zeros(3), 0.5, 0.75, 0.5),), None, 5)
    ).layers[0]
    for seed in range(20):
        noisy = _with_noise(layer, 0.5, 2, np.random.default_rng(seed), hidden=False)
        assert noisy.weight.min() >= (-256 if noisy.is_mixed else -254)


def test_the_same_generator_breaks_the_same_chip(qgraph: QuantizedGraph) -> None:
    text = "weight-noise=0.1,lost-spikes=0.1,stuck-silent=0.1,stuck-firing=0.1"
    first, again, other = decided(qgraph, text), decided(qgraph, text), decided(qgraph, text, seed=1)
    np.testing.assert_array_equal(first.actions, again.actions)
    assert (first.actions != other.actions).any()
    assert (first.actions != simulate_integer(qgraph, observations()).actions).any()


def test_a_network_without_encoder_is_refused(qgraph: QuantizedGraph) -> None:
    with pytest.raises(ExportError, match="has no encoder or no decoder"):
        faulty_activity(replace(qgraph, encoder=None), observations(), Fault(), np.random.default_rng(0))
