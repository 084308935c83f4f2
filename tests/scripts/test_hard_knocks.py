"""A few hard knocks, and what they are to notice."""

import importlib
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def knocks() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        for name in ("commands", "kills", "disk"):
            importlib.import_module(f"knocks.{name}")
        return importlib.import_module("knocks")


def test_kills_follow_from_the_seed_and_cover_every_command_and_signal(knocks: ModuleType) -> None:
    kills = [knocks.kills.Kill.drawn(number, 0) for number in range(100)]
    assert kills == [knocks.kills.Kill.drawn(number, 0) for number in range(100)]
    assert kills != [knocks.kills.Kill.drawn(number, 1) for number in range(100)]
    assert {kill.command for kill in kills} == set(knocks.commands.COMMANDS)
    assert {kill.signal for kill in kills} == {
        signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT
    }  # fmt: skip
    assert 70 <= sum(kill.at_work for kill in kills) <= 90


def test_what_is_left_over_is_seen(knocks: ModuleType, tmp_path: Path) -> None:
    place = knocks.commands.Place(tmp_path)
    place.out.mkdir()
    place.temporary.mkdir()
    (place.out / "actor.json").touch()
    (place.temporary / "torchinductor_user").mkdir()
    assert place.left_over() == []
    (place.out / ".actor.json.abc.part").touch()
    (place.temporary / "neuro-aolo-export-1").mkdir()
    assert place.left_over() == [
        "left over: out/.actor.json.abc.part", "left over: tmp/neuro-aolo-export-1"
    ]  # fmt: skip


def test_a_refusal_is_one_line_and_the_right_code(knocks: ModuleType, tmp_path: Path) -> None:
    place = knocks.commands.Place(tmp_path)
    started = place.run("train", "--no-such-option")
    assert started.refusal((2,)) == []
    assert started.refusal((1,)) == ["exit code 2, not 1"]
    started.err.write_text("Traceback (most recent call last):\n  line\n")
    assert len(started.refusal((2,))) == 1


@pytest.mark.parametrize(
    ("name", "data", "is_whole"),
    [
        ("a.json", b'{"a": 1}', True),
        ("a.json", b'{"a": 1', False),
        ("a.html", b"<html></html>\n", True),
        ("a.html", b"<html>", False),
        ("a.safetensors", b"\x02\0\0\0\0\0\0\0{", False),
        ("a.csv", b"", False),
    ],
)
def test_half_written_files_are_seen(
    knocks: ModuleType, tmp_path: Path, name: str, data: bytes, is_whole: bool
) -> None:
    (tmp_path / name).write_bytes(data)
    assert knocks.disk._is_whole(tmp_path / name) is is_whole


@pytest.mark.slow
def test_a_few_hard_knocks() -> None:
    command = [sys.executable, SCRIPTS / "hard_knocks.py", "--kills", "4", "--pairs", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["all", "5", "0"]
