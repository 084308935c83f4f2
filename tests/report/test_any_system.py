"""The page of a run in a system that calls everything otherwise."""

import ast
import re
from typing import Any

import pytest

from neuro_aolo.report import ledgers
from neuro_aolo.report.grids import policies
from neuro_aolo.report.html import render, render_several
from neuro_aolo.report.limits import reproduce
from neuro_aolo.report.side_by_side import Told, table
from neuro_aolo.report.tables import headline
from neuro_aolo.report.verdict import optimality, verdict
from neuro_aolo.report.years import year
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

Data = dict[str, Any]
Metrics = list[dict[str, float]]
OF_AOLO = re.compile(r"\b(?i:requests?|oracle|words?|wireless|data centre|base station)\b|AOLO")


@pytest.fixture
def elsewhere(data: Data) -> Data:
    """An episode of a radio cell, with one functional unit, and another constraint."""
    data["run"] |= {"system": "other_cell", "scenario": "cell"}
    data["wording"] = {
        "title": "cell: a grid as in the scenario",
        "decision": "episode",
        "optimum": "bound",
        "cost_unit": "µg/bit",
        "constant": "20.0 W",
        "limits": ["Solar power is a sine."],
        "command": ["--system", "other_cell"],
        "sources": ["Radio: nobody (2020), arXiv:2001.00001"],
    }
    ledger = data["ledger"]
    ledger |= {"units_per_decision": {"bit": 1e9}, "unit_names": {"bit": "bits"}}
    for figures in ledger["boundaries"].values():
        for line in figures["service"]:
            name = line["key"].replace("wireless", "radio").replace("_", ", ")
            line |= {"name": name, "source": "nobody"}
        for account in figures["accounts"].values():
            del account["sci"]["word"]
            for line in account["lines"]:
                line["name"] = line["key"]
    for pairs in data["payback"].values():
        for pair in pairs:
            pair["title"] = pair["baseline"]
    data["assumptions"] = [row for row in data["assumptions"] if row["profile"]]
    data["decided"]["margins"] = [
        data["decided"]["margins"][0] | {"name": "served", "title": "share served", "unit": "-"}
    ]
    return data


def test_every_table_speaks_as_the_system_does(elsewhere: Data, metrics: Metrics) -> None:
    page = render(Summary.of(elsewhere, "summary.json"), metrics)
    text = plain(" ".join(re.sub(r"<style>.*?</style>|<[^<>]+>", " ", page, flags=re.DOTALL).split()))
    assert OF_AOLO.findall(text) == []
    for said in (
        "Carbon of an episode",
        "An episode is decided on one of the devices",
        "over the number of episodes or bits. An episode has",
        "regret against the bound",
        "bound, the exact optimum",
        "validation cost, ug/bit per episode",
        "constant: 20.0 W",
        "share served",
        "Episodes until paid back",
        "system=other_cell, scenario=..., seed=0, steps=60160)",
        "stands for what the module alone knows: the scenario cell",
        "Solar power is a sine.",
        "Radio: nobody (2020)",
    ):
        assert said in text


def test_without_an_optimum_nothing_is_set_against_it(elsewhere: Data, metrics: Metrics) -> None:
    elsewhere["decided"] |= {"regret": None, "optimum_mg_per_decision": None, "constant": None}
    curve = [row | {"optimal_cost": float("nan"), "regret": float("nan")} for row in metrics]
    page = render(Summary.of(elsewhere, "summary.json"), curve)
    text = " ".join(re.sub(r"<style>.*?</style>|<[^<>]+>", " ", page, flags=re.DOTALL).split())
    assert "bound, the exact optimum" not in text
    assert "regret against" not in text
    assert "against the optimum's" not in text
    assert "One constant action" not in text
    for absent in ("regret of", "no regret figure", "Regret:", "The constant action is", "The optimum lies"):
        assert absent not in text
    assert "mg CO₂e per episode" in text
    assert not re.search(r"\b(nan|None|inf)\b", page)


def test_without_an_optimum_each_policy_has_its_violations_alone(elsewhere: Data) -> None:
    elsewhere["decided"] |= {"regret": None, "optimum_mg_per_decision": None}
    elsewhere["decided"]["constant"]["regret"] = None
    elsewhere["run"]["agent_carbon"] = "provisioned"
    elsewhere["twin"] = None
    summary = Summary.of(elsewhere, "summary.json")
    assert policies(summary).columns == ("policy", "violations")
    assert {len(row) for row in policies(summary).rows} == {2}
    said = plain(optimality(summary))
    assert "the trained spiking actor costs 39.51 mg CO2e per episode, and " in said
    assert said.endswith(" mg for deciding (agent_carbon = provisioned).")
    sentences = " ".join(sentence for finding in verdict(summary) for sentence in finding.sentences)
    assert "regret" not in sentences
    assert "In the chip's integers the same actor breaks a constraint in" in plain(sentences)
    assert not [label for label, _ in headline(summary) if "regret" in label]


def test_a_module_is_told_of_the_call_in_python(elsewhere: Data, metrics: Metrics) -> None:
    """The command line knows no module, so that no command of it is advised."""
    elsewhere["run"] |= {"agent_carbon": "provisioned", "system": "my.cells"}
    elsewhere["run"]["options"] = {"--time-steps": "4", "--preset": "paper"}
    elsewhere["wording"]["command"] = ["--agent-site", "mast"]
    elsewhere["exports"] = None
    summary = Summary.of(elsewhere, "summary.json")
    called = reproduce(summary)
    assert called.splitlines()[:2] == ["import my.cells", "from neuro_aolo.runs.training import train"]
    assert called.endswith(
        'train("DIR", system=my.cells, scenario=..., deployment=..., seed=0, steps=60160, agent_site="mast", '
        'time_steps=4, preset="paper")'
    )
    ast.parse(called)
    page = render(summary, metrics)
    assert "<code>neuro_aolo.runs.exports.export_run</code>" in page
    assert "neuro-aolo export" not in page
    assert "neuro-aolo run" not in page


def test_runs_of_several_systems_make_decisions(elsewhere: Data, summary: Summary, curve: Metrics) -> None:
    other = Summary.of(elsewhere, "summary.json")
    both = [Told("one", summary, curve), Told("other", other, curve)]
    assert table(both).title == "One column a run; energy and carbon per decision"
    assert table(both[:1]).title == "One column a run; energy and carbon per request"
    page = render_several(both)
    assert "decisions served in training" in page
    assert "Radio: nobody (2020)" in page
    assert "Service, problem and algorithm: X. Wang" in page


def test_a_year_names_the_optimum(elsewhere: Data) -> None:
    assert year(Summary.of(elsewhere, "summary.json")) is None
    policy = {"carbon_kg": 2.0, "violation_rate": 0.0}
    kg = {"low": 0.1, "nominal": 0.2, "high": 0.4}
    elsewhere["year"] = {
        "hours": 24,
        "decisions": 96,
        "policies": {"bound": policy, "agent": policy | {"carbon_kg": 3.0}, "random": policy},
        "intensity_g_per_kwh": {"grid": 200.0},
        "agent_kg": {"h100": kg},
    }
    grid = year(Summary.of(elsewhere, "summary.json"))
    assert grid is not None
    assert [str(row[0]) for row in grid.rows] == [
        "service, by the bound",
        "service, by the agent",
        "service, random",
        "agent's work on h100",
    ]
    assert [plain(cell) for cell in grid.rows[0][1:]] == ["2.0000 kg", "-1.00 kg", "0 %"]
    assert (
        grid.title == "A year at 1 episode per second, by work alone, over 24 hours of the grids "
        "(96 episodes served for it)"
    )


def test_software_carbon_intensity_is_per_decision_and_functional_unit(summary: Summary) -> None:
    grid = ledgers.intensity(summary)
    assert grid.columns == ("agent on", "per request", "per word", "per bit", "parity power")


def test_without_an_optimum_each_policy_has_its_cost_where_that_was_kept(elsewhere: Data) -> None:
    elsewhere["decided"] |= {"regret": None, "optimum_mg_per_decision": None, "cost_per_decision": 12.5}
    elsewhere["decided"]["constant"] |= {"regret": None, "cost_per_decision": 13.5}
    grid = policies(Summary.of(elsewhere, "summary.json"))
    assert grid.columns == ("policy", "cost per episode, µg/bit", "violations")
    costs = {str(row[0]): str(row[1]) for row in grid.rows}
    assert costs["spiking actor"] == "12.50"
    assert next(text for name, text in costs.items() if name.startswith("constant")) == "13.50"
