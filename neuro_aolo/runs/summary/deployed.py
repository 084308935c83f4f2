"""What a chip decides, and how its spikes run."""

from neuro_aolo.runs.summary.decided import PolicyFigures
from neuro_aolo.runs.summary.part import Number, Part


class LayerFigures(Part):
    """A layer's spikes in a decision; its own neurons, events of always-on channels included."""

    name: str
    neurons: int
    spikes_per_decision: Number
    firing_rate: Number
    synaptic_events_per_decision: Number


class LayerQuantisation(Part):
    """What rounding to the chip's integers did to a layer."""

    name: str
    scale: Number
    step: int
    clipped: int
    zeroed: int
    max_rounding_error: Number
    rms_rounding_error: Number
    current_decay_error: Number
    voltage_decay_error: Number
    worst_current: int
    may_wrap: bool


class LavaLayer(Part):
    """Lava beside the simulator, one layer."""

    name: str
    slots: int
    spikes: int
    mismatches: int


class Lava(Part):
    """Lava beside the simulator; ``reason`` says why it was not run."""

    available: bool
    version: str | None
    decisions: int | None
    spikes_compared: int | None
    spikes_emitted: int | None
    mismatches: int | None
    layers: tuple[LavaLayer, ...] = ()
    reason: str = ""


class RasterLayer(Part):
    """Spikes of one layer: pairs of neuron and step."""

    name: str
    neurons: int
    spikes: tuple[tuple[int, int], ...]


class Raster(Part):
    """Every spike of one decision."""

    decision: int
    steps: int
    layers: tuple[RasterLayer, ...]


class Deployed(PolicyFigures):
    """What the integer graph decides, and how; of a spiking actor alone.

    Attributes:
        firing_rate: share of the slots of hidden and output neurons that spike.
        time_steps: of a decision.
        layers: the encoder and every layer.
        quantisation: of every layer.
        lava: beside the simulator.
        raster: the spikes of one decision.
    """

    firing_rate: Number
    time_steps: int
    layers: tuple[LayerFigures, ...]
    quantisation: tuple[LayerQuantisation, ...]
    lava: Lava
    raster: Raster | None = None
