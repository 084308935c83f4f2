"""Numbers and names as people type them."""

from dataclasses import fields

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from neuro_aolo.agent.checkpoint import ACTORS
from neuro_aolo.cli import names
from neuro_aolo.cli.app import app
from neuro_aolo.cli.typed import completes, real_number, several, whole_number
from neuro_aolo.comparison.plan import LEARNERS
from neuro_aolo.errors import AgentError, ScenarioError
from neuro_aolo.pricing.profiler import TWINS
from neuro_aolo.runs.baselines import NAMES
from neuro_aolo.runs.exports import FORMATS
from neuro_aolo.runs.options import DEVICES, TrainingOptions
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.runs.simulation import BACKENDS
from neuro_aolo.systems.scenario_file import scenario_names
from neuro_aolo.systems.wording import closest, one_of
from neuro_aolo_export.loihi2.faults import Fault


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("100000", 100_000),
        ("1e5", 100_000),
        ("1E5", 100_000),
        ("1e+5", 100_000),
        ("2.5e3", 2_500),
        ("100_000", 100_000),
        ("100,000", 100_000),
        ("1,234,567", 1_234_567),
        ("12.0", 12),
        (" 7 ", 7),
        ("+3", 3),
        ("9007199254740993", 9_007_199_254_740_993),
        (5, 5),
    ],
)
def test_whole_numbers(typed: str | int, value: int) -> None:
    assert whole_number(typed, least=1) == value


@pytest.mark.parametrize(
    "typed",
    [
        "1.5",
        "1e-1",
        "",
        "many",
        "nan",
        "inf",
        "-5",
        "0",
        "1,0",
        "12,34",
        "1__0",
        "3_50",
        "1_00",
        "1,000_000",
        "1e400",
        "_1",
        "١٢",
        "１２",
        "0x10",
        "1e99",
        "9223372036854775808",
        "1e",
        "5 6",
        "²",
    ],
)
def test_what_is_no_whole_number_is_told_with_what_is(typed: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        whole_number(typed, least=1)
    assert "is not allowed: give a whole number of 1 or above" in str(refused.value)


def test_a_number_beyond_its_bounds_is_told_both() -> None:
    for typed in ("3", "9"):
        with pytest.raises(typer.BadParameter, match="give a whole number from 4 to 8"):
            whole_number(typed, least=4, most=8)


@given(st.integers(0, 2**63 - 1))
def test_every_way_to_write_a_whole_number_gives_it_back(value: int) -> None:
    for written in (f"{value}", f"{value:,}", f"{value:_}", f"{value}.0", f"{value}e0"):
        assert whole_number(written) == value


@pytest.mark.parametrize(
    ("typed", "value"), [("0.5", 0.5), ("1e3", 1000.0), ("-.5", -0.5), ("2.", 2.0), ("1_000.5", 1000.5)]
)
def test_real_numbers(typed: str, value: float) -> None:
    assert real_number(typed) == value


@pytest.mark.parametrize(
    "typed", ["nan", "inf", "-inf", "1e999", "1e400", "x", "", "٣", "３", "3_50", "1,5", "0", "-1"]
)
def test_what_is_no_real_number_above_nought(typed: str) -> None:
    with pytest.raises(typer.BadParameter, match="give a number above 0"):
        real_number(typed, above=0.0)


def test_every_whole_number_of_the_command_line_is_typed_alike(cli) -> None:
    """No option is left with a type of its own that refuses 1e5."""
    found = set()
    for command, group in commands():
        for option in group.params:
            if option.metavar in ("N", "T") or option.name in ("jobs", "seeds", "weight_bits", "decisions"):
                found.add(option.opts[0])
                with pytest.raises(typer.BadParameter, match="whole number"):
                    group.make_context(command, [option.opts[0], "1.5"])
    assert {"--steps", "--seed", "--seeds", "--jobs", "--requests", "--decisions", "--weight-bits"} <= found
    assert {"--time-steps", "--checkpoint-every"} <= found


def commands():
    """Every command by its words."""
    root = typer.main.get_command(app)
    for name, command in root.commands.items():
        yield name, command
        for inner, subcommand in getattr(command, "commands", {}).items():
            yield f"{name} {inner}", subcommand


def test_names_are_matched_in_any_case_and_a_near_miss_is_told() -> None:
    assert one_of("--preset", "Tuned", ("tuned", "paper")) == "tuned"
    assert closest("PopSNN", ("popsan", "mlp")) == "popsan"
    assert closest("zebra", ("popsan", "mlp")) is None
    with pytest.raises(AgentError, match=r"^--to 'onxx' is none of lava, nir, onnx: did you mean 'onnx'\?$"):
        one_of("--to", "onxx", FORMATS)


def test_a_training_takes_names_in_any_case() -> None:
    config = TrainingOptions(
        scenario="PAPER", actor="MLP", preset="Paper", device="CPU", agent_site="DC"
    ).config()
    assert (config.preset, config.device, config.agent_site) == ("paper", "cpu", "dc")
    assert type(config.actor) is ACTORS["mlp"]


@pytest.mark.parametrize(
    ("chosen", "error", "meant"),
    [
        ({"actor": "popsn"}, AgentError, "popsan"),
        ({"preset": "tund"}, AgentError, "tuned"),
        ({"device": "cuda:0"}, AgentError, "cuda"),
        ({"scenario": "mixd"}, ScenarioError, "mixed"),
    ],
)
def test_a_name_that_was_probably_meant_is_told(chosen: dict, error: type[Exception], meant: str) -> None:
    with pytest.raises(error, match=f"did you mean '{meant}'"):
        TrainingOptions(**chosen).config()


def test_the_names_that_are_completed_are_those_that_are_taken() -> None:
    from hardware_profiles.profile import profile_names

    assert names.scenarios() == list(scenario_names())
    assert names.profiles() == list(profile_names())
    assert tuple(ACTORS) == names.ACTORS
    assert set(names.PRESETS) == set(PRESETS)
    assert (DEVICES, FORMATS, BACKENDS) == (names.DEVICES, names.FORMATS, names.BACKENDS)
    assert (tuple(TWINS), NAMES, LEARNERS) == (names.TWINS, names.BASELINES, names.LEARNERS)
    assert [kind.rstrip("=").replace("-", "_") for kind in names.FAULTS] == [
        each.name for each in fields(Fault)
    ]


def test_names_are_completed_alone_and_after_a_comma() -> None:
    assert completes(names.ACTORS)("POP") == ["popsan"]
    assert completes(names.scenarios)("") == list(scenario_names())
    assert several(names.FORMATS)("lava,n") == ["lava,nir"]
