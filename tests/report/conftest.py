import copy
import csv
from pathlib import Path
from typing import Any

import pytest

from neuro_aolo.report.html import render, render_several
from neuro_aolo.report.side_by_side import Told

RUN = Path(__file__).parent / "run"


@pytest.fixture(scope="session")
def curve() -> list[dict[str, float]]:
    """Not to be changed by a test."""
    with (RUN / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


@pytest.fixture
def metrics(curve: list[dict[str, float]]) -> list[dict[str, float]]:
    """The same run's metrics.csv: its best checkpoint comes early, later ones break constraints."""
    return copy.deepcopy(curve)


@pytest.fixture(scope="session")
def two_runs(recorded: dict[str, Any], curve: list[dict[str, float]]) -> list[Told]:
    """That run, and one that is cheaper, shorter, and of a device fewer."""
    other = copy.deepcopy(recorded) | {"scenario": "speech", "regret": 0.0123, "seed": 7}
    other["ledger"]["devices"].pop("h100")
    other["payback"].pop("h100")
    other["energy_j"]["h100"]["snn"] = None
    return [Told("first", recorded, curve), Told("second", other, curve[:5])]


@pytest.fixture(scope="session")
def one_page(recorded: dict[str, Any], curve: list[dict[str, float]]) -> str:
    """The page of the run."""
    return render(recorded, curve)


@pytest.fixture(scope="session")
def page_of_two(two_runs: list[Told]) -> str:
    """The page of both."""
    return render_several(two_runs)
