"""The command that makes a scenario of a named language model."""

import json
import tomllib
from pathlib import Path

import pytest

from neuro_aolo.systems.aolo.scenario import Scenario

pytest.importorskip("ecologits", reason="needs the extra ecologits")
NAME = "Llama-3.1-8B"


def test_a_file_is_written_and_can_be_used_at_once(cli, tmp_path: Path) -> None:
    file = tmp_path / "llama.toml"
    done = cli("scenarios", "from-llm", NAME, "--out", file)
    assert done.returncode == 0, done.stderr
    assert "0.268 J (" in done.stdout
    assert "44.9 ms (by measured runs:" in done.stdout
    assert Scenario.load(file).name == "llama"
    checked = cli("scenarios", "check", file, "--requests", "2000", "--json")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["feasible_share"] == 1.0
    again = cli("scenarios", "from-llm", NAME, "--out", file)
    assert again.returncode == 2
    assert "exists" in again.stderr
    assert cli("scenarios", "from-llm", NAME, "--out", file, "--overwrite").returncode == 0


def test_options_reach_the_file(cli, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    done = cli(
        *("scenarios", "from-llm", "mine", "--parameters", "30.5:3.3", "--out", file, "--json"),
        *(
            "--scenario",
            "mixed",
            "--hardware",
            "a100",
            "--gpus",
            "2",
            "--batch",
            "16",
            "--prompt-tokens",
            "500",
        ),
    )
    assert done.returncode == 0, done.stderr
    said, written = json.loads(done.stdout), tomllib.loads(file.read_text())
    assert written["extends"] == "mixed"
    assert (written["inference"]["gpus"], written["inference"]["batch_size"]) == (2, 16)
    assert said["prompt_s"] == written["inference"]["prompt_time_s"] > 0.0
    assert (said["total_billions"], said["active_billions"]) == ([30.5, 30.5], [3.3, 3.3])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Llama-3.1-80B", "--out", "x.toml"], "did you mean one of"),
        ([NAME, "--out", "x.json"], "give it the ending .toml"),
        ([NAME, "--out", "x.toml", "--batch", "1000"], "1 to 512"),
        ([NAME, "--out", "x.toml", "--scenario", "emissions-per-bit"], "has no 'from_llm'"),
    ],
)
def test_what_cannot_be_made_leaves_no_file(
    cli, tmp_path: Path, monkeypatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("scenarios", "from-llm", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
