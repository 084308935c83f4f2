"""What is measured beside the trainings: openings, times alone on the machine, Theorem 1 at 30 digits."""

import importlib
import json
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from scipy.integrate import quad

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def parts() -> dict[str, ModuleType]:
    """The modules beside the script, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        files = sorted((SCRIPTS / "reproduction").glob("[a-z]*.py"))
        return {file.stem: importlib.import_module(f"reproduction.{file.stem}") for file in files}


@pytest.fixture
def setup(parts, tmp_path: Path):
    """The script's settings at their full length, in an empty folder."""
    return parts["trainings"].Setup(
        seeds=5,
        few_seeds=3,
        seconds=75.0,
        steps={},
        opening_requests=100,
        timed_rounds=4,
        sweeps=parts["sweeps"].SWEEPS,
        closed_form=parts["closed_form"].ClosedForm((2.0, 5.0), (1.0, 600.0)),
        folder=tmp_path,
        comparison=tmp_path / "none",
        jobs=1,
        quick=False,
    )


def test_the_opening_of_a_training_is_measured_once(parts, setup, tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    for strategy, epsilon in (("outage", 0.01), ("non-outage", 0.0)):
        for learner in ("SDRL", "SAC"):
            opening = parts["trainings"].opening(setup, strategy, learner, 0)
            assert opening.scenario.channel.outage_probability == epsilon
            opened = opening.make()
            # Random actions, nine in ten of which break a constraint.
            assert -100.0 <= opened.reward_mg < -60.0
            assert opened.requests == 100
            opened.save(opening.file(tmp_path))
            assert opening.finished(tmp_path) == opened
    opening.file(tmp_path).write_text("{}")
    with pytest.raises(Exception, match="is damaged"):
        opening.finished(tmp_path)


def test_times_are_kept_only_where_they_were_measured_alone(
    parts, setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    timing = parts["timing"]
    work = parts["trainings"].timing(setup, 2, 0)
    for load, jobs, said in ((2.0, 1, "load average 2.00"), (0.1, 2, "--jobs 2"), (math.inf, 1, "load")):
        monkeypatch.setattr(timing, "load_average", lambda load=load: load)
        with pytest.raises(Exception, match=f"not alone: {said}"):
            replace(work, jobs=jobs).make()
    assert "had 80 % of a core" in timing.Conditions(1, 0.1, 1.0, 0.8).disturbance
    assert timing.Conditions(1, 0.1, 1.1, 0.99).disturbance == ""
    monkeypatch.setattr(timing, "load_average", lambda: 0.5)
    # However busy the machine that tests.
    monkeypatch.setattr(timing, "SHARE_NEEDED", 0.0)
    timed = work.make()
    assert min(timed.update_s, timed.decision_s) > 0.0
    timed.save(work.file(setup.folder))
    assert work.finished(setup.folder) == timed
    assert json.loads(work.file(setup.folder).read_text())["conditions"]["load_at_start"] == 0.5


def test_times_are_compared_between_the_ends(parts, setup) -> None:
    told = {finding.verdict.why for finding in parts["varied"].times(setup)}
    assert told == {"not measured alone"}
    for seed in range(5):
        for steps in (1, 12):
            work = parts["trainings"].timing(setup, steps, seed)
            timed = parts["timing"].Timed(work.settings, 0.01 * steps, 1e-4 + 1e-9 * steps, {}, {})
            timed.save(work.file(setup.folder))
    training, decision = parts["varied"].times(setup)
    assert training.ours.value == pytest.approx(11.0)
    assert (training.verdict.word, decision.verdict.word) == ("reproduced", "reproduced")


def test_theorem_1_agrees_with_thirty_digits(parts, setup) -> None:
    work = setup.closed_form
    agreement = work.make()
    assert max(agreement.tricomi, agreement.quadrature) < 1e-12
    assert max(agreement.tricomi_table, agreement.quadrature_table) < 2e-8
    agreement.save(work.file(setup.folder))
    assert work.finished(setup.folder) == agreement
    rows = parts["shown"].theorem(setup)
    assert [row.ours.value for row in rows] == [
        agreement.tricomi,
        agreement.tricomi_table,
        agreement.quadrature,
        agreement.quadrature_table,
    ]
    assert {row.verdict.word for row in rows} == {"not testable"}


def test_the_closed_form_is_right_where_it_is_known(parts) -> None:
    # m = 2: E[1/ln(1+g)] by numeric integration with SciPy, at a beta where the two terms do not cancel.
    beta = 2.0 / 3.0
    mean, _ = quad(lambda g: beta**2 * g * math.exp(-beta * g) / math.log2(1.0 + g), 0.0, 80.0)
    assert parts["closed_form"].tricomi(2.0, 3.0) == pytest.approx(mean, rel=1e-8)


def test_the_footprint_rises_over_both_actions(parts, setup) -> None:
    footprint, quality, unknown = parts["shown"].figures(setup)
    assert "rises in both everywhere" in footprint.verdict.why
    assert quality.calibrated
    assert "8.3" in quality.verdict.why
    assert {row.verdict.word for row in (footprint, quality, unknown)} == {"not testable"}
