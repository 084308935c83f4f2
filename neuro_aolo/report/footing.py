"""What an energy rests on, in sentences: its weakest evidence, and the figure that moves it most."""

from neuro_aolo.report.ledgers import short
from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.runs.summary.priced import BillFigures, FootingFigures, Priced
from neuro_aolo.text.numbers import percent, significant

_FEW = 3
"""Figures that are named one by one."""


def rests_on(bill: BillFigures) -> str:
    """How much of a bill rests on its weakest evidence, and what moves it most; empty where it is not known.

    The sentences have the bill's total as ``it``.
    """
    footing = bill.footing
    if footing is None or not bill.total_j.nominal:
        return ""
    if not footing.mover:
        return f"{_share(footing)}."
    moves = f"from {significant(footing.low)} to {significant(footing.high)} times"
    if footing.figures == (footing.mover,):
        return f"{_share(footing)}, which moves it most, {moves}."
    return f"{_share(footing)}. What moves it most is the {footing.mover}, {moves}."


def _share(footing: FootingFigures) -> str:
    share, kind = percent(footing.share), footing.evidence
    if not footing.figures:
        return f"{share} of it is {kind}: its prices are another device's"
    if len(footing.figures) == 1:
        article = "an" if kind[0] in "aeiou" else "a"
        return f"{share} of it rests on {article} {kind} figure, the {footing.figures[0]}"
    named = ", ".join(f"the {name}" for name in footing.figures[:_FEW])
    more = len(footing.figures) - _FEW
    others = f" and {more} more" if more > 0 else ""
    return f"{share} of it rests on {kind} figures: {named}{others}"


def energies(priced: Priced, kind: ActorKind) -> list[str]:
    """A sentence for each device that runs the actor of that kind."""
    return [
        f"{short(device.name)}: {said}"
        for device in priced.devices.values()
        if (bill := device.bill(kind)) is not None and (said := rests_on(bill))
    ]


def independence(priced: Priced) -> str:
    """On how many independent assumptions the comparisons of a run rest; empty where there are none."""
    compared = sum(map(len, priced.independent))
    if not compared:
        return ""
    if compared == 1:
        return "One device is compared, so P(less) rests on one assumption."
    number = len(priced.independent)
    many = "one assumption" if number == 1 else f"{number} independent assumptions"
    joined = "all share sources" if number == 1 else f"fall into {number} groups without a common source"
    return f"The {compared} devices that are compared {joined}: P(less) rests on {many}, not on {compared}."
