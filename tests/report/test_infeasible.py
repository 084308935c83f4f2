"""An actor that breaks constraints more often than its task allows has no regret to be proud of, anywhere."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from neuro_aolo.agent.statistics import spread
from neuro_aolo.cli import terminal
from neuro_aolo.comparison.table import lines
from neuro_aolo.report.grids import policies
from neuro_aolo.report.html import render
from neuro_aolo.report.learners import QUANTITIES, LearnerResults, in_order, results, summary_rows
from neuro_aolo.report.limits import limits
from neuro_aolo.report.pareto import Point, table
from neuro_aolo.report.side_by_side import Told
from neuro_aolo.report.side_by_side import table as beside
from neuro_aolo.report.tables import headline, print_details
from neuro_aolo.report.verdict import constraints, optimality, verdict
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

Data = dict[str, Any]
Metrics = list[dict[str, float]]
SAID = "breaks a constraint in 100 % of them (limit 0.1 %)"


def typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


def limited(data: Data, limit: float = 0.001) -> Data:
    """The summary as it is written now, with the limit beside every violation rate."""
    for policy in (data["decided"], data["decided"]["constant"], data["twin"], data["deployed"]):
        if policy is not None:
            policy["violation_limit"] = limit
    return data


@pytest.fixture
def useless(data: Data) -> Data:
    """The actor breaks a constraint in every request, and so costs less than the optimum.

    So do its integers; the MLP beside it does not.
    """
    for policy in (limited(data)["decided"], data["deployed"]):
        policy |= {"regret": -0.41983, "violation_rate": 1.0}
    data["twin"] |= {"regret": 0.3, "violation_rate": 0.0}
    return data


def test_json_keeps_the_figures_and_says_what_follows_from_them(useless: Data) -> None:
    written = json.loads(typed(useless).to_json())
    decided, constant = written["decided"], written["decided"]["constant"]
    assert (decided["regret"], decided["violation_rate"]) == (-0.41983, 1.0)
    assert (decided["violation_limit"], decided["feasible"]) == (0.001, False)
    assert (constant["violation_limit"], constant["feasible"]) == (0.001, True)
    assert typed(written) == typed(useless)
    written["decided"]["feasible"] = True
    assert typed(written).decided.feasible is False


def test_in_an_older_summary_nothing_is_called_infeasible(data: Data, metrics: Metrics) -> None:
    data["decided"] |= {"regret": -0.4158, "violation_rate": 1.0}
    summary = typed(data)
    assert summary.decided.feasible is None
    assert "41.6 % less" in plain(optimality(summary))
    assert "infeasible" not in render(summary, metrics)


def test_its_regret_is_told_nowhere(useless: Data, metrics: Metrics) -> None:
    summary = typed(useless)
    assert SAID in plain(optimality(summary))
    assert constraints(summary) == ""
    (chip,) = [finding for finding in verdict(summary) if finding.topic == "On the chip"]
    assert "is infeasible: breaks a constraint in 100 % of requests (limit 0.1 %)" in plain(chip.sentences[0])
    assert dict(headline(summary))["regret against the oracle"] == "infeasible"
    page = plain(re.sub(r"<[^<>]+>", " ", render(summary, metrics)))
    console = Console(file=io.StringIO(), width=100)
    print_details(summary, console)
    assert isinstance(console.file, io.StringIO)
    for told in (page, console.file.getvalue()):
        assert "41.98" not in told
        assert "42 %" not in told
        assert "Infeasible: breaks a constraint in more than the 0.1 % that" in " ".join(told.split())


def test_infeasible_policies_come_last_in_the_table(useless: Data) -> None:
    rows = [[plain(cell) for cell in row] for row in policies(typed(useless)).rows]
    assert [row[0] for row in rows] == [
        "oracle, the exact optimum",
        "dense twin",
        "constant: 150.0 words, 9.932 W",
        "spiking actor",
        "spiking actor in the chip's integers",
    ]
    assert rows[-2:] == [
        ["spiking actor", "infeasible", "100 % (limit 0.1 %)"],
        ["spiking actor in the chip's integers", "infeasible", "100 % (limit 0.1 %)"],
    ]


def test_without_an_optimum_the_violations_say_it(useless: Data) -> None:
    useless["decided"] |= {"regret": None, "optimum_mg_per_decision": None, "constant": None}
    rows = [[plain(cell) for cell in row] for row in policies(typed(useless)).rows]
    assert rows[-1][1] == "infeasible: 100 % (limit 0.1 %)"


def test_a_constant_action_that_is_infeasible_is_no_yardstick(data: Data) -> None:
    limited(data)["decided"]["constant"] |= {"regret": -0.2, "violation_rate": 0.3}
    summary = typed(data)
    (said,) = [finding.sentences[0] for finding in verdict(summary) if finding.topic == "Constant action"]
    assert plain(said).endswith("is infeasible: breaks a constraint in 30 % of requests (limit 0.1 %).")
    assert "One constant action has a regret" not in " ".join(limits(summary))


def test_a_run_that_is_infeasible_stands_last_beside_others(
    useless: Data, summary: Summary, curve: Metrics
) -> None:
    grid = beside([Told("bad", typed(useless), curve), Told("good", summary, curve)])
    assert grid.columns == ("", "good", "bad")
    (regret,) = [row for row in grid.rows if row[0] == "regret"]
    assert plain(regret[2]) == "infeasible: breaks a constraint in 100 % (limit 0.1 %)"


def learner(name: str, regret: list[float], broken: list[float], limit: float = 0.001) -> LearnerResults:
    figures = {"carbon_mg": [18.0] * len(regret), "regret": regret, "violation_rate": broken}
    spreads = {
        column.key: spread(np.array(figures.get(column.key, [5.0] * len(regret)))) for column in QUANTITIES
    }
    over = sum(rate > limit for rate in broken)
    return LearnerResults(name, spreads, 1.0, 1.0, limit, over)


def test_learners_that_are_infeasible_come_last_and_files_keep_their_figures() -> None:
    bad, mixed, good = (
        learner("mlp", [-0.4, -0.4], [1.0, 1.0]),
        learner("sac", [0.2, 0.4], [0.0, 0.0015]),
        learner("spiking", [0.1, 0.1], [0.0, 0.00085]),
    )
    rows = results(in_order([bad, mixed, good])).rows
    assert [str(row[0]) for row in rows] == ["SAC (2)", "spiking actor (2)", "MLP, same loop (2)"]
    assert plain(rows[2][2]) == "infeasible: breaks a constraint in 100 % (limit 0.1 %), 2 of 2 seeds"
    assert plain(rows[0][2]).endswith("\n1 of 2 seeds infeasible")
    assert plain(rows[1][2]) == "10"
    kept = {(row["learner"], row["quantity"]): row for row in summary_rows([bad, good])}
    assert kept["mlp", "regret"]["mean"] == -0.4
    assert [kept[name, "regret"]["feasible"] for name in ("mlp", "spiking")] == [False, True]


def test_cells_become_learners_with_the_limit_of_their_task() -> None:
    good = Cell("paper", "mlp", 0, {}, 0.1, 0.0, 1.0, 1.0, 1, 1, 1.0, (), {})
    bad = replace(good, learner="td3", regret=-0.9, violation_rate=0.5)
    made = lines([bad, good], 0.001)
    assert [(one.learner, one.feasible) for one in made] == [("mlp", True), ("td3", False)]


def test_points_that_are_infeasible_come_last_on_the_front() -> None:
    good = Point("a", 0, 5, 0.0, 0.05, 0.0, 0.10, 90.0, 6e4, 4e-6, 1e-6, 9e-6, 2e-4, violation_limit=0.001)
    bad = replace(good, run="b", regret=-0.4, violation_rate=0.2)
    rows = [[plain(cell) for cell in row[:5]] for row in table([bad, good], "loihi2").rows]
    assert [row[0] for row in rows] == ["a", "b"]
    assert rows[1][3:] == ["infeasible", "20 % (limit 0.1 %)"]
    assert (good.row()["feasible"], bad.row()["feasible"], bad.row()["regret"]) == (True, False, -0.4)


@pytest.mark.parametrize(
    ("regret", "rate", "limit", "said"),
    [
        (-0.4158, 1.0, 0.001, "in validation infeasible: breaks a constraint in 100 % (limit 0.1 %)"),
        (0.0012, 0.00085, 0.001, "validation regret 0.12 %, violations 0.085 %"),
        (float("nan"), 0.2, 0.5, "violations 20 %"),
    ],
)
def test_a_training_says_what_came_out(regret: float, rate: float, limit: float, said: str) -> None:
    assert terminal.validation(regret, rate, limit) == said


def test_the_curve_marks_what_is_infeasible(
    useless: Data, data: Data, metrics: Metrics, parsed: Callable[[str], Any]
) -> None:
    marked = [row | {"violation_rate": 1.0} for row in metrics]
    page = render(typed(useless), marked)
    assert "infeasible: breaks a constraint in 100" in parsed(page).text
    label = re.findall(r'aria-label="(Learning curve[^"]*)"', page)[0]
    assert plain(label).endswith("infeasible: breaks a constraint in 100 % (limit 0.1 %).")
