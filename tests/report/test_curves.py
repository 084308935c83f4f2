"""Learning curves and tables of a comparison, from figures whose median and range are known."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from neuro_aolo.agent.statistics import spread
from neuro_aolo.report.curves import Curve, _middle, learning_curves
from neuro_aolo.report.learners import (
    QUANTITIES,
    LearnerResults,
    Setting,
    effort,
    markdown,
    note,
    results,
    summary_rows,
)
from neuro_aolo.report.svg import WIDE_IN, legend_above

SVG = "{http://www.w3.org/2000/svg}"


def curve(learner: str, seconds: list[float], regret: list[float], violations: float = 0.0) -> Curve:
    return Curve(learner, np.array(seconds), np.array(regret), np.full(len(seconds), violations))


def heights(svg: str, colour: str) -> list[float]:
    """Heights of the thick line of a colour, in its order."""
    root = ElementTree.fromstring(svg)
    for path in root.iter(f"{SVG}path"):
        style = path.get("style") or ""
        if (
            f"stroke: var(--na-{colour}," in style
            and "stroke-width: 1.9" in style
            and "clip-path" in path.attrib
        ):
            return [float(y) for _, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path.get("d") or "")]
    return []


def test_between_validations_a_seed_has_its_last_regret() -> None:
    found = _middle(
        [
            curve("mlp", [1.0, 3.0], [0.9, 0.3]),
            curve("mlp", [2.0, 4.0], [0.8, 0.2]),
            curve("mlp", [1.0, 5.0], [0.7, 0.1]),
        ]
    )
    assert (found.seconds[0], found.seconds[-1]) == (2.0, 5.0)

    def at(second: float) -> tuple[float, float, float]:
        row = np.searchsorted(found.seconds, second, side="right") - 1
        return found.median[row], found.low[row], found.high[row]

    assert at(2.5) == (0.8, 0.7, 0.9)
    assert at(3.5) == (0.7, 0.3, 0.8)
    assert at(5.0) == (0.2, 0.1, 0.3)


def test_the_median_lies_where_its_logarithm_says() -> None:
    decades = curve("spiking", [0.0, 1.0, 2.0, 3.0], [1.0, 0.1, 0.01, 0.001])
    drawn = sorted(set(heights(learning_curves([decades], [], 0.01), "snn")))
    assert np.diff(drawn) == pytest.approx(np.full(3, drawn[1] - drawn[0]), rel=1e-3)


def test_a_policy_that_violates_is_drawn_thin_and_a_free_lunch_is_a_gap() -> None:
    figures = {"carbon_mg": [1.0], "regret": [1e-6], "violation_rate": [0.0], "seconds": [0.0]}
    constant = trained("constant", figures)
    kept, broken = curve("td3", [0.0, 1.0], [0.5, 0.4]), curve("sac", [0.0, 1.0], [0.5, 0.4], violations=0.2)
    svg = learning_curves([kept, broken, curve("ppo", [0.0, 1.0], [-0.5, -0.4], 1.0)], [constant], 0.01)
    assert heights(svg, "training")
    # Matplotlib leaves a mark without extent where there is no line.
    assert heights(svg, "service") == [0.0]
    assert not re.search(r'[ "]-?(nan|inf)[ "]', svg, re.IGNORECASE)
    label = ElementTree.fromstring(svg).get("aria-label") or ""
    assert "TD3 40\xa0% with 0\xa0% violations after 1 s" in label
    assert "SAC infeasible: breaks a constraint in 20\xa0% (limit 1\xa0%) after 1 s" in label
    assert "SAC, infeasible" in svg
    assert "best constant 0.0001\xa0%" in label


def trained(learner: str, values: dict[str, list[float]]) -> LearnerResults:
    spreads = {column.key: spread(np.array(values[column.key])) for column in QUANTITIES}
    return LearnerResults(learner, spreads, requests=320_000.0, updates=1250.0)


def test_tables_tell_the_same_and_one_seed_has_no_interval() -> None:
    one = trained(
        "spiking", {"carbon_mg": [18.2346], "regret": [0.00123], "violation_rate": [5e-5], "seconds": [71.3]}
    )
    two = trained(
        "dqn",
        {
            "carbon_mg": [math.nan, 20.0],
            "regret": [0.1, 0.3],
            "violation_rate": [1.0, 0.0],
            "seconds": [5.0, 5.0],
        },
    )
    first, second = results([one, two]).rows
    assert [str(cell) for cell in first] == ["spiking actor (1)", "18.235", "0.123", "0.005"]
    assert str(second[0]) == "dqn (2)"
    assert str(second[1]) == "not available"
    assert str(second[2]).replace("\xa0", " ") == "mean 20\nIQM 20\n(10 – 30)"
    assert [str(cell) for cell in effort([two]).rows[0][1:]] == ["5.00", "320,000", "1,250"]
    rows = summary_rows([one])
    assert [row["mean"] for row in rows] == [18.2346, 0.00123, 5e-5, 71.3]
    assert all(math.isnan(row["iqm_low"]) for row in rows)
    page = markdown([one, two], Setting("paper", "neuro-aolo compare", {"torch": "2.13.0"}))
    assert "| spiking actor (1) | 18.235 | 0.123 | 0.005 | 71.3 | 320,000 | 1,250 |" in page
    assert "Made by `neuro-aolo compare` with torch 2.13.0." in page


def test_a_comparison_speaks_of_the_decisions_of_its_system() -> None:
    one = trained("mlp", {column.key: [0.1] for column in QUANTITIES})
    setting = Setting("tank", "neuro-aolo compare", {}, decisions="hours")
    told = (results([one], "hours").title, *effort([one], "hours").columns, markdown([one], setting))
    assert all("request" not in text for text in told)
    assert "on the same held-out hours. Carbon is over the hours" in told[-1]
    assert "on the same held-out requests. Carbon is over the requests" in note()


@pytest.mark.parametrize("letters", [4, 24, 60, 200])
def test_a_legend_never_runs_out_of_the_drawing(letters: int) -> None:
    figure = Figure(figsize=(WIDE_IN, 3.0))
    axes = figure.add_subplot()
    for learner in range(7):
        axes.plot([0, 1], [0, learner], label=f"{learner} {'long ' * (letters // 5)}")
    above_in = legend_above(axes, columns=4)
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert 0.0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert above_in == pytest.approx(box.height / figure.dpi)
