"""Servers by name: what their GPUs draw, hold and reach, and what making them emitted.

EcoLogits' regressions are of H100 SXM GPUs. For another GPU their time is divided by the ratio of memory
bandwidths, as decoding reads all active weights for every token, and their energy goes with that time and
with the maximum power. That scaling is chosen, and no measurement stands behind it.
"""

from dataclasses import dataclass

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.wording import one_of

_H100_POWER_W, _H100_BYTES_PER_S = 700.0, 3.35e12


@dataclass(frozen=True)
class Server:
    """A server of the table.

    Attributes:
        title: its GPUs.
        gpus: how many.
        memory_gb: of one GPU, in GB.
        power_w: maximum of one GPU, in W.
        bytes_per_s: memory bandwidth of one GPU, in byte/s.
        flop_per_s: dense 16-bit peak of one GPU, in FLOP/s.
        source: where these stand.
        gpu_kg: making of one GPU, in kgCO2e.
        host_kg: of the server without them, in kgCO2e.
        host_power_w: of the server without them while they work, in W.
        host_source: where these three stand.
        least_kg: least that making one GPU is said to emit, in kgCO2e.
        least_source: who says so.
        idle_w: least, usual and most that one GPU draws while it waits, in W.
        idle_source: where that stands.
    """

    title: str
    gpus: int
    memory_gb: float
    power_w: float
    bytes_per_s: float
    flop_per_s: float
    source: str
    gpu_kg: float
    host_kg: float
    host_power_w: float
    host_source: str
    least_kg: float
    least_source: str
    idle_w: tuple[float, float, float]
    idle_source: str

    @property
    def measured(self) -> bool:
        """Whether EcoLogits' regressions are of this GPU."""
        return self.slowness == self.thirst == 1.0

    @property
    def slowness(self) -> float:
        """Time of a token over that on an H100, by memory bandwidth."""
        return _H100_BYTES_PER_S / self.bytes_per_s

    @property
    def thirst(self) -> float:
        """Energy of the GPU's part of a token over that on an H100."""
        return self.slowness * self.power_w / _H100_POWER_W


SERVERS = {
    "h100": Server(
        title="H100 SXM 80 GB",
        gpus=8,
        memory_gb=80.0,
        power_w=700.0,
        bytes_per_s=3.35e12,
        flop_per_s=989e12,
        source="NVIDIA's H100 page; bandwidth and peak recalled",
        gpu_kg=273.0,
        host_kg=5700.0,
        host_power_w=1200.0,
        host_source="EcoLogits",
        least_kg=164.0,
        least_source="NVIDIA's footprint of an HGX H100, 1312 kg for eight",
        idle_w=(70.0, 72.0, 75.0),
        idle_source="nvidia-smi in public logs, as in the device profile h100",
    ),
    "a100": Server(
        title="A100 SXM 80 GB",
        gpus=8,
        memory_gb=80.0,
        power_w=400.0,
        bytes_per_s=2.039e12,
        flop_per_s=312e12,
        source="NVIDIA's A100 page; bandwidth and peak recalled",
        gpu_kg=273.0,
        host_kg=5700.0,
        host_power_w=1200.0,
        host_source="EcoLogits' figures of an H100 server",
        least_kg=128.0,
        least_source="a life-cycle assessment, arXiv:2509.00093",
        idle_w=(58.0, 60.5, 63.0),
        idle_source="nvidia-smi in public logs, as in the device profile a100",
    ),
    "b200": Server(
        title="B200 SXM 180 GB",
        gpus=8,
        memory_gb=180.0,
        power_w=1000.0,
        bytes_per_s=7.7e12,
        flop_per_s=2250e12,
        source="NVIDIA's HGX B200 footprint summary; bandwidth and peak recalled",
        gpu_kg=2274.0 / 8.0,
        host_kg=5700.0,
        host_power_w=1200.0,
        host_source="NVIDIA, HGX B200 footprint (July 2025), and EcoLogits' H100 server",
        least_kg=2274.0 / 8.0,
        least_source="the same footprint",
        idle_w=(100.0, 140.0, 200.0),
        idle_source="recalled",
    ),
    "l4": Server(
        title="L4 24 GB",
        gpus=8,
        memory_gb=24.0,
        power_w=72.0,
        bytes_per_s=0.3e12,
        flop_per_s=121e12,
        source="NVIDIA's data sheet, recalled",
        gpu_kg=60.0,
        host_kg=1300.0,
        host_power_w=400.0,
        host_source="chosen: a plain two-socket server and a card of 24 GB",
        least_kg=30.0,
        least_source="chosen",
        idle_w=(10.0, 13.0, 20.0),
        idle_source="recalled",
    ),
}
"""By name. Maximum powers of H100, A100 and B200 as the Lead Green data (19 October 2026) transcribe them."""


def server(name: str) -> Server:
    """The server of that name.

    Raises:
        ScenarioError: there is none.
    """
    return SERVERS[one_of("--hardware", name, tuple(SERVERS), ScenarioError)]
