import dataclasses
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from hardware_profiles.profile import Capacity, Mapping, Profile, load_profile
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.count import SpikingCounts, count_spiking
from neuro_aolo.pricing.placement import Placement, place
from neuro_aolo.pricing.price import price
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import simulate_float, simulate_integer

SHIPPED = Path(__file__).parents[2] / "hardware_profiles"
ONE_CORE_A_TILE = Mapping(cores_per_tile=1, tiles_per_row=4)


def capacity(**limits: Any) -> Capacity:
    """A chip without limits but those given."""
    held = {"cores": 10**6, "neurons_per_core": 10**6, "weight_bits": 8}
    return Capacity(**{**held, "evidence": "recalled", "verified": "R", **limits})


@pytest.fixture(scope="module")
def network(popsan: SpikingCounts) -> Any:
    """Counts of a network of so many channels and neurons; placing it asks for nothing else."""

    def sized(channels: int, *layers: int) -> SpikingCounts:
        return dataclasses.replace(popsan, input_channels=channels, layer_sizes=layers)

    return sized


def placed(counts: SpikingCounts, held: Capacity, mapping: Mapping = ONE_CORE_A_TILE) -> Placement:
    found = place(counts, 8, held, mapping)
    assert isinstance(found, Placement), found
    return found


def test_popsan_with_a_relay_by_hand(popsan: SpikingCounts) -> None:
    """128 neurons a core: cores 0 | 1 2 3 | 4 5 6 | 7, two to a tile, tiles 0 1 above 2 3.

    The relay's spike goes to tiles 0, 1 and 1: 0 + 1 + 1. From core 1 of tile 0 to tiles 2, 2, 3 it is
    1 + 1 + 2, from cores 2 and 3 of tile 1 it is 2 + 2 + 1 each: 14 / 3. Cores 4 and 5 of tile 2 are one hop
    from core 7, core 6 shares its tile: 2 / 3.
    """
    mapping = Mapping(input_relay=True, cores_per_tile=2, tiles_per_row=2)
    found = placed(popsan, capacity(neurons_per_core=128), mapping)
    assert found.cores == (1, 3, 3, 1)
    assert found.hops == pytest.approx((2.0, 14 / 3, 2 / 3, 0.0), rel=1e-15)


def test_popsan_without_a_relay_by_hand(popsan: SpikingCounts) -> None:
    """Cores 0 1 2 | 3 4 5 | 6: spikes of the input enter the first layer without a hop."""
    mapping = Mapping(cores_per_tile=2, tiles_per_row=2)
    found = placed(popsan, capacity(neurons_per_core=128), mapping)
    assert found.cores == (3, 3, 1)
    assert found.hops == pytest.approx((0.0, (3 + 3 + 4) / 3, 1.0, 0.0), rel=1e-15)


@pytest.mark.parametrize(
    ("kib", "layers", "cores"),
    [
        # 8 channels x 8 bits x 128 neurons = 1 KiB; the second layer has 128 or 129 channels.
        (1.0, (128,), (1,)),
        (1.0, (129,), (2,)),
        (1.0, (128, 8), (1, 1)),
        (1.0, (128, 9), (1, 2)),
        (1.0, (129, 8), (2, 2)),
        (0.5, (128,), (2,)),
    ],
)
def test_the_memory_for_weights_takes_cores(
    network: Any, kib: float, layers: tuple[int, ...], cores: tuple[int, ...]
) -> None:
    assert placed(network(8, *layers), capacity(synapse_kib_per_core=kib)).cores == cores


def test_fewer_bits_take_less_memory(network: Any) -> None:
    held = capacity(synapse_kib_per_core=1.0)
    cores = [place(network(8, 256), bits, held, ONE_CORE_A_TILE) for bits in (8, 4)]
    assert [found.cores for found in cores if isinstance(found, Placement)] == [(2,), (1,)]


def test_axons_out_are_pairs_of_a_neuron_and_a_core(network: Any) -> None:
    """6 output neurons on 2 cores: of 4 axons each neuron before them takes 2, so that 10 take 5 cores."""
    held = capacity(neurons_per_core=3, axons_out=4)
    assert placed(network(5, 10, 6), held).cores == (5, 2)
    assert placed(network(5, 10, 6), capacity(neurons_per_core=3, axons_out=2)).cores == (10, 2)
    found = place(network(5, 10, 6), 8, capacity(neurons_per_core=3, axons_out=1), ONE_CORE_A_TILE)
    assert found == "one neuron with 5 weights and axons to 2 cores is more than a core holds"
    # The output goes nowhere: its axons are not asked for.
    assert placed(network(5, 6), capacity(neurons_per_core=3, axons_out=1)).cores == (2,)


def test_a_relay_needs_axons_to_every_core_of_the_first_layer(network: Any) -> None:
    relay = Mapping(input_relay=True)
    held = capacity(neurons_per_core=3, axons_out=4)
    assert placed(network(5, 6), held, relay).cores == (3, 2)
    found = place(network(5, 10, 6), 8, held, relay)
    assert found == "one neuron with 0 weights and axons to 5 cores is more than a core holds"


def test_a_relay_has_no_weights(network: Any) -> None:
    """Its channels come from outside, and neither the memory nor the channels of a core limit it."""
    held = capacity(synapse_kib_per_core=1.0, axons_in=64, fan_in=64)
    found = placed(network(64, 32), held, Mapping(input_relay=True))
    assert found.cores == (1, 2)


@pytest.mark.parametrize(
    ("limits", "chips"), [({"cores": 7}, 1), ({"cores": 4, "chips": 2}, 2), ({"cores": 1, "chips": 9}, 7)]
)
def test_cores_fill_chips(popsan: SpikingCounts, limits: dict[str, int], chips: int) -> None:
    assert placed(popsan, capacity(neurons_per_core=128, **limits)).chips == chips


@pytest.mark.parametrize(
    ("just_fits", "does_not", "reason"),
    [
        ({"weight_bits": 8}, {"weight_bits": 7}, "it holds weights of 7 bits, the actor's have 8"),
        (
            {"inputs": 51},
            {"inputs": 50},
            "it takes 50 inputs, the actor has 51, always-on included",
        ),
        (
            {"fan_in": 257},
            {"fan_in": 256},
            "a neuron takes 256 inputs there, the actor's have 257 (always-on included)",
        ),
        ({"axons_in": 257}, {"axons_in": 256}, "a core takes 256 channels, the actor's layers have 257"),
        (
            {"synapse_kib_per_core": 257 / 1024},
            {"synapse_kib_per_core": 256 / 1024},
            "one neuron with 257 weights is more than a core holds",
        ),
        (
            {"neurons_per_core": 128, "cores": 7},
            {"neurons_per_core": 128, "cores": 6},
            "the actor takes 7 cores, it has 6",
        ),
        (
            {"neurons_per_core": 128, "cores": 2, "chips": 4},
            {"neurons_per_core": 128, "cores": 2, "chips": 3},
            "the actor takes 7 cores, it has 6",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_each_limit_refuses_the_first_network_beyond_it(
    popsan: SpikingCounts, just_fits: dict[str, float], does_not: dict[str, float], reason: str
) -> None:
    placed(popsan, capacity(**just_fits))
    assert place(popsan, 8, capacity(**does_not), ONE_CORE_A_TILE) == reason


def test_the_always_on_axon_is_one_channel_more(actors: Any) -> None:
    rng = np.random.default_rng(11)
    graph = actors.spiking(rng, 5, [16], 2)
    observations = rng.uniform(-1.0, 1.0, (2, 5))
    plain = count_spiking(graph, simulate_float(graph, observations))
    chip = quantize(graph)
    counts = count_spiking(chip, simulate_integer(chip, observations))
    held = capacity(fan_in=50)
    placed(plain, held)
    found = place(counts, 8, held, ONE_CORE_A_TILE)
    assert found == "a neuron takes 50 inputs there, the actor's have 51 (always-on included)"
    # The bias neuron of the hidden layer takes a place on a core, too.
    assert placed(plain, capacity(neurons_per_core=16)).cores[0] == 1
    assert placed(counts, capacity(neurons_per_core=16)).cores[0] == 2


def test_always_on_spikes_hop_and_chips_draw_power_on_a_bill(popsan: SpikingCounts) -> None:
    """On Loihi 1 with 128 neurons a core: cores 0 | 1 2 3 | 4 5 6 | 7, four to a tile, two tiles in a row."""
    data = tomllib.loads((SHIPPED / "loihi1.toml").read_text("utf-8"))
    data["capacity"] |= {"neurons_per_core": 128, "cores": 4}
    found = price(popsan, Profile.model_validate(data))
    one_chip = price(popsan, load_profile("loihi1"))
    assert isinstance(found, Bill)
    assert isinstance(one_chip, Bill)
    assert found.placement == Placement((1, 3, 3, 1), 2, (0.0, 3.0, 0.0, 0.0))
    (hops,) = (line for line in found.lines if line.name == "tile hops of spikes")
    assert hops.count == 3.0 * 30.0
    assert hops.energy_j.nominal == pytest.approx(90.0 * 3.5e-12, rel=1e-12)
    assert found.parts_j["static"].nominal == pytest.approx(2 * one_chip.parts_j["static"].nominal, rel=1e-12)
    silent = price(popsan.scaled(0.0), Profile.model_validate(data))
    assert isinstance(silent, Bill)
    (hops,) = (line for line in silent.lines if line.name == "tile hops of spikes")
    assert hops.count == 3.0 * 5.0


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    neurons_per_core=st.integers(1, 20),
    cores_per_tile=st.integers(1, 5),
    tiles_per_row=st.integers(1, 5),
    relay=st.booleans(),
)
def test_hops_are_the_city_block_distances_between_tiles(
    network: Any,
    sizes: list[int],
    neurons_per_core: int,
    cores_per_tile: int,
    tiles_per_row: int,
    relay: bool,
) -> None:
    mapping = Mapping(input_relay=relay, cores_per_tile=cores_per_tile, tiles_per_row=tiles_per_row)
    found = placed(network(*sizes), capacity(neurons_per_core=neurons_per_core), mapping)
    on_chip = sizes if relay else sizes[1:]
    assert found.cores == tuple(int(np.ceil(size / neurons_per_core)) for size in on_chip)
    tiles = np.arange(sum(found.cores)) // cores_per_tile
    at = np.stack([tiles // tiles_per_row, tiles % tiles_per_row], axis=1)
    groups = np.split(at, np.cumsum(found.cores)[:-1])
    expected = [cdist(here, there, "cityblock").sum(axis=1).mean() for here, there in pairwise(groups)]
    assert found.hops == pytest.approx([*([] if relay else [0.0]), *expected, 0.0], rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 300), min_size=2, max_size=4),
    held=st.fixed_dictionaries(
        {
            "neurons_per_core": st.integers(1, 300),
            "synapse_kib_per_core": st.floats(0.1, 8.0),
            "axons_in": st.integers(1, 300),
            "axons_out": st.integers(1, 300),
            "fan_in": st.integers(1, 300),
        }
    ),
    more=st.sampled_from(["neurons_per_core", "synapse_kib_per_core", "axons_in", "axons_out", "fan_in"]),
)
def test_a_larger_chip_holds_whatever_a_smaller_one_holds(
    network: Any, sizes: list[int], held: dict[str, Any], more: str
) -> None:
    counts = network(*sizes)
    small = place(counts, 8, capacity(**held), ONE_CORE_A_TILE)
    large = place(counts, 8, capacity(**{**held, more: held[more] * 2}), ONE_CORE_A_TILE)
    if isinstance(small, Placement):
        assert isinstance(large, Placement)
        assert all(now <= was for now, was in zip(large.cores, small.cores, strict=True))
        fewest = [-(-size // held["neurons_per_core"]) for size in sizes[1:]]
        assert all(cores >= least for cores, least in zip(small.cores, fewest, strict=True))


@pytest.mark.parametrize("relay", [False, True])
def test_the_layers_share_the_only_core(network: Any, relay: bool) -> None:
    mapping, relays = Mapping(input_relay=relay), 5 * relay
    one = capacity(cores=1, neurons_per_core=16 + relays)
    assert placed(network(5, 10, 6), one, mapping) == Placement((1,), 1, (0.0,) * 3)
    found = place(network(5, 10, 7), 8, one, mapping)
    assert found == f"the actor has {17 + relays} neurons of 10 inputs, more than its one core holds"
    # On a chip of two cores each layer takes one of its own.
    assert placed(network(5, 10, 6), capacity(cores=2, neurons_per_core=16)).cores == (1, 1)


def put(name: str, counts: SpikingCounts, bits: int) -> Placement | str:
    profile = load_profile(name)
    assert profile.capacity is not None
    return place(counts, bits, profile.capacity, profile.mapping)


def fits(name: str, counts: SpikingCounts, bits: int) -> bool:
    return isinstance(put(name, counts, bits), Placement)


def test_odin_holds_256_neurons_and_no_more(network: Any) -> None:
    """A crossbar of 256 neurons with 256 inputs each and 3 bits a weight."""
    assert fits("odin", network(256, 256), 3)
    assert fits("odin", network(31, 64, 20), 3)
    assert not fits("odin", network(256, 257), 3)
    assert not fits("odin", network(257, 256), 3)
    assert not fits("odin", network(51, 257, 257, 20), 3)
    assert not fits("odin", network(31, 64, 20), 4)


def test_xylo_takes_16_inputs(network: Any) -> None:
    assert fits("xylo_a2", network(16, 16, 8), 8)
    assert put("xylo_a2", network(17, 16, 8), 8) == "it takes 16 inputs, the actor has 17, always-on included"
    found = put("xylo_a2", network(16, 64, 8), 8)
    assert found == "a neuron takes 63 inputs there, the actor's have 64 (always-on included)"


def test_a_hidden_layer_of_xylo_may_be_wider_than_its_input(network: Any) -> None:
    """63 inputs a neuron are what limits it."""
    assert fits("xylo_a2", network(16, 60, 8), 8)
