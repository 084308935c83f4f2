import csv
import json
from pathlib import Path
from typing import Any

import pytest

RUN = Path(__file__).parent / "run"


@pytest.fixture
def summary() -> dict[str, Any]:
    """A short run of the `paper` scenario, Germany and France, as its summary.json says."""
    loaded: dict[str, Any] = json.loads((RUN / "summary.json").read_text("utf-8"))
    return loaded


@pytest.fixture
def metrics() -> list[dict[str, float]]:
    """The same run's metrics.csv: its best checkpoint comes early, later ones break constraints."""
    with (RUN / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
