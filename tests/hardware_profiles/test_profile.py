import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from pydantic import ValidationError

from hardware_profiles.figure import Figure, Sourced
from hardware_profiles.parts import Capacity
from hardware_profiles.profile import ProfileError, load_profile, profile_names

SHIPPED = Path(__file__).parent.parent.parent / "hardware_profiles"


def table(name: str = "loihi1") -> dict[str, Any]:
    return tomllib.loads((SHIPPED / f"{name}.toml").read_text("utf-8"))


def sourced(node: Any) -> list[Sourced]:
    """Everything below ``node`` that says where it is from: figures, capacity and anchors."""
    if isinstance(node, Sourced):
        return [node]
    if isinstance(node, tuple):
        return [found for part in node for found in sourced(part)]
    fields = getattr(type(node), "model_fields", ())
    return [found for name in fields for found in sourced(getattr(node, name))]


def figure(name: str, path: str) -> Figure:
    node: Any = load_profile(name)
    for part in path.split("."):
        node = getattr(node, part)
    assert isinstance(node, Figure)
    return node


def values(found: Figure) -> tuple[float, float, float]:
    return found.low, found.nominal, found.high


def test_the_shipped_profiles_are_one_file_each() -> None:
    assert profile_names() == (
        "a100",
        "apollo4",
        "gap9",
        "h100",
        "h200",
        "horowitz45",
        "jetson_tx2",
        "jouppi7",
        "kerasspiking_arm",
        "kerasspiking_cpu",
        "kerasspiking_gpu",
        "kerasspiking_loihi",
        "kerasspiking_spinnaker",
        "kerasspiking_spinnaker2",
        "loihi1",
        "loihi2",
        "mcu_m33_u575",
        "mcu_m4_l4r5",
        "mcu_m7_h7a3",
        "odin",
        "orin_nano",
        "rtx4090",
        "speck2f",
        "spinnaker1",
        "spinnaker2",
        "truenorth",
        "x86_server_core",
        "xylo_a2",
    )
    assert [load_profile(name).id for name in profile_names()] == list(profile_names())


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_figure_is_ordered_and_says_where_it_is_from(name: str) -> None:
    found = sourced(load_profile(name))
    assert len(found) >= 2
    for entry in found:
        assert entry.doi or entry.url or entry.evidence in ("recalled", "assumed")
        assert entry.where
        assert f"{entry.evidence} ({entry.verified})" in entry.source
        if isinstance(entry, Figure):
            assert entry.low <= entry.nominal <= entry.high


@pytest.mark.parametrize("name", profile_names())
def test_what_is_from_memory_is_never_graded_as_a_finding(name: str) -> None:
    for entry in sourced(load_profile(name)):
        if entry.verified == "R":
            assert entry.evidence in ("recalled", "projected", "derived", "assumed")


@pytest.mark.parametrize("name", profile_names())
def test_no_shipped_price_is_zero_but_where_nothing_is_the_published_minimum(name: str) -> None:
    zero = {field for field, found in load_profile(name).energy_pj if found is not None and found.low == 0}
    free = {"spike_emit", "spike_within"}
    assert zero <= (free if name in ("horowitz45", "jouppi7") else set())


def test_only_speck_runs_neither_actor_and_it_says_why() -> None:
    idle = [name for name in profile_names() if not load_profile(name).executes]
    assert idle == ["speck2f"]
    assert "convolutional" in load_profile("speck2f").refuses


@pytest.mark.parametrize(
    ("name", "inferences_per_s"),
    [("mcu_m33_u575", 292), ("mcu_m4_l4r5", 190), ("mcu_m7_h7a3", 816), ("gap9", 3690)],
)
def test_mlperf_tiny_is_within_the_price_of_its_macs_and_gives_the_power(
    name: str, inferences_per_s: float
) -> None:
    """MLPerf Tiny anomaly detection: 264,192 MAC in int8."""
    (anchor,) = load_profile(name).anchor
    mac = figure(name, "energy_pj.mac_int8")
    assert mac.low * 264_192e-6 <= anchor.measured_uj <= mac.high * 264_192e-6
    assert mac.nominal * 264_192e-6 == pytest.approx(anchor.measured_uj, rel=2e-4)
    power_mw = anchor.measured_uj * inferences_per_s * 1e-3
    assert values(figure(name, "power_mw.active")) == pytest.approx([power_mw] * 3, rel=5e-4)


@pytest.mark.parametrize("name", ["mcu_m33_u575", "mcu_m4_l4r5", "mcu_m7_h7a3", "apollo4"])
@pytest.mark.parametrize(
    ("operation", "macs"),
    [
        ("synop", (2, 3, 4)),
        ("neuron_update_active", (5, 8, 15)),
        ("neuron_update_idle", (5, 8, 15)),
        ("encoder_update", (4, 6, 12)),
        ("exp", (25, 50, 100)),
        ("mac_fp32", (3, 4, 5)),
    ],
)
def test_a_microcontroller_prices_its_operations_in_macs(
    name: str, operation: str, macs: tuple[int, int, int]
) -> None:
    mac = values(figure(name, "energy_pj.mac_int8"))
    expected = [price * count for price, count in zip(mac, macs, strict=True)]
    assert values(figure(name, f"energy_pj.{operation}")) == pytest.approx(expected, rel=5e-4)


def test_numpy_calls_of_a_server_core_span_both_measured_actors() -> None:
    call = figure("x86_server_core", "timing.launch_us")
    assert call.low == pytest.approx(9.37 / 6, rel=2e-3)
    assert call.high == pytest.approx(220 / 38, rel=2e-3)
    assert call.nominal == pytest.approx((call.low * call.high) ** 0.5, rel=5e-3)


def test_the_ddpg_actor_on_a_jetson_tx2_is_within_its_eight_kernels() -> None:
    (anchor,) = load_profile("jetson_tx2").anchor
    launch, active = figure("jetson_tx2", "timing.launch_us"), figure("jetson_tx2", "power_mw.active")
    assert 8 * launch.low * active.low * 1e-3 < anchor.measured_uj < 8 * launch.high * active.high * 1e-3


def test_a_hundred_steps_of_xylo_are_its_published_inference() -> None:
    (anchor,) = load_profile("xylo_a2").anchor
    assert 100 * figure("xylo_a2", "energy_pj.network_step").nominal * 1e-6 == pytest.approx(
        anchor.measured_uj
    )


@pytest.mark.parametrize(
    ("device", "synapse_pj", "neuron_pj"),
    [
        ("cpu", 8.6e3, 8.6e3),
        ("gpu", 0.3e3, 0.3e3),
        ("arm", 0.9e3, 0.9e3),
        ("loihi", 23.6 + 3.5, 81.0),
        ("spinnaker", 13.3e3, 26e3),
        ("spinnaker2", 450.0, 2.19e3),
    ],
)
def test_kerasspiking_is_reproduced_to_the_digit(device: str, synapse_pj: float, neuron_pj: float) -> None:
    profile = load_profile(f"kerasspiking_{device}")
    spiking = profile.executes == ("snn",)
    prices = {
        name: [found.low, found.nominal, found.high] for name, found in profile.energy_pj if found is not None
    }
    expected = (
        {"synop": synapse_pj, "neuron_update_active": neuron_pj, "neuron_update_idle": neuron_pj}
        if spiking
        else {"mac_int8": synapse_pj, "mac_fp32": synapse_pj, "act_fn": neuron_pj}
    )
    assert prices == {name: pytest.approx([pj] * 3, rel=1e-12) for name, pj in expected.items()}
    assert profile.timing.extra_steps_per_layer == 0
    assert not profile.mapping.input_relay
    assert profile.calibration is None
    assert profile.embodied is None
    assert "KerasSpiking's constants" in profile.name


def test_the_documented_example_of_kerasspiking_is_864_microjoules() -> None:
    """Dense 784-128 on cpu: 8.64e-04 J in the documentation of ModelEnergy."""
    (anchor,) = load_profile("kerasspiking_cpu").anchor
    mac, act = (
        figure("kerasspiking_cpu", "energy_pj.mac_fp32"),
        figure("kerasspiking_cpu", "energy_pj.act_fn"),
    )
    assert (784 * 128 * mac.nominal + 128 * act.nominal) * 1e-6 == pytest.approx(anchor.measured_uj)
    assert f"{anchor.measured_uj * 1e-6:.2e}" == "8.64e-04"


def test_the_analytic_tables_add_up() -> None:
    """Horowitz 2014, Fig. 1.1.9, and its 7 nm update: a MAC is a multiplication and an addition."""
    assert figure("horowitz45", "energy_pj.mac_int8").nominal == pytest.approx(0.2 + 0.03)
    assert figure("horowitz45", "energy_pj.mac_fp32").nominal == pytest.approx(3.7 + 0.9)
    assert values(figure("horowitz45", "energy_pj.sram_32b")) == (5.0, 10.0, 50.0)
    assert values(figure("horowitz45", "energy_pj.dram_32b")) == (640.0, 912.0, 1300.0)
    assert figure("jouppi7", "energy_pj.mac_int8").nominal == pytest.approx(0.07 + 0.007)
    assert figure("jouppi7", "energy_pj.mac_fp32").nominal == pytest.approx(1.31 + 0.38)
    assert values(figure("jouppi7", "energy_pj.sram_32b")) == (3.8, 4.3, 7.0)


def test_published_anchors_are_where_they_belong() -> None:
    anchors = {
        (name, anchor.id): (anchor.measured_uj, anchor.kind)
        for name in profile_names()
        for anchor in load_profile(name).anchor
    }
    assert anchors == {
        ("gap9", "mlperf_tiny_ad"): (5.252, "all_in"),
        ("jetson_tx2", "ddpg_maxq"): (1165.0, "dynamic"),
        ("kerasspiking_cpu", "dense_784_128"): (864.128, "all_in"),
        ("loihi1", "sddpg_t5"): (15.53, "dynamic"),
        ("loihi2", "force_control"): (53.0, "dynamic"),
        ("loihi2", "pilotnet_lif"): (1094.0, "dynamic"),
        ("mcu_m33_u575", "mlperf_tiny_ad"): (81.875, "all_in"),
        ("mcu_m4_l4r5", "mlperf_tiny_ad"): (203.368, "all_in"),
        ("mcu_m7_h7a3", "mlperf_tiny_ad"): (165.728, "all_in"),
        ("xylo_a2", "ambient_audio"): (9.3, "dynamic"),
    }


def test_a_path_loads_what_the_name_loads(tmp_path: Path) -> None:
    copy = tmp_path / "loihi1.toml"
    copy.write_bytes((SHIPPED / "loihi1.toml").read_bytes())
    assert load_profile(copy) == load_profile(str(copy)) == load_profile("loihi1")


def test_davies_table_2_is_the_nominal_of_loihi_1() -> None:
    prices = load_profile("loihi1").energy_pj
    nominal = {name: figure.nominal for name, figure in prices if figure is not None}
    assert nominal == {
        "synop": 23.6,
        "neuron_update_active": 81.0,
        "neuron_update_idle": 52.0,
        "spike_within": 1.7,
        "hop": (3.0 + 4.0) / 2,
    }
    # A minimum that a calibration multiplies has no range, least of all one fitted to measurements.
    assert all(figure.evidence == "simulated" for _, figure in prices if figure is not None)
    assert all(figure.low == figure.high for name, figure in prices if figure and name != "hop")


def test_an_unknown_name_is_told_the_allowed_ones() -> None:
    with pytest.raises(
        ProfileError, match=r"'loihi3' is unknown; allowed: a100, .*loihi1, loihi2, .*xylo_a2; choose"
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
        r"low 24, nominal 23\.6, high 23\.6 .*swap them",
    ),
    "nominal above high": (_set("power_mw.static.nominal", 171.0), r"power_mw\.static: .* out of order"),
    "no source": (_drop("energy_pj.synop.doi"), r'evidence "simulated" has no source; add doi or url'),
    "no source of the capacity": (
        _drop("capacity.doi"),
        r'capacity: evidence "measured" has no source; add doi or url',
    ),
    "no evidence for the capacity": (
        _drop("capacity.evidence"),
        r"capacity\.evidence: this key is missing; add it",
    ),
    "no source of an anchor": (
        lambda data: data["anchor"][0].pop("doi"),
        r'anchor\.0: evidence "measured" has no source; add doi or url',
    ),
    "another site than https": (
        _set("energy_pj.hop.url", "ftp://davies"),
        r"hop\.url = 'ftp://davies': String should match",
    ),
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
    "runs an MLP that it cannot price": (
        _set("executes", ["snn", "mlp"]),
        r'executes "mlp" without energy_pj\.mac_int8 or energy_pj\.mac_fp32; add the price or drop "mlp"',
    ),
    "runs an SNN that it cannot price": (
        _drop("energy_pj.synop"),
        r'executes "snn" without energy_pj\.synop or energy_pj\.network_step; add the price or drop "snn"',
    ),
    "prices nothing": (_drop("energy_pj"), r'executes "snn" without energy_pj\.synop'),
    "runs nothing and does not say why": (
        _set("executes", []),
        r'executes nothing; add "snn" or "mlp", or say why in refuses',
    ),
    "unknown time": (
        _set("timing.step_ms", 1.0),
        r"timing: unknown key 'step_ms'; allowed: extra_steps_per_layer, step_us, .*remove",
    ),
    "unknown power": (_set("power_mw.idle", 1.0), r"power_mw: unknown key 'idle'; allowed: static, .*remove"),
    "energy in another unit": (
        _set("energy_nj", {"synop": 0.0236}),
        r"unknown key 'energy_nj'; allowed: .*energy_pj, .*remove",
    ),
    "power in another unit": (
        _set("power_w", {"static": 0.1}),
        r"unknown key 'power_w'; .*power_mw, .*remove",
    ),
    "carbon in another unit": (
        _set("embodied.g", 920.0),
        r"embodied: unknown key 'g'; allowed: kg, .*remove",
    ),
    "a bare number for a figure": (
        _set("energy_pj.synop", 23.6),
        r"energy_pj\.synop = 23\.6: Input should be a valid dictionary",
    ),
    "steps that are no count": (
        _set("timing.extra_steps_per_layer", 0.5),
        r"extra_steps_per_layer = 0\.5: .* valid integer",
    ),
    "static in an all-in figure": (
        _set("scope", "all_in"),
        r'"all_in" already holds static power .*; remove',
    ),
    "calibration of what was measured": (
        _set("scope", "dynamic_workload"),
        r'"dynamic_workload" has prices that were measured, .* excess twice; remove one',
    ),
    "another way to have a bias": (
        _set("mapping.bias.way", "none"),
        r"mapping\.bias\.way = 'none': Input should be 'axon' or 'added'",
    ),
    "a bias without a source": (
        _drop("mapping.bias.url"),
        r'mapping\.bias: evidence "measured" has no source; add doi or url',
    ),
    "calibration below 1": (_set("calibration.low", 0.5), r"calibration\.low = 0\.5: .* or equal to 1"),
    "anchor that is not there": (
        _set("calibration.anchors", ["x"]),
        r"anchor 'x' is not among .*\['sddpg_t5'\]",
    ),
    "heir of nobody": (
        _set("inherited_from", "loihi0"),
        r"inherited_from 'loihi0' is unknown; allowed: a100, .*loihi1",
    ),
    "no cores": (_set("capacity.cores", 0), r"capacity\.cores = 0: .* greater than 0"),
    "part of a core": (_set("capacity.cores", 1.5), r"capacity\.cores = 1\.5: .* valid integer"),
    "an id that is not the file's name": (
        _set("id", "loihi"),
        r"id 'loihi' is not the file's name; call it 'loihi1' or rename the file to loihi\.toml",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_one_line_with_the_file_the_place_and_the_fix(case: str, tmp_path: Path) -> None:
    edit, message = BROKEN[case]
    data = table()
    edit(data)
    path = tmp_path / "loihi1.toml"
    path.write_text(tomli_w.dumps(data), "utf-8")
    with pytest.raises(ProfileError, match=message) as caught:
        load_profile(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


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
        (b"a = " + b"[" * 100_000, r"not valid TOML: nested too deeply; mend"),
        (b"a = " + b"1" * 5_000, r"not valid TOML: Exceeds the limit.*; mend"),
        (b"schema = " + b"1" * 999, r"^.{0,300}= 1{40}\.\.\. \(999 characters\): .{0,80}$"),
        (b"#" * (1 << 20) + b"\n", r"cannot be read \(it has 1,048,577 bytes, of which at most 1,048,576"),
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


def test_a_pipe_or_a_device_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    for name in ("pipe.toml", "zero.toml"):
        with pytest.raises(ProfileError, match=rf"{name}: cannot be read \(it is a device or a pipe"):
            load_profile(str(tmp_path / name))


def test_only_a_recalled_or_assumed_figure_may_lack_a_source() -> None:
    bare = {"low": 1.0, "nominal": 2.0, "high": 3.0, "verified": "R"}
    assert Figure.model_validate(bare | {"evidence": "recalled"}).source == "recalled (R)"
    assumed = Figure.model_validate(bare | {"evidence": "assumed"})
    assert assumed.source == "assumed (R)"
    # What is assumed of two devices in the same words is one assumption.
    assert figure("loihi1", "timing.io_us").origin == figure("loihi2", "timing.io_us").origin
    assert figure("loihi1", "timing.io_us").origin != figure("orin_nano", "timing.launch_us").origin
    assert load_profile("rtx4090").power_mw.active.origin == "recalled"  # type: ignore[union-attr]
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


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_that_prices_spikes_says_how_a_neuron_has_its_bias(name: str) -> None:
    """On Loihi, as the actor is deployed there, and on ODIN a bias is an axon; the others add it."""
    profile = load_profile(name)
    bias = profile.mapping.bias
    if "snn" not in profile.executes or profile.timing.launch_us is not None:
        assert bias is None
        return
    assert bias is not None
    assert bias.way == ("axon" if name in ("loihi1", "loihi2", "odin") else "added")


@pytest.mark.parametrize("name", profile_names())
def test_the_nominal_of_a_range_is_no_end_of_it(name: str) -> None:
    """Half of a figure's draws lie on either side of its nominal, so neither side may be empty."""
    profile = load_profile(name)
    tables = (profile.energy_pj, profile.power_mw, profile.timing)
    figures = [found for table in tables for _, found in table if isinstance(found, Figure)]
    figures += [profile.calibration] if profile.calibration else []
    assert all(entry.low < entry.nominal < entry.high for entry in figures if entry.low < entry.high)


@pytest.mark.parametrize(
    ("name", "least_uj", "macs", "most_uj"),
    [
        ("mcu_m33_u575", 1_354.685, 7_489_664, 152.560),
        ("mcu_m4_l4r5", 3_894.566, 7_489_664, 634.0),
        ("mcu_m7_h7a3", 2_965.461, 7_489_664, 349.026),
        ("gap9", 27.711, 12_501_632, 7.29),
    ],
)
def test_a_metered_price_spans_what_the_same_chip_was_metered_at(
    name: str, least_uj: float, macs: int, most_uj: float
) -> None:
    """The least a MAC of the benchmark's four networks, and anomaly detection at its dearest."""
    mac = figure(name, "energy_pj.mac_int8")
    assert mac.low == pytest.approx(least_uj * 1e6 / macs, rel=5e-4)
    assert mac.high == pytest.approx(most_uj * 1e6 / 264_192, rel=2e-3)


def test_a_capacity_says_where_it_is_from_and_limits_only_what_it_names() -> None:
    bare = {"cores": 2, "neurons_per_core": 10, "weight_bits": 8}
    capacity = Capacity.model_validate(bare | {"evidence": "recalled", "verified": "R"})
    assert capacity.chips == 1
    assert (capacity.synapse_kib_per_core, capacity.axons_in, capacity.axons_out, capacity.fan_in) == (
        None,
    ) * 4
    with pytest.raises(ValidationError, match="no source"):
        Capacity.model_validate(bare | {"evidence": "measured", "verified": "Q"})


def test_a_device_that_runs_nothing_may_say_why_instead_of_pricing(tmp_path: Path) -> None:
    path = tmp_path / "speck2f.toml"
    data = table("speck2f")
    path.write_text(tomli_w.dumps(data), "utf-8")
    assert load_profile(path).executes == ()
    del data["refuses"]
    path.write_text(tomli_w.dumps(data), "utf-8")
    with pytest.raises(ProfileError, match=r"executes nothing; .* say why in refuses"):
        load_profile(path)
