import io
import math
from typing import Any

import pytest
from rich.console import Console

from neuro_aolo.errors import RunError
from neuro_aolo.report import grids
from neuro_aolo.report.answer import answer
from neuro_aolo.report.naming import priced_actors
from neuro_aolo.report.tables import (
    energy_table,
    evaluation_table,
    headline,
    lava_table,
    print_details,
)
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import Quantity, plain

Data = dict[str, Any]


def _typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


def _printed(summary: Summary, width: int = 100) -> str:
    assert summary.deployed is not None
    console = Console(file=io.StringIO(), width=width)
    print_details(summary, console)
    for table in (
        lava_table(summary.deployed.lava),
        evaluation_table(summary.run, summary.wording, summary.decided),
        energy_table(summary.run, summary.priced),
    ):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _values(grid: Grid, column: int) -> dict[str, float]:
    cells = [(str(row[0]), row[column]) for row in grid.rows]
    return {name: cell.value for name, cell in cells if isinstance(cell, Quantity)}


def test_every_bill_adds_up_to_the_energy_of_the_device(summary: Summary) -> None:
    for device in summary.priced.devices.values():
        for bill in (device.spiking, device.dense):
            if bill is None:
                continue
            energy = _values(grids.bill("", bill), 2)
            total = energy.pop("total")
            assert math.fsum(energy.values()) == pytest.approx(total, rel=1e-12)
            assert total == bill.total_j.nominal


def test_policies_stand_beside_each_other(data: Data) -> None:
    regret = _values(grids.policies(_typed(data)), 1)
    assert list(regret.values()) == [
        0.0,
        data["decided"]["regret"],
        data["deployed"]["regret"],
        data["twin"]["regret"],
        data["decided"]["constant"]["regret"],
    ]


def test_a_device_has_its_boundary_and_both_actors(summary: Summary) -> None:
    grid = grids.energy(summary.priced, priced_actors(summary.run))
    rows = {str(row[0]): [plain(cell) for cell in row[1:]] for row in grid.rows}
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


def test_what_has_no_price_is_named_in_full(data: Data) -> None:
    data["priced"]["devices"]["loihi2"]["unfit"] = {"dense": ""}
    data["priced"]["devices"]["loihi1"]["unfit"] = {"dense": "it is too small"}
    summary = _typed(data)
    grid = grids.energy(summary.priced, priced_actors(summary.run), in_full=True)
    chips = [str(row[0]) for row in grid.rows if "Loihi" in str(row[0])]
    assert "without a price: synaptic weight fetches, embedded x86 processors, core reset" in chips[0]
    assert chips[0].endswith("; it is too small")
    assert chips[1].endswith(", spike injection and readout")


def test_an_evaluation_alone_has_its_table(summary: Summary) -> None:
    assert evaluation_table(summary.run, summary.wording, summary.decided).row_count == 3


def test_the_headline_has_the_figures_that_matter(summary: Summary) -> None:
    shown = dict(headline(summary))
    assert shown["slots in which Lava differs"] == "0 of 534,000"
    assert shown["service's work, mg CO₂e per request"] == "39.51"


def test_the_terminal_gets_ascii_words_and_no_markup(data: Data) -> None:
    data["wording"]["title"] = "[bold]x[/nope]: data centre in DEU, base station in FRA"
    printed = _printed(_typed(data))
    assert "[bold]x[/nope]: data centre in DEU" in printed
    assert "9.49 uJ (2.34 - 24.0)" in printed
    boxes = set("┏┓┗┛┳┻┃━┡┢┩┪╇│├┤┬┴─└┘┼╰╯")
    assert {character for character in printed if not character.isascii()} <= boxes


def test_the_terminal_survives_what_may_be_null(data: Data) -> None:
    data["run"]["interrupted"] = True
    data["twin"] = None
    nothing = dict.fromkeys(data["deployed"]["lava"])
    data["deployed"]["lava"] = nothing | {
        "available": False,
        "reason": "lava-nc is not installed",
        "layers": [],
    }
    data["priced"]["devices"]["loihi1"]["spiking"] = None
    printed = " ".join(_printed(_typed(data), width=200).split())
    assert "Training was interrupted after 60,160 requests" in printed
    assert "Lava was not run: lava-nc is not installed." in printed
    assert "dense twin | not in this run" in printed.replace("│", "|")


def test_the_terminal_survives_a_network_that_was_not_evaluated(data: Data) -> None:
    data["deployed"] = None
    console = Console(file=io.StringIO(), width=200)
    print_details(_typed(data), console)
    assert isinstance(console.file, io.StringIO)
    printed = " ".join(console.file.getvalue().replace("│", "|").split())
    assert "spiking actor in the chip's integers | not in this run" in printed


def test_an_incomplete_summary_is_not_printed(data: Data) -> None:
    del data["priced"]
    with pytest.raises(RunError, match="priced"):
        print_details(_typed(data), Console(file=io.StringIO()))


def test_the_run_ends_with_the_answer(summary: Summary) -> None:
    console = Console(file=io.StringIO(), width=100)
    print_details(summary, console)
    assert isinstance(console.file, io.StringIO)
    printed = " ".join(console.file.getvalue().split())
    said = [plain(f"{found.topic}: {' '.join(found.sentences)}") for found in answer(summary)]
    assert printed.endswith(" ".join(" ".join(said).split()))
