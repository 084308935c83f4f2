"""Units among servers, each with a cost of its own for every number of them: the least sum, exactly."""

import numpy as np

from neuro_aolo.systems.offload.serving import Indices
from neuro_aolo.systems.task import Floats


def least_sum(costs: Floats) -> tuple[Floats, Indices]:
    """The least total cost of G units, and how many each server has of them.

    Server by server: what the first m cost for g units is the least over what the last of them takes.

    Args:
        costs: of 0 to G units at each of M servers, ``(B, M, G + 1)``; infinite where it is not possible.

    Returns:
        Totals ``(B,)``, infinite where nothing is possible, and counts ``(B, M)``.
    """
    count, servers, sizes = costs.shape
    total = np.full((count, sizes), np.inf)
    total[:, 0] = 0.0
    taken = []
    for server in range(servers):
        sums = np.full((count, sizes, sizes), np.inf)
        for here in range(sizes):
            sums[:, here:, here] = total[:, : sizes - here] + costs[:, server, here, None]
        taken.append(sums.argmin(axis=-1))
        total = sums.min(axis=-1)
    rows, left = np.arange(count), np.full(count, sizes - 1)
    counts = np.zeros((count, servers), np.intp)
    for server in range(servers - 1, -1, -1):
        counts[:, server] = taken[server][rows, left]
        left = left - counts[:, server]
    return total[:, -1], counts
