"""What NeuroBench counts in one network. Runs where NeuroBench is installed; needs nothing of ours.

``python neurobench_counter.py KIND NETWORK.npz BATCH OUT.npz``, with KIND one of

- ``layers``: ``weight0``, ``input0`` ``(T, B, N)``, ...: every layer alone, fed with its own spikes;
- ``spiking``: ``weight0``, ``bias0``, ``neuron0`` (decay of the current, of the potential, threshold), ...
  and ``input`` ``(T, B, N)``: the whole network, of snnTorch's neurons;
- ``dense``: ``weight0``, ``bias0``, ... and ``input`` ``(B, N)``: the whole network, ReLU and a tanh.

The metrics are NeuroBench's, by its own Benchmark, BATCH decisions at a time. The last line printed is
JSON: ``versions`` and ``metrics``, one entry per network. OUT gets ``output0``, ... and, of a spiking
network, ``potential0``, ...: what NeuroBench saw, ``(T, B, n)`` or ``(B, n)``.
"""

import importlib.metadata
import json
import sys
from typing import Any

import numpy as np
import snntorch
import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.static import ConnectionSparsity, ParameterCount
from neurobench.metrics.workload import ActivationSparsity, MembraneUpdates, SynapticOperations
from neurobench.models import NeuroBenchModel, SNNTorchModel, TorchModel
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

Arrays = dict[str, np.ndarray]


class Spiking(nn.Module):
    """Linear layers, each with its neurons where there are any; one call is one step."""

    def __init__(self, connections: list[nn.Linear], neurons: list[snntorch.Synaptic]) -> None:
        super().__init__()
        self.connections = nn.ModuleList(connections)
        self.neurons = nn.ModuleList(neurons)
        self.spikes: list[list[Tensor]] = [[] for _ in neurons]
        self.potentials: list[list[Tensor]] = [[] for _ in neurons]

    def reset(self) -> None:
        """Put every neuron at rest."""
        for neuron in self.neurons:
            neuron.reset_mem()

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        """Spikes of the last layer, in the pair that SNNTorchModel takes apart."""
        if not self.neurons:
            return self.connections[0](x), None
        for index, neuron in enumerate(self.neurons):
            x = neuron(self.connections[index](x))
            self.spikes[index].append(x)
            self.potentials[index].append(neuron.mem)
        return x, None


class Dense(nn.Module):
    """Linear layers with ReLU between them and a tanh at the end."""

    def __init__(self, connections: list[nn.Linear]) -> None:
        super().__init__()
        ends = [nn.ReLU() for _ in connections[1:]] + [nn.Tanh()]
        self.layers = nn.ModuleList(nn.Sequential(*pair) for pair in zip(connections, ends, strict=True))
        self.outputs: list[list[Tensor]] = [[] for _ in connections]

    def forward(self, x: Tensor) -> Tensor:
        """Actions."""
        for layer, outputs in zip(self.layers, self.outputs, strict=True):
            x = layer(x)
            outputs.append(x)
        return x


def linear(given: Arrays, index: int) -> nn.Linear:
    """Layer ``index``, with its bias where it has one."""
    weight = torch.from_numpy(given[f"weight{index}"]).float()
    bias = given.get(f"bias{index}")
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight.data = weight
    if bias is not None:
        layer.bias.data = torch.from_numpy(bias).float()
    return layer


def synaptic(constants: np.ndarray) -> snntorch.Synaptic:
    """Neurons that go to 0 in the very step in which they fire."""
    alpha, beta, threshold = torch.from_numpy(constants).float()
    return snntorch.Synaptic(
        alpha=alpha,
        beta=beta,
        threshold=threshold,
        reset_mechanism="zero",
        reset_delay=False,
        init_hidden=True,
    )


def counted(model: NeuroBenchModel, inputs: np.ndarray, batch: int, workload: list[type]) -> dict[str, Any]:
    """NeuroBench's metrics of a model on inputs ``(B, ...)``."""
    data = TensorDataset(torch.from_numpy(inputs).float(), torch.zeros(len(inputs)))
    metrics = [[ConnectionSparsity, ParameterCount], workload]
    with torch.no_grad():
        return Benchmark(model, DataLoader(data, batch), [], [], metrics).run(quiet=True)


def count_layers(given: Arrays, batch: int, out: Arrays) -> list[dict[str, Any]]:
    """Every layer alone."""
    return [
        counted(
            SNNTorchModel(Spiking([linear(given, index)], [])),
            given[f"input{index}"].swapaxes(0, 1),
            batch,
            [SynapticOperations],
        )
        for index in range(len(given) // 2)
    ]


def count_spiking(given: Arrays, batch: int, out: Arrays) -> list[dict[str, Any]]:
    """The whole network."""
    indices = range(len(given) // 3)
    network = Spiking(
        [linear(given, index) for index in indices], [synaptic(given[f"neuron{index}"]) for index in indices]
    )
    steps = len(given["input"])
    metrics = [SynapticOperations, MembraneUpdates, ActivationSparsity]
    found = counted(SNNTorchModel(network), given["input"].swapaxes(0, 1), batch, metrics)
    for name, layers in (("output", network.spikes), ("potential", network.potentials)):
        for index, calls in enumerate(layers):
            batches = [torch.stack(calls[start : start + steps]) for start in range(0, len(calls), steps)]
            out[f"{name}{index}"] = torch.cat(batches, dim=1).numpy()
    return [found]


def count_dense(given: Arrays, batch: int, out: Arrays) -> list[dict[str, Any]]:
    """The whole network."""
    network = Dense([linear(given, index) for index in range(len(given) // 2)])
    found = counted(TorchModel(network), given["input"], batch, [SynapticOperations, ActivationSparsity])
    out |= {f"output{index}": torch.cat(calls).numpy() for index, calls in enumerate(network.outputs)}
    return [found]


def main() -> None:
    """Read the arguments, count, and print."""
    kind, network, batch, path = sys.argv[1:]
    with np.load(network) as saved:
        given = dict(saved)
    out: Arrays = {}
    count = {"layers": count_layers, "spiking": count_spiking, "dense": count_dense}[kind]
    metrics = count(given, int(batch), out)
    np.savez(path, **out)
    versions = {name: importlib.metadata.version(name) for name in ("neurobench", "snntorch", "torch")}
    print(json.dumps({"versions": versions, "metrics": metrics}))


if __name__ == "__main__":
    main()
