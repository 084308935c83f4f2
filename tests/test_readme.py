"""What the README shows is what the code does; its links, commands and example are in test_docs.py."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short() -> None:
    assert README.count("\n") <= 130


def test_the_two_commands_are_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"^make (\S+)", README, re.MULTILINE)
    assert named == ["demo", "test"]
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_what_is_typed_without_make_is_what_make_does(page: str) -> None:
    lines = re.findall(r"^python -m (pip install .*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    made = (
        (ROOT / "Makefile")
        .read_text()
        .replace("install -q", "install")
        .replace("[formulate,lava,sb3,test]", "[lava]")
    )
    assert len(lines) == 3
    for line in lines:
        assert f"-m {line}\n" in made


@pytest.mark.parametrize(("page", "options"), [("README.md", ["--short"]), ("docs/results.md", [])])
def test_the_table_of_results_is_made_from_results(page: str, options: list[str]) -> None:
    script = ROOT / "scripts" / "results_table.py"
    done = subprocess.run([sys.executable, str(script), *options], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") > 10
    assert done.stdout in (ROOT / page).read_text(encoding="utf-8")
