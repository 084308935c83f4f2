import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neuro_aolo.errors import RunError
from neuro_aolo.report.files import write_page
from neuro_aolo.report.html import render
from neuro_aolo.runs.summary.summary import Summary

Data = dict[str, Any]
Parsed = Callable[[str], Any]
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


def _typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


@pytest.mark.parametrize("html", ["one_page", "page_of_two"])
def test_nothing_is_loaded_from_anywhere(parsed: Parsed, request: pytest.FixtureRequest, html: str) -> None:
    html = request.getfixturevalue(html)
    page = parsed(html)
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


def test_the_page_can_be_read_without_seeing_it(parsed: Parsed, one_page: str) -> None:
    page = parsed(one_page)
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


def test_names_are_escaped(parsed: Parsed, data: Data, metrics: Metrics) -> None:
    nasty = "<b>x</b>\"'&amp;<script>alert(1)</script>"
    data["run"] |= {"scenario": nasty, "training_measured_by": nasty}
    data["wording"] |= {
        "title": f"{nasty}: data centre in DEU, base station in FRA",
        "decision": nasty,
        "optimum": nasty,
        "constant": nasty,
        "limits": [nasty],
        "command": ["--scenario", nasty],
        "sources": [nasty],
    }
    data["deployed"]["lava"] |= {"available": False, "reason": nasty}
    data["priced"]["devices"]["loihi2"]["name"] = nasty
    data["deployed"]["layers"][1]["name"] = nasty
    html = render(_typed(data), metrics)
    assert "<b>" not in html
    assert "<script" not in html
    assert f"{nasty}: data centre in DEU, base station in FRA" in parsed(html).text


def _unable(data: Data, kind: str) -> None:
    for device in data["priced"]["devices"].values():
        device[kind] = None
    if kind == "spiking":
        data["payback"] = {}
        for figures in data["ledger"]["boundaries"].values():
            figures["accounts"] = {}
    data["priced"]["pairs"] = []


def _endless(data: Data) -> None:
    """With requests that never arrive; what is not finite is null in the summary."""
    quantiles = data["decided"]["margins"][3]["quantiles"]
    data["decided"]["margins"][3]["quantiles"] = quantiles | {"0.001": None, "0.05": None}


def _silent(data: Data) -> None:
    for layer in data["deployed"]["layers"]:
        layer |= {"spikes_per_decision": 0.0, "firing_rate": 0.0, "synaptic_events_per_decision": 0.0}
    data["deployed"]["lava"] |= {"spikes_emitted": 0}
    data["deployed"]["firing_rate"] = data["priced"]["firing_rate"] = 0.0


def _unmeasured(data: Data) -> None:
    """What a run may lack, all at once."""
    nothing = dict.fromkeys(data["deployed"]["lava"])
    data["deployed"]["lava"] = nothing | {"available": False, "reason": "not installed", "layers": []}
    data["deployed"] |= {"quantisation": [], "raster": None}
    data |= {"twin": None, "exports": None, "timings_s": {}}
    data["decided"]["margins"] = []
    data["run"]["interrupted"] = True
    data["wording"]["title"] = "paper: carbon intensities from the scenario"


def _not_deployed(data: Data) -> None:
    _unmeasured(data)
    data["deployed"] = None


def _nothing(data: Data) -> None:
    """No device, no spikes, no carbon."""
    for figures in data["ledger"]["boundaries"].values():
        figures |= {"service_energy_j": 0.0, "service_mg": dict.fromkeys(figures["service_mg"], 0.0)}
        for line in figures["service"]:
            line["mg"] = dict.fromkeys(line["mg"], 0.0)
    data["priced"]["devices"] = {}
    data["deployed"]["raster"]["layers"] = []
    _unable(data, "spiking")
    _silent(data)


def _unsure(data: Data) -> None:
    """Without a regret, with requests that never arrive, and a service that does not add up."""
    data["decided"] |= {"regret": None, "violation_rate": None, "service_mg_per_decision": 40.0}
    _endless(data)
    _unable(data, "dense")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            _unmeasured,
            [
                "Lava was not run: not installed",
                "No MLP was trained in this run",
                "The actor was not exported",
                "carbon intensities from the scenario",
                "Training was interrupted after 60,160 requests",
            ],
        ),
        (_not_deployed, ["No MLP was trained in this run", "The integer network was not evaluated"]),
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
    parsed: Parsed, data: Data, metrics: Metrics, change: Callable[[Data], None], said: list[str]
) -> None:
    change(data)
    page = parsed(render(_typed(data), metrics))
    for part in said:
        assert part in page.text
    assert not re.search(r"\b(nan|None|inf)\b", page.text)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_run_of_one_checkpoint_or_none_has_a_page(
    parsed: Parsed, summary: Summary, metrics: Metrics, rows: int
) -> None:
    text = parsed(render(summary, metrics[:rows])).text
    assert ("No checkpoint was validated" if rows == 0 else "65.76 mg after 2,304 requests") in text


def test_the_same_run_has_the_same_bytes_in_another_process(tmp_path: Path, one_page: str) -> None:
    code = (
        "import csv, sys; from pathlib import Path\n"
        "from neuro_aolo.report.files import write_page\n"
        "from neuro_aolo.report.html import render\n"
        "from neuro_aolo.runs.summary.summary import Summary\n"
        "run, out = map(Path, sys.argv[1:]); summary = Summary.read(run / 'summary.json')\n"
        "rows = csv.DictReader((run / 'metrics.csv').open(newline=''))\n"
        "curve = [{key: float(value) for key, value in row.items()} for row in rows]\n"
        "write_page(out, render(summary, curve))"
    )
    page = tmp_path / "report.html"
    arguments = [sys.executable, "-c", code, str(Path(__file__).parent / "run"), str(page)]
    other = {"PYTHONHASHSEED": "2", "OMP_NUM_THREADS": "1"}
    subprocess.run(arguments, check=True, env=other, timeout=60)
    assert page.read_text("utf-8") == one_page


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path, data: Data, metrics: Metrics) -> None:
    path = write_page(tmp_path / "report.html", "whole")
    before = path.read_bytes()
    del data["decided"]["regret"]
    with pytest.raises(RunError, match=r"decided\.regret"):
        render(_typed(data), metrics)
    with pytest.raises(UnicodeEncodeError):
        write_page(path, "half \udc80")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_page_needs_a_folder_and_is_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"lies in .*none, which does not exist: give --out"):
        write_page(tmp_path / "none" / "report.html", "")
    with pytest.raises(RunError, match=r"is a folder: give --out the path of a file"):
        write_page(tmp_path, "")
