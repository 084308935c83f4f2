import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from pydantic import ValidationError

from hardware_profiles.figure import Figure
from hardware_profiles.profile import Capacity, ProfileError, load_profile, profile_names

SHIPPED = Path(__file__).parent.parent.parent / "hardware_profiles"


def table(name: str = "loihi1") -> dict[str, Any]:
    return tomllib.loads((SHIPPED / f"{name}.toml").read_text("utf-8"))


def figures(node: Any) -> list[Figure]:
    if isinstance(node, Figure):
        return [node]
    if not hasattr(type(node), "model_fields"):
        return []
    return [figure for name in type(node).model_fields for figure in figures(getattr(node, name))]


def test_the_shipped_profiles_are_one_file_each() -> None:
    assert profile_names() == ("h100", "loihi1", "loihi2", "mcu_m33_u575")
    assert [load_profile(name).id for name in profile_names()] == list(profile_names())


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_figure_is_ordered_and_says_where_it_is_from(name: str) -> None:
    profile = load_profile(name)
    found = figures(profile)
    assert len(found) >= 3
    for figure in found:
        assert figure.low <= figure.nominal <= figure.high
        assert figure.doi or figure.url
        assert figure.where
        assert f"{figure.evidence} ({figure.verified})" in figure.source


def test_a_path_loads_what_the_name_loads(tmp_path: Path) -> None:
    copy = tmp_path / "mine.toml"
    copy.write_bytes((SHIPPED / "loihi1.toml").read_bytes())
    assert load_profile(copy) == load_profile(str(copy)) == load_profile("loihi1")


def test_davies_table_2_is_the_nominal_of_loihi_1() -> None:
    prices = load_profile("loihi1").energy_pj
    nominal = {name: figure.nominal for name, figure in prices if figure is not None}
    assert nominal == {
        "synop": 23.6,
        "neuron_update_active": 81.0,
        "neuron_update_idle": 52.0,
        "spike_emit": 0.0,
        "spike_within": 1.7,
        "hop": (3.0 + 4.0) / 2,
    }


def test_an_unknown_name_is_told_the_allowed_ones() -> None:
    with pytest.raises(
        ProfileError, match=r"'loihi3' is unknown; allowed: h100, loihi1, loihi2, mcu_m33_u575;"
    ):
        load_profile("loihi3")


def _set(path: str, value: Any) -> Any:
    def edit(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            data = data.setdefault(parent, {})
        data[last] = value

    return edit


def _drop(path: str) -> Any:
    def edit(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            data = data[parent]
        del data[last]

    return edit


BROKEN = {
    "unknown key": (_set("colour", "blue"), r"unknown key 'colour'; allowed: schema, id, name, .*remove"),
    "unknown price": (_set("energy_pj.sram", 5), r"energy_pj: unknown key 'sram'; allowed: synop, .*remove"),
    "unknown key of a figure": (_set("energy_pj.synop.mean", 5), r"energy_pj\.synop: unknown key 'mean'"),
    "low above nominal": (
        _set("energy_pj.synop.low", 24.0),
        r"low 24, nominal 23\.6, high 35\.5 .*swap them",
    ),
    "nominal above high": (_set("power_mw.static.nominal", 171.0), r"power_mw\.static: .* out of order"),
    "no source": (_drop("energy_pj.synop.doi"), r'evidence "simulated" has no source; add doi or url'),
    "no unit evidence": (
        _drop("energy_pj.hop.evidence"),
        r"energy_pj\.hop\.evidence: this key is missing; add it",
    ),
    "unknown evidence": (_set("energy_pj.hop.evidence", "sure"), r"hop\.evidence = 'sure': Input should be"),
    "unknown grade": (_set("energy_pj.hop.verified", "X"), r"hop\.verified = 'X': Input should be 'P', 'Q'"),
    "doi without a prefix": (
        _set("energy_pj.hop.doi", "MM.2018"),
        r"hop\.doi = 'MM\.2018': String should match",
    ),
    "negative price": (_set("energy_pj.hop.low", -1.0), r"hop\.low = -1\.0: .* greater than or equal to 0"),
    "NaN": (_set("energy_pj.hop.high", float("nan")), r"hop\.high = nan: .* finite number"),
    "text for a number": (_set("energy_pj.hop.high", "4.2"), r"hop\.high = '4\.2': .* valid number"),
    "truth for a number": (_set("energy_pj.hop.high", True), r"hop\.high = True: .* valid number"),
    "no id": (_drop("id"), r"id: this key is missing; add it"),
    "another schema": (_set("schema", 2), r"schema = 2: Input should be 1"),
    "unknown actor": (_set("executes", ["cnn"]), r"executes\.0 = 'cnn': Input should be 'snn' or 'mlp'"),
    "runs what it cannot price": (
        _set("executes", ["snn", "mlp"]),
        r'executes "mlp" without energy_pj\.mac_int8',
    ),
    "static in an all-in figure": (
        _set("scope", "all_in"),
        r'"all_in" already holds static power .*; remove',
    ),
    "calibration below 1": (_set("calibration.low", 0.5), r"calibration\.low = 0\.5: .* or equal to 1"),
    "anchor that is not there": (
        _set("calibration.anchors", ["x"]),
        r"anchor 'x' is not among .*\['sddpg_t5'\]",
    ),
    "heir of nobody": (
        _set("inherited_from", "loihi0"),
        r"inherited_from 'loihi0' is unknown; allowed: h100,",
    ),
    "no cores": (_set("capacity.cores", 0), r"capacity\.cores = 0: .* greater than 0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_one_line_with_the_file_the_place_and_the_fix(case: str, tmp_path: Path) -> None:
    edit, message = BROKEN[case]
    data = table()
    edit(data)
    path = tmp_path / "broken.toml"
    path.write_text(tomli_w.dumps(data), "utf-8")
    with pytest.raises(ProfileError, match=message) as caught:
        load_profile(path)
    assert "\n" not in str(caught.value)
    assert "broken.toml" in str(caught.value)


def test_time_priced_devices_need_power_and_no_operation_prices(tmp_path: Path) -> None:
    path = tmp_path / "gpu.toml"
    data = table("h100")
    del data["power_mw"]["active"]
    path.write_text(tomli_w.dumps(data), "utf-8")
    with pytest.raises(ProfileError, match=r"launch_us needs power_mw\.active"):
        load_profile(path)
    data = table("h100") | {"energy_pj": table("mcu_m33_u575")["energy_pj"]}
    path.write_text(tomli_w.dumps(data), "utf-8")
    with pytest.raises(ProfileError, match=r"count the work twice; keep one"):
        load_profile(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"schema = 1\nid = \n", r"not valid TOML: .*line 2, column 6\); mend"),
        (b"\xff\xfe", r"cannot be read \(not UTF-8 text\)"),
        (b"", r"schema: this key is missing; add it \(and \d+ more\)"),
    ],
)
def test_what_is_not_a_profile_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=message):
        load_profile(path)


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"gone\.toml: cannot be read \(No such file"):
        load_profile(tmp_path / "gone.toml")
    with pytest.raises(ProfileError, match=r"cannot be read \(Is a directory\)"):
        load_profile(tmp_path)


def test_only_a_recalled_figure_may_lack_a_source() -> None:
    bare = {"low": 1.0, "nominal": 2.0, "high": 3.0, "verified": "R"}
    assert Figure.model_validate(bare | {"evidence": "recalled"}).source == "recalled (R)"
    with pytest.raises(ValidationError, match="no source"):
        Figure.model_validate(bare | {"evidence": "metered"})


def test_profiles_are_frozen() -> None:
    profile = load_profile("loihi1")
    with pytest.raises(ValidationError, match="frozen"):
        profile.id = "other"  # type: ignore[misc]


def test_the_weakest_evidence_wins_and_an_heir_is_projected_at_best() -> None:
    own, heir = load_profile("loihi1"), load_profile("loihi2")
    assert own.weakest_evidence(["metered", "derived", "simulated"]) == "derived"
    assert heir.inherited_from == own.id
    assert heir.weakest_evidence(["metered"]) == "projected"
    assert heir.weakest_evidence(["recalled"]) == "recalled"


def test_capacity_bounds_neurons_and_synaptic_memory() -> None:
    capacity = Capacity(cores=2, neurons_per_core=10, synapse_kib_per_core=1, weight_bits=8)
    assert capacity.holds(neurons=20, synapses=2048)
    assert not capacity.holds(neurons=21, synapses=2048)
    assert not capacity.holds(neurons=20, synapses=2049)
