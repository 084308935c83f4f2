import csv
import json
from pathlib import Path
from typing import Any

import pytest

RUN = Path(__file__).parent / "run"


@pytest.fixture
def summary() -> dict[str, Any]:
    """Shaped like a short run of `paper` in Germany and France; what Lava and timings say is made up."""
    loaded: dict[str, Any] = json.loads((RUN / "summary.json").read_text("utf-8"))
    return loaded


@pytest.fixture
def metrics() -> list[dict[str, float]]:
    """The same run's metrics.csv: its best checkpoint comes early, later ones break constraints."""
    with (RUN / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
