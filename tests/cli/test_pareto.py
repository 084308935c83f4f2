"""Sparser actors as they are typed: train with a weight on spikes, then regret against energy."""

import csv
import dataclasses
import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from neuro_aolo.report.pareto import Point, front_plot, table

POINT = Point("a", 0, 5, 0.0, 0.05, 0.001, 0.10, 90.0, 6e4, 4e-6, 1e-6, 9e-6, 2e-4)


@pytest.fixture(scope="module")
def runs(cli, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two actors of a few updates."""
    folder = tmp_path_factory.mktemp("pareto")
    for name, options in (("dear", ("--time-steps", "3")), ("cheap", ("--spike-weight", "0.5"))):
        done = cli("train", "--steps", "1280", *options, "--out", folder / name)
        assert done.returncode == 0, done.stderr
    return [folder / "dear", folder / "cheap"]


def test_time_steps_and_weight_are_settings_of_the_run(runs: list[Path]) -> None:
    dear, cheap = (tomllib.loads((run / "config.toml").read_text()) for run in runs)
    assert (dear["actor"]["steps"], cheap["actor"]["steps"]) == (3, 5)
    assert "toll" not in dear
    toll = cheap["toll"]
    assert (toll["profile"], toll["cost_per_uj"]) == ("loihi2", 0.5)
    assert toll["event_uj"] == pytest.approx(6e-5)


def test_pareto_writes_a_row_and_a_point_a_run(cli, runs: list[Path], tmp_path: Path) -> None:
    done = cli("pareto", *runs, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["profile"] == "loihi2"
    points = {Path(point["run"]).name: point for point in said["points"]}
    assert points["dear"]["time_steps"] == 3
    assert points["cheap"]["spike_weight"] == 0.5
    for point in points.values():
        assert 0.0 < point["low_j"] <= point["dynamic_j"] <= point["high_j"]
        assert point["dynamic_j"] < point["total_j"]
    with (tmp_path / "out" / "pareto.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["run"] for row in rows] == [point["run"] for point in said["points"]]
    svg = (tmp_path / "out" / "pareto.svg").read_text()
    assert "Yan et al." in "".join(ElementTree.fromstring(svg).itertext())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--profile", "xylo_a2"), "--profile xylo_a2: the actor has 1,024 neurons of 5 inputs"),
        (("--profile", "gap9"), "--profile gap9 runs no spiking network"),
        (("--profile", "nowhere"), "hardware profile 'nowhere' is unknown"),
    ],
)
def test_a_device_that_cannot_is_told_in_a_line(cli, runs: list[Path], options, message: str) -> None:  # type: ignore[no-untyped-def]
    done = cli("pareto", runs[0], *options, "--quiet")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--time-steps", "0"), "--time-steps"),
        (("--spike-weight", "-1"), "--spike-weight -1 is not allowed"),
        (("--spike-weight", "nan"), "--spike-weight nan is not allowed"),
        (("--spike-weight", "1", "--spike-profile", "h100"), "'h100' has no energy_pj.synop"),
        (("--spike-weight", "1", "--actor", "mlp"), "leave it out for --actor mlp"),
        (("--time-steps", "5", "--actor", "mlp"), "leave it out for --actor mlp"),
    ],
)
def test_wrong_settings_write_nothing(cli, tmp_path: Path, options, message: str) -> None:  # type: ignore[no-untyped-def]
    done = cli("train", *options, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "run").exists()


def test_the_front_and_yans_condition_are_marked() -> None:
    sparse = Point("b", 0, 5, 0.1, 0.06, 0.0, 0.05, 30.0, 2e4, 2e-6, 1e-6, 9e-6, 2e-4, on_front=True)
    assert not POINT.below_yan
    assert sparse.below_yan
    assert [str(row[0]) for row in table([sparse, POINT], "loihi2").rows] == ["b *", "a"]
    assert "b: regret 6\N{NO-BREAK SPACE}%" in front_plot([sparse, POINT], "loihi2")


def test_the_table_leaves_out_what_all_names_begin_with() -> None:
    runs = ("runs/mixed-t5-w0", "runs/mixed-t5-w0.02", "runs/mixed-t5-s1-w0")
    found = table([dataclasses.replace(POINT, run=run) for run in runs], "loihi2")
    assert [str(row[0]) for row in found.rows] == ["w0", "w0.02", "s1-w0"]
    assert found.title.endswith("; all runs begin with runs/mixed-t5-")
    alone = table([dataclasses.replace(POINT, run=runs[0])], "loihi2")
    assert [str(row[0]) for row in alone.rows] == ["runs/mixed-t5-w0"]


def test_the_plot_tells_other_time_steps_and_actors_without_a_weight() -> None:
    other = dataclasses.replace(POINT, run="b", time_steps=3, spike_weight=0.1)
    drawn = "".join(ElementTree.fromstring(front_plot([POINT, other], "loihi2")).itertext())
    assert drawn.count("T = 3") == 2
    assert "squares: no weight on spikes" in drawn
