"""What the page shows is what the summary holds."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from neuro_aolo.report.side_by_side import Told
from neuro_aolo.text.numbers import plain

Data = dict[str, Any]
Parsed = Callable[[str], Any]


def test_every_figure_of_the_summary_is_in_the_page(parsed: Parsed, data: Data, one_page: str) -> None:
    page = parsed(one_page)
    policies = page.values["Policies on 20,000 held-out requests"]
    decided, deployed = data["decided"], data["deployed"]
    wanted = [decided, deployed, data["twin"], decided["constant"]]
    assert policies[2:6] == [[one["regret"], one["violation_rate"]] for one in wanted]
    lava = deployed["lava"]
    layers = [[layer["slots"], layer["spikes"], layer["mismatches"]] for layer in lava["layers"]]
    total = [lava[key] for key in ("spikes_compared", "spikes_emitted", "mismatches")]
    assert page.values["200 decisions on Lava"][1:] == [*layers, total]
    clipped = [
        [layer["scale"], layer["clipped"], layer["max_rounding_error"]] for layer in deployed["quantisation"]
    ]
    assert page.values["Quantisation"][1:] == clipped
    energies = [
        [bill["total_j"]["nominal"] for bill in (device["spiking"], device["dense"]) if bill]
        for device in data["priced"]["devices"].values()
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
    for layer in deployed["layers"]:
        assert f"{layer['spikes_per_decision']:,.1f}" in page.text


def _numbers(value: Any) -> set[float]:
    """Every number of a summary."""
    if isinstance(value, dict):
        return set().union(*map(_numbers, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_numbers, value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {float(value)} if is_number else set()


def test_every_value_of_the_page_is_a_number_of_the_summary(
    parsed: Parsed, data: Data, one_page: str
) -> None:
    page = parsed(one_page)
    shown = [float(attributes["value"]) for tag, attributes in page.elements if tag == "data"]
    assert len(shown) > 200
    assert set(shown) <= _numbers(data)


def test_the_ledger_of_the_page_is_that_of_the_summary(parsed: Parsed, data: Data, one_page: str) -> None:
    page = parsed(one_page)
    title = "Carbon of the agent at 1 request per second"
    work, provisioned = (data["ledger"]["boundaries"][name] for name in ("work", "provisioned"))
    assert page.values[title][1:] == [
        [
            work["accounts"][profile]["agent_mg"]["nominal"],
            device["agent_mg"]["nominal"],
        ]
        for profile, device in provisioned["accounts"].items()
    ]
    for profile, device in provisioned["accounts"].items():
        own = work["accounts"][profile]
        alone = {line["key"]: line["mg"]["nominal"] for line in own["lines"]}
        lines = [
            [
                *([alone[line["key"]]] if line["key"] in alone else []),
                line["mg"]["nominal"],
            ]
            for line in device["lines"]
        ]
        sums = [
            [figures[f"{key}_{unit}"]["nominal"] for figures in (own, device)]
            for key in ("agent", "total")
            for unit in ("mg", "kg_per_year")
        ]
        bound = ", its cost a lower bound" if device["lower_bound"] else ""
        assert page.values[f"Ledger with the agent on {device['device']}{bound}"][1:] == [*lines, *sums]
    for baseline_key, baseline in (
        ("random", "uniformly random actions"),
        ("constant", "the best constant action, 150 words at 9.932 W"),
    ):
        pairs = [
            pair
            for pairs in data["payback"].values()
            for pair in pairs
            if (pair["baseline"], pair["boundary"]) == (baseline_key, "provisioned")
        ]
        keys = ("net_mg", "payback_decisions", "lowest_rate_hz")
        values = [
            [pair[key]["nominal"] for key in keys if pair[key] and pair[key]["nominal"] is not None]
            for pair in pairs
        ]
        assert page.values[f"Against {baseline}, provisioned"][1:] == values


def test_margins_checks_and_assumptions_are_told(parsed: Parsed, data: Data, one_page: str) -> None:
    page = parsed(one_page)
    slack = page.values["Slack of the actor; below 0 the constraint is broken"][1:]
    for margin, values in zip(data["decided"]["margins"], slack, strict=True):
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


def test_the_shown_bills_add_up(parsed: Parsed, one_page: str) -> None:
    page = parsed(one_page)
    bills = [title for title in page.values if title.startswith("Bill of")]
    assert len(bills) == 6
    for title in bills:
        *lines, total = [row[-1] for row in page.values[title] if row]
        assert math.fsum(lines) == pytest.approx(total, rel=1e-12)


def test_bills_tell_what_they_leave_out(parsed: Parsed, data: Data, one_page: str) -> None:
    text = parsed(one_page).text
    bill = data["priced"]["devices"]["loihi1"]["spiking"]
    for item in (
        *bill["unpriced"],
        *bill["excluded"],
        bill["boundary"],
        *(line["name"] for line in bill["lines"]),
    ):
        assert plain(item) in text


def test_several_runs_stand_side_by_side_and_then_alone(
    parsed: Parsed, two_runs: list[Told], one_page: str, page_of_two: str
) -> None:
    page = parsed(page_of_two)
    heading, *body = page.tables["One column a run; energy and carbon per request"]
    assert heading == ["", "first", "second"]
    rows = {row[0]: [plain(cell) for cell in row[1:]] for row in body}
    assert rows["regret"] == ["20.3 %", "1.23 %"]
    assert rows["seed"] == ["0", "7"]
    assert rows["agent's carbon provisioned, NVIDIA H100 SXM"][1] == "cannot run it"
    assert rows["pays against random actions?"] == ["pays on every device"] * 2
    assert rows["pays against the best constant action?"] == ["pays on no device"] * 2
    assert rows["pays against the dense twin?"][1].startswith("never pays on Intel Loihi 1 and")
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    sections = re.findall(r'<h2 id="(\w+)">', one_page)
    for number in (1, 2):
        assert re.findall(rf'<h3 id="run{number}-(\w+)">', page_of_two) == sections[:-1]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page_of_two))
    assert used <= set(ids)
    shown = [float(attributes["value"]) for tag, attributes in page.elements if tag == "data"]
    assert set(shown) <= _numbers([run.summary.to_dict() for run in two_runs])
    assert len(page_of_two.encode()) < 2_000_000


def test_a_run_alone_and_beside_another_has_the_same_text(
    parsed: Parsed, one_page: str, page_of_two: str
) -> None:
    alone, beside = parsed(one_page), parsed(page_of_two)
    for title, rows in alone.tables.items():
        assert beside.tables[title][: len(rows)] == rows
