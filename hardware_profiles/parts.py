"""The tables of a hardware profile: prices, powers, times, how a network sits on the chip, what it holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hardware_profiles.figure import Figure, NonNegative, Sourced, Table

Count = Annotated[int, Field(gt=0, le=10**12, strict=True)]


class Prices(Table):
    """Energy per operation in pJ; an absent table means that nobody published the price.

    ``network_step`` is one time step of a whole network, ``sram_32b`` and ``dram_32b`` one access to a 32-bit
    word, ``io_byte`` one byte in or out of the device, ``core_reset`` one core set back to rest.
    """

    synop: Figure | None = None
    weight_fetch: Figure | None = None
    neuron_update_active: Figure | None = None
    neuron_update_idle: Figure | None = None
    spike_emit: Figure | None = None
    spike_within: Figure | None = None
    hop: Figure | None = None
    network_step: Figure | None = None
    mac_int8: Figure | None = None
    mac_fp32: Figure | None = None
    act_fn: Figure | None = None
    exp: Figure | None = None
    encoder_update: Figure | None = None
    sram_32b: Figure | None = None
    dram_32b: Figure | None = None
    io_byte: Figure | None = None
    core_reset: Figure | None = None


class Power(Table):
    """Power in mW.

    ``static`` of the idle chip, ``board_idle`` of the rest of its board, ``mgmt_cpu`` of processors beside
    its cores, ``active`` of the whole device while it works, ``sleep`` of the whole device between decisions.
    """

    static: Figure | None = None
    board_idle: Figure | None = None
    mgmt_cpu: Figure | None = None
    active: Figure | None = None
    sleep: Figure | None = None


class Timing(Table):
    """Time: chip steps that a decision takes beyond its T steps, and us.

    ``step_us`` is one chip step, barrier included; ``io_us`` what a decision spends on its way in and out,
    ``wake_us`` on waking the device, ``launch_us`` on one kernel of a device that launches them.
    """

    extra_steps_per_layer: Annotated[int, Field(ge=0, strict=True)] = 0
    step_us: Figure | None = None
    io_us: Figure | None = None
    wake_us: Figure | None = None
    launch_us: Figure | None = None


class Bias(Sourced):
    """How a neuron of the device has its bias.

    Attributes:
        way: ``axon``: an input channel and a neuron of each layer are always on, and a bias is the weight of
            a synapse that they reach at every step; ``added``: to the accumulator, as part of the update of
            the neuron. Where nothing is said, as ``axon``.
    """

    way: Literal["axon", "added"]


class Mapping(Table):
    """How a network sits on the chip.

    With ``input_relay`` every input channel is a compartment of its own, updated each step, and adds one step
    to the pipeline. Cores are filled in order; ``cores_per_tile`` of them share a router, and the tiles stand
    in rows of ``tiles_per_row``. ``bias`` is how a neuron has its bias.
    """

    input_relay: bool = False
    bias: Bias | None = None
    cores_per_tile: Count = 1
    tiles_per_row: Count = 1


class Capacity(Sourced):
    """What a chip holds; a network that exceeds it cannot run there, or takes more chips.

    Attributes:
        cores: cores of a chip.
        neurons_per_core: compartments of a core.
        synapse_kib_per_core: memory for weights of a core, in KiB; not limited if absent.
        axons_in: channels that may enter a core.
        axons_out: pairs of a neuron and a core that it sends to, per core.
        fan_in: inputs of a neuron.
        inputs: input channels of the chip.
        weight_bits: most bits of a weight, its sign included.
        chips: most chips that work together.
    """

    cores: Count
    neurons_per_core: Count
    synapse_kib_per_core: Annotated[float, Field(gt=0, strict=True)] | None = None
    axons_in: Count | None = None
    axons_out: Count | None = None
    fan_in: Count | None = None
    inputs: Count | None = None
    weight_bits: Count
    chips: Count = 1


class Embodied(Table):
    """Carbon of making the device, in kgCO2e, and the boundary that it was counted at."""

    kg: Figure
    boundary: Literal["die", "die+package", "module", "board", "system"]
    method: Literal["ACT-2.0", "PCF", "LCA", "estimate"]
    lifetime_years: Annotated[float, Field(gt=0, strict=True)]
    area_mm2: NonNegative | None = None


class Anchor(Sourced):
    """A published energy per inference, in uJ, that a prediction must be able to reach."""

    id: str
    measured_uj: NonNegative
    kind: Literal["dynamic", "all_in"]
