"""A table as plain rows, for the page, the terminal and a paper."""

from dataclasses import dataclass, field

from neuro_aolo.text.numbers import Quantity

Cell = str | Quantity


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        title: what it shows.
        columns: headings; a row's first cell is its own heading.
        rows: cells, one per column.
        sums: indices of rows that are the sum of others.
        stacks: whether each row becomes a block of its own where the page is narrow.
        references: index of the column that says where a row comes from; a narrow terminal leaves it out.
        narrow_names: whether the first column is broken into lines, so that figures do not squeeze it out.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    sums: frozenset[int] = field(default_factory=frozenset)
    stacks: bool = False
    references: int | None = None
    narrow_names: bool = False

    def numeric(self, column: int) -> bool:
        """Whether the column holds figures, which stand to the right."""
        return any(isinstance(row[column], Quantity) for row in self.rows)
