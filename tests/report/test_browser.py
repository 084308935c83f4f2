"""The pages as Chromium shows them: nothing overflows, every figure is drawn, nothing complains."""

import html
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from neuro_aolo.report.html import render
from neuro_aolo.runs.summary.summary import Summary

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")

# The outer page measures the inner one, whose own policy allows no script.
FRAME = """<!doctype html><style>body {{ margin: 0 }}</style>
<iframe style="width:{width}px;height:{height}px;border:0;display:block" srcdoc="{page}"></iframe>
<script>onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  const shown = [...page.querySelectorAll("svg")].filter(svg => svg.getBoundingClientRect().width > 0);
  const outside = shown.flatMap(svg => [...svg.querySelectorAll("text")].filter(text => {{
    const word = text.getBoundingClientRect(), box = svg.getBoundingClientRect();
    return word.left < box.left - 1 || word.right > box.right + 1;
  }}));
  const words = shown.map(svg => [...svg.querySelectorAll("text")].map(text => text.getBoundingClientRect()));
  const overlaps = words.flatMap(all => all.flatMap((a, i) => all.slice(i + 1).filter(b =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)));
  const root = page.documentElement;
  const boxes = shown.map(svg => svg.getBoundingClientRect())
    .map(box => [box.left, box.top, box.right, box.bottom].map(Math.round).join(","));
  document.title = `excess=${{root.scrollWidth - root.clientWidth}} figures=${{shown.length}} ` +
    `outside=${{outside.length}} overlaps=${{overlaps.length}} boxes=${{boxes.join(";")}}`;
}};</script>"""
FIGURES = ("ledger", "energy", "spikes", "raster", "curve", "margins", "even")
FITTING = {"excess": 0, "figures": len(FIGURES), "outside": 0, "overlaps": 0}
HIDDEN = "figcaption,.scroll,.findings,.cards,details,p,nav,ul,pre,h1,h2,h3"
ONLY_FIGURES = f"<style>{HIDDEN}{{display:none !important}}</style>"


def chromium(folder: Path, page: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """A headless browser, with what its pages complain about on standard error."""
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    alone = ["--disable-background-networking", f"--user-data-dir={folder / 'profile'}"]
    command = [str(CHROMIUM), *quiet, *alone, "--enable-logging=stderr", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def complaints(done: "subprocess.CompletedProcess[str]") -> list[str]:
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def framed(folder: Path, page: str, width: int, height: int = 2000) -> Path:
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, height=height, page=html.escape(page)), encoding="utf-8")
    return frame


def measured(folder: Path, frame: Path) -> dict[str, str]:
    done = chromium(folder, frame, "--dump-dom")
    assert complaints(done) == []
    return dict(re.findall(r"(\w+)=(\S*)", done.stdout.split("<title>")[1].split("</title>")[0]))


def fits(folder: Path, page: str, width: int) -> dict[str, int]:
    found = measured(folder, framed(folder, page.replace("<details>", "<details open>"), width))
    return {name: int(found[name]) for name in FITTING}


def blank(shot: Path, box: tuple[int, int, int, int]) -> bool:
    """Whether a part of a picture has one colour, or next to nothing on its ground."""
    left, top, right, bottom = box
    part = imread(shot)[top:bottom, left:right, :3]
    ground = part[0, 0]
    return float((np.abs(part - ground).max(axis=2) > 0.1).mean()) < 0.004


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_figure_of_two_runs_is_drawn(tmp_path: Path, page_of_two: str, dark: bool) -> None:
    """The comparison's curves, then the seven figures of each run."""
    height = 9000
    frame = framed(tmp_path, page_of_two.replace("</head>", f"{ONLY_FIGURES}</head>"), 800, height)
    boxes = [
        tuple(int(edge) for edge in box.split(",")) for box in measured(tmp_path, frame)["boxes"].split(";")
    ]
    assert len(boxes) == 1 + 2 * len(FIGURES)
    assert max(box[3] for box in boxes) < height
    shot = tmp_path / "shot.png"
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    done = chromium(tmp_path, frame, f"--screenshot={shot}", f"--window-size=800,{height}", scheme)
    assert complaints(done) == []
    ground = imread(shot)[2, 2, :3].mean()
    assert (ground < 0.2) == dark
    names = ["curves", *FIGURES, *FIGURES]
    assert [name for name, box in zip(names, boxes, strict=True) if blank(shot, box)] == []
    below = max(box[3] for box in boxes) + 5
    assert blank(shot, (0, below, 800, below + 20))


def test_a_complaint_of_a_page_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><script>console.error('broken')</script>", encoding="utf-8")
    assert len(complaints(chromium(tmp_path, page, "--dump-dom"))) == 1


def test_a_page_of_two_fits_a_telephone(tmp_path: Path, page_of_two: str) -> None:
    assert fits(tmp_path, page_of_two, 390) == FITTING | {"figures": 1 + 2 * len(FIGURES)}


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 390, 768, 1200])
def test_the_page_fits_its_window(tmp_path: Path, one_page: str, width: int) -> None:
    assert fits(tmp_path, one_page, width) == FITTING


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1200])
def test_long_names_wrap(
    tmp_path: Path, data: dict[str, Any], metrics: list[dict[str, float]], width: int
) -> None:
    longer = "as a part of a rather longer name than any device has so far"
    for device in data["priced"]["devices"].values():
        device["name"] = f"{device['name']} {longer}"
    for account in data["ledger"]["boundaries"]["provisioned"]["accounts"].values():
        account["device"] = f"{account['device']} {longer}"
    scenario = "a/path/to/some/folder/with_a_scenario_of_a_very_long_name_indeed.toml"
    data["run"]["scenario"] = scenario
    data["wording"] |= {
        "title": f"{scenario}: data centre in DEU, base station in FRA",
        "command": ["--scenario", scenario, *data["wording"]["command"][2:]],
    }
    summary = Summary.of(data, "summary.json")
    assert fits(tmp_path, render(summary, metrics), width) == FITTING


@pytest.mark.slow
def test_print_opens_what_is_folded(tmp_path: Path, one_page: str) -> None:
    """As many sheets as with everything unfolded, and no navigation."""
    sheets = []
    for name, text in (("folded", one_page), ("open", one_page.replace("<details>", "<details open>"))):
        page, printed = tmp_path / f"{name}.html", tmp_path / f"{name}.pdf"
        page.write_text(text, encoding="utf-8")
        assert complaints(chromium(tmp_path, page, f"--print-to-pdf={printed}")) == []
        sheets.append(len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())))
    assert sheets[0] == sheets[1] > 5
