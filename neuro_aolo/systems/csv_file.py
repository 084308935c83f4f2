"""Reading a CSV file's rows, whichever of the usual separators it has."""

import csv
import io
from pathlib import Path

from neuro_aolo.errors import ScenarioError

Row = tuple[int, list[str]]
"""The line of the file that a row ends on, counted from 1, and its cells."""

_SEPARATORS = ",;\t"


def read_rows(path: Path, what: str) -> list[Row]:
    """The file's rows that are not blank; cells without the blanks around them.

    Args:
        path: CSV file in UTF-8; comma, semicolon or tab separated.
        what: What the file is to hold, for error messages.

    Raises:
        ScenarioError: If there is no such file, or it is no text, or a quote is never closed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(f"no {what} file {str(path)!r}: check the path") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: not a text file in UTF-8: export it as CSV in UTF-8") from None
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}; give a CSV file") from None
    if "\0" in text:
        raise ScenarioError(f"{path}: not a text file in UTF-8: export it as CSV in UTF-8")
    header = text.lstrip("\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(_SEPARATORS, key=header.count))
    rows: list[Row] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        start = rows[-1][0] + 1 if rows else 1
        raise ScenarioError(f"{path}, row {start}: {error}: is a quote left open there?") from None
    return rows
