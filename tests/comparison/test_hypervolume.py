"""Hypervolume beside a second computation, and what it must do whatever the points are."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo.comparison.hypervolume import hypervolume, hypervolume_share

REFERENCE = np.array([2.0, 3.0, 0.5])


def by_inclusion_and_exclusion(points: np.ndarray, reference: np.ndarray) -> float:
    """Boxes of every subset, added and taken away."""
    total = 0.0
    for size in range(1, len(points) + 1):
        for subset in combinations(points, size):
            corner = np.max(subset, axis=0)
            total += (-1.0) ** (size + 1) * float(np.prod(np.maximum(reference - corner, 0.0)))
    return total


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 8), grid=st.booleans())
def test_it_is_the_volume_of_the_union(seed: int, count: int, grid: bool) -> None:
    rng = np.random.default_rng(seed)
    # On a grid there are ties and doubles; beyond the reference points count for nothing.
    unit = rng.integers(0, 4, (count, 3)) / 3.0 if grid else rng.random((count, 3))
    points = 1.2 * unit * REFERENCE
    expected = by_inclusion_and_exclusion(points, REFERENCE)
    assert hypervolume(points, REFERENCE) == pytest.approx(expected, abs=1e-12)


def test_twenty_points_beside_random_ones() -> None:
    rng = np.random.default_rng(3)
    points = rng.random((20, 3)) * REFERENCE
    thrown = rng.random((200_000, 3)) * REFERENCE
    worse = np.zeros(len(thrown), np.bool_)
    for point in points:
        worse |= (thrown >= point).all(axis=1)
    # Four standard errors.
    assert hypervolume_share(points, REFERENCE) == pytest.approx(float(worse.mean()), abs=4.5e-3)


def test_of_known_boxes() -> None:
    assert hypervolume_share([(0.0, 0.0, 0.0)], (2.0, 4.0, 8.0)) == 1.0
    assert hypervolume([(1.0, 1.0, 1.0)], (2.0, 3.0, 5.0)) == pytest.approx(8.0)
    assert hypervolume([], (1.0, 1.0, 1.0)) == 0.0
    assert hypervolume([(1.0, 0.0, 0.0), (0.0, 2.0, 0.0)], (1.0, 1.0, 1.0)) == 0.0
    one, other = (0.5, 0.25, 0.5), (0.25, 0.5, 0.5)
    assert hypervolume([one, other], (1.0, 1.0, 1.0)) == pytest.approx(0.5 * (2 * 0.375 - 0.25))
