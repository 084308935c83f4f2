"""S of equation (12): how much of the carbon that the grid alone would have emitted is avoided.

    S = sgn(1 - x) (1 - x)^2,  x = c / c_g,

with c what was emitted and c_g what the grid alone would have emitted for the same energy. It is 0 where all
is from the grid and 1 at most, where nothing was emitted.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395, equation (12).
"""

import numpy as np

from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.task import Floats


def avoided(grid_g_per_kwh: Floats, energy_j: Floats, carbon_g: Floats) -> Floats:
    """Each server's part of S, with x of the sums over the servers, ``(N, M)``: they add up to S.

    Args:
        grid_g_per_kwh: carbon intensity w_g of the grid, ``(N,)``; where it is 0 nothing can be avoided.
        energy_j: used by each server, ``(N, M)``.
        carbon_g: of the same.
    """
    alone = grid_g_per_kwh[:, None] / J_PER_KWH * energy_j
    total = alone.sum(axis=1, keepdims=True)
    share = np.where(total > 0.0, (alone - carbon_g) / np.where(total > 0.0, total, 1.0), 0.0)
    part: Floats = np.abs(share.sum(axis=1, keepdims=True)) * share
    return part


def printed_avoided(grid_g_per_kwh: Floats, energy_j: Floats, carbon_g: Floats, bits: Floats) -> Floats:
    """Each server's part of S as it is printed, ``(N, M)``: it rewards use of the grid.

    As printed, each server's carbon per bit is set beside that of all servers, so that M servers on the grid
    alone have x = M, and (1 - x)^2 is the best S there is.

    Args:
        grid_g_per_kwh: carbon intensity w_g of the grid, ``(N,)``; where it is 0 nothing can be avoided.
        energy_j: used by each server, ``(N, M)``.
        carbon_g: of the same.
        bits: that count, of the same.
    """
    alone = grid_g_per_kwh / J_PER_KWH * energy_j.sum(axis=1)
    per_bit = (alone / bits.sum(axis=1))[:, None]
    ratios = carbon_g / bits / np.where(per_bit > 0.0, per_bit, 1.0)
    rest = 1.0 / energy_j.shape[1] - ratios
    return np.where(per_bit > 0.0, rest.sum(axis=1, keepdims=True) * rest, 0.0)
