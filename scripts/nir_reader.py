"""One NIR file in one library: spikes in, the spikes of every layer out. Runs where the library is installed.

``python nir_reader.py read snntorch FILE.nir INPUT.npy DT OUT.npz`` loads FILE with the library's importer.
``write`` instead of ``read`` builds a network in the library, writes it to FILE with the library's own
exporter, and runs that network. INPUT is ``(T, B, N)``; OUT gets ``layer0``, ``layer1``, ..., ``(T, B, n)``.
The last line printed is the library's version.
"""

import importlib.metadata
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

HIDDEN, OUTPUTS, STEPS_KEPT = 32, 20, 4.0
Run = Callable[[Any, torch.Tensor], None]


def recorded(network: Any, names: Iterable[str], run: Run, spikes: torch.Tensor) -> list[np.ndarray]:
    """Outputs of the named modules, one entry per call, while the network runs."""
    seen: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for name, outputs in seen.items():

        def keep(module: Any, given: Any, output: Any, outputs: list[np.ndarray] = outputs) -> None:
            first = output[0] if isinstance(output, tuple) else output
            outputs.append(first.detach().numpy().copy())

        network.get_submodule(name).register_forward_hook(keep)
    with torch.no_grad():
        run(network, spikes)
    return [np.array(outputs) for outputs in seen.values()]


def step_by_step(network: Any, spikes: torch.Tensor) -> None:
    """snnTorch: the state stays in the modules."""
    for step in spikes:
        network(step)


def with_state(network: Any, spikes: torch.Tensor) -> None:
    """Norse: the state is passed along."""
    state = None
    for step in spikes:
        _, state = network(step, state)


def at_once(network: Any, spikes: torch.Tensor) -> None:
    """Rockpool: ``(B, T, N)``."""
    network(spikes.transpose(0, 1))


def squeezed(network: Any, spikes: torch.Tensor) -> None:
    """sinabs: ``(B T, N)``."""
    network(spikes.transpose(0, 1).flatten(0, 1))


def load(library: str, path: Path, batch: int, dt_s: float) -> tuple[Any, Run]:
    """The network that the library makes of the file, and how it is run."""
    if library == "snntorch":
        from snntorch.import_nir import import_from_nir

        return import_from_nir(nir.read(path)), step_by_step
    if library == "norse":
        from norse.torch import from_nir

        return from_nir(nir.read(path), dt=dt_s), with_state
    if library == "rockpool":
        from rockpool.nn.modules.torch.nir import from_nir

        return from_nir(path), at_once
    from sinabs.nir import from_nir

    return from_nir(nir.read(path), batch_size=batch), squeezed


def build(library: str, inputs: int, batch: int, dt_s: float) -> tuple[Any, Run, Callable[[Any], Any]]:
    """A network of two layers made in the library, how it is run, and the library's exporter."""
    sizes = ((inputs, HIDDEN), (HIDDEN, OUTPUTS))
    if library == "snntorch":
        import snntorch
        from snntorch.export_nir import export_to_nir

        layers = [
            module
            for size in sizes
            for module in (
                torch.nn.Linear(*size),
                snntorch.Synaptic(
                    alpha=torch.full(size[1:], 0.5),
                    beta=torch.full(size[1:], 0.75),
                    threshold=torch.full(size[1:], 0.1),
                    reset_mechanism="zero",
                    reset_delay=False,
                    init_hidden=True,
                ),
            )
        ]
        sample = torch.zeros(1, inputs)
        return (
            torch.nn.Sequential(*layers),
            step_by_step,
            lambda network: export_to_nir(network, sample, ignore_dims=[0]),
        )
    if library == "norse":
        import norse.torch as nt

        cells = (
            nt.LIFBoxParameters(
                tau_mem_inv=torch.full(size[1:], 1.0 / (STEPS_KEPT * dt_s)),
                v_leak=torch.zeros(size[1]),
                v_th=torch.full(size[1:], 0.05),
            )
            for size in sizes
        )
        pairs = zip(sizes, cells, strict=True)
        layers = [m for size, cell in pairs for m in (torch.nn.Linear(*size), nt.LIFBoxCell(cell, dt=dt_s))]
        sample = torch.zeros(1, inputs)
        return (
            nt.SequentialState(*layers),
            with_state,
            lambda network: nt.to_nir(network, sample, dt=dt_s),
        )
    if library == "rockpool":
        from rockpool.nn.combinators import Sequential
        from rockpool.nn.modules import LIFTorch, LinearTorch
        from rockpool.nn.modules.torch.nir import to_nir

        times = {"tau_mem": STEPS_KEPT * dt_s, "tau_syn": 2 * dt_s, "threshold": 0.5, "dt": dt_s}
        layers = [m for size in sizes for m in (LinearTorch(size), LIFTorch(size[1], **times))]
        return Sequential(*layers), at_once, to_nir
    import sinabs.layers as sl
    from sinabs.nir import to_nir

    layers = [
        m
        for size in sizes
        for m in (
            torch.nn.Linear(*size),
            sl.LIFSqueeze(
                tau_mem=torch.full(size[1:], STEPS_KEPT),
                spike_threshold=torch.ones(size[1]),
                batch_size=batch,
                norm_input=False,
            ),
        )
    ]
    return torch.nn.Sequential(*layers), squeezed, lambda network: to_nir(network, torch.zeros(batch, inputs))


def main() -> None:
    """Read the arguments, run, and write spikes ``(T, B, n)``."""
    action, library, file, given, dt, out = sys.argv[1:]
    torch.manual_seed(0)
    spikes = torch.from_numpy(np.load(given)).float()
    steps, batch, inputs = spikes.shape
    if action == "read":
        network, run = load(library, Path(file), batch, float(dt))
        names = sorted(name for name, _ in network.named_modules() if name.endswith("_neurons"))
    else:
        network, run, export = build(library, inputs, batch, float(dt))
        nir.write(file, export(network))
        names = [name for name, _ in network.named_children()][1::2]
    layers = recorded(network, names, run, spikes)
    if run is at_once:
        layers = [layer[0].transpose(1, 0, 2) for layer in layers]
    elif run is squeezed:
        layers = [layer[0].reshape(batch, steps, -1).transpose(1, 0, 2) for layer in layers]
    np.savez(out, **{f"layer{index}": layer for index, layer in enumerate(layers)})
    print(importlib.metadata.version(library))


if __name__ == "__main__":
    main()
