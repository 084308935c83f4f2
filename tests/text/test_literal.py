"""Text of files and folders is shown as the letters that it is, in terminals, tables and spreadsheets."""

import csv
import io
import itertools
import re
from datetime import UTC, datetime

import pytest
from rich.table import Table
from rich.text import Text

from neuro_aolo.carbon.emissions_csv import EmissionsRow, emissions_csv
from neuro_aolo.comparison import table as comparison_table
from neuro_aolo.report.learners import Setting, markdown
from neuro_aolo.report.tables import as_rich
from neuro_aolo.text import paper_tables
from neuro_aolo.text.console import LiteralConsole
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.literal import csv_cell, in_backticks, literal, literal_line

COMMANDS = {
    "escape": ("\x1b[31mred", r"\x1b[31mred"),
    "bell": ("a\ab", r"a\x07b"),
    "return": ("safe\rbad", r"safe\rbad"),
    "backspace": ("a\bb", r"a\x08b"),
    "8-bit escape": ("\x9b2J", r"\x9b2J"),
    "next line": ("a\x85b", r"a\x85b"),
    "delete": ("a\x7fb", r"a\x7fb"),
    "null": ("a\0b", r"a\x00b"),
    "turned around": ("a\u202eb", r"a\u202eb"),
    "isolated": ("a\u2066b\u2069", r"a\u2066b\u2069"),
    "line separator": ("a\u2028b", r"a\u2028b"),
    "a name that is no UTF-8": ("net\udcff", r"net\udcff"),
}
PLAIN = ["[red]a[/red]", "[bold", "a:x:b", ":smile:", "ä ö 漢字 é", "C:\\net", "a\tb", "50 %", "👍"]


@pytest.mark.parametrize("case", COMMANDS)
def test_control_characters_are_written_out(case: str) -> None:
    text, shown = COMMANDS[case]
    assert literal(text) == shown
    assert literal(shown) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert literal(text) == text


def test_a_line_is_one_line() -> None:
    assert literal_line(" a\n b\r\n\tc\x1b\x0bd ") == r"a b c\x1b\x0bd"


def printed(*what: object, terminal: bool = False) -> str:
    console = LiteralConsole(file=io.StringIO(), width=200, force_terminal=terminal)
    for each in what:
        console.print(each, soft_wrap=True)
    return console.file.getvalue()  # type: ignore[no-any-return, attr-defined]


@pytest.mark.parametrize(
    ("text", "shown"), [*COMMANDS.values(), *((text, text) for text in PLAIN if "\t" not in text)]
)
def test_a_terminal_gets_these_letters_by_every_way_of_printing(text: str, shown: str) -> None:
    table = Table("head")
    table.add_row(text)
    grid = as_rich(Grid(text, (text, "b"), [(text, text)]))
    for way, terminal in itertools.product((text, Text(text), table, grid), (False, True)):
        # What rich itself has a terminal do are colours alone.
        out = re.sub(r"\x1b\[[0-9;]*m", "", printed(way, terminal=terminal))
        assert not set(out) & set("\x1b\a\b\r\x7f\x85\x9b\0\u202e\u2028")
        out.encode()
        assert shown in out or isinstance(way, Text)
        if way is grid and way.columns:
            assert out.count(shown) == 4


def test_columns_are_as_wide_as_what_is_shown() -> None:
    lines = printed(as_rich(Grid("t", ("a", "b"), [("\x1b[2J", "1"), ("plain", "2")]))).splitlines()
    assert len({len(line) for line in lines[1:] if line}) == 1


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_computes_no_text_of_ours(start: str) -> None:
    assert csv_cell(start) == f"'{start}"
    row = EmissionsRow(start, datetime(2026, 1, 2, tzinfo=UTC), 3.0, -1.0, 2.0)
    (read,) = csv.DictReader(io.StringIO(emissions_csv([row]), newline=""))
    assert read["project_name"] == f"'{start}"
    assert (read["energy_consumed"], read["duration"]) == ("-1.0", "3.0")
    text = comparison_table._table([{"scenario": start, "regret": -0.5, "learner": "a=b"}])
    (read,) = csv.DictReader(io.StringIO(text, newline=""))
    assert read == {"scenario": f"'{start}", "regret": "-0.5", "learner": "a=b"}


def test_a_row_of_a_spreadsheet_stays_one_row() -> None:
    text = comparison_table._table([{"scenario": "\r=1\x1b", "learner": "a\nb"}])
    (read,) = csv.DictReader(io.StringIO(text, newline=""))
    assert read == {"scenario": r"\r=1\x1b", "learner": "a\nb"}


@pytest.mark.parametrize("value", ["a=b", "", "1", "paper", 1.5, -1.5, None, True])
def test_numbers_and_other_text_stay(value: object) -> None:
    assert csv_cell(value) == value


def test_a_cell_of_markdown_is_one_cell_on_one_line() -> None:
    grid = Grid("t|\n", ("a|b", "c"), [("x|y\r\nz\rw", "\x1b[0m"), ("`", "<b>")])
    text = paper_tables.markdown(grid)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[2] == r"| x\|y<br>z<br>w | \\x1b\[0m |"
    assert all(len(row.replace(r"\|", "").split("|")) == 4 for row in rows)
    assert "\x1b" not in paper_tables.latex(grid, "x")


def test_code_in_markdown_ends_where_it_should() -> None:
    assert in_backticks("paper") == "`paper`"
    assert in_backticks("a`b``c") == "```a`b``c```"
    assert in_backticks("`a") == "`` `a ``"
    page = markdown([], Setting("a`\n# b", "neuro-aolo `x`", {}, "requests"))
    assert page.splitlines()[0] == "## Learners compared on ``a` # b``"
