from typing import Any

import pytest

from neuro_aolo.errors import RunError
from neuro_aolo.report.facts import (
    best_checkpoint,
    check,
    contests,
    of_service,
    service_sum_mg,
    wireless_share,
)

ALIKE = {"low": 1.0, "nominal": 2.0, "high": 4.0}


def _duel(spiking: dict[str, float], dense: dict[str, float], **changes: Any) -> dict[str, Any]:
    def bill(total: dict[str, float], actor: str) -> dict[str, Any]:
        return {
            "boundary": changes.get(f"{actor}_boundary", "whole energy of the chip"),
            "evidence": "metered",
            "total_j": total,
            "unpriced": changes.get(f"{actor}_unpriced", []),
        }

    return {
        "energy_j": {"chip": {"snn": spiking, "mlp": dense}},
        "bills": {"chip": {"device": "Chip", "snn": bill(spiking, "snn"), "mlp": bill(dense, "mlp")}},
    }


def _times(factor: float) -> dict[str, float]:
    return {name: factor * value for name, value in ALIKE.items()}


@pytest.mark.parametrize(
    ("spiking", "changes", "winner"),
    [
        (_times(0.5), {}, "snn"),
        (_times(3.0), {}, "mlp"),
        ({"low": 0.5, "nominal": 1.5, "high": 5.0}, {}, None),
        (_times(0.5), {"snn_unpriced": ["readout"]}, None),
        (_times(3.0), {"snn_unpriced": ["readout"]}, "mlp"),
        (_times(3.0), {"mlp_unpriced": ["readout"]}, None),
        (_times(1.0), {}, None),
    ],
)
def test_a_win_needs_every_price_and_a_whole_bill(
    spiking: dict[str, float], changes: dict[str, Any], winner: str | None
) -> None:
    (contest,) = contests(_duel(spiking, ALIKE, **changes))
    assert contest.winner == winner


def test_ratios_set_low_against_low_and_high_against_high(summary: dict[str, Any]) -> None:
    contest = next(found for found in contests(summary) if found.profile == "mcu_m33_u575")
    energy = summary["energy_j"]["mcu_m33_u575"]
    assert contest.ratios == tuple(energy["snn"][k] / energy["mlp"][k] for k in ("low", "nominal", "high"))


def test_no_contest_across_boundaries_nor_where_one_actor_cannot_run(summary: dict[str, Any]) -> None:
    assert contests(_duel(ALIKE, ALIKE, snn_boundary="dynamic energy of the chip")) == []
    assert {contest.profile for contest in contests(summary)} == {"h100", "mcu_m33_u575"}


def test_shares_by_hand(summary: dict[str, Any]) -> None:
    summary["service_terms_mg"] = {
        "inference, operational": 7.0,
        "inference, embodied": 2.0,
        "wireless, operational": 0.6,
        "wireless, embodied": 0.4,
    }
    assert service_sum_mg(summary) == pytest.approx(10.0, rel=1e-15)
    assert wireless_share(summary) == pytest.approx(0.1, rel=1e-15)
    assert of_service(summary, 0.5) == pytest.approx(0.05, rel=1e-15)
    summary["service_terms_mg"] = dict.fromkeys(summary["service_terms_mg"], 0.0)
    assert of_service(summary, 0.5) is None


def test_the_best_checkpoint_is_the_last_that_was_best(metrics: list[dict[str, float]]) -> None:
    best = best_checkpoint(metrics)
    assert best is not None
    assert best["requests"] == 16_128
    assert best_checkpoint([]) is None


def test_a_summary_without_its_keys_is_refused_by_name(summary: dict[str, Any]) -> None:
    del summary["regret"], summary["lava"]
    with pytest.raises(RunError, match=r"lacks 'regret', 'lava'.*run the job again"):
        check(summary)
