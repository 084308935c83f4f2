"""How results are shown: as a data frame, as HTML in a notebook, and as plain text."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from neuro_aolo.runs.summary.part import Span
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import Quantity, plain

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = 120


def frame(rows: Iterable[Mapping[str, Any]], index: str | None = None) -> "pd.DataFrame":
    """Rows as a data frame.

    Args:
        rows: values by column.
        index: the column that the rows go by, if one does.
    """
    import pandas as pd

    table = pd.DataFrame(list(rows))
    return table if index is None else table.set_index(index)


def spanned(name: str, unit: str, span: Span | None) -> dict[str, float]:
    """Low, nominal and high as columns; NaN where there is no figure."""
    nothing = float("nan")
    return {
        f"{name}_{each}_{unit}": nothing if span is None else getattr(span, each)
        for each in ("low", "nominal", "high")
    }


def html(grids: Sequence[Grid], sentences: Sequence[str] = ()) -> str:
    """Sentences and tables for a notebook; text is never read as markup."""
    parts = [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    return "\n".join([*parts, *map(_table, grids)])


def text(grids: Sequence[Grid], sentences: Sequence[str] = ()) -> str:
    """The same for a terminal, in at most 120 columns."""
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.text.console import LiteralConsole

    console = LiteralConsole(file=StringIO(), width=_COLUMNS)
    for sentence in sentences:
        console.print(plain(sentence), highlight=False)
    for grid in grids:
        console.print(as_rich(grid))
    written: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines())


def _table(grid: Grid) -> str:
    numeric = [grid.numeric(index) for index in range(len(grid.columns))]
    head = "".join(f"<th>{escape(column)}</th>" for column in grid.columns)
    rows = "".join(
        "<tr>" + "".join(_cell(cell, right) for cell, right in zip(row, numeric, strict=True)) + "</tr>"
        for row in grid.rows
    )
    caption = f"<caption style='text-align:left'>{escape(grid.title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(cell: str | Quantity, right: bool) -> str:
    align = "right" if right else "left"
    return f"<td style='text-align:{align}'>{escape(str(cell))}</td>"
