"""A network of one's own: the same bill by every way that it comes in, worked out by hand."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.priced_network import DenseWork, PricedNetwork, SpikingWork, price_network
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph_file import save_graph
from neuro_aolo_export.onnx.dense import write_dense

MCU = "mcu_m33_u575"
X = np.random.default_rng(0).uniform(-1.0, 1.0, (12, 5))


def total_j(found: PricedNetwork, profile: str = MCU) -> float:
    bill = found.priced.devices[profile].bill(found.kind)
    assert bill is not None
    return bill.total_j.nominal


def test_a_dense_network_costs_the_same_by_every_way_that_it_comes_in(tmp_path: Path) -> None:
    """5-256-256-2: 67,328 multiply-accumulates of 1,240 pJ each in float32 on a Cortex-M33."""
    actor = MLPConfig((256, 256)).build(5, 2, torch.Generator().manual_seed(0))
    graph = actor.graph()
    save_graph(graph, tmp_path / "net.graph")
    write_dense(graph, tmp_path / "net.onnx")
    np.savez(tmp_path / "x.npz", input=X)
    a, b, c = actor.layers
    plain = nn.Sequential(a, nn.ReLU(), b, nn.ReLU(), c, nn.Tanh())
    ways: list[tuple[Any, Any]] = [
        *((tmp_path / "net.graph", None), (tmp_path / "net.graph", X), (str(tmp_path / "net.onnx"), X)),
        *((tmp_path / "net.onnx", tmp_path / "x.npz"), (tmp_path / "net.onnx", None)),
        *((graph, None), (actor, X), (plain, X)),
    ]
    for network, inputs in ways:
        found = price_network(network, inputs, profiles=[MCU], twin="mlp-fp32")
        assert isinstance(found.work, DenseWork)
        assert (found.kind, found.sizes) == ("dense", (5, 256, 256, 2))
        assert (found.work.macs, found.work.weights, found.work.activations) == (67_328, 67_842, 514)
        assert [layer.work for layer in found.layers] == [1_280, 65_536, 512]
        assert total_j(found) == pytest.approx(67_328 * 1_240e-12)
        assert found.priced.pairs == ()
    cheaper = price_network(graph, profiles=[MCU])
    assert total_j(cheaper) < total_j(found)
    assert (cheaper.priced.conditions.dense_bits, found.priced.conditions.dense_bits) == (8, 32)


def test_the_reading_is_checked_and_drawn_inputs_are_told_apart(tmp_path: Path) -> None:
    write_dense(MLPConfig((8,)).build(5, 2, torch.Generator().manual_seed(0)).graph(), tmp_path / "net.onnx")
    checks = []
    for inputs in (X, None):
        work = price_network(tmp_path / "net.onnx", inputs, profiles=[MCU]).work
        assert isinstance(work, DenseWork)
        assert work.checked is not None
        assert work.checked.difference < 1e-6
        checks.append((work.checked.inputs, work.checked.drawn, work.checked.run_by))
    assert checks == [(12, False, "onnxruntime"), (64, True, "onnxruntime")]


def test_curved_activations_are_named_without_a_price(tmp_path: Path) -> None:
    """KerasSpiking takes 8.6 nJ for each neuron whatever it computes; no other device prices a sigmoid."""
    module = nn.Sequential(nn.Linear(5, 8), nn.Sigmoid(), nn.Linear(8, 6), nn.LeakyReLU(), nn.Linear(6, 3))
    found = price_network(module, X, profiles=[MCU, "kerasspiking_cpu", "h100"], twin="mlp-fp32")
    bills = {name: device.dense for name, device in found.priced.devices.items()}
    assert bills[MCU].unpriced[0] == "activations other than tanh and straight lines (8 a decision)"  # type: ignore[union-attr]
    assert not [text for text in bills["h100"].unpriced if "activations" in text]  # type: ignore[union-attr]
    macs = 5 * 8 + 8 * 6 + 6 * 3
    assert bills["kerasspiking_cpu"].total_j.nominal == pytest.approx((macs + 8 + 6) * 8_600e-12)  # type: ignore[union-attr]
    plain = nn.Sequential(nn.Linear(5, 8), nn.Tanh())
    bill = price_network(plain, X, profiles=[MCU]).priced.devices[MCU].dense
    assert bill is not None
    assert bill.unpriced == ()


def test_a_spiking_actor_is_priced_on_observations_or_on_its_spikes() -> None:
    actor = PopSANConfig(hidden=(16, 12)).build(5, 2, torch.Generator().manual_seed(0))
    graph = actor.graph()
    spikes = graph.input_spikes(X).transpose(1, 0, 2)
    found = [
        price_network(network, inputs, profiles=["loihi2"])
        for network, inputs in ((actor, X), (graph, X), (graph, spikes), (actor, spikes))
    ]
    told = [dataclasses.replace(each, source=None).to_dict() for each in found]
    assert told[0] == told[1] == told[2] == told[3]
    assert [each.source for each in found] == ["PopSAN", None, None, "PopSAN"]
    work = found[0].work
    assert isinstance(work, SpikingWork)
    assert work.steps == graph.steps
    assert work.synaptic_events == pytest.approx(sum(layer.work for layer in found[0].layers))
    assert found[0].decisions == 12
    assert total_j(found[0], "loihi2") > 0.0


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    graph = MLPConfig((8,)).build(5, 2, torch.Generator().manual_seed(0)).graph()
    spiking = PopSANConfig(hidden=(8,)).build(5, 2, torch.Generator().manual_seed(0)).graph()
    write_dense(graph, tmp_path / "net.onnx")
    for call, kind, about in (
        (lambda: price_network(graph, X[:, :3]), ExportError, r"shape \(12, 3\): give \(decisions, 5\)"),
        (lambda: price_network(graph, X[:0]), ExportError, r"shape \(0, 5\)"),
        (lambda: price_network(graph, np.full((1, 5), np.inf)), ExportError, "NaN or infinity"),
        (lambda: price_network(graph, ["a"]), ExportError, "not an array of numbers"),
        (lambda: price_network(graph, weight_bits=8), AgentError, "--weight-bits 8 is for a spiking network"),
        (lambda: price_network(graph, output="y"), AgentError, "output y does not go with DenseGraph"),
        (
            lambda: price_network(graph, twin="mlp"),
            AgentError,
            "--twin 'mlp' is neither mlp-int8 nor mlp-fp32",
        ),
        (lambda: price_network(graph, request_rate_hz=0.0), AgentError, "--request-rate 0 is not allowed"),
        (lambda: price_network(graph, profiles=["nothing"]), ValueError, "'nothing' is unknown"),
        (
            lambda: price_network(tmp_path / "net.onnx", steps=3),
            AgentError,
            "--time-steps 3 does not go",
        ),
        (lambda: price_network(nn.Linear(5, 2)), ExportError, "Linear comes without inputs"),
        (lambda: price_network("net", X), ExportError, "net cannot be read"),
        (lambda: price_network(object(), X), AgentError, "a object is no network"),
        (lambda: price_network(spiking), ExportError, "comes without inputs"),
        (lambda: price_network(spiking, 2.0 * X), ExportError, r"each in \[-1, 1\]"),
        (lambda: price_network(spiking, X[None]), ExportError, r"give \(decisions, "),
    ):
        with pytest.raises(kind, match=about):
            call()  # type: ignore[no-untyped-call]
