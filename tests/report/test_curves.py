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
from neuro_aolo.text.numbers import plain

SVG = "{http://www.w3.org/2000/svg}"


def curve(learner: str, seconds: list[float], regret: list[float], violations: float = 0.0) -> Curve:
    times = np.array(seconds)
    return Curve(learner, 1e3 * (times + 1.0), times, np.array(regret), np.full(len(seconds), violations))


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
        ],
        "seconds",
    )
    assert (found.along[0], found.along[-1]) == (2.0, 5.0)

    def at(second: float) -> tuple[float, float, float]:
        row = np.searchsorted(found.along, second, side="right") - 1
        return found.median[row], found.low[row], found.high[row]

    assert at(2.5) == (0.8, 0.7, 0.9)
    assert at(3.5) == (0.7, 0.3, 0.8)
    assert at(5.0) == (0.2, 0.1, 0.3)


def test_the_median_lies_where_its_logarithm_says() -> None:
    """Along requests, where every place of a seed is, and along seconds likewise."""
    decades = curve("spiking", [0.0, 1.0, 2.0, 3.0], [1.0, 0.1, 0.01, 0.001])
    drawn = sorted(set(heights(learning_curves([decades], [], 0.01), "snn")))
    assert np.diff(drawn) == pytest.approx(np.full(3, drawn[1] - drawn[0]), rel=1e-3)


def test_a_policy_that_violates_is_drawn_thin_and_a_free_lunch_is_a_gap() -> None:
    figures = {
        "carbon_mg": [1.0],
        "regret": [1e-6],
        "violation_rate": [0.0],
        "seconds": [0.0],
        "processor_s": [0.0],
    }
    constant = trained("constant", figures)
    kept, broken = curve("td3", [0.0, 1.0], [0.5, 0.4]), curve("sac", [0.0, 1.0], [0.5, 0.4], violations=0.2)
    svg = learning_curves([kept, broken, curve("ppo", [0.0, 1.0], [-0.5, -0.4], 1.0)], [constant], 0.01)
    assert heights(svg, "training")
    # Matplotlib leaves a mark without extent where there is no line.
    assert heights(svg, "service") == [0.0]
    assert not re.search(r'[ "]-?(nan|inf)[ "]', svg, re.IGNORECASE)
    label = ElementTree.fromstring(svg).get("aria-label") or ""
    assert "TD3 40\xa0% with 0\xa0% violations after 1 s and 2,000 requests" in label
    assert (
        "SAC infeasible: breaks a constraint in 20\xa0% (limit 1\xa0%) after 1 s and 2,000 requests" in label
    )
    assert "SAC, infeasible" in svg
    assert "best constant 0.0001\xa0%" in label


def trained(learner: str, values: dict[str, list[float]], validated: float = 0.0) -> LearnerResults:
    spreads = {column.key: spread(np.array(values[column.key])) for column in QUANTITIES}
    return LearnerResults(learner, spreads, requests=320_000.0, updates=1250.0, validation_requests=validated)


def test_tables_tell_the_same_and_one_seed_has_no_interval() -> None:
    one = trained(
        "spiking",
        {
            "carbon_mg": [18.2346],
            "regret": [0.00123],
            "violation_rate": [5e-5],
            "seconds": [71.3],
            "processor_s": [70.2],
        },
        validated=200_000.0,
    )
    two = trained(
        "dqn",
        {
            "carbon_mg": [math.nan, 20.0],
            "regret": [0.1, 0.3],
            "violation_rate": [1.0, 0.0],
            "seconds": [5.0, 5.0],
            "processor_s": [4.0, math.nan],
        },
    )
    first, second = results([one, two]).rows
    assert [str(cell) for cell in first] == ["spiking actor (1)", "18.235", "0.123", "0.005"]
    assert str(second[0]) == "dqn (2)"
    assert str(second[1]) == "not available"
    assert str(second[2]).replace("\xa0", " ") == "mean 20\nmedian 20\n(10 – 30 of 2)"
    assert [str(cell) for cell in effort([two]).rows[0][1:]] == [
        *("5.00", "not available", "320,000", "1,250"),
    ]
    assert str(effort([one]).rows[0][3]).replace("\xa0", " ") == "320,000 (+ 200,000)"
    assert effort([one]).columns[3] == "requests (+ validation)"
    rows = summary_rows([one])
    assert [row["mean"] for row in rows] == [18.2346, 0.00123, 5e-5, 71.3, 70.2]
    assert {row["interval"] for row in rows} == {"none"}
    assert {row["interval"] for row in summary_rows([two])} == {"range"}
    assert all(math.isnan(row["iqm_low"]) for row in rows)
    page = markdown([one, two], Setting("paper", "neuro-aolo compare", {"torch": "2.13.0"}))
    row = "| spiking actor (1) | 18.235 | 0.123 | 0.005 | 71.3 | 70.2 | 320,000 (+ 200,000) | 1,250 |"
    assert row in page.replace("\xa0", " ")
    assert "Made by `neuro-aolo compare` with torch 2.13.0." in page


def test_a_comparison_speaks_of_the_decisions_of_its_system() -> None:
    one = trained("mlp", {column.key: [0.1] for column in QUANTITIES})
    setting = Setting("tank", "neuro-aolo compare", {}, decisions="hours")
    told = (results([one], "hours").title, *effort([one], "hours").columns, markdown([one], setting))
    assert all("request" not in text for text in told)
    assert "on the same held-out hours. In brackets" in told[-1]
    assert "on the same held-out requests. In brackets" in note()


def test_few_seeds_have_a_range_and_many_a_bootstrap_interval() -> None:
    few, many = (
        trained("mlp", {column.key: list(np.linspace(0.1, 0.2, n)) for column in QUANTITIES}) for n in (5, 12)
    )
    assert results([few]).title == "Held-out requests: mean, and median with range"
    assert results([many]).title == "Held-out requests: mean, and IQM with 95 % percentile bootstrap"
    told = [plain(results([one]).rows[0][2]) for one in (few, many)]
    assert told[0] == "mean 15\nmedian 15\n(10 - 20 of 5)"
    assert re.fullmatch(r"mean 15\nIQM 15\n\(1\d\.?\d* - 1\d\.?\d* of 12\)", told[1])


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
