"""Row 13: the fronts of carbon, energy and delay that policies span, and how much of their space these cover.

A front is points of ng/bit, uJ/bit, s of delay and the share of packets lost, one a preference. Those that
lose too much do not count, as serving less saves carbon; what they would add is told.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from emissions.study import Row, Study
from neuro_aolo.comparison.hypervolume import hypervolume_share
from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.cell import Cell, Week
from neuro_aolo.systems.emissions_per_bit.figures import MOST_DROPPED

G_PER_S = (0.3, 5.0, 30.0, 100.0, 300.0, 1000.0, 4000.0)
"""What a second of delay counts as, of each preference."""

CLOCKS_GHZ = tuple(np.linspace(10.0, 12.0, len(G_PER_S)).tolist())
REFERENCE = (20.0, 260.0, 0.4)
"""ng/bit on a grid of 379 g/kWh, uJ/bit, s."""

_MEAN_G_PER_KWH = 379.0
Front = Sequence[Sequence[float]]
Kind = Literal["optimum", "store", "store-fixed"]
TITLES: Mapping[Kind, str] = {
    "optimum": "causal optimum",
    "store": "surplus stored",
    "store-fixed": "the same with fixed clocks",
}


def front(kind: Kind, weeks: int) -> Front:
    """The points of one kind of policy."""
    study = Study.of(Cell(), weeks)
    efforts = (
        [rules.fixed_clocks(study.cell, ghz) for ghz in CLOCKS_GHZ]
        if kind == "store-fixed"
        else [rules.least_effort(study.cell, price) for price in G_PER_S]
    )
    points = []
    for effort in efforts:
        serving = study.served(effort)
        sourcing = study.optimum(serving) if kind == "optimum" else study.rule("store_surplus")
        points.append(point(study.live(serving, sourcing)))
    return points


def point(week: Week) -> tuple[float, float, float, float]:
    """ng/bit, uJ/bit, s and share lost."""
    return week.ng_per_bit, week.uj_per_bit, float(week.delay_s.mean()), float(week.drop_share.mean())


def front_rows(known: Mapping[Kind, Front], learnt: Mapping[str, Front]) -> list[Row]:
    """Row 13, and a line for each front that was learnt.

    Args:
        known: fronts of rules and of the optimum.
        learnt: by name.
    """
    shares = {TITLES[kind]: share(points) for kind, points in known.items()}
    best, *others = shares
    in_order = [shares[best], best_alone(known["optimum"]), *(shares[name] for name in others)]
    told = [_told(known["optimum"]), f"{in_order[1]:.3f}", *(_told(known[kind]) for kind in list(known)[1:])]
    rows = [
        Row(
            "13",
            f"hypervolume as a share of the reference box, {len(known['optimum'])} preferences: {best}, its "
            f"best point alone, {', '.join(others)}",
            " / ".join(told),
            "falling",
            in_order == sorted(in_order, reverse=True),
        )
    ]
    for name, points in sorted(learnt.items()):
        own, single = share(points), best_alone(points)
        rows.append(
            Row(
                "13",
                f"the same of {name}, {len(points)} preferences: front, its best point alone, share of the "
                f"{best}'s",
                f"{_told(points)} / {single:.3f} / {own / shares[best]:.2f}",
                "the front above its best point and above those of rules",
                own > max(single, *(shares[rule] for rule in others)),
            )
        )
    return rows


def share(points: Front, most_lost: float = MOST_DROPPED) -> float:
    """Of the box from 0 to the reference, what the points are better than that lose no more."""
    kept = [row[:3] for row in points if row[3] <= most_lost]
    carbon, *others = REFERENCE
    mean = float(Cell().clock.mean())
    return hypervolume_share(kept, (carbon * mean / _MEAN_G_PER_KWH, *others))


def best_alone(points: Front) -> float:
    """The largest share of a single one."""
    return max(share([row]) for row in points)


def _told(points: Front) -> str:
    lossy = sum(row[3] > MOST_DROPPED for row in points)
    more = f" ({share(points, 1.0):.3f} with {lossy} that lose more than {100 * MOST_DROPPED:g} %)"
    return f"{share(points):.3f}" + (more if lossy else "")
