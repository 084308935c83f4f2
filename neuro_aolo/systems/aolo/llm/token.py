"""What a token of an answer takes by EcoLogits' method: time, energy, GPUs, and the making of them.

References:
    EcoLogits, "Environmental Impacts of LLM Inference", https://ecologits.ai, method of November 2025: energy
    and latency per output token fitted to ML.ENERGY v3 (H100, vLLM, up to 512 requests at once and 200
    billion parameters).
"""

from dataclasses import dataclass
from typing import Any

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.llm.library import ecologits
from neuro_aolo.systems.aolo.llm.servers import Server
from neuro_aolo.systems.aolo.llm.sizes import Size
from neuro_aolo.systems.wording import shown
from neuro_aolo.units import J_PER_KWH, S_PER_YEAR

MOST_AT_ONCE = 512
"""Largest batch that EcoLogits' energy was fitted to."""

_MOST_GPUS = 1_000
_ONE_TOKEN = 1.0
_W_PER_KW = 1e3


@dataclass(frozen=True)
class Token:
    """A token of one request's answer, of ``batch`` that are served at once.

    Attributes:
        gpus: that the model needs.
        batch: requests served at once.
        energy_j: of GPUs and server, without the building's overhead, in J; the mean of the ends.
        energy_ends_j: for the smallest and the largest model that it may be, in J.
        server_j: the part of ``energy_j`` that is not the GPUs', in J.
        time_s: until the next one, in s; the mean of the ends.
        kg_per_gpu: making of a GPU and its share of the server, in kgCO2e.
        lifetime_years: of them.
    """

    gpus: int
    batch: int
    energy_j: float
    energy_ends_j: tuple[float, float]
    server_j: float
    time_s: float
    kg_per_gpu: float
    lifetime_years: float

    @property
    def power_w(self) -> float:
        """Mean draw of one GPU and its share of the server, in W: ``E b / (N t)``."""
        return self.energy_j * self.batch / (self.gpus * self.time_s)


def token_of(size: Size, server: Server, batch: int, gpus: int | None = None) -> Token:
    """A token by EcoLogits' functions and constants.

    Args:
        size: of the model.
        server: that it runs on.
        batch: requests served at once.
        gpus: that it runs on; as many as its weights need where None.

    Raises:
        ScenarioError: EcoLogits is not installed, or the numbers are not allowed.
    """
    check_whole("--batch", batch, 1, MOST_AT_ONCE)
    if gpus is not None:
        check_whole("--gpus", gpus, 1, _MOST_GPUS)
    method = ecologits("impacts.llm")
    needed = _gpus_of(method, sum(size.total) / 2.0, server)
    number = needed if gpus is None else gpus
    if number * server.memory_gb < 2.0 * size.total[0]:
        raise ScenarioError(
            f"--gpus {number}: {size.total[0]:g} billion parameters of 16 bits do not fit into {number} x "
            f"{server.memory_gb:g} GB: give at least {needed}, or leave it out"
        )
    parts = [_of(method, active, number, batch, server) for active in size.active]
    energies = [gpu_j + server_j for _, gpu_j, server_j in parts]
    made_kg = method.server_gpu_embodied_gwp(server.host_kg, server.gpus, server.gpu_kg, number)
    return Token(
        gpus=number,
        batch=batch,
        energy_j=_mean(energies),
        energy_ends_j=(energies[0], energies[-1]),
        server_j=_mean([server_j for _, _, server_j in parts]),
        time_s=_mean([time_s for time_s, _, _ in parts]),
        kg_per_gpu=made_kg / number,
        lifetime_years=method.HARDWARE_LIFESPAN / S_PER_YEAR,
    )


def check_whole(option: str, value: object, least: int, most: int) -> None:
    """Refuse what is no whole number between two ends.

    Raises:
        ScenarioError: it is none.
    """
    if type(value) is not int or not least <= value <= most:
        raise ScenarioError(
            f"{option} {shown(value)} is not allowed: give a whole number of {least} to {most:,}"
        )


def _gpus_of(method: Any, total: float, server: Server) -> int:
    needed = method.model_required_memory(total, method.MODEL_QUANTIZATION_BITS)
    return int(method.gpu_required_count(needed, server.memory_gb))


def _of(method: Any, active: float, gpus: int, batch: int, server: Server) -> tuple[float, float, float]:
    """Time in s, energy of the GPUs in J and of the rest of the server in J, of one token of one request."""
    time_s = server.slowness * method.generation_latency(
        active,
        _ONE_TOKEN,
        batch,
        method.LATENCY_ALPHA,
        method.LATENCY_BETA,
        method.LATENCY_GAMMA,
        float("inf"),
    )
    gpu_kwh = method.gpu_energy(
        active, _ONE_TOKEN, batch, method.GPU_ENERGY_ALPHA, method.GPU_ENERGY_BETA, method.GPU_ENERGY_GAMMA
    )
    server_kwh = method.server_energy(time_s, server.host_power_w / _W_PER_KW, server.gpus, gpus, batch)
    return time_s, gpus * server.thirst * gpu_kwh * J_PER_KWH, server_kwh * J_PER_KWH


def _mean(ends: list[float]) -> float:
    return sum(ends) / len(ends)
