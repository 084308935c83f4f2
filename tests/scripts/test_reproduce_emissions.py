"""The rows on emissions per bit: a few of two weeks are what the committed page says of sixteen."""

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "results" / "emissions_per_bit" / "README.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script and the modules beside it, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module("reproduce_emissions")


def figures(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[0-9]+(?:\.[0-9]+)?", text)]


def test_rows_of_accounting_and_tie_breaks(script: ModuleType) -> None:
    kept = {
        cells[1]: cells
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if (cells := [cell.strip() for cell in line.split("|")])[0] == "" and len(cells) == 7
    }
    rows = [*script.accounting(2), *script.tie_breaks(2)]
    assert [row.number for row in rows] == ["1", "2", "3", "4", "8"]
    for row in rows:
        number, claim, result, bar, met = kept[row.number][1:6]
        assert (number, claim, bar, met) == (row.number, row.claim, row.bar, "yes")
        assert figures(row.result)[:3] == pytest.approx(figures(result)[:3], rel=0.2)


def test_every_row_of_the_page_has_a_verdict(script: ModuleType) -> None:
    row = script.Row("1", "a claim", "a result", "a bar", is_met=False)
    assert script.page([row], 3).splitlines()[-1] == "| 1 | a claim | a result | a bar | no |"
