"""A dense actor has a page, a terminal summary and tables like any other, without a word of spikes."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from neuro_aolo.report import grids, ledgers, plots
from neuro_aolo.report.answer import answer, own_work, pays
from neuro_aolo.report.claims import energy_sentences
from neuro_aolo.report.html import render, render_several
from neuro_aolo.report.limits import limits, reproduce
from neuro_aolo.report.naming import actor_name, priced_actors
from neuro_aolo.report.side_by_side import Told, table
from neuro_aolo.report.tables import (
    as_rich,
    energy_table,
    headline,
    network_energy_table,
    print_details,
    print_energy,
)
from neuro_aolo.report.verdict import optimality, verdict
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import Quantity, plain

Data = dict[str, Any]
Metrics = list[dict[str, float]]
SPIKES = re.compile(r"spik|lava\b|quantis|raster|firing|break-even|integer network|chip's integers", re.I)


@pytest.fixture
def actor(dense: Data) -> Summary:
    return Summary.of(dense, "summary.json")


def _shown(show: Callable[[Console], None], width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(console)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().replace("│", "|").split())


def _seen(page: str) -> str:
    """What a reader of a page sees, labels of its drawings included."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', body))
    text = re.sub(r"<[^<>]+>", " ", body)
    return plain(" ".join(f"{labels} {text}".replace("&#39;", "'").split()))


def test_its_page_has_every_section_but_those_of_spikes(dense_page: str) -> None:
    headings = re.findall(r'<h2 id="(\w+)">', dense_page)
    assert headings == [
        "answer",
        "carbon",
        "pays",
        "energy",
        "learning",
        "decisions",
        "assumptions",
        "limits",
        "reproduce",
        "sources",
    ]
    assert re.findall(r'<a href="#(\w+)">', dense_page) == headings[:-1]
    assert dense_page.count("<figcaption>") == 4


def test_its_page_says_nothing_of_spikes_and_names_it(dense_page: str) -> None:
    seen = _seen(dense_page)
    # The figures of the neuromorphic chips are still among the assumptions.
    before, after = seen.split("What it rests on", 1)
    assert SPIKES.findall(before) == []
    assert SPIKES.findall(after[after.index("Limits") :]) == []
    assert "held-out requests the trained MLP costs 20.3 % more than the exact optimum" in seen
    assert "STM32U575 microcontroller (Cortex-M33, 160 MHz, int8): MLP" in seen
    assert not re.search(r"\b(nan|None|inf)\b", seen)


def test_its_terminal_summary_says_the_same(actor: Summary) -> None:
    printed = _shown(lambda console: print_details(actor, console))
    assert SPIKES.findall(printed) == []
    assert "held-out requests the trained MLP costs 20.3 % more than the exact optimum" in printed
    assert "| MLP | 20.28 % |" in printed
    assert "dense twin" not in printed
    said = [plain(f"{finding.topic}: {' '.join(finding.sentences)}") for finding in answer(actor)]
    assert printed.endswith(" ".join(" ".join(said).split()))


def test_its_energy_has_one_column_and_its_bills(actor: Summary) -> None:
    actors = priced_actors(actor.run)
    grid = grids.energy(actor.priced, actors)
    assert grid.columns == ("device and boundary", "MLP", "evidence")
    rows = {str(row[0]).split(",")[0].split(" (")[0].split(":")[0]: row[1] for row in grid.rows}
    energy = {name: cell.value for name, cell in rows.items() if isinstance(cell, Quantity)}
    assert energy == {
        "NVIDIA H100 SXM": 0.0036000000000000003,
        "STM32U575 microcontroller": 2.0864947199999996e-05,
    }
    assert rows["Intel Loihi 1"] == rows["Intel Loihi 2"] == grids.CANNOT
    assert [name for name, _ in grids.bills(actor.priced, actors)] == [
        "NVIDIA H100 SXM, one decision at a time: MLP",
        "STM32U575 microcontroller (Cortex-M33, 160 MHz, int8): MLP",
    ]
    assert energy_sentences(actor.priced) == []


def test_its_energy_is_printed_without_a_rival(dense: Data, actor: Summary) -> None:
    printed = _shown(lambda console: print_energy(actor.run, actor.priced, console))
    assert "| device: boundary (evidence) | MLP |" in printed.replace("┃", "|")
    assert SPIKES.findall(printed) == []
    bill = dense["priced"]["devices"]["h100"]["dense"]
    bill["highest_rate_hz"] = {"low": 10.0, "nominal": 20.0, "high": 40.0}
    bill["latency_s"] = {"low": 0.025, "nominal": 0.05, "high": 0.1}
    dense["priced"]["conditions"]["request_rate_hz"] = 100.0
    slow = [plain(sentence) for sentence in grids.too_slow(Priced.model_validate(dense["priced"]))]
    assert slow == ["h100 cannot keep up with 100 decisions a second: one takes 50.0 ms (25.0 - 100)."]


def test_a_dense_network_alone_has_its_energy_too(actor: Summary) -> None:
    tables: list[Table] = [network_energy_table(actor.priced), energy_table(actor.run, actor.priced)]
    alone, named = ([str(column.header) for column in each.columns] for each in tables)
    assert (alone, named) == (
        ["device: boundary (evidence)", "energy"],
        ["device: boundary (evidence)", "MLP"],
    )
    assert "20.9 uJ" in _shown(lambda console: console.print(tables[0]))


def test_its_ledger_adds_up_like_any_other(dense: Data, actor: Summary) -> None:
    assert [str(row[0]) for row in ledgers.devices(actor).rows] == [
        "NVIDIA H100 SXM",
        "STM32U575 microcontroller",
    ]
    for column, boundary in enumerate(("work", "provisioned"), start=1):
        for profile, account in dense["ledger"]["boundaries"][boundary]["accounts"].items():
            *lines, agent, _, total, _ = (row[column] for row in ledgers.account(actor, profile).rows)
            values = [cell.value for cell in (*lines, agent) if isinstance(cell, Quantity)]
            assert sum(values[:-1]) == pytest.approx(values[-1], rel=1e-12)
            assert isinstance(total, Quantity)
            assert total.value == account["total_mg"]["nominal"]
    for grid in (
        ledgers.service(actor),
        ledgers.always_on(actor),
        ledgers.intensity(actor),
        ledgers.savings(actor),
    ):
        assert SPIKES.findall(_shown(lambda console, grid=grid: console.print(as_rich(grid)))) == []  # type: ignore[misc]
    assert ledgers.always_on(actor).columns == (
        "device",
        "own work",
        "static power",
        "static, times own work",
    )
    assert "it pays on every device" in " ".join(pays(actor))
    assert "On STM32U575 microcontroller the agent's own work" in own_work(actor)[0]


def test_what_stands_beside_it(actor: Summary) -> None:
    assert [finding.topic for finding in verdict(actor)] == ["Constant action"]
    assert "than the MLP" in verdict(actor)[0].sentences[0]
    assert [str(row[0]) for row in grids.policies(actor).rows] == [
        "oracle, the exact optimum",
        "MLP",
        "constant: 150.0 words, 9.932 W",
    ]
    assert SPIKES.findall(" ".join(label for label, _ in headline(actor))) == []
    assert "The MLP's energy on a microcontroller" in " ".join(limits(actor))
    assert reproduce(actor).endswith("--seed 0 --steps 60160 --actor mlp --out DIR")


def test_another_dense_actor_is_not_called_an_mlp(dense: Data, metrics: Metrics) -> None:
    dense["run"]["actor"] = "diffusion"
    summary = Summary.of(dense, "summary.json")
    assert actor_name(summary.run) == "diffusion actor"
    assert "the trained diffusion actor costs" in optimality(summary)
    assert "MLP" not in _seen(render(summary, metrics))
    assert "MLP" not in _shown(lambda console: print_details(summary, console))
    assert "MLP" not in plots.energy_per_device(summary)


def test_without_a_device_it_has_a_page(dense: Data, metrics: Metrics) -> None:
    for device in dense["priced"]["devices"].values():
        device["dense"] = None
    dense["payback"] = {}
    for figures in dense["ledger"]["boundaries"].values():
        figures["accounts"] = {}
    seen = _seen(render(Summary.of(dense, "summary.json"), metrics))
    assert "There is nothing to pay back: no device here runs the MLP." in seen
    assert "The MLP has no carbon figure beside the service's here." in seen


def test_its_exported_files_are_told(recorded: Data, dense: Data, metrics: Metrics) -> None:
    dense["exports"] = [recorded["exports"][2] | {"slots": 0, "mismatches": 0, "traced": 0}]
    page = render(Summary.of(dense, "summary.json"), metrics)
    assert '<h2 id="formats">In other formats</h2>' in page
    assert '<a href="#formats">Formats</a>' in page
    assert "slots" not in _seen(page).lower()


def test_it_stands_beside_a_spiking_one(summary: Summary, actor: Summary, curve: Metrics) -> None:
    runs = [Told("spiking", summary, curve), Told("dense", actor, curve)]
    rows = {str(row[0]): [plain(cell) for cell in row[1:]] for row in table(runs).rows}
    assert rows["time steps"] == ["5", ""]
    assert rows["firing rate"] == ["18.5 %", ""]
    assert rows["decision, STM32U575 microcontroller"] == ["89.8 uJ (59.5 - 493)", "20.9 uJ (20.9 - 82.8)"]
    assert rows["decision, Intel Loihi 1"][1] == "cannot run it"
    alone = {str(row[0]) for row in table(runs[1:]).rows}
    assert not alone & {"time steps", "firing rate"}
    page = render_several(runs)
    assert 'id="run1-spikes"' in page
    assert 'id="run2-spikes"' not in page
    assert "PopSAN" in page
    assert "PopSAN" not in render_several(runs[1:])
