import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from neuro_aolo.report.margins import margins_plot, table
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_medians_lie_where_their_share_of_the_limit_says(data: dict[str, Any], width: float) -> None:
    root = ElementTree.fromstring(margins_plot(Summary.of(data, "summary.json"), width))
    uses = [use for use in root.iter(f"{SVG}use") if re.search(r"--na-(snn|alert),", use.get("style") or "")]
    dots = sorted((float(use.get("y", "nan")), float(use.get("x", "nan"))) for use in uses)
    shares = [margin["quantiles"]["0.5"] / margin["limit"] for margin in data["decided"]["margins"]]
    assert len(dots) == len(shares)
    slope, offset = np.polyfit(shares, [x for _, x in dots], 1)
    assert slope * np.array(shares) + offset == pytest.approx([x for _, x in dots], abs=1e-2)


def test_a_broken_constraint_is_told(summary: Summary) -> None:
    rows = [[plain(cell) for cell in row] for row in table(summary).rows]
    assert rows[3] == ["transmission time", "500 us", "0.02 %", "-120 us", "370 us", "433 us", "451 us"]
    wide, narrow = margins_plot(summary, WIDE_IN), margins_plot(summary, NARROW_IN)
    assert "median 433\xa0µs, broken in 0.02\xa0%" in "".join(ElementTree.fromstring(wide).itertext())
    text = "".join(ElementTree.fromstring(narrow).itertext())
    assert "broken in 0.02\xa0%" in text
    assert "median 433" not in text


def test_a_request_without_end_lies_at_the_end_of_the_axis(data: dict[str, Any]) -> None:
    margin = data["decided"]["margins"][3]
    margin["quantiles"] = dict.fromkeys(margin["quantiles"])
    label = ElementTree.fromstring(margins_plot(Summary.of(data, "summary.json"))).get("aria-label") or ""
    assert "transmission time median without end, broken in 0.02\xa0%, least without end" in label
    assert "nan" not in label
