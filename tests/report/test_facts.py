import math
from collections.abc import Callable
from typing import Any

import pytest

from neuro_aolo.errors import RunError
from neuro_aolo.report.facts import best_checkpoint, contests, of_service, validations
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.runs.summary.summary import Summary

Data = dict[str, Any]
Duel = Callable[..., Priced]
ALIKE = {"low": 1.0, "nominal": 2.0, "high": 4.0}


@pytest.fixture
def duel(data: Data) -> Duel:
    """Makes bills of both actors on one chip."""

    def made(spiking: dict[str, float], dense: dict[str, float], **changes: Any) -> Priced:
        chip = data["priced"]["devices"]["h100"]
        for kind, total in (("spiking", spiking), ("dense", dense)):
            chip[kind] |= {
                "boundary": changes.get(f"{kind}_boundary", "whole energy of the chip"),
                "evidence": "metered",
                "total_j": total,
                "unpriced": changes.get(f"{kind}_unpriced", []),
            }
        return Priced.model_validate(data["priced"] | {"devices": {"chip": chip | {"name": "Chip"}}})

    return made


def _times(factor: float) -> dict[str, float]:
    return {name: factor * value for name, value in ALIKE.items()}


@pytest.mark.parametrize(
    ("spiking", "changes", "winner"),
    [
        (_times(0.5), {}, "spiking"),
        (_times(3.0), {}, "dense"),
        ({"low": 0.5, "nominal": 1.5, "high": 5.0}, {}, None),
        (_times(0.5), {"spiking_unpriced": ["readout"]}, None),
        (_times(3.0), {"spiking_unpriced": ["readout"]}, "dense"),
        (_times(3.0), {"dense_unpriced": ["readout"]}, None),
        (_times(1.0), {}, None),
    ],
)
def test_a_win_needs_every_price_and_a_whole_bill(
    duel: Duel, spiking: dict[str, float], changes: Data, winner: str | None
) -> None:
    (contest,) = contests(duel(spiking, ALIKE, **changes))
    assert contest.winner == winner


def test_ratios_set_low_against_low_and_high_against_high(data: Data, summary: Summary) -> None:
    contest = next(fair for fair in contests(summary.priced) if fair.profile == "mcu_m33_u575")
    device = data["priced"]["devices"]["mcu_m33_u575"]
    spiking, dense = device["spiking"]["total_j"], device["dense"]["total_j"]
    assert contest.ratios == tuple(spiking[k] / dense[k] for k in ("low", "nominal", "high"))


def test_no_contest_across_boundaries_nor_where_one_actor_cannot_run(duel: Duel, summary: Summary) -> None:
    assert contests(duel(ALIKE, ALIKE, spiking_boundary="dynamic energy of the chip")) == []
    assert {contest.profile for contest in contests(summary.priced)} == {"h100", "mcu_m33_u575"}


def test_shares_by_hand(data: Data) -> None:
    for figures, mg in zip(data["ledger"]["boundaries"].values(), (10.0, 20.0), strict=True):
        figures["service_mg"] = dict.fromkeys(figures["service_mg"], mg)
    ledger = Summary.of(data, "summary.json").ledger
    assert of_service(ledger.work, 0.5) == 0.05
    assert of_service(ledger.provisioned, 0.5) == 0.025
    data["ledger"]["boundaries"]["work"]["service_mg"] = dict.fromkeys(("low", "nominal", "high"), 0.0)
    assert of_service(Summary.of(data, "summary.json").ledger.work, 0.5) is None


def test_the_best_checkpoint_is_the_last_that_was_best(metrics: list[dict[str, float]]) -> None:
    best = best_checkpoint(validations(metrics))
    assert best is not None
    assert best.requests == 16_128
    assert best_checkpoint([]) is None


def test_a_row_that_lacks_a_figure_has_none() -> None:
    (row,) = validations([{"requests": 256.0, "cost": math.inf}])
    assert row.requests == 256.0
    assert all(map(math.isnan, (row.cost, row.optimal_cost, row.regret, row.violation_rate, row.best)))


@pytest.mark.parametrize(("part", "key"), [("decided", "regret"), ("deployed", "lava"), ("run", "actor")])
def test_a_summary_without_its_keys_is_refused_by_name(data: Data, part: str, key: str) -> None:
    del data[part][key]
    with pytest.raises(RunError, match=rf"summary.json: {part}\.{key}: .*write it anew"):
        Summary.of(data, "summary.json")
