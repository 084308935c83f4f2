"""Sections that a system adds: where they stand, what is drawn and told, on the page and in the terminal."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from neuro_aolo.errors import RunError
from neuro_aolo.report.chapters import courses, extremes, grid
from neuro_aolo.report.html import render, render_several
from neuro_aolo.report.side_by_side import Told
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN
from neuro_aolo.report.tables import print_details
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.systems.chapter import Charts, Line, Panel, Row, Table
from neuro_aolo.text.numbers import plain

Data = dict[str, Any]
Metrics = list[dict[str, float]]

CHARTS = Charts(
    "A day of tanks",
    "hours",
    1.0,
    (
        Panel("level, m", (Line((1.0, 2.0, None, 3.0), "the actor"), Line((1.0, 1.5, 1.25, 1.0), "bound"))),
        Panel("rain, mm", (Line((0.0, 0.0, 0.5, 0.25)),)),
    ),
)
TABLE = Table("Tanks", ("filled by", "water, m³"), (Row("the actor", (12.345,)), Row("nobody", (None,))))


@pytest.fixture
def added(data: Data) -> Data:
    data["chapters"] = [
        {
            "key": "tanks",
            "heading": "Tanks in pictures",
            "charts": {
                "title": CHARTS.title,
                "axis": CHARTS.axis,
                "step": CHARTS.step,
                "panels": [
                    {
                        "title": panel.title,
                        "lines": [{"name": line.name, "values": list(line.values)} for line in panel.lines],
                    }
                    for panel in CHARTS.panels
                ],
            },
            "table": {
                "title": TABLE.title,
                "columns": list(TABLE.columns),
                "rows": [{"name": row.name, "values": list(row.values)} for row in TABLE.rows],
            },
            "text": ["Full tanks <run> over."],
        }
    ]
    return data


def test_a_chapter_is_a_section_after_the_answer(added: Data, metrics: Metrics) -> None:
    page = render(Summary.of(added, "summary.json"), metrics)
    sections = re.findall(r'<section aria-labelledby="(\w+)"', page)
    assert sections[:3] == ["answer", "tanks", "carbon"]
    assert re.findall(r'href="#(\w+)">', page)[:3] == ["answer", "tanks", "carbon"]
    assert page.count("Tanks in pictures") == 2
    assert "Full tanks &lt;run&gt; over." in page
    assert '<data value="12.345">12.3</data>' in page
    assert "not available" in page
    assert page.count('aria-label="A day of tanks: ') == 2


def test_without_chapters_nothing_of_them_is_there(data: Data, metrics: Metrics) -> None:
    data.pop("chapters", None)
    summary = Summary.of(data, "summary.json")
    assert summary.chapters == ()
    assert re.findall(r'<section aria-labelledby="(\w+)"', render(summary, metrics))[:2] == [
        "answer",
        "carbon",
    ]


def test_a_summary_holds_them_whole(added: Data) -> None:
    summary = Summary.of(added, "summary.json")
    assert summary.chapters[0].charts == CHARTS
    assert summary.chapters[0].table == TABLE
    assert Summary.of(summary.to_dict(), "again") == summary
    added["chapters"][0]["table"]["rows"][0]["colour"] = "red"
    with pytest.raises(RunError, match="colour"):
        Summary.of(added, "summary.json")


@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_courses_are_drawn_and_said(width: float) -> None:
    drawing = courses("tanks", CHARTS, width)
    assert drawing == courses("tanks", CHARTS, width)
    label = re.search(r'aria-label="([^"]*)"', drawing)
    assert label is not None
    assert label[1] == (
        "A day of tanks: level, m: the actor 1.00 to 3.00, mean 2.00; level, m: bound 1.00 to 1.50, mean "
        "1.19; rain, mm 0 to 0.500, mean 0.188."
    )
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", drawing)
    assert [text for text in texts if text in ("the actor", "bound")] == ["the actor", "bound"]
    assert {"level, m", "rain, mm", "hours"} <= set(texts)
    assert "NaN" not in drawing


def test_courses_of_which_nothing_is_known_leave_frames() -> None:
    unknown = Charts("Nothing", "hours", 1.0, (Panel("level, m", (Line((None, None), "the actor"),)),))
    assert "not available to not available" in courses("nothing", unknown)
    assert [str(cell) for cell in extremes(unknown).rows[0][1:]] == ["not available"] * 3


def test_figures_stand_to_the_right() -> None:
    assert [grid(TABLE).numeric(column) for column in range(2)] == [False, True]


def test_runs_side_by_side_have_ids_of_their_own(added: Data, metrics: Metrics) -> None:
    summary = Summary.of(added, "summary.json")
    page = render_several([Told("one", summary, metrics), Told("two", summary, metrics)])
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {"run1-tanks", "run2-tanks"} <= set(ids)


def test_the_terminal_tells_them_in_eighty_columns(added: Data) -> None:
    text = io.StringIO()
    print_details(Summary.of(added, "summary.json"), Console(file=text, width=80))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    told = plain(" ".join(text.getvalue().split()))
    for said in ("A day of tanks", "level, m: the actor", "Tanks", "12.3", "Full tanks <run> over."):
        assert said in told
