"""How much of three objectives' space a set of points is better than: hypervolume, exactly.

    HV = volume of the union of the boxes [point, reference], all three to be small

Slices along the third objective, in each of which the union of rectangles is a staircase: n^2 log n for n
points, fast enough for hundreds.

References:
    E. Zitzler, L. Thiele (1999), Multiobjective evolutionary algorithms: a comparative case study and the
    strength Pareto approach, IEEE Trans. Evol. Comput. 3(4):257-271, doi:10.1109/4235.797969.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


def hypervolume(points: ArrayLike, reference: ArrayLike) -> float:
    """Volume that the points dominate up to the reference, in units of the objectives' product.

    Args:
        points: all objectives to be small, ``(n, 3)``; those that are not better than the reference in all
            three add nothing.
        reference: ``(3,)``.
    """
    worst = np.asarray(reference, dtype=np.float64)
    rows = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    inside = rows[(rows < worst).all(axis=1)]
    inside = inside[np.argsort(inside[:, 2])]
    heights = [*inside[:, 2], worst[2]]
    slices = enumerate(pairwise(heights), start=1)
    return float(sum((top - bottom) * _area(inside[:count, :2], worst) for count, (bottom, top) in slices))


def hypervolume_share(points: ArrayLike, reference: ArrayLike) -> float:
    """The same as a share of the box from 0 to the reference; objectives are at least 0."""
    return hypervolume(points, reference) / float(np.prod(np.asarray(reference, dtype=np.float64)))


def _area(points: Points, worst: Points) -> float:
    """Area of the union of the rectangles from points ``(n, 2)`` to the reference: a staircase."""
    area, height = 0.0, float(worst[1])
    for left, bottom in points[np.argsort(points[:, 0])]:
        if bottom < height:
            area += (worst[0] - left) * (height - bottom)
            height = bottom
    return float(area)
