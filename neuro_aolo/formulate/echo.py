"""What was understood, row by row: each figure as written and as converted, and where it comes from."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from neuro_aolo.formulate.pipeline import Formulated
from neuro_aolo.formulate.settle import Value
from neuro_aolo.systems.describe import describe
from neuro_aolo.text.literal import literal_line

Origin = Literal["description", "document", "follows", "default"]


@dataclass(frozen=True)
class Row:
    """A parameter of the scenario.

    Attributes:
        key: dotted.
        value: as text, in the parameter's unit.
        unit: of it; ``-`` where there is none.
        written: number and unit as written; empty where nobody wrote it.
        origin: where it comes from.
        evidence: the words, the piece of a document, or the source.
    """

    key: str
    value: str
    unit: str
    written: str
    origin: Origin
    evidence: str


def rows(formulated: Formulated) -> tuple[Row, ...]:
    """What was said, what follows from it, and the defaults, in this order."""
    said = [_said(value, formulated) for value in formulated.values]
    order = ("description", "document", "follows")
    return (*sorted(said, key=lambda row: order.index(row.origin)), *_defaults(formulated))


def to_dict(formulated: Formulated) -> dict[str, Any]:
    """Plain data of it."""
    return {
        "scenario": formulated.name,
        "system": formulated.deck.system,
        "extends": formulated.deck.base.scenario.name,
        "filled_by": formulated.filled_by,
        "parameters": [asdict(row) for row in rows(formulated)],
        "dropped": [asdict(each) for each in formulated.dropped],
        "missing": list(formulated.missing),
        "warnings": list(formulated.warnings),
    }


def _said(value: Value, formulated: Formulated) -> Row:
    card = formulated.deck.cards.get(value.key)
    unit = card.unit if card else "-"
    shown = _text(value.value)
    if value.evidence is None:
        return Row(value.key, shown, unit, "", "follows", value.written)
    origin: Origin = "document" if value.evidence.document else "description"
    quote = literal_line(value.evidence.quote)
    evidence = f'{value.evidence.document}: "{quote}"' if value.evidence.document else f'"{quote}"'
    return Row(value.key, shown, unit, literal_line(value.written), origin, evidence)


def _defaults(formulated: Formulated) -> Iterator[Row]:
    said = {value.key for value in formulated.values}
    for row in describe(formulated.loaded.scenario):
        if row.key in formulated.deck.cards and row.key not in said:
            yield Row(row.key, row.value, row.unit, "", "default", row.source)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{_text(value['sample'])}, observed {_text(value['observe'])}"
    if isinstance(value, list) and len(value) == 2:
        return f"{_text(value[0])} to {_text(value[1])}"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return (
        value if isinstance(value, str) else json.dumps(value) if isinstance(value, bool) else f"{value:.12g}"
    )
