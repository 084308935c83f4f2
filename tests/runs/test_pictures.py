"""What the report shows beside the figures, from a real run."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from hardware_profiles.profile import load_profile
from neuro_aolo.errors import RunError
from neuro_aolo.runs.analysis import Analysis
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.pictures import QUANTILES, exports, margins, picture_summary, profile_assumptions
from neuro_aolo.systems.aolo.request import to_physical
from neuro_aolo.systems.describe import describe


@pytest.fixture(scope="module")
def analysis(small_run: Path) -> Analysis:
    return Analysis(RunFolder.open(small_run), requests=500)


def test_the_raster_holds_the_spikes_of_the_first_held_out_request(analysis: Analysis) -> None:
    drawn = picture_summary(analysis)["raster"]
    assert (drawn["decision"], drawn["steps"]) == (0, analysis.quantized.steps)
    activity = analysis.activity
    recorded = [activity.input_spikes, *activity.layer_spikes]
    for layer, spikes, told in zip(drawn["layers"], recorded, analysis.layers, strict=True):
        assert (layer["name"], layer["neurons"]) == (told["name"], told["neurons"])
        found = np.zeros((layer["neurons"], drawn["steps"]), dtype=np.uint8)
        if layer["spikes"]:
            found[tuple(np.transpose(layer["spikes"]))] = 1
        assert (spikes[:, 0, : layer["neurons"]] == found.T).all()


def test_margins_are_those_of_the_decisions(analysis: Analysis) -> None:
    found = {margin["name"]: margin for margin in margins(analysis)}
    assert list(found) == ["quality", "energy", "inference_time_s", "transmission_time_s", "power_w"]
    _, power_w = to_physical(analysis.task.scenario, analysis.actions)
    power = found["power_w"]
    assert (power["unit"], power["limit"]) == ("W", 60.0)
    median = np.sort(60.0 - power_w)[int(np.ceil(0.5 * len(power_w))) - 1]
    assert power["quantiles"]["0.5"] == pytest.approx(median, rel=1e-12)
    for margin in found.values():
        assert list(margin["quantiles"]) == [f"{q:g}" for q in QUANTILES]
        assert list(margin["quantiles"].values()) == sorted(margin["quantiles"].values())
    broken = [margin["broken"] for margin in found.values()]
    assert max(broken) <= analysis.evaluation.violation_rate <= sum(broken)


def test_every_parameter_and_every_figure_is_an_assumption(analysis: Analysis) -> None:
    rows = picture_summary(analysis)["assumptions"]
    told = {row["what"]: row for row in rows}
    assert len(told) == len(rows)
    assert {row.key for row in describe(analysis.task.scenario)} <= set(told)
    assert told["inference.gpus"]["grade"] == "AOLO, table"
    assert told["limits.energy"]["grade"] == "restored"
    assert told["inference.pue"]["grade"] == "chosen"
    assert told["state.dc_intensity_g_per_kwh"]["grade"] == "CodeCarbon"
    synop = told["loihi2: energy_pj.synop"]
    assert [synop[key] for key in ("value", "unit", "grade")] == ["15 (5-35.5)", "pJ", "projected, D"]
    assert synop["source"].startswith("10.1109/MM.2018.112130359; scaled from Loihi 1")
    assert "used for 5 years" in told["loihi2: embodied.kg"]["source"]
    for profile in analysis.profiles.values():
        text = profile.model_dump_json(exclude_none=True)
        figures = [row for row in rows if row["what"].startswith(f"{profile.id}: ")]
        assert text.count('"nominal"') + (profile.capacity is not None) == len(figures)


def test_sources_of_a_scenario_come_first(analysis: Analysis) -> None:
    scenario = analysis.task.scenario
    changed = scenario.model_copy(update={"sources": {"inference.gpus": "chosen: what we have"}})
    row = next(row for row in describe(changed) if row.key == "inference.gpus")
    assert row.source == "chosen: what we have"


def test_figures_without_a_place_have_an_empty_source() -> None:
    rows = {row["what"]: row["source"] for row in profile_assumptions(load_profile("mcu_m33_u575"))}
    assert all(isinstance(source, str) and not source.startswith(";") for source in rows.values())


def test_versions_are_those_that_run(analysis: Analysis) -> None:
    versions = picture_summary(analysis)["versions"]
    assert versions["python"] == sys.version.split()[0]
    assert versions["numpy"] == np.__version__
    assert set(versions) >= {"neuro-aolo", "torch", "norse", "lava-nc", "codecarbon"}


def test_exports_are_told_and_old_ones_marked(small_run: Path, tmp_path: Path, cli) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run, folder)
    assert exports(Analysis(RunFolder.open(folder), requests=50)) is None
    assert cli("export", folder, "--to", "nir,onnx").returncode == 0
    told = exports(Analysis(RunFolder.open(folder), requests=50)) or []
    assert {row["file"]: row["current"] for row in told} == dict.fromkeys(
        ("actor.nir", "actor_step.onnx", "actor_decision.onnx", "actor_dense.onnx", "actor_dense_int8.onnx"),
        True,
    )
    record = json.loads((folder / "exports.json").read_text())
    assert told[0]["slots"] == record["actor.graph"]["files"]["actor.nir"]["slots"]
    record["actor.graph"]["graph_sha256"] = "0" * 64
    (folder / "exports.json").write_text(json.dumps(record))
    told = exports(Analysis(RunFolder.open(folder), requests=50)) or []
    assert {row["file"] for row in told if not row["current"]} == set(record["actor.graph"]["files"])


@pytest.mark.parametrize("text", ["", "[]", '{"actor.graph": 1}', '{"actor.graph": {}}'])
def test_a_damaged_record_of_exports_is_refused(small_run: Path, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run, folder)
    (folder / "exports.json").write_text(text)
    with pytest.raises(RunError, match=r"exports\.json is damaged .*: remove it, and export again"):
        exports(Analysis(RunFolder.open(folder), requests=50))
