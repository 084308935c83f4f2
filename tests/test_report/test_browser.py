import html
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from neuro_aolo.report.html import render

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium"),
]

# The outer page measures the inner one, whose own policy allows no script.
FRAME = """<!doctype html><iframe style="width:{width}px;height:2000px;border:0" srcdoc="{page}"></iframe>
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
  document.title = `excess=${{root.scrollWidth - root.clientWidth}} figures=${{shown.length}} ` +
    `outside=${{outside.length}} overlaps=${{overlaps.length}}`;
}};</script>"""


def _measured(folder: Path, page: str, width: int) -> dict[str, int]:
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, page=html.escape(page)), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
    command = [str(CHROMIUM), *options, f"--user-data-dir={folder / 'profile'}", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", done.stdout.split("</title>")[0])}


FITTING = {"excess": 0, "figures": 4, "outside": 0, "overlaps": 0}


@pytest.mark.parametrize("width", [360, 390, 768, 1200])
def test_the_page_fits_its_window(
    tmp_path: Path, summary: dict[str, Any], metrics: list[dict[str, float]], width: int
) -> None:
    page = render(summary, metrics).replace("<details>", "<details open>")
    assert _measured(tmp_path, page, width) == FITTING


@pytest.mark.parametrize("width", [360, 1200])
def test_long_names_wrap(
    tmp_path: Path, summary: dict[str, Any], metrics: list[dict[str, float]], width: int
) -> None:
    for bill in summary["bills"].values():
        bill["device"] = f"{bill['device']}, as a part of a rather longer name than any device has so far"
    summary["scenario"] = "a/path/to/some/folder/with_a_scenario_of_a_very_long_name_indeed.toml"
    page = render(summary, metrics).replace("<details>", "<details open>")
    assert _measured(tmp_path, page, width) == FITTING
