"""Text that came from a file, a folder's name or a scenario, as it is shown elsewhere: never as a command.

What a terminal would obey, what would turn the reading direction around and what no encoding can hold is
written as an escape, as Python does; a cell of a CSV file that a spreadsheet would compute is text there.

References:
    ECMA-48 (1991), control functions for coded character sets.
    OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection.
"""

import re
from collections.abc import Mapping

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]"
)
_FORMULA = ("=", "+", "-", "@", "\t")


def literal(text: str) -> str:
    """The text with every control character written out, but for the end of a line and a tab."""
    return _CONTROLS.sub(lambda each: each[0].encode("unicode_escape").decode(), text)


def literal_line(text: str) -> str:
    """The same on one line."""
    return literal(re.sub(r"(?:\r\n|[ \t\n])+", " ", text).strip(" "))


def in_backticks(text: str) -> str:
    """The text as code in Markdown, on one line: between as many backticks as it takes."""
    line = literal_line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def csv_cell(value: object) -> object:
    """A cell as text where it is text: one that a spreadsheet takes for a formula gets an apostrophe."""
    if not isinstance(value, str):
        return value
    text = literal(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_row(row: Mapping[str, object]) -> dict[str, object]:
    """:func:`csv_cell` of every cell."""
    return {name: csv_cell(value) for name, value in row.items()}
