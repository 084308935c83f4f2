"""One process at a time writes into a folder; what a killed one left behind does not stand in the way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neuro_aolo.errors import RunError
from neuro_aolo.runs.lock import LOCK, locked, locked_new, tidy
from neuro_aolo_export.files import clear_leftovers, temporary_folder, whole

HOLD = (
    "import sys, time; from pathlib import Path; from neuro_aolo.runs.lock import locked\n"
    "from neuro_aolo_export.files import whole, temporary_folder\n"
    "folder = Path(sys.argv[1])\n"
    "with locked(folder), temporary_folder('export', folder), whole(folder / 'a.json') as partial:\n"
    "    partial.write_text('{'); print('held', flush=True); time.sleep(600)\n"
)


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path, "train --out x"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_told_who_holds_the_folder(holder, tmp_path: Path) -> None:
    with pytest.raises(RunError) as refused, locked(tmp_path):
        pass
    assert f"{tmp_path} is being written by process {holder.pid} on " in str(refused.value)
    assert "train --out x" in str(refused.value)
    assert "wait until it ends" in str(refused.value)
    assert (tmp_path / LOCK).is_file()


def test_what_a_killed_process_left_is_gone_with_the_next_one(holder, tmp_path: Path) -> None:
    # What lives is left alone.
    clear_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert len(list(tmp_path.iterdir())) == 3
    tidy(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_nests_within_a_process_and_leaves_nothing(tmp_path: Path) -> None:
    with locked(tmp_path):
        with locked(tmp_path):
            assert json.loads((tmp_path / LOCK).read_text())["process"] == os.getpid()
        assert (tmp_path / LOCK).is_file()
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_goes_where_nothing_comes_into_it(tmp_path: Path) -> None:
    with locked_new(tmp_path / "a" / "b"):
        pass
    assert list(tmp_path.iterdir()) == []
    with locked_new(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "c").touch()
    assert [file.name for file in (tmp_path / "a" / "b").iterdir()] == ["c"]


def test_a_file_whose_writing_failed_is_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("before")

    def fail() -> None:
        with whole(file) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_folders_of_other_computers_stay(tmp_path: Path) -> None:
    (tmp_path / ".a.json.abcdef-999999999.part").touch()
    with temporary_folder("x", tmp_path) as folder:
        assert folder.parent == tmp_path
    clear_leftovers(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [".a.json.abcdef-999999999.part"]


def test_two_commands_on_one_folder(cli, tmp_path: Path) -> None:
    """The second ``train`` is refused while the first one trains, and changes nothing."""
    path = tmp_path / "run"
    command = [sys.executable, "-m", "neuro_aolo", "train", "--actor", "mlp", "--out", str(path), "--quiet"]
    first = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not (path / "config.toml").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        for options in (("--out", path, "--overwrite", "--seed", "1"), ("--resume", path)):
            second = cli("train", *options)
            assert second.returncode == 2, second
            assert second.stderr.count("\n") == 1
            assert f"is being written by process {first.pid} on " in second.stderr
        assert "seed = 0" in (path / "config.toml").read_text()
    finally:
        first.kill()
        first.communicate()
