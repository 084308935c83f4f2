"""What the terminal prints of any system."""

import io
import math
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from neuro_aolo.agent.learner import Metrics
from neuro_aolo.cli import ledger, terminal
from neuro_aolo.runs.summary.summary import Summary

ROW = Metrics(300, 1.0, 0.1, 0.1, 0.0, 1.0, math.nan, math.nan, 0.25, True)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    file = io.StringIO()
    console = Console(file=file, width=120, force_terminal=True, color_system=None)
    monkeypatch.setattr(terminal, "err", console)
    monkeypatch.setattr(ledger, "out", console)
    monkeypatch.setattr(terminal, "out", console)
    return file


def test_a_bar_counts_what_the_system_decides(printed: io.StringIO) -> None:
    with terminal.progress_bar("training", 600, "hours") as advance:
        advance(ROW)
    assert "300 hours, violations 25.0%" in printed.getvalue()


def test_a_bar_counts_requests_where_nothing_else_is_said(printed: io.StringIO) -> None:
    with terminal.progress_bar("training", 600) as advance:
        advance(replace(ROW, regret=0.5))
    assert "300 requests, regret 50.0%, violations 25.0%" in printed.getvalue()


@pytest.mark.parametrize("style", ["terminal", "markdown"])
def test_a_table_without_rows_is_not_printed(dense: dict[str, Any], printed: io.StringIO, style: str) -> None:
    dense["payback"], dense["ledger"]["accounts"] = {}, {}
    ledger._print(Summary.of(dense, "summary.json"), style)
    assert "Carbon of the service" in printed.getvalue() or style == "markdown"
    assert "saves" not in printed.getvalue()
    assert "Software Carbon Intensity" not in printed.getvalue()
