"""Settings under which neurons of snnTorch and sinabs spike as ours: the table of resets in export/NIR.md.

Each runs one layer on the same random spikes as our float simulator, with reset to zero and by subtraction:
``python scripts/check_resets.py`` in an environment that has snntorch, sinabs and this package. Weights have
few binary places, so that the order of a sum moves no spike.
"""

import importlib.metadata
import math
from typing import Any

import numpy as np
import torch

from neuro_aolo_export.graph import SpikingLayer
from neuro_aolo_export.reset import RESETS, Reset
from neuro_aolo_export.simulate import float_spikes

STEPS, DECISIONS, INPUTS, NEURONS = 40, 100, 20, 16
ALPHA, BETA = 0.5, 0.75
CASES = ((1.0, "Leaky", BETA), (1.0, "Leaky", 1.0), (0.4, "Leaky", BETA), (1.0, "Synaptic", BETA))
"""Gain of the weights, neurons, and the share of the potential that they keep."""
Spikes = np.ndarray[Any, Any]


def network(gain: float) -> tuple[Spikes, Spikes]:
    """Weights ``(N, N0)`` and input spikes ``(T, B, N0)``."""
    rng = np.random.default_rng(0)
    spikes = (rng.random((STEPS, DECISIONS, INPUTS)) < 0.3).astype(np.uint8)
    return np.round(gain * rng.normal(0.02, 0.25, (NEURONS, INPUTS)) * 256) / 256, spikes


def ours(weight: Spikes, spikes: Spikes, decays: tuple[float, float], reset: Reset) -> Spikes:
    """Spikes ``(T, B, N)`` of our float simulator."""
    return float_spikes([SpikingLayer(weight, np.zeros(NEURONS), *decays, 1.0, reset)], spikes)[0]


def of_snntorch(kind: str, weight: Spikes, spikes: Spikes, beta: float, **settings: Any) -> Spikes:
    """Spikes of snnTorch's ``Leaky`` or ``Synaptic``."""
    import snntorch

    own = {"alpha": ALPHA} if kind == "Synaptic" else {}
    neurons = getattr(snntorch, kind)(beta=beta, threshold=1.0, **own, **settings)
    state = [torch.zeros(DECISIONS, NEURONS)] * (1 + len(own))
    fired = []
    with torch.no_grad():
        for drive in _drive(weight, spikes):
            spiked, *state = neurons(drive, *state)
            fired.append(spiked.numpy())
    return np.array(fired)


def of_sinabs(several: bool, weight: Spikes, spikes: Spikes, reset: Reset) -> Spikes:
    """Spikes of sinabs' ``LIF``."""
    import sinabs.activation as activation
    import sinabs.layers as layers

    neurons = layers.LIF(
        tau_mem=torch.tensor(-1.0 / math.log(BETA)),
        spike_threshold=torch.tensor(1.0),
        spike_fn=activation.MultiSpike if several else activation.SingleSpike,
        reset_fn=activation.MembraneSubtract() if reset == "subtract" else activation.MembraneReset(),
        norm_input=False,
    )
    with torch.no_grad():
        fired: Spikes = neurons(_drive(weight, spikes).transpose(0, 1)).transpose(0, 1).numpy()
    return fired


def _drive(weight: Spikes, spikes: Spikes) -> torch.Tensor:
    return torch.from_numpy(spikes).float() @ torch.from_numpy(weight).float().T


def row(neurons: str, settings: str, reset: Reset, mine: Spikes, other: Spikes) -> str:
    """A line of the table."""
    differing = int((mine != other).sum())
    told = f"equal, all {mine.size:,}" if differing == 0 else f"{differing:,} of {mine.size:,} differ"
    return f"| {neurons} | {settings} | `{reset}` | {told} |"


def main() -> None:
    """Print the table."""
    for name in ("snntorch", "sinabs"):
        print(name, importlib.metadata.version(name))
    print("| Neurons | Settings | `--reset` | Spikes |\n| --- | --- | --- | --- |")
    for gain, kind, beta in CASES:
        weight, spikes = network(gain)
        for reset in RESETS:
            mine = ours(weight, spikes, (ALPHA if kind == "Synaptic" else 0.0, beta), reset)
            for delay in (True, False):
                given = {"reset_mechanism": reset, "reset_delay": delay}
                told = ", ".join(f"`{name}={value!r}`" for name, value in given.items())
                label = f"snntorch `{kind}`, `beta={beta:g}`, gain {gain:g}"
                print(row(label, told, reset, mine, of_snntorch(kind, weight, spikes, beta, **given)))
    weight, spikes = network(1.0)
    for several in (True, False):
        for reset in RESETS:
            mine = ours(weight, spikes, (0.0, BETA), reset)
            label = "MultiSpike" if several else "SingleSpike"
            other = of_sinabs(several, weight, spikes, reset)
            print(row("sinabs `LIF`", f"`{label}`", reset, mine, other))


if __name__ == "__main__":
    main()
