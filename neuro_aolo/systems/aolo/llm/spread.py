"""How far measurements lie from EcoLogits' regressions: the smallest and largest ratio by requests at once.

Made by ``python scripts/llm_energy.py`` of ML.ENERGY v3 (Chung et al., arXiv:2505.06371; vLLM 0.11.1, H100
SXM, lm-arena-chat, 16-bit weights; compiled by Lead Green, CC BY 4.0, release of 19 October 2026, made
ratios here). Energy is the GPUs', measured, with the rest of the server at EcoLogits' 1.2 kW for the measured
time; time is the batch over the tokens per second, prompts included. EcoLogits was fitted to the same data:
the ratios say how far its regressions miss them, not whether they hold elsewhere.
"""

import math
from dataclasses import dataclass

SPREAD_SOURCE = "ML.ENERGY v3 over EcoLogits, H100, 16 bits"


@dataclass(frozen=True)
class Spread:
    """Ratios of measured figures to EcoLogits'.

    Attributes:
        runs: how many were compared.
        energy: smallest and largest of a token's energy.
        time: of its time.
    """

    runs: int
    energy: tuple[float, float]
    time: tuple[float, float]


SPREADS = {
    8: Spread(17, (0.73, 2.03), (0.24, 0.75)),
    16: Spread(17, (0.65, 1.76), (0.25, 0.84)),
    32: Spread(17, (0.56, 1.56), (0.26, 0.84)),
    64: Spread(15, (0.52, 1.25), (0.27, 0.76)),
    128: Spread(14, (0.50, 1.08), (0.27, 0.66)),
    256: Spread(13, (0.42, 1.03), (0.27, 0.61)),
    512: Spread(8, (0.32, 0.62), (0.28, 0.48)),
}
"""By requests at once."""


def spread_at(batch: int) -> tuple[int, Spread]:
    """The ratios nearest to so many requests at once, on a scale of factors, and at how many they are."""
    nearest = min(SPREADS, key=lambda measured: abs(math.log(measured / batch)))
    return nearest, SPREADS[nearest]
