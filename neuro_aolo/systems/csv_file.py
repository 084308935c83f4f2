"""Reading a CSV file whichever of the usual separators it has, and the numbers in it."""

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from neuro_aolo.errors import ScenarioError
from neuro_aolo.files import read_text
from neuro_aolo.systems.wording import shown
from neuro_aolo.text.numbers import number_of

Row = tuple[int, list[str]]
"""The line of the file that a row ends on, counted from 1, and its cells."""

MAX_BYTES = 64 << 20
MAX_ROWS = 2_000_000
MAX_COLUMNS = 10_000
"""What a file may have at most: 19 years of five minutes each."""

_SEPARATORS = "\t;,"
"""From what stands in few cells to what stands in many."""

_HEAD = 100_000
"""Signs by which the separator is chosen."""

_STATED = re.compile(r"sep=([,;\t])\n", re.IGNORECASE)
"""The first line by which Excel is told the separator."""

_NO_CSV = re.compile(r"\s*(?:\{|\[\s*[\[\]{]|<(?:!doctype|html|\?xml)\b)", re.IGNORECASE)
"""How files of other kinds begin."""

_NO_FINITE = re.compile(r"[+-]?(?:inf|infinity|nan)", re.IGNORECASE)
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]{1,4})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[ ,.'\u2019_\u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?")


@dataclass(frozen=True)
class Table:
    """A CSV file's rows, each as wide as the header.

    Attributes:
        path: Of the file.
        header: The first row that is not blank.
        rows: Those after it that are not blank.
        separator: Comma, semicolon or tab.
    """

    path: Path
    header: Row
    rows: list[Row]
    separator: str

    def number(self, row: int, text: str) -> float:
        """The number in a cell; NaN and infinities are read, for the caller's range to refuse.

        It has a decimal point, or a decimal comma where no comma separates the columns.

        Raises:
            ScenarioError: If it is none, or has separators of thousands.
        """
        if self.separator != "," and _WITH_COMMA.fullmatch(text):
            text = text.replace(",", ".")
        with contextlib.suppress(ValueError):
            return float(text) if _NO_FINITE.fullmatch(text) else number_of(text)
        where = f"{self.path}, row {row}"
        if _WITH_COMMA.fullmatch(text):
            raise ScenarioError(
                f"{where}: {shown(text)} is a decimal comma or a separator of thousands: write a decimal "
                "point, and nothing between thousands"
            )
        if _GROUPED.fullmatch(text):
            raise ScenarioError(
                f"{where}: {shown(text)} has separators of thousands: write {_ungrouped(text)}"
            )
        raise ScenarioError(f"{where}: {shown(text)} is no number: give one as 350.5, with a decimal point")

    def check_decimals(self, columns: Sequence[int]) -> None:
        """Refuse decimal points and decimal commas side by side: either could separate thousands.

        Raises:
            ScenarioError: If there are both.
        """
        if self.separator == ",":
            return
        first: dict[str, int] = {}
        for row, cells in self.rows:
            for sign in ".,":
                if any(sign in cells[column] for column in columns):
                    first.setdefault(sign, row)
        if len(first) == 2:
            raise ScenarioError(
                f"{self.path}, row {max(first.values())}: numbers have decimal commas here and points "
                "elsewhere: write all with a decimal point, and nothing between thousands"
            )


def read_table(path: Path, what: str, advice: str = "give a header and one row per sample") -> Table:
    """The file's rows that are not blank; cells without the blanks around them.

    Args:
        path: CSV file in UTF-8; comma, semicolon or tab separated.
        what: What the file is to hold, for error messages.
        advice: What to give where the file is empty.

    Raises:
        ScenarioError: If there is no such file, it is no regular file of bounded size, or no text, a quote is
            never closed, there is one column alone, or a row is wider than the header by more than
            empty cells, or narrower.
    """
    text = _text(path, what)
    if other := _NO_CSV.match(text):
        name = "JSON" if other.group().strip()[0] in "{[" else "HTML or XML"
        raise ScenarioError(f"{path}: this is {name}: export it as CSV")
    stated = _STATED.match(text)
    if stated:
        text = "\n" + text[stated.end() :]
    separator = stated[1] if stated else _separator(text)
    rows = _rows(path, text, separator)
    header = next(rows, None)
    if header is None:
        raise ScenarioError(f"{path}: the file is empty: {advice}")
    width = len(header[1])
    kept: list[Row] = []
    for number, cells in rows:
        if width == 1 < len(cells):
            raise ScenarioError(
                f"{path}, row {header[0]}: {shown(header[1][0])} is no header, as row {number} has "
                f"{len(cells)} columns: begin the file with the row that names them"
            )
        if not any(cells[width:]):
            cells = cells[:width]
        if len(cells) != width:
            raise ScenarioError(
                f"{path}, row {number}: {len(cells)} columns where the header has {width}: "
                f"{_mend(cells, header[1], separator)}"
            )
        if len(kept) >= MAX_ROWS:
            raise ScenarioError(f"{path}: more than {MAX_ROWS:,} rows: give a part of them")
        kept.append((number, cells))
    if width == 1:
        raise ScenarioError(
            f"{path}, row {header[0]}: one column, {shown(header[1][0])}: separate columns with commas, "
            "semicolons or tabs"
        )
    return Table(path, header, kept, separator)


def _separator(text: str) -> str:
    """The sign that stands as often in the header as in the row below it, or most often in the header."""
    lines = [line for line in re.sub(r'"[^"]*"', "", text[:_HEAD]).split("\n") if line.strip()][:2]

    def fitness(sign: str) -> tuple[bool, int, int]:
        counts = [line.count(sign) for line in lines] or [0]
        return counts[0] == counts[-1] > 0, counts[0], counts[-1]

    return max(_SEPARATORS, key=fitness)


def _text(path: Path, what: str) -> str:
    try:
        text = read_text(path, MAX_BYTES)
    except FileNotFoundError:
        raise ScenarioError(f"no {what} file {str(path)!r}: check the path") from None
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}; give a CSV file") from None
    except ValueError:
        raise ScenarioError(f"{path}: not a text file in UTF-8: export it as CSV in UTF-8") from None
    if "\0" in text:
        raise ScenarioError(f"{path}: not a text file in UTF-8: export it as CSV in UTF-8")
    return text


def _rows(path: Path, text: str, separator: str) -> Iterator[Row]:
    """Rows that are not blank."""
    reader = csv.reader(_lines(path, text, separator), delimiter=separator, strict=True)
    last = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ScenarioError(f"{path}, row {last + 1}: {error}: is a quote left open there?") from None
        last = reader.line_num
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield last, cells


def _lines(path: Path, text: str, separator: str) -> Iterator[str]:
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        number += 1
        # Counted before the line becomes so many cells.
        columns = text.count(separator, start, end) + 1
        if columns > MAX_COLUMNS:
            raise ScenarioError(f"{path}, row {number}: {columns:,} columns: give at most {MAX_COLUMNS:,}")
        yield text[start:end]
        start = end


def _mend(cells: list[str], header: list[str], separator: str) -> str:
    """What to do about a row of another width: a decimal comma is the usual reason for a wider one."""
    wider = len(cells) > len(header)
    pairs = pairwise(cells)
    if wider and separator == "," and any(a.lstrip("+-").isdecimal() and b.isdecimal() for a, b in pairs):
        return "write decimal points, not commas, or separate the columns with semicolons"
    return "repair it"


def _ungrouped(text: str) -> str:
    """A number without its separators of thousands: a last one of its own is the decimal sign."""
    signs = [sign for sign in text if not sign.isdecimal() and sign not in "+-"]
    decimal = signs[-1] if signs.count(signs[-1]) == 1 and signs[-1] in ".," and len(signs) > 1 else ""
    whole, _, part = text.rpartition(decimal) if decimal else (text, "", "")
    digits = "".join(sign for sign in whole if sign.isdecimal() or sign in "+-")
    return f"{digits}.{part}" if decimal else digits
