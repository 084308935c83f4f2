"""The command `report`, on real runs."""

import json
import shutil
from pathlib import Path

import pytest

from neuro_aolo.cli.terminal import with_old_keys
from neuro_aolo.report.answer import answer
from neuro_aolo.report.opening import opening
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain


@pytest.fixture(scope="module")
def twins(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same small run in two folders."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("one", "two"):
        shutil.copytree(small_run, folder / name)
    return [folder / "one", folder / "two"]


def test_the_page_of_a_run_goes_where_it_is_told(twins: list[Path], tmp_path: Path, cli) -> None:
    (twins[0] / "report.html").unlink()
    page = tmp_path / "page.html"
    done = cli("report", twins[0], "--out", page, "--full")
    assert (done.returncode, done.stderr) == (0, "")
    assert page.read_text().startswith("<!doctype html>")
    assert not (twins[0] / "report.html").exists()
    assert f"report: {page}" in done.stdout
    summary = Summary.read(twins[0] / "summary.json")
    printed = " ".join(done.stdout.split())
    told = opening(summary)
    said = [f"{finding.topic}: {' '.join(finding.sentences)}" for finding in answer(summary)]
    said += [told.sentence, *(f"{card.label}: {card.value}" for card in told.cards)]
    # The tables and the whole answer first, then what a reader should see at the end.
    places = [printed.index(" ".join(plain(text).split())) for text in said]
    assert places == sorted(places)
    assert printed.endswith(f"report: {page}")


def test_several_runs_have_one_page_and_each_its_summary(twins: list[Path], tmp_path: Path, cli) -> None:
    page = tmp_path / "page.html"
    for run in twins:
        (run / "summary.json").unlink(missing_ok=True)
    done = cli("report", *twins, "--out", page, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["report"] == str(page)
    assert list(said["runs"]) == ["one", "two"]
    for run in twins:
        kept = json.loads((run / "summary.json").read_text())
        assert with_old_keys(kept, "aolo") == said["runs"][run.name]
    assert "2 runs side by side" in page.read_text()


def test_what_cannot_be_reported_on_is_one_line(twins: list[Path], tmp_path: Path, cli) -> None:
    asked = [
        ((*twins,), "2 runs share one page: give --out FILE for it"),
        ((twins[0], "--out", tmp_path / "none" / "page.html"), "none, which does not exist: give --out"),
        ((twins[0], "--out", tmp_path), "is a folder: give --out the path of a file"),
        ((twins[0], twins[0], "--out", tmp_path / "page.html"), "the same run twice: give each one once"),
        ((twins[0], tmp_path / "gone", "--out", tmp_path / "page.html"), "gone"),
    ]
    for arguments, words in asked:
        done = cli("report", *arguments)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "page.html").exists()
