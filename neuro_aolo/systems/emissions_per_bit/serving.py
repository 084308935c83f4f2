"""What the servers do in a slot, equations (4) to (10): packets served, lost and waited for, energy, delay.

The buffers settle within seconds and a slot lasts an hour, so each is taken at its stationary mean: bits,
energy and delay depend on the slot alone, and the batteries are all that decisions move.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395.
    J. F. C. Kingman (1962), On queues in heavy traffic, J. R. Stat. Soc. B 24(2):383-392.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.systems.emissions_per_bit.parameters import Compute, Radio
from neuro_aolo.systems.emissions_per_bit.radio import mean_rates
from neuro_aolo.systems.task import Floats

_GHZ = 1e9


@dataclass(frozen=True)
class Work:
    """What a slot asks of the servers.

    Attributes:
        packets_per_s: lambda of each user, ``(N, U)``.
        channel_variance: sigma^2 of each user, ``(N, U)``.
        flop_per_bit: N_f of each server, ``(N, M)``.
    """

    packets_per_s: Floats
    channel_variance: Floats
    flop_per_bit: Floats


@dataclass(frozen=True)
class Clocks:
    """How the servers compute.

    Attributes:
        cpu_ghz: f^C, ``(N, M)``.
        gpu_ghz: f^G, ``(N, M)``.
        cpu_share: kappa, the part of the work that the CPU does, in [0, 1], ``(N, M)``.
    """

    cpu_ghz: Floats
    gpu_ghz: Floats
    cpu_share: Floats


def clocks_of(compute: Compute, effort: Floats) -> Clocks:
    """Clocks of one number, from least energy at 0 to least time at 1.

    At no other clocks is either less by more than 0.15 % where the other is the same.

    The GPU's clock rises first, for an operation takes it a quarter of the CPU's energy; then the CPU helps,
    until both end together.

    Args:
        compute: of a server.
        effort: in [0, 1], ``(N, M)``.
    """
    low, high = compute.gpu_clock_ghz
    cpu = np.full_like(effort, sum(compute.cpu_clock_ghz) / 2.0)
    gpu = low + (high - low) * np.minimum(2.0 * effort, 1.0)
    of_cpu, of_gpu = compute.cpu_flop_per_cycle * cpu, compute.gpu_flop_per_cycle * gpu
    return Clocks(cpu, gpu, np.maximum(2.0 * effort - 1.0, 0.0) * of_cpu / (of_cpu + of_gpu))


@dataclass(frozen=True)
class Service:
    """What came of it, of each server, ``(N, M)`` each.

    Attributes:
        bits: delivered in the slot.
        offered_bits: that arrived.
        energy_j: E of equation (7).
        delay_s: tau of equation (10), with the time of a packet, not of the whole slot's work.
        drop_share: of packets that found no place.
        load: offered work over what the clocks can do.
        capacity_bits: that the radio could have sent.
    """

    bits: Floats
    offered_bits: Floats
    energy_j: Floats
    delay_s: Floats
    drop_share: Floats
    load: Floats
    capacity_bits: Floats


def serve(
    radio: Radio, compute: Compute, slot_s: float, work: Work, clocks: Clocks, powers_w: Floats
) -> Service:
    """Serve one slot of N independent cells.

    Args:
        radio: of the cell.
        compute: of a server.
        slot_s: length T of the slot.
        work: what is asked.
        clocks: how it is computed.
        powers_w: sent to each user, ``(N, U)``.
    """
    users = np.array(radio.users_per_server, dtype=np.float64)
    rates = mean_rates(radio, work.channel_variance, powers_w)
    packet_s = packet_time_s(radio, compute, work, clocks)
    rate = per_server(radio, rates)
    by_radio = radio.subslot_s * rate / (users * radio.packet_bits)
    by_compute = radio.subslot_s / (users * packet_s)
    serviced = np.minimum(by_radio, by_compute)
    mean_packets_per_s = per_server(radio, work.packets_per_s) / users
    arriving = radio.subslot_s * mean_packets_per_s
    delivered = np.minimum(arriving, serviced)
    bits_per_packet = users * radio.packet_bits * slot_s / radio.subslot_s
    bits = delivered * bits_per_packet
    waiting = mean_queue(arriving, serviced, users, radio.buffer_packets)
    sending_s = per_server(radio, radio.packet_bits / rates)
    return Service(
        bits=bits,
        offered_bits=arriving * bits_per_packet,
        energy_j=per_server(radio, powers_w) * slot_s
        + computing_j(compute, work.flop_per_bit * bits, clocks),
        delay_s=waiting / mean_packets_per_s + sending_s + packet_s,
        drop_share=1.0 - delivered / arriving,
        load=arriving / by_compute,
        capacity_bits=slot_s * rate,
    )


def packet_time_s(radio: Radio, compute: Compute, work: Work, clocks: Clocks) -> Floats:
    """Time in which CPU and GPU have computed their parts of a packet, in s, ``(N, M)``."""
    flop = work.flop_per_bit * radio.packet_bits
    on_cpu = clocks.cpu_share / (compute.cpu_flop_per_cycle * clocks.cpu_ghz * _GHZ)
    on_gpu = (1.0 - clocks.cpu_share) / (compute.gpu_flop_per_cycle * clocks.gpu_ghz * _GHZ)
    return flop * np.maximum(on_cpu, on_gpu)


def computing_j(compute: Compute, flop: Floats, clocks: Clocks) -> Floats:
    """Energy of work in J, equation (4): (alpha A f^3 + beta B + C f) times the time that it takes."""
    energy = np.zeros_like(flop)
    for name, ghz, share in (
        ("cpu", clocks.cpu_ghz, clocks.cpu_share),
        ("gpu", clocks.gpu_ghz, 1.0 - clocks.cpu_share),
    ):
        cubic, static, linear = (
            getattr(compute, f"{name}_{term}_w") for term in ("cubic", "static", "linear")
        )
        power_w = compute.cubic_intensity * cubic * ghz**3 + compute.static_intensity * static + linear * ghz
        busy_s = share * flop / (getattr(compute, f"{name}_flop_per_cycle") * ghz * _GHZ)
        energy = energy + power_w * busy_s
    return energy


def mean_queue(arriving: Floats, serviced: Floats, users: Floats, buffer: float) -> Floats:
    """Stationary mean of the queue of equation (9) in packets per user, by Kingman's bound.

    ``Omega' = max(0, Omega - N) + Lambda`` with Lambda the mean of Poisson arrivals of ``users`` users.

    Args:
        arriving: mean packets of a user in a sub-slot, ``(N, M)``.
        serviced: packets of a user that a sub-slot serves, ``(N, M)``.
        users: of each server, ``(M,)``.
        buffer: packets of a user that find a place; as many wait where more arrive than is served.
    """
    spare = serviced - arriving
    settled = arriving + arriving / users / (2.0 * np.maximum(spare, 1e-12))
    return np.where(spare > 0.0, np.minimum(settled, buffer), buffer)


def per_server(radio: Radio, of_users: Floats) -> Floats:
    """Sum over the users of each server, ``(N, U)`` to ``(N, M)``."""
    return np.add.reduceat(of_users, _first_users(radio.users_per_server), axis=1)


@cache
def _first_users(users_per_server: tuple[int, ...]) -> NDArray[np.intp]:
    return np.cumsum((0, *users_per_server[:-1]))
