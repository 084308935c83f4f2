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
from neuro_aolo.report.html import render, write_page
from neuro_aolo.report.side_by_side import Told
from neuro_aolo.text.numbers import plain

Summary = dict[str, Any]
Metrics = list[dict[str, float]]
SECTIONS = [
    "answer",
    "carbon",
    "pays",
    "energy",
    "spikes",
    "learning",
    "decisions",
    "even",
    "lava",
    "assumptions",
    "limits",
    "reproduce",
    "sources",
]
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


@pytest.mark.parametrize("html", ["one_page", "page_of_two"])
def test_nothing_is_loaded_from_anywhere(request: pytest.FixtureRequest, html: str) -> None:
    html = request.getfixturevalue(html)
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "img", "base", "form", "audio", "video"}
    for tag, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on")}
        assert not set(attributes) & {"src", "srcset", "poster", "xlink:href"}
        href = attributes.get("href", "")
        assert href.startswith(("https://", "#") if tag == "a" else ("#", "data:")) or not href
    assert "default-src 'none'" in html
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]{0,1})", html)) <= {"#"}


def test_the_sections_come_in_their_order(one_page: str) -> None:
    headings = re.findall(r'<h2 id="(\w+)">', one_page)
    assert headings == SECTIONS


def test_the_page_can_be_read_without_seeing_it(one_page: str) -> None:
    page = Page(one_page)
    drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(drawings) == 14
    assert all(drawing["role"] == "img" and len(drawing["aria-label"]) > 40 for drawing in drawings)
    assert all(attributes["scope"] in ("col", "row") for tag, attributes in page.elements if tag == "th")
    assert sum(tag == "figcaption" for tag, _ in page.elements) == 7
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    aimed = [
        attributes["href"][1:]
        for _, attributes in page.elements
        if attributes.get("href", "").startswith("#")
    ]
    assert set(aimed) <= set(ids)


def test_every_figure_of_the_summary_is_in_the_page(summary: Summary, one_page: str) -> None:
    page = Page(one_page)
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
        "0.137 g",
        "lava-dl not installed",
    ):
        assert figure in page.text
    for layer in summary["layers"]:
        assert f"{layer['spikes_per_decision']:,.1f}" in page.text


def _numbers(value: Any) -> set[float]:
    """Every number of a summary."""
    if isinstance(value, dict):
        return set().union(*map(_numbers, value.values()))
    if isinstance(value, list):
        return set().union(*map(_numbers, value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {float(value)} if is_number else set()


def test_every_value_of_the_page_is_a_number_of_the_summary(summary: Summary, one_page: str) -> None:
    page = Page(one_page)
    shown = [float(attributes["value"]) for tag, attributes in page.elements if tag == "data"]
    assert len(shown) > 200
    assert set(shown) <= _numbers(summary)


def test_the_ledger_of_the_page_is_that_of_the_summary(summary: Summary, one_page: str) -> None:
    page = Page(one_page)
    title = "Carbon of the agent, always on at 1 request per second"
    keys = ("agent_mg", "agent_kg_per_year", "total_mg")
    devices = summary["ledger"]["devices"].values()
    assert page.values[title][1:] == [[device[key]["nominal"] for key in keys] for device in devices]
    for device in devices:
        lines = [[line[key]["nominal"] for key in ("mg", "kg_per_year")] for line in device["lines"]]
        sums = [
            [device[f"{key}_{unit}"]["nominal"] for unit in ("mg", "kg_per_year")]
            for key in ("agent", "total")
        ]
        bound = ", its cost a lower bound" if device["lower_bound"] else ""
        assert page.values[f"Ledger with the agent on {device['device']}{bound}"][1:] == [*lines, *sums]
    for index, baseline in enumerate(
        ("uniformly random actions", "the best constant action, 150 words at 9.932 W")
    ):
        pairs = [pairs[index] for pairs in summary["payback"].values()]
        keys = ("net_mg", "payback_requests", "lowest_rate_hz")
        values = [
            [pair[key]["nominal"] for key in keys if pair[key]["nominal"] is not None] for pair in pairs
        ]
        assert page.values[f"Against {baseline}"][1:] == values


def test_margins_checks_and_assumptions_are_told(summary: Summary, one_page: str) -> None:
    page = Page(one_page)
    slack = page.values["Slack of the actor; below 0 the constraint is broken"][1:]
    for margin, values in zip(summary["margins"], slack, strict=True):
        told = [margin["quantiles"][q] for q in ("0.001", "0.05", "0.5", "0.95")]
        assert values == [margin["limit"], margin["broken"], *told]
    files = page.tables["Exported files, each run back beside our simulator"]
    assert [row[0] for row in files[1:]] == [
        "actor.nir",
        "actor_decision.onnx",
        "actor_dense.onnx, of an earlier network",
    ]
    told = [row for title in ("Scenario paper", "Intel Loihi 2 (loihi2)") for row in page.tables[title][1:]]
    assert [row[0] for row in told] == [
        "inference.gpus",
        "inference.pue",
        "limits.energy",
        "state.dc_intensity_g_per_kwh",
        "energy_pj.synop",
        "embodied.kg",
    ]
    assert [row[2] for row in told][-2:] == ["projected, D", "derived, D"]
    assert "3 figures of the devices: 1 projected, 1 derived, 1 metered." in page.text


def test_the_shown_bills_add_up(one_page: str) -> None:
    page = Page(one_page)
    bills = [title for title in page.values if title.startswith("Bill of")]
    assert len(bills) == 6
    for title in bills:
        *lines, total = [row[-1] for row in page.values[title] if row]
        assert math.fsum(lines) == pytest.approx(total, rel=1e-12)


def test_bills_tell_what_they_leave_out(summary: Summary, one_page: str) -> None:
    text = Page(one_page).text
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
        summary["ledger"]["devices"], summary["payback"] = {}, {}
    summary["pairs"] = []
    return summary


def _endless(summary: Summary) -> Summary:
    """With requests that never arrive; what is not finite is null in the summary."""
    quantiles = summary["margins"][3]["quantiles"]
    summary["margins"][3]["quantiles"] = quantiles | {"0.001": None, "0.05": None}
    return summary


def _silent(summary: Summary) -> Summary:
    for layer in summary["layers"]:
        layer |= {"spikes_per_decision": 0.0, "firing_rate": 0.0, "synaptic_events_per_decision": 0.0}
    summary["lava"] |= {"spikes_emitted": 0}
    return summary | {"firing_rate": 0.0}


def _unmeasured(summary: Summary) -> Summary:
    """What a run may lack, all at once."""
    summary["lava"] = {"available": False, "reason": "not installed"}
    summary |= {"mlp": None, "deployed": None, "exports": None, "dc_country": None, "bs_country": None}
    return summary | {"margins": [], "quantisation": [], "timings_s": None, "interrupted": True}


def _nothing(summary: Summary) -> Summary:
    """No device, no spikes, no carbon."""
    nothing = dict.fromkeys(summary["service_terms_mg"], 0.0)
    summary["ledger"]["service_energy_j"] = 0.0
    summary |= {"energy_j": {}, "bills": {}, "service_terms_mg": nothing}
    return _silent(_unable(summary, "snn") | {"raster": summary["raster"] | {"layers": []}})


def _unsure(summary: Summary) -> Summary:
    """Without a regret, with requests that never arrive, and a service that does not add up."""
    summary |= {"regret": math.nan, "violation_rate": math.nan, "service_mg_per_request": 40.0}
    return _endless(_unable(summary, "mlp"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            _unmeasured,
            [
                "Lava was not run: not installed",
                "No MLP was trained in this run",
                "The integer network was not evaluated",
                "The actor was not exported",
                "carbon intensities from the scenario",
                "Training was interrupted after 60,160 requests",
            ],
        ),
        (
            _nothing,
            [
                "no ratio is printed",
                "no device here runs the spiking actor, so the agent has no carbon figure",
                "There is nothing to pay back",
                "No neuron spiked in any decision",
            ],
        ),
        (
            _unsure,
            ["has no regret figure", "no ratio is printed", "without end", "evaluation's mean is 40.0000 mg"],
        ),
    ],
)
def test_what_is_missing_is_said_in_words(
    summary: Summary, metrics: Metrics, change: Callable[[Summary], Summary], said: list[str]
) -> None:
    page = Page(render(change(summary), metrics))
    for words in said:
        assert words in page.text
    assert not re.search(r"\b(nan|None|inf)\b", page.text)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_run_of_one_checkpoint_or_none_has_a_page(summary: Summary, metrics: Metrics, rows: int) -> None:
    text = Page(render(summary, metrics[:rows])).text
    assert ("No checkpoint was validated" if rows == 0 else "65.76 mg after 2,304 requests") in text


def test_the_same_run_has_the_same_bytes_in_another_process(tmp_path: Path, one_page: str) -> None:
    code = (
        "import csv, json, sys; from pathlib import Path\n"
        "from neuro_aolo.report.html import render, write_page\n"
        "run, out = map(Path, sys.argv[1:]); summary = json.loads((run / 'summary.json').read_text())\n"
        "rows = csv.DictReader((run / 'metrics.csv').open(newline=''))\n"
        "curve = [{key: float(value) for key, value in row.items()} for row in rows]\n"
        "write_page(out, render(summary, curve))"
    )
    page = tmp_path / "report.html"
    arguments = [sys.executable, "-c", code, str(Path(__file__).parent / "run"), str(page)]
    other = {"PYTHONHASHSEED": "2", "OMP_NUM_THREADS": "1"}
    subprocess.run(arguments, check=True, env=other, timeout=60)
    assert page.read_text("utf-8") == one_page


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path, summary: Summary, metrics: Metrics) -> None:
    path = write_page(tmp_path / "report.html", "whole")
    before = path.read_bytes()
    broken = {key: value for key, value in summary.items() if key != "regret"}
    with pytest.raises(RunError, match="'regret'"):
        render(broken, metrics)
    with pytest.raises(UnicodeEncodeError):
        write_page(path, "half \udc80")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_page_needs_a_folder_and_is_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"lies in .*none, which does not exist: give --out"):
        write_page(tmp_path / "none" / "report.html", "")
    with pytest.raises(RunError, match=r"is a folder: give --out the path of a file"):
        write_page(tmp_path, "")


def test_several_runs_stand_side_by_side_and_then_alone(two_runs: list[Told], page_of_two: str) -> None:
    page = Page(page_of_two)
    heading, *found = page.tables["One column a run; energy and carbon per request"]
    assert heading == ["", "first", "second"]
    rows = {row[0]: [plain(cell) for cell in row[1:]] for row in found}
    assert rows["regret"] == ["20.3 %", "1.23 %"]
    assert rows["seed"] == ["0", "7"]
    assert rows["agent's carbon, NVIDIA H100 SXM"][1] == "cannot run it"
    assert rows["pays against random actions?"] == ["pays on every device"] * 2
    assert rows["pays against the best constant action?"] == ["pays on no device"] * 2
    assert rows["pays against the same-size MLP?"][1].startswith("never pays on Intel Loihi 1 and")
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for number in (1, 2):
        assert re.findall(rf'<h3 id="run{number}-(\w+)">', page_of_two) == SECTIONS[:-1]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page_of_two))
    assert used <= set(ids)
    shown = [float(attributes["value"]) for tag, attributes in page.elements if tag == "data"]
    assert set(shown) <= _numbers([run.summary for run in two_runs])
    assert len(page_of_two.encode()) < 2_000_000


def test_a_run_alone_and_beside_another_has_the_same_text(one_page: str, page_of_two: str) -> None:
    alone, beside = Page(one_page), Page(page_of_two)
    for title, rows in alone.tables.items():
        assert beside.tables[title][: len(rows)] == rows
