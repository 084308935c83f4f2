"""A small fuzz of every reader, and the fuzz itself: what it must notice, it notices."""

import importlib
import math
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
INPUTS = 20
"""Of each reader."""


@pytest.fixture(scope="module")
def fuzzing() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        for name in ("loaders", "seeds", "mutations", "examine"):
            importlib.import_module(f"fuzzing.{name}")
        return importlib.import_module("fuzzing")


@pytest.fixture(scope="module")
def seeds(fuzzing: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fuzzing.seeds.make_seeds(tmp_path_factory.mktemp("fuzz") / "seeds")


def test_no_reader_fails_on_a_damaged_file(fuzzing: ModuleType, seeds: Path, tmp_path: Path) -> None:
    answers, faults = set(), []
    for loader in fuzzing.loaders.LOADERS:
        if not all(any((seeds / folder).glob(file)) for folder, file in loader.seeds):
            continue  # Lava is not installed.
        bench = fuzzing.examine.Bench(loader, seeds, tmp_path)
        bench.learn()
        for index in range(INPUTS):
            outcome = bench.examine(1, index)
            answers.add(outcome.answer)
            if outcome.fault:
                faults.append(f"{loader.name} {index}: {outcome.fault}: {outcome.detail[-300:]}")
    assert faults == []
    assert answers == {"refused", "unchanged", "changed"}


def test_inputs_follow_from_the_seed(fuzzing: ModuleType, seeds: Path, tmp_path: Path) -> None:
    loader = next(each for each in fuzzing.loaders.LOADERS if each.name == "trace")
    first, second = (fuzzing.examine.Bench(loader, seeds, tmp_path / name) for name in ("a", "b"))
    for index in range(len(fuzzing.examine.IN_ITS_PLACE), 20):
        assert first.input(0, index)[2] == second.input(0, index)[2]
    assert first.input(0, 10)[2] != first.input(1, 10)[2]


@pytest.mark.parametrize(
    ("read", "fault"),
    [
        (lambda file: 1 / 0, "traceback"),
        (lambda file: [0.0] * 10**9, "memory"),
        (lambda file: bytes(3 << 30), "memory"),
        (lambda file: {"a": math.nan}, "nan"),
        (lambda file: [math.inf], "nan"),
        (lambda file: "another", ""),
        (lambda file: "a cell", ""),
    ],
)
def test_what_must_not_happen_is_noticed(
    fuzzing: ModuleType, seeds: Path, tmp_path: Path, read: object, fault: str
) -> None:
    assert _fault(fuzzing, seeds, tmp_path, read, has_digest=False) == fault


def test_other_words_are_noticed(fuzzing: ModuleType, seeds: Path, tmp_path: Path) -> None:
    def refuse(text: str) -> object:
        def read(file: Path) -> None:
            error = fuzzing.loaders.ExportError()
            # Which would put it on one line.
            error.args = (text.format(file=file),)
            raise error

        return read

    assert _fault(fuzzing, seeds, tmp_path / "a", refuse("{file} is damaged")) == ""
    assert _fault(fuzzing, seeds, tmp_path / "b", refuse("it is damaged")) == "message"
    assert _fault(fuzzing, seeds, tmp_path / "c", refuse("{file} is\ndamaged")) == "message"


def test_a_change_that_a_digest_should_have_shown_is_noticed(
    fuzzing: ModuleType, seeds: Path, tmp_path: Path
) -> None:
    assert _fault(fuzzing, seeds, tmp_path / "a", lambda file: "another", has_digest=True) == "digest"
    assert _fault(fuzzing, seeds, tmp_path / "b", lambda file: "a cell", has_digest=True) == ""


def test_a_reader_without_an_end_is_noticed(
    fuzzing: ModuleType, seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzzing.examine, "MOST_SECONDS", 0.2)

    def read(file: Path) -> None:
        while True:
            pass

    assert _fault(fuzzing, seeds, tmp_path, read) == "hang"


def _fault(fuzzing: ModuleType, seeds: Path, scratch: Path, read: object, **facts: bool) -> str:
    loader = fuzzing.loaders.Loader("probe", read, (("cells", "a.json"),), "json", **facts)
    bench = fuzzing.examine.Bench(loader, seeds, scratch)
    bench.known.add(fuzzing.examine.fingerprint("a cell"))
    fault: str = bench.examine(0, len(fuzzing.examine.IN_ITS_PLACE)).fault
    return fault
