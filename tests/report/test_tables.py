import io
import math
from typing import Any

import pytest
from rich.console import Console

from neuro_aolo.errors import RunError
from neuro_aolo.report import grids
from neuro_aolo.report.answer import answer
from neuro_aolo.report.tables import (
    energy_table,
    evaluation_table,
    headline,
    lava_table,
    print_summary,
)
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import Quantity, plain


def _printed(summary: dict[str, Any], width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_summary(summary, console)
    for table in (
        lava_table(summary),
        evaluation_table(summary),
        energy_table(summary),
    ):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _values(grid: Grid, column: int) -> dict[str, float]:
    cells = [(str(row[0]), row[column]) for row in grid.rows]
    return {name: cell.value for name, cell in cells if isinstance(cell, Quantity)}


def test_every_bill_adds_up_to_the_energy_of_the_device(summary: dict[str, Any]) -> None:
    for profile, bills in summary["bills"].items():
        for actor in ("snn", "mlp"):
            if (bill := bills[actor]) is None:
                continue
            energy = _values(grids.bill("", bill["lines"], bill["total_j"]), 2)
            total = energy.pop("total")
            assert math.fsum(energy.values()) == pytest.approx(total, rel=1e-12)
            assert total == summary["energy_j"][profile][actor]["nominal"]


def test_policies_stand_beside_each_other(summary: dict[str, Any]) -> None:
    regret = _values(grids.evaluation(summary), 1)
    assert list(regret.values()) == [
        0.0,
        summary["regret"],
        summary["deployed"]["regret"],
        summary["mlp"]["regret"],
        summary["constant_regret"],
    ]


def test_a_device_has_its_boundary_and_both_actors(summary: dict[str, Any]) -> None:
    rows = {str(row[0]): [plain(cell) for cell in row[1:]] for row in grids.energy(summary).rows}
    assert rows == {
        "NVIDIA H100 SXM, one decision at a time: whole energy of the module while it works": [
            "22.8 mJ (10.3 - 57.0)",
            "3.60 mJ (1.62 - 9.00)",
            "recalled",
        ],
        "Intel Loihi 1: dynamic energy of the chip; a lower bound": [
            "9.49 uJ (2.34 - 24.0)",
            "cannot run it",
            "derived",
        ],
        "Intel Loihi 2: dynamic energy of the chip; a lower bound": [
            "6.02 uJ (0.488 - 23.4)",
            "cannot run it",
            "projected",
        ],
        "STM32U575 microcontroller (Cortex-M33, 160 MHz, int8): whole energy of the chip while it works": [
            "89.8 uJ (59.5 - 493)",
            "20.9 uJ (20.9 - 82.8)",
            "projected / metered",
        ],
    }


def test_what_has_no_price_is_named_in_full(summary: dict[str, Any]) -> None:
    summary["bills"]["loihi2"]["unfit"] = {"mlp": "it runs no dense networks"}
    summary["bills"]["loihi1"]["unfit"] = {"mlp": "it is too small"}
    chips = [str(row[0]) for row in grids.energy(summary, in_full=True).rows if "Loihi" in str(row[0])]
    assert "without a price: synaptic weight fetches, embedded x86 processors, core reset" in chips[0]
    assert chips[0].endswith("; it is too small")
    assert "runs no dense" not in chips[1]


def test_an_evaluation_alone_has_its_table(summary: dict[str, Any]) -> None:
    alone = {key: value for key, value in summary.items() if key not in ("deployed", "mlp", "lava", "bills")}
    assert evaluation_table(alone).row_count == 3


def test_the_headline_has_the_figures_that_matter(summary: dict[str, Any]) -> None:
    shown = dict(headline(summary))
    assert shown["slots in which Lava differs"] == "0 of 534,000"
    assert shown["service, mg CO₂e per request"] == "39.51"


def test_the_terminal_gets_ascii_words_and_no_markup(summary: dict[str, Any]) -> None:
    summary |= {"scenario": "[bold]x[/nope]"}
    printed = _printed(summary)
    assert "[bold]x[/nope]: data centre in DEU" in printed
    assert "9.49 uJ (2.34 - 24.0)" in printed
    boxes = set("┏┓┗┛┳┻┃━┡┢┩┪╇│├┤┬┴─└┘┼╰╯")
    assert {character for character in printed if not character.isascii()} <= boxes


def test_the_terminal_survives_what_may_be_null(summary: dict[str, Any]) -> None:
    summary |= {"mlp": None, "deployed": None, "interrupted": True}
    summary["lava"] = {"available": False, "reason": "lava-nc is not installed"}
    summary["energy_j"]["loihi1"]["snn"] = None
    printed = " ".join(_printed(summary, width=200).split())
    assert "Training was interrupted after 60,160 requests" in printed
    assert "Lava was not run: lava-nc is not installed." in printed
    assert "not in this run" in printed


def test_an_incomplete_summary_is_not_printed(summary: dict[str, Any]) -> None:
    del summary["bills"]
    with pytest.raises(RunError, match="'bills'"):
        print_summary(summary, Console(file=io.StringIO()))


def test_the_run_ends_with_the_answer(summary: dict[str, Any]) -> None:
    console = Console(file=io.StringIO(), width=100)
    print_summary(summary, console)
    assert isinstance(console.file, io.StringIO)
    printed = " ".join(console.file.getvalue().split())
    said = [plain(f"{found.topic}: {' '.join(found.sentences)}") for found in answer(summary)]
    assert printed.endswith(" ".join(" ".join(said).split()))
