import math
from typing import Any

import pytest

from neuro_aolo.report import ledgers
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import Quantity, percent, plain

Data = dict[str, Any]


def _typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


def _values(grid: Grid, column: int) -> dict[str, float]:
    cells = [(str(row[0]), row[column]) for row in grid.rows]
    return {name: cell.value for name, cell in cells if isinstance(cell, Quantity)}


@pytest.mark.parametrize(("column", "boundary"), [(1, "work"), (2, "provisioned")])
def test_every_account_adds_up_per_request_and_per_year(summary: Summary, column: int, boundary: str) -> None:
    service = _values(ledgers.service(summary), column)
    years = summary.ledger.decisions_per_year / 1e6
    assert service.pop("service, a year") == pytest.approx(service["service"] * years, rel=1e-9)
    terms = math.fsum(value for name, value in service.items() if name != "service")
    assert service["service"] == pytest.approx(terms, rel=1e-9)
    figures = getattr(summary.ledger, boundary)
    assert len(service) == len(figures.service) + 1
    for profile, device in figures.accounts.items():
        lines = _values(ledgers.account(summary, profile), column)
        total, agent = lines.pop("request, service and agent"), lines.pop("agent")
        assert lines.pop("the same, a year") == pytest.approx(total * years, rel=1e-9)
        assert lines.pop("agent, a year") == pytest.approx(agent * years, rel=1e-9)
        assert agent == pytest.approx(math.fsum(lines.values()), rel=1e-14)
        assert total == pytest.approx(math.fsum([terms, agent]), rel=1e-9)
        assert len(lines) == len(device.lines)


def test_what_waits_has_no_line_of_work(summary: Summary) -> None:
    rows = [row for row in ledgers.service(summary).rows if "waiting" in str(row[0])]
    assert len(rows) == 4
    assert {row[1] for row in rows} == {""}
    lines = {str(row[0]): row for row in ledgers.account(summary, "loihi2").rows}
    assert lines["agent, static power"][1] == ""
    assert isinstance(lines["agent, its own work"][1], Quantity)


def test_the_agent_stands_beside_the_service(summary: Summary) -> None:
    rows = {str(row[0]): [plain(cell) for cell in row[1:]] for row in ledgers.devices(summary).rows}
    for column, figures in ((1, summary.ledger.work), (3, summary.ledger.provisioned)):
        share = figures.accounts["loihi2"].agent_mg.nominal / figures.service_mg.nominal
        assert rows["Intel Loihi 2"][column] == plain(percent(share))
    assert list(rows) == ["NVIDIA H100 SXM", "Intel Loihi 1", "Intel Loihi 2", "STM32U575 microcontroller"]


def test_static_power_is_told_in_times_of_the_own_work(data: Data) -> None:
    rows = {str(row[0]): row for row in ledgers.always_on(_typed(data)).rows}
    energy = data["ledger"]["boundaries"]["provisioned"]["accounts"]["loihi1"]["energy_j"]
    times = rows["Intel Loihi 1"][4]
    assert isinstance(times, Quantity)
    assert times.value == energy["static"]["nominal"] / energy["dynamic"]["nominal"]
    del energy["static"]
    assert ledgers.always_on(_typed(data)).rows[1][3:] == ("", "")


def test_what_is_never_paid_back_says_so(summary: Summary) -> None:
    assert ledgers.baselines(summary) == ["random", "constant", "mlp"]
    never = ledgers.payback(summary, "constant")
    assert {plain(row[1]) for row in never.rows} == {"never pays"}
    assert {str(cell) for row in never.rows for cell in row[3:]} == {"never"}
    pays = ledgers.payback(summary, "random")
    assert {str(row[1]) for row in pays.rows} == {"pays"}
    assert [row[3].value for row in pays.rows if isinstance(row[3], Quantity)] == [
        pair.payback_decisions.nominal
        for pairs in summary.payback.values()
        for pair in pairs[:1]
        if pair.payback_decisions
    ]
    undecided = {str(row[0]): plain(row[3]) for row in ledgers.payback(summary, "mlp").rows}
    assert undecided["STM32U575 microcontroller"].endswith("never)")
    saved = ledgers.savings(summary).rows
    assert plain(saved[1][1]) == "-8.32 mg (-8.38 to -8.25)"
    assert plain(saved[1][2]) == "-6.66 mg (-6.70 to -6.60)"
    assert [str(row[0]) for row in saved][2] == "the same-size MLP on mcu_m33_u575"


def test_by_work_alone_what_has_no_time_of_its_own_is_a_lower_bound(summary: Summary) -> None:
    rows = ledgers.by_work(summary).rows
    assert len(rows) == 12
    random = {plain(row[1]): plain(row[2]) for row in rows[:4]}
    assert random.pop("STM32U575 microcontroller") == "pays"
    assert set(random.values()) == {"undecided"}
    assert all(name.endswith(", its cost a lower bound") for name in random)


def test_without_a_device_there_are_no_rows(data: Data) -> None:
    data["payback"] = {}
    for figures in data["ledger"]["boundaries"].values():
        figures["accounts"] = {}
    summary = _typed(data)
    assert ledgers.devices(summary).rows == ledgers.always_on(summary).rows == []
    assert ledgers.intensity(summary).rows == ledgers.savings(summary).rows == []
    assert ledgers.by_work(summary).rows == []


@pytest.mark.parametrize(("hz", "said"), [(1.0, "1 request per second"), (0.25, "0.25 requests per second")])
def test_the_rate_in_words(data: Data, hz: float, said: str) -> None:
    data["ledger"]["request_rate_hz"] = hz
    assert ledgers.rate(_typed(data)) == said
