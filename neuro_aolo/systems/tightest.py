"""Which constraint stands in the way where no action keeps them all."""

from collections.abc import Iterable

import numpy as np

from neuro_aolo.systems.task import Flags, Floats


def in_the_way(slacks: Iterable[Floats]) -> tuple[Flags, tuple[int, ...]]:
    """What many actions on the same states come to.

    Args:
        slacks: of each action tried, ``(B, constraints)``, at least 0 exactly where a constraint holds.

    Returns:
        In which states one of the actions keeps every constraint, ``(B,)``; and, the most telling first, the
        constraints without any one of which most of the other states would have such an action. Where that
        helps in none, the worst in the action that comes nearest.
    """
    kept: Flags | None = None
    for slack in slacks:
        holds = slack >= 0.0
        others = holds.sum(axis=1)[:, None] - holds >= holds.shape[1] - 1
        worst = slack.argmin(axis=1)
        if kept is None:
            kept, freed = np.asarray(holds.all(axis=1)), others
            best, blamed = slack.min(axis=1), worst
            continue
        kept = np.asarray(kept | holds.all(axis=1))
        freed |= others
        better = slack.min(axis=1) > best
        best, blamed = np.where(better, slack.min(axis=1), best), np.where(better, worst, blamed)
    assert kept is not None
    if kept.all():
        return kept, ()
    counts = freed[~kept].sum(axis=0)
    if not counts.any():
        return kept, (int(np.bincount(blamed[~kept]).argmax()),)
    order = np.argsort(-counts, kind="stable")
    return kept, tuple(int(each) for each in order if counts[each] >= 0.9 * counts.max())
