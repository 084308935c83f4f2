"""The order of the table of results: rules and constant action first, whoever breaks too much last."""

import sys
from pathlib import Path

import pytest

HEAD = "learner,regret,violation_rate,seconds\n"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "scripts")
    import results_table

    def made(cells: str, **options):
        folder = tmp_path / "paper"
        folder.mkdir(exist_ok=True)
        (folder / "cells.csv").write_text(HEAD + cells)
        return [
            [cell.strip() for cell in row.strip("|").split("|")]
            for row in results_table.rows("paper", tmp_path, **options)
        ]

    yield made
    del sys.modules["results_table"]


def test_what_is_not_learnt_comes_first_and_the_infeasible_last(rows) -> None:
    found = rows(
        "spiking,0.01,0.0005,100\nspiking,0.03,0.0015,300\n"
        "mlp,-0.4,1.0,50\nmlp,0.02,0.0,50\n"
        "constant,0.0001,0.001,2\nconstant,0.0001,0.001,2\n"
        "optimum-table,0.00001,0.0002,3\nlog-linear,0.00002,0.0002,0\n"
        "oracle,0,0,0\n"
    )
    assert found == [
        ["paper", "log-linear", "1", "0.00200 (0.00200)", "0.0200 (0.0200)", ""],
        ["paper", "table of the optimum", "1", "0.00100 (0.00100)", "0.0200 (0.0200)", "3"],
        ["paper", "best constant", "2", "0.0100 (0.0100)", "0.100 (0.100)", "2"],
        ["paper", "spiking actor", "2", "2.00 (3.00)", "0.100 (0.150)", "200"],
        ["paper", "MLP, same loop", "2", "infeasible (limit 0.1)", "50.0 (100)", "50"],
    ]


def test_an_infeasible_constant_action_is_no_exception(rows) -> None:
    found = rows("constant,-0.1,0.0011,2\nmlp,0.02,0.0009,50\n")
    assert [row[1] for row in found] == ["MLP, same loop", "best constant"]
    assert found[1][3] == "infeasible (limit 0.1)"


def test_the_short_table_has_the_nearest_rival(rows) -> None:
    cells = (
        "mlp,0.02,0.0,50\nsac,0.5,0.0,50\nppo,0.3,0.0,50\nppo,0.4,0.0,50\n"
        "td3,0.1,0.9,50\nconstant,0.0,0.0,1\nnetwork,0.1,0.0,9\n"
    )
    names = [row[1] for row in rows(cells, short=True)]
    assert names == ["score by network", "MLP, same loop", "PPO"]
    only = rows("td3,0.1,0.9,50\nmlp,0.02,0.0,50\n", short=True)
    assert [row[3] for row in only] == ["2.00 (2.00)", "infeasible (limit 0.1)"]
