"""Every example of a public docstring is run, in a folder that holds a run called ``demo``."""

import doctest
import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import neuro_aolo as na

PUBLIC = [name for name in na.__all__ if not name.startswith("_")]


def documented() -> Iterator[tuple[str, Any]]:
    """Public names, and the public methods and properties of those that are classes."""
    for name in PUBLIC:
        value = getattr(na, name)
        yield name, value
        if inspect.isclass(value) and not issubclass(value, Exception):
            for member, found in vars(value).items():
                if not member.startswith("_") and (
                    callable(found) or isinstance(found, property | classmethod)
                ):
                    yield f"{name}.{member}", getattr(found, "__func__", found)


DOCUMENTED = dict(documented())


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_public_name_says_what_it_is(name: str) -> None:
    text = inspect.getdoc(DOCUMENTED[name])
    assert text, name
    if inspect.isfunction(DOCUMENTED[name]) and "." not in name:
        assert "Example:" in text, name
        takes = [each for each in inspect.signature(DOCUMENTED[name]).parameters if each != "self"]
        assert not takes or "Args:" in text, name
        for each in takes:
            assert f"{each}:" in text, f"{name} does not say what {each} is"


@pytest.fixture(scope="module")
def place(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(small_run, folder / "demo")
    return folder


WITH_EXAMPLES = [name for name, value in DOCUMENTED.items() if ">>>" in (inspect.getdoc(value) or "")]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_print_what_they_say(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    text = inspect.getdoc(DOCUMENTED[name]) or ""
    said: list[str] = []
    runner.run(parser.get_doctest(text, {}, name, None, 0), out=said.append)
    assert runner.failures == 0, "".join(said)


def test_there_are_examples_of_most() -> None:
    assert len(WITH_EXAMPLES) >= 15
