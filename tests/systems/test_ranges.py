"""How far a scenario's parameters may be off: read, inherited, refused, and their ends found."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.request import sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.served import emits
from neuro_aolo.systems.describe import describe
from neuro_aolo.systems.names import load
from neuro_aolo.systems.offload.scenario import Scenario as Offload
from neuro_aolo.systems.ranges import ParameterRange, corners

File = Callable[[str], Path]


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Writes a scenario file that extends `paper`."""

    def write(text: str, name: str = "own.toml", extends: str = "paper") -> Path:
        path = tmp_path / name
        path.write_text(f'extends = "{extends}"\nname = "{path.stem}"\n{text}', "utf-8")
        return path

    return write


def ranged(key: str, low: Any, high: Any, source: str = "chosen") -> str:
    return f'[ranges."{key}"]\nlow = {low}\nhigh = {high}\nsource = "{source}"\n'


def emitted_g(scenario: Scenario) -> float:
    states = sample_states(Scenario.load("paper"), 200, np.random.default_rng(0))
    actions = np.random.default_rng(1).uniform(-1.0, 1.0, (200, 2))
    return float(emits(scenario, states, actions).total_g.mean())


def test_every_shipped_range_holds_its_value_and_names_a_source() -> None:
    for scenario in (Scenario.load("paper"), Offload.load("offload")):
        assert len(scenario.ranges) >= 5
        for key, given in scenario.ranges.items():
            section, name = key.split(".")
            assert given.holds(getattr(getattr(scenario, section), name)), key
            assert given.source


@pytest.mark.parametrize("dropped", [{}, {"provision"}])
def test_the_corners_are_the_least_and_the_most_of_all_ends(dropped: set[str]) -> None:
    """Against all combinations of the ends of five parameters, whichever rises with which."""
    paper = Scenario.load("paper")
    keys = [
        "inference.gpu_power_w",
        "inference.peak_tflop_per_s",
        "inference.gpu_lifetime_years",
        "inference.pue",
        "radio.bs_embodied_kg",
    ]
    scenario = paper.model_copy(update={"ranges": {key: paper.ranges[key] for key in keys}})
    found = corners(scenario, emitted_g)
    assert found is not None
    low, high = map(emitted_g, found)
    each = []
    for ends in product(*((scenario.ranges[key].low, scenario.ranges[key].high) for key in keys)):
        values: dict[str, dict[str, Any]] = {}
        for key, end in zip(keys, ends, strict=True):
            section, name = key.split(".")
            values.setdefault(section, {})[name] = end
        each.append(emitted_g(scenario.with_values(**values)))
    assert low == pytest.approx(min(each), rel=1e-12)
    assert high == pytest.approx(max(each), rel=1e-12)
    assert low < emitted_g(scenario) < high


def test_ends_of_a_list_go_together() -> None:
    offload = Offload.load("offload")
    key = "servers.lifetime_years"
    scenario = offload.model_copy(update={"ranges": {key: offload.ranges[key]}})
    found = corners(scenario, lambda each: -sum(each.servers.lifetime_years))
    assert found is not None
    assert [each.servers.lifetime_years for each in found] == [(6.0,) * 5, (3.0,) * 5]


def test_without_ranges_there_are_no_corners() -> None:
    bare = Scenario.load("paper").model_copy(update={"ranges": {}})
    assert corners(bare, emitted_g) is None
    assert corners(object(), lambda _: 0.0) is None


def test_a_file_inherits_ranges_and_drops_that_of_what_it_sets_anew(file: File) -> None:
    paper = Scenario.load("paper")
    own = Scenario.load(file("[inference]\npue = 1.2\n"))
    assert set(paper.ranges) - set(own.ranges) == {"inference.pue"}
    same = Scenario.load(file(f"[inference]\npue = {paper.inference.pue}\n"))
    assert same.ranges == paper.ranges
    given = Scenario.load(file("[inference]\npue = 1.2\n" + ranged("inference.pue", 1.1, 1.3)))
    assert given.ranges["inference.pue"] == ParameterRange(low=1.1, high=1.3, source="chosen")


def test_values_set_in_python_drop_their_ranges_too() -> None:
    paper = Scenario.load("paper")
    assert "inference.pue" not in paper.with_values(inference={"pue": 1.0}).ranges
    assert paper.with_values(inference={"gpus": 4}).ranges == paper.ranges


def test_a_scenario_with_ranges_is_written_and_read_again() -> None:
    for name in ("paper", "offload"):
        scenario = load(name).scenario
        kept = type(scenario).model_validate(scenario.model_dump(mode="json"))
        assert kept.ranges == scenario.ranges


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            ranged("inference.pue", 1.2, 1.6),
            r"ranges\.inference\.pue: 1\.2 to 1\.6 does not hold the value 1\.1",
        ),
        (ranged("inference.pue", 1.6, 1.05), r"ranges\.inference\.pue: 1\.6 to 1\.05 does not hold"),
        (ranged("inference.pue", 0.5, 1.6), r"ranges\.inference\.pue: pue = 0\.5 is not allowed"),
        (ranged("provision.gpu_utilisation", 0.1, 1.5), r"gpu_utilisation = 1\.5 is not allowed"),
        (ranged("inference.peu", 1.0, 1.6), "'inference.peu', which is no number of a section"),
        (ranged("pue", 1.0, 1.6), "'pue', which is no number of a section"),
        (ranged("nothing.pue", 1.0, 1.6), "'nothing.pue', which is no number of a section"),
        (ranged("state.omega", 0.1, 1.0), "'state.omega', which is no number of a section"),
        (ranged("inference.gpu_power_w", [1.0], [500.0]), r"gpu_power_w = \(1\.0,\) is not allowed"),
        (ranged("inference.pue", 1.0, 1.6, ""), "source"),
        (ranged("inference.pue", '"1"', 1.6), r"ranges\.inference\.pue\.low = '1' is not allowed"),
        (
            '[ranges."inference.gpus"]\nlow = 1\nsource = "chosen"\n',
            r"ranges\.inference\.gpus\.high is missing",
        ),
        (ranged("inference.pue", 1.0, 1.6) + "middle = 1.1\n", "middle"),
        ("ranges = 3\n", "ranges"),
    ],
)
def test_a_wrong_range_is_one_line(file: File, text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as error:
        Scenario.load(file(text))
    assert "\n" not in str(error.value)
    assert "own.toml" in str(error.value)


def test_a_range_of_a_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('extends = "offload"\n' + ranged("task.form", 1.0, 2.0), "utf-8")
    with pytest.raises(ScenarioError, match="which is no number of a section") as error:
        Offload.load(path)
    assert "\n" not in str(error.value)


def test_a_description_tells_the_range() -> None:
    rows = {row.key: row for row in describe(Scenario.load("paper"))}
    assert re.fullmatch(r"1\.05 to 1\.58: .+", rows["inference.pue"].range)
    assert rows["inference.gpus"].range == ""
    assert not [key for key in rows if key.startswith("ranges")]
