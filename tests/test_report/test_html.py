import math
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from neuro_aolo.errors import RunError
from neuro_aolo.report.html import render, write_report
from neuro_aolo.report.numbers import plain

Summary = dict[str, Any]
Metrics = list[dict[str, float]]
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """The elements, text and table rows of a page; refuses tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
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
            self.words.append(data)
            if self.open and any(tag in self.open for tag in ("td", "th", "caption")):
                self._cell += data

    @property
    def text(self) -> str:
        return plain(" ".join("".join(self.words).split()))


def test_nothing_is_loaded_from_anywhere(summary: Summary, metrics: Metrics) -> None:
    html = render(summary, metrics)
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "img", "base", "form", "audio", "video"}
    for tag, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on")}
        assert not set(attributes) & {"src", "srcset", "poster", "xlink:href"}
        href = attributes.get("href", "")
        assert href.startswith("https://" if tag == "a" else ("#", "data:")) or not href
    assert "default-src 'none'" in html
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]{0,1})", html)) <= {"#"}


def test_the_sections_come_in_their_order(summary: Summary, metrics: Metrics) -> None:
    headings = re.findall(r'<h2 id="(\w+)">', render(summary, metrics))
    assert headings == [
        "verdict",
        "learning",
        "spikes",
        "lava",
        "energy",
        "ledger",
        "limits",
        "reproduce",
        "sources",
    ]


def test_the_page_can_be_read_without_seeing_it(summary: Summary, metrics: Metrics) -> None:
    page = Page(render(summary, metrics))
    drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(drawings) == 8
    assert all(drawing["role"] == "img" and len(drawing["aria-label"]) > 40 for drawing in drawings)
    assert all(attributes["scope"] in ("col", "row") for tag, attributes in page.elements if tag == "th")
    assert sum(tag == "figcaption" for tag, _ in page.elements) == 4
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    aimed = [
        attributes["href"][1:]
        for _, attributes in page.elements
        if attributes.get("href", "").startswith("#")
    ]
    assert set(aimed) <= set(ids)


def test_every_figure_of_the_summary_is_in_the_page(summary: Summary, metrics: Metrics) -> None:
    page = Page(render(summary, metrics))
    policies = page.values["Policies on 20,000 held-out requests"]
    wanted = [summary, summary["deployed"], summary["mlp"]]
    assert policies[2:5] == [[one["regret"], one["violation_rate"]] for one in wanted]
    assert policies[5] == [summary["constant_regret"], summary["constant_violation_rate"]]
    layers = [[layer["slots"], layer["spikes"], layer["mismatches"]] for layer in summary["lava"]["layers"]]
    total = [summary["lava"][key] for key in ("spikes_compared", "spikes_emitted", "mismatches")]
    assert page.values["200 decisions on Lava"][1:] == [*layers, total]
    clipped = [
        [layer["scale"], layer["clipped"], layer["max_rounding_error"]] for layer in summary["quantisation"]
    ]
    assert page.values["Quantisation"][1:] == clipped
    energies = [
        [values["nominal"] for values in (actors["snn"], actors["mlp"]) if values]
        for actors in summary["energy_j"].values()
    ]
    assert page.values["Energy of one decision, nominal (low – high)"][1:] == energies
    for figure in (
        "39.51 mg",
        "32.85 mg",
        "150.0 words",
        "9.932 W",
        "56.04 g/kWh",
        "18.5 %",
        "137 mg",
        "137 ng",
    ):
        assert figure in page.text
    for layer in summary["layers"]:
        assert f"{layer['spikes_per_decision']:,.1f}" in page.text


def test_the_shown_ledger_and_bills_add_up(summary: Summary, metrics: Metrics) -> None:
    page = Page(render(summary, metrics))
    ledger = {
        row[0]: value[1]
        for row, value in zip(page.tables["Ledger"], page.values["Ledger"], strict=True)
        if value
    }
    terms = math.fsum(ledger[name] for name in summary["service_terms_mg"])
    assert ledger["service"] == pytest.approx(terms, rel=1e-14)
    parts = terms, ledger["agent on Intel Loihi 2"], ledger["training, shared over 1,000,000 requests"]
    assert ledger["whole request, agent on Intel Loihi 2"] == pytest.approx(math.fsum(parts), rel=1e-14)
    bills = [title for title in page.values if title.startswith("Bill of")]
    assert len(bills) == 6
    for title in bills:
        *lines, total = [row[-1] for row in page.values[title] if row]
        assert math.fsum(lines) == pytest.approx(total, rel=1e-12)


def test_bills_tell_what_they_leave_out(summary: Summary, metrics: Metrics) -> None:
    text = Page(render(summary, metrics)).text
    bill = summary["bills"]["loihi1"]["snn"]
    for item in (
        *bill["unpriced"],
        *bill["excluded"],
        bill["boundary"],
        *(line["name"] for line in bill["lines"]),
    ):
        assert plain(item) in text


def test_names_are_escaped(summary: Summary, metrics: Metrics) -> None:
    nasty = "<b>x</b>\"'&amp;<script>alert(1)</script>"
    summary |= {"scenario": nasty, "training_measured_by": nasty}
    summary["lava"] |= {"available": False, "reason": nasty}
    summary["bills"]["loihi2"]["device"] = nasty
    summary["layers"][1]["name"] = nasty
    html = render(summary, metrics)
    assert "<b>" not in html
    assert "<script" not in html
    assert f"{nasty}: data centre in DEU, base station in FRA" in Page(html).text


def _unable(summary: Summary, actor: str) -> Summary:
    for profile in summary["energy_j"]:
        summary["energy_j"][profile][actor] = summary["bills"][profile][actor] = None
    if actor == "snn":
        summary["agent_mg_per_request"] = dict.fromkeys(summary["energy_j"])
    return summary


def _silent(summary: Summary) -> Summary:
    for layer in summary["layers"]:
        layer |= {"spikes_per_decision": 0.0, "firing_rate": 0.0, "synaptic_events_per_decision": 0.0}
    summary["lava"] |= {"spikes_emitted": 0}
    return summary | {"firing_rate": 0.0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda s: s | {"lava": {"available": False, "reason": "not installed"}},
            "Lava was not run: not installed",
        ),
        (lambda s: s | {"mlp": None}, "No MLP was trained in this run"),
        (lambda s: _unable(s, "mlp"), "no ratio is printed"),
        (lambda s: _unable(s, "snn"), "no device here runs the spiking actor"),
        (_silent, "No neuron spiked in any decision"),
        (lambda s: s | {"training_g": None, "training_kwh": None}, "training's carbon was not measured"),
        (lambda s: s | {"training_g": math.nan}, "training's carbon was not measured"),
        (lambda s: s | {"dc_country": None, "bs_country": None}, "carbon intensities from the scenario"),
        (lambda s: s | {"deployed": None}, "The integer network was not evaluated"),
        (lambda s: s | {"interrupted": True}, "Training was interrupted after 60,160 requests"),
        (lambda s: s | {"regret": math.nan, "violation_rate": math.nan}, "has no regret figure"),
        (lambda s: s | {"service_mg_per_request": 40.0}, "the evaluation's mean is 40.0000 mg"),
        (
            lambda s: s | {"service_terms_mg": dict.fromkeys(s["service_terms_mg"], 0.0)},
            "Carbon of one request",
        ),
        (lambda s: s | {"energy_j": {}, "bills": {}, "agent_mg_per_request": {}}, "no ratio is printed"),
        (lambda s: s | {"quantisation": [], "timings_s": None}, "How to reproduce"),
    ],
)
def test_what_is_missing_is_said_in_words(
    summary: Summary, metrics: Metrics, change: Callable[[Summary], Summary], said: str
) -> None:
    page = Page(render(change(summary), metrics))
    assert said in page.text
    assert not re.search(r"\b(nan|None|inf)\b", page.text)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_run_of_one_checkpoint_or_none_has_a_page(summary: Summary, metrics: Metrics, rows: int) -> None:
    text = Page(render(summary, metrics[:rows])).text
    assert ("No checkpoint was validated" if rows == 0 else "65.76 mg after 2,304 requests") in text


def test_the_same_run_has_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from neuro_aolo.report.html import write_report\n"
        "run, out = map(Path, sys.argv[1:]); s = json.loads((run / 'summary.json').read_text())\n"
        "write_report(out, s, [{'requests': 1.0, 'cost': 2.0, 'optimal_cost': 1.0, 'violation_rate': 0.0}])"
    )
    pages = []
    for seed in ("1", "2"):
        (folder := tmp_path / seed).mkdir()
        arguments = [sys.executable, "-c", code, str(Path(__file__).parent / "run"), str(folder)]
        subprocess.run(
            arguments, check=True, env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}, timeout=60
        )
        pages.append((folder / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path, summary: Summary, metrics: Metrics) -> None:
    path = write_report(tmp_path, summary, metrics)
    before = path.read_bytes()
    assert path == tmp_path / "report.html"
    broken = {key: value for key, value in summary.items() if key != "regret"}
    with pytest.raises(RunError, match="'regret'"):
        write_report(tmp_path, broken, metrics)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_report_needs_a_run_folder(tmp_path: Path, summary: Summary, metrics: Metrics) -> None:
    with pytest.raises(RunError, match=r"does not exist; give the folder"):
        write_report(tmp_path / "none", summary, metrics)
