"""What the terminal prints of any system."""

import io
import math
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from neuro_aolo.agent.learner import Metrics
from neuro_aolo.cli import ledger, terminal
from neuro_aolo.runs import progress
from neuro_aolo.runs.progress import told
from neuro_aolo.runs.summary.summary import Summary

ROW = Metrics(300, 1.0, 0.1, 0.1, 0.0, 1.0, math.nan, math.nan, 0.25, True)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    file = io.StringIO()
    console = Console(file=file, width=120, force_terminal=True, color_system=None)
    monkeypatch.setattr(progress, "err", console)
    monkeypatch.setattr(ledger, "out", console)
    monkeypatch.setattr(terminal, "out", console)
    return file


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW, "violations 25.0%"),
        (replace(ROW, regret=0.5), "regret 50.0%, violations 25.0%"),
        (replace(ROW, regret=0.5, violation_rate=0.5), "infeasible, violations 50.0%"),
    ],
)
def test_what_a_training_says_on_the_way(row: Metrics, said: str) -> None:
    assert told(row, violation_limit=0.3) == said


def test_a_bar_counts_what_the_system_decides(printed: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_in_terminal", lambda: True)
    progress.speak()  # Another test may have parsed --quiet.
    with progress.stage("training", 600, "hours") as advance:
        advance(300, told(ROW, 0.3))
    assert "300 of 600 hours, violations 25.0%" in printed.getvalue()


@pytest.mark.parametrize("style", ["terminal", "markdown"])
def test_a_table_without_rows_is_not_printed(dense: dict[str, Any], printed: io.StringIO, style: str) -> None:
    dense["payback"] = {}
    for figures in dense["ledger"]["boundaries"].values():
        figures["accounts"] = {}
    ledger._print(Summary.of(dense, "summary.json"), style)
    assert "Carbon of the service" in printed.getvalue() or style == "markdown"
    assert "saves" not in printed.getvalue()
    assert "Software Carbon Intensity" not in printed.getvalue()
