"""How results are shown: as a data frame, as HTML in a notebook, and as plain text."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from neuro_aolo.runs.summary.part import Span
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import Quantity, plain

if TYPE_CHECKING:
    import pandas as pd


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
    """The same for a terminal, in at most 100 columns."""
    return "\n".join([*map(plain, sentences), *map(_lines, grids)])


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


def _lines(grid: Grid) -> str:
    rows = [[plain(cell) for cell in row] for row in (grid.columns, *grid.rows)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(grid.columns))]
    right = [grid.numeric(index) for index in range(len(grid.columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([plain(grid.title), *(f"  {line}" for line in lines)])
