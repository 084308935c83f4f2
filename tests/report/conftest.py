import copy
import csv
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from neuro_aolo.report.html import render, render_several
from neuro_aolo.report.side_by_side import Told
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

RUN = Path(__file__).parent / "run"
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """The elements, text and table rows of a page; refuses tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.values: dict[str, list[list[float]]] = {}
        self._title = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self._row: list[str] = []
            self._data: list[float] = []
        if tag in ("td", "th", "caption"):
            self._cell = ""
        if tag == "data":
            self._data.append(float(dict(attrs)["value"] or "nan"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "caption":
            self._title = self._cell
        elif tag in ("td", "th"):
            self._row.append(self._cell)
        elif tag == "tr":
            self.tables.setdefault(self._title, []).append(self._row)
            self.values.setdefault(self._title, []).append(self._data)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)
            if self.open and any(tag in self.open for tag in ("td", "th", "caption")):
                self._cell += data

    @property
    def text(self) -> str:
        return plain(" ".join("".join(self.texts).split()))


@pytest.fixture(scope="session")
def parsed() -> type[Page]:
    """Reads a page."""
    return Page


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
    other = copy.deepcopy(recorded)
    other["run"] |= {"scenario": "speech", "seed": 7}
    other["wording"]["title"] = "speech: data centre in DEU, base station in FRA"
    other["decided"]["regret"] = 0.0123
    for figures in other["ledger"]["boundaries"].values():
        figures["accounts"].pop("h100")
    other["payback"].pop("h100")
    other["priced"]["devices"]["h100"]["spiking"] = None
    first, second = (Summary.of(data, "summary.json") for data in (recorded, other))
    return [Told("first", first, curve), Told("second", second, curve[:5])]


@pytest.fixture
def dense(recorded: dict[str, Any]) -> dict[str, Any]:
    """The run as if its MLP had been trained alone: what has spikes is not in it."""
    return _dense(recorded)


@pytest.fixture(scope="session")
def dense_page(recorded: dict[str, Any], curve: list[dict[str, float]]) -> str:
    """The page of that."""
    return render(Summary.of(_dense(recorded), "summary.json"), curve)


@pytest.fixture(scope="session")
def one_page(summary: Summary, curve: list[dict[str, float]]) -> str:
    """The page of the run."""
    return render(summary, curve)


@pytest.fixture(scope="session")
def page_of_two(two_runs: list[Told]) -> str:
    """The page of both."""
    return render_several(two_runs)


def _dense(recorded: dict[str, Any]) -> dict[str, Any]:
    """The recorded run as if its MLP had been trained alone: what has spikes is not in it."""
    data = copy.deepcopy(recorded)
    data["run"] |= {"actor": "mlp", "kind": "dense", "options": {"--actor": "mlp"}}
    data["deployed"] = data["twin"] = data["exports"] = None
    data["priced"] |= {"firing_rate": None, "pairs": [], "nearest": {}, "published": []}
    data["priced"] |= {"synapses": None, "spikes_per_synapse": None, "synaptic_events_by_step": []}
    unfit = {"loihi1", "loihi2"}
    for profile, device in data["priced"]["devices"].items():
        device |= {"spiking": None, "by_layer": None, "unfit": {"dense": ""} if profile in unfit else {}}
    for profile in unfit:
        del data["payback"][profile]
        for figures in data["ledger"]["boundaries"].values():
            del figures["accounts"][profile]
    data["unfit"] = dict.fromkeys(sorted(unfit), "it runs no dense networks")
    data["timings_s"] = {"training": 8.7, "evaluate": 3.2}
    data["versions"] = {
        name: version
        for name, version in data["versions"].items()
        if name not in ("norse", "lava-nc", "lava-dl")
    }
    # Nothing is set against itself.
    for profile, pairs in data["payback"].items():
        data["payback"][profile] = [pair for pair in pairs if pair["baseline"] != "mlp"]
    return data
