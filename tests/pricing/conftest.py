"""Counts of two actors of the same size."""

import pytest

from neuro_aolo.pricing.count import DenseCounts, SpikingCounts


@pytest.fixture(scope="session")
def popsan() -> SpikingCounts:
    """PopSAN 5-256-256-2 in chip form: an always-on input channel and two bias neurons."""
    return SpikingCounts(
        steps=5,
        input_channels=51,
        layer_sizes=(257, 257, 20),
        input_spikes=33.0,
        layer_spikes=(30.0, 31.0, 4.0),
        constant_spikes=(5.0, 5.0, 5.0, 0.0),
        events_by_step=((1_600.0,) * 5, (1_400.0,) * 5, (120.0,) * 5),
        constant_events=(1_280.0, 1_280.0, 100.0),
        synapses=(13_056, 65_792, 5_140),
        encoder_exps=50,
        encoder_updates=250,
        decoder_macs=20,
        decoder_tanhs=2,
        bytes_in=50,
        bytes_out=20,
        kernel_launches=38,
        firing_rate=0.02,
    )


@pytest.fixture(scope="session")
def mlp() -> DenseCounts:
    """The MLP 5-256-256-2."""
    return DenseCounts(
        macs=67_328,
        weights=67_842,
        activations=514,
        values=5 + 256 + 256 + 256 + 256 + 2,
        bytes_in=20,
        bytes_out=8,
        kernel_launches=6,
    )
