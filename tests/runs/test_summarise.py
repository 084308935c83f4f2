"""The stages of a real run, and what its summary holds beside the figures."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hardware_profiles.profile import load_profile
from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.errors import RunError
from neuro_aolo.runs.assumed import profile_assumptions
from neuro_aolo.runs.decided import QUANTILES, Decisions, decide, decided_figures, hold_out
from neuro_aolo.runs.deployed import OnChip, deploy, deployed_figures
from neuro_aolo.runs.export_record import read_record, write_record
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.priced import price_run
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import assumptions, exports
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.systems.aolo.request import to_physical
from neuro_aolo.systems.describe import describe


@dataclass(frozen=True)
class Stages:
    decisions: Decisions
    chip: OnChip

    @property
    def run(self) -> Run:
        return self.chip.run


def opened(folder: Path) -> Run:
    return Run.open(RunFolder.open(folder))


def told_exports(folder: Path) -> list[dict]:
    run = opened(folder)
    return [export.to_dict() for export in exports(run, None) or ()]


@pytest.fixture(scope="module")
def stages(small_run: Path) -> Stages:
    held_out = hold_out(opened(small_run), 500)
    return Stages(decide(held_out), deploy(held_out))


def test_the_raster_holds_the_spikes_of_the_first_held_out_request(stages: Stages) -> None:
    figures = deployed_figures(stages.decisions.held_out, stages.chip)
    drawn = figures.raster
    assert drawn is not None
    assert (drawn.decision, drawn.steps) == (0, stages.chip.graph.steps)
    activity = stages.chip.activity
    recorded = [np.minimum(activity.input_spikes, 1), *activity.layer_spikes]
    for layer, spikes, counted in zip(drawn.layers, recorded, figures.layers, strict=True):
        assert (layer.name, layer.neurons) == (counted.name, counted.neurons)
        fired = np.zeros((layer.neurons, drawn.steps), dtype=np.uint8)
        if layer.spikes:
            fired[tuple(np.transpose(layer.spikes))] = 1
        assert (spikes[:, 0, : layer.neurons] == fired.T).all()


def test_margins_are_those_of_the_decisions(stages: Stages) -> None:
    decisions = stages.decisions
    actions = noise_free(stages.run.saved.network)(decisions.held_out.requests.observations)
    margins = {margin.name: margin for margin in decided_figures(decisions, None, {}).margins}
    assert list(margins) == ["quality", "energy", "inference_time_s", "transmission_time_s", "power_w"]
    _, power_w = to_physical(stages.run.config.scenario, actions)
    power = margins["power_w"]
    assert (power.unit, power.limit) == ("W", 60.0)
    median = np.sort(60.0 - power_w)[int(np.ceil(0.5 * len(power_w))) - 1]
    assert power.quantiles["0.5"] == pytest.approx(median, rel=1e-12)
    for margin in margins.values():
        assert list(margin.quantiles) == [f"{q:g}" for q in QUANTILES]
        assert list(margin.quantiles.values()) == sorted(margin.quantiles.values())
    broken = [margin.broken for margin in margins.values()]
    assert max(broken) <= decisions.evaluation.violation_rate <= sum(broken)


def test_every_parameter_and_every_figure_is_an_assumption(stages: Stages) -> None:
    prices = price_run(stages.run, stages.chip)
    rows = assumptions(stages.decisions, prices)
    by_what = {(row.profile, row.key): row for row in rows}
    assert len(by_what) == len(rows)
    config = stages.run.config
    assert {("", row.key) for row in describe(config.scenario, config.deployment)} <= set(by_what)
    own = {what: row.grade for (profile, what), row in by_what.items() if not profile}
    assert own["inference.gpus"] == "AOLO, table"
    assert own["limits.energy"] == "restored"
    assert own["inference.pue"] == own["deployment.host_profile"] == "chosen"
    assert own["state.dc_intensity_g_per_kwh"] == "CodeCarbon"
    synop = by_what["loihi2", "energy_pj.synop"]
    assert (synop.value, synop.unit, synop.grade) == ("15 (5-23.6)", "pJ", "projected, D")
    assert synop.source.startswith("10.1109/MM.2018.112130359; scaled from Loihi 1")
    assert "used for 5 years" in by_what["loihi2", "embodied.kg"].source
    for profile in prices.profiles.values():
        text = profile.model_dump_json(exclude_none=True)
        figures = [row for row in rows if row.profile == profile.id]
        apart = (profile.capacity, profile.mapping.bias)
        assert text.count('"nominal"') + sum(each is not None for each in apart) == len(figures)


def test_sources_of_a_scenario_come_first(stages: Stages) -> None:
    scenario = stages.run.config.scenario
    changed = scenario.model_copy(update={"sources": {"inference.gpus": "chosen: what we have"}})
    row = next(row for row in describe(changed) if row.key == "inference.gpus")
    assert row.source == "chosen: what we have"


def test_figures_without_a_place_have_an_empty_source() -> None:
    rows = {row.key: row.source for row in profile_assumptions(load_profile("mcu_m33_u575"))}
    assert all(isinstance(source, str) and not source.startswith(";") for source in rows.values())


def test_versions_are_those_that_run(small_run: Path) -> None:
    versions = Summary.read(small_run / "summary.json").versions
    assert versions["python"] == sys.version.split()[0]
    assert versions["numpy"] == np.__version__
    assert set(versions) >= {"neuro-aolo", "torch", "norse", "lava-nc", "codecarbon"}


def test_exports_are_told_and_old_ones_marked(small_run: Path, tmp_path: Path, cli) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run, folder)
    (folder / "exports.json").unlink()
    assert exports(opened(folder), None) is None
    assert cli("export", folder, "--to", "nir,onnx").returncode == 0
    told = told_exports(folder)
    assert {row["file"]: row["current"] for row in told} == dict.fromkeys(
        ("actor.nir", "actor_step.onnx", "actor_decision.onnx", "actor_dense.onnx", "actor_dense_int8.onnx"),
        True,
    )
    record = read_record(folder / "exports.json")
    assert told[0]["slots"] == record["actor.graph"]["files"]["actor.nir"]["slots"]
    record["actor.graph"]["graph_sha256"] = "0" * 64
    write_record(folder / "exports.json", record)
    told = told_exports(folder)
    assert {row["file"] for row in told if not row["current"]} == set(record["actor.graph"]["files"])


@pytest.mark.parametrize("text", ["", "[]", '{"actor.graph": 1}', '{"actor.graph": {}}'])
def test_a_damaged_record_of_exports_is_refused(small_run: Path, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run, folder)
    (folder / "exports.json").write_text(text)
    with pytest.raises(RunError, match=r"exports\.json is damaged .*: remove it, and export again"):
        exports(opened(folder), None)


def test_a_wrong_key_of_a_record_of_exports_is_named(small_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run, folder)
    check = {"run_by": "nir", "decisions": "many"}
    entry = {"graph_sha256": "0" * 64, "quantisation": None, "files": {"actor.nir": check}}
    record = {"actor.graph": entry}
    (folder / "exports.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"actor\.nir\.decisions = 'many': Input should be"):
        exports(opened(folder), None)


def test_a_summary_is_a_table_of_bounded_figures(recorded: dict, tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    file.write_text("[]")
    with pytest.raises(RunError, match=r"summary\.json holds no table of keys"):
        Summary.read(file)
    for number in (2, 3.0, True, "3"):
        with pytest.raises(RunError, match=f"has the form {number}, not 3"):
            Summary.of({**recorded, "schema_number": number}, "summary.json")
    for rate in (-0.1, 1.1):
        decided = {**recorded["decided"], "violation_rate": rate}
        with pytest.raises(RunError, match=r"decided\.violation_rate: Input should be"):
            Summary.of({**recorded, "decided": decided}, "summary.json")
