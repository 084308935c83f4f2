"""What a total rests on, each figure's weight found again by pricing a changed profile."""

import dataclasses
from typing import Any

import pytest

from hardware_profiles.figure import Figure
from hardware_profiles.profile import Profile, load_profile, profile_names
from neuro_aolo.pricing.bill import Bill, Conditions
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.draws import Draws
from neuro_aolo.pricing.footing import NAMES, named
from neuro_aolo.pricing.price import price

ALONE = Conditions(draws=Draws(5))


def bill(counts: SpikingCounts | DenseCounts, profile: Profile, under: Conditions = ALONE) -> Bill:
    found = price(counts, profile, under)
    assert isinstance(found, Bill)
    return found


def fixed(profile: Profile, title: str, value: str | float) -> Profile:
    """The profile with one figure, named as people read it, at one of its ends, or at a value."""
    (key,) = (key for key, name in NAMES.items() if name == title)
    table, _, name = key.partition(".")
    held = getattr(profile, table)
    figure = getattr(held, name) if name else held
    at = getattr(figure, value) if isinstance(value, str) else value
    moved = figure.model_copy(update=dict.fromkeys(("low", "nominal", "high"), at))
    return profile.model_copy(update={table: held.model_copy(update={name: moved}) if name else moved})


def test_most_of_a_decision_on_loihi_2_rests_on_a_time_that_was_assumed(popsan: SpikingCounts) -> None:
    """Static power for 500 us in and out, over everything; the chip's static power itself was measured."""
    found = bill(popsan, load_profile("loihi2"))
    (static,) = (line for line in found.lines if line.key == "static_power")
    assert (static.evidence, found.evidence) == ("assumed", "assumed")
    assert static.source.startswith("measured (P): https://github.com/lava-nc/lava-dl")
    assert "nobody published it for one decision" in static.source
    footing = found.footing
    assert footing.figures == ("time in and out",)
    assert footing.share == pytest.approx(280e-3 * 500e-6 / found.total_j.nominal, rel=1e-12)
    assert footing.share > 0.6
    assert footing.mover == "time in and out"
    assert footing.high == pytest.approx(1.0 + 280e-3 * 1_500e-6 / found.total_j.nominal, rel=1e-12)
    assert footing.low == pytest.approx(1.0 - 280e-3 * 450e-6 / found.total_j.nominal, rel=1e-12)
    # Where it is always on, its time is the time between decisions: no assumption is left.
    waiting = bill(popsan, load_profile("loihi2"), dataclasses.replace(ALONE, request_rate_hz=1.0))
    (static,) = (line for line in waiting.lines if line.key == "static_power")
    assert (static.evidence, waiting.evidence, waiting.footing.mover) == (
        "measured",
        "projected",
        "static power",
    )


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("rate_hz", [None, 10.0])
def test_the_mover_is_found_again_by_pricing_with_each_figure_at_its_ends(
    popsan: SpikingCounts, mlp: DenseCounts, name: str, rate_hz: float | None
) -> None:
    profile, under = load_profile(name), dataclasses.replace(ALONE, request_rate_hz=rate_hz)
    for counts in (popsan, mlp):
        found = price(counts, profile, under)
        if not isinstance(found, Bill):
            continue
        moved = {}
        for title, _ in named(profile):
            ends = [
                bill(counts, fixed(profile, title, end), under).total_j.nominal for end in ("low", "high")
            ]
            moved[title] = [end / found.total_j.nominal for end in sorted(ends)]
        most = max(moved.values(), key=lambda ends: ends[1] - ends[0])
        if most[1] - most[0] < 1e-12:
            assert found.footing.mover == ""
            continue
        assert (found.footing.low, found.footing.high) == pytest.approx(most, rel=1e-9)
        assert moved[found.footing.mover] == pytest.approx(most, rel=1e-9)
        assert 0.0 <= found.footing.share <= 1.0 + 1e-12
        assert found.footing.evidence == found.evidence


@pytest.mark.parametrize(
    ("name", "title"),
    [("spinnaker1", "static power"), ("loihi1", "time in and out"), ("loihi2", "time in and out")],
)
def test_a_share_is_what_would_be_gone_without_the_figure(
    popsan: SpikingCounts, name: str, title: str
) -> None:
    profile = load_profile(name)
    found = bill(popsan, profile)
    without = bill(popsan, fixed(profile, title, 0.0)).total_j.nominal
    weakest: list[Figure] = [figure for key, figure in named(profile) if key == title]
    if weakest[0].evidence == found.evidence and found.footing.figures == (title,):
        assert found.footing.share == pytest.approx(1.0 - without / found.total_j.nominal, rel=1e-9)
    else:
        assert found.footing.share >= 1.0 - without / found.total_j.nominal - 1e-12


def test_a_metered_price_carries_all_of_a_dense_bill(mlp: DenseCounts) -> None:
    found = bill(mlp, load_profile("mcu_m33_u575"))
    assert [line.evidence for line in found.lines] == ["metered"]
    assert (found.footing.evidence, found.footing.share) == ("metered", pytest.approx(1.0))
    assert found.footing.mover == "energy of a multiply-accumulate"
    assert (found.footing.low, found.footing.high) == pytest.approx((180.9 / 309.9, 577.5 / 309.9))


def test_figures_of_a_host_are_named_with_it(popsan: SpikingCounts) -> None:
    host = load_profile("mcu_m33_u575")
    found = bill(popsan, load_profile("spinnaker2"), Conditions(host, draws=Draws(5)))
    assert found.evidence == "projected"
    assert all(name.endswith(" on mcu_m33_u575") for name in found.footing.figures)
    shares = found.parts_j["host"].nominal / found.total_j.nominal
    assert found.footing.share == pytest.approx(shares, rel=1e-9)


def test_every_figure_of_the_schema_has_words() -> None:
    names: list[Any] = []
    for table in ("energy_pj", "power_mw", "timing"):
        fields = type(getattr(load_profile("loihi1"), table)).model_fields
        names += [f"{table}.{name}" for name in fields if name != "extra_steps_per_layer"]
    assert {*NAMES} == {*names, "calibration"}
    assert len({*NAMES.values()}) == len(NAMES)
