"""What the README shows is what the code does."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(language: str, after: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README[README.index(after) :], re.DOTALL)
    assert found
    return found[1]


def test_the_python_example_prints_what_it_says() -> None:
    code, said = block("python", "In Python"), block("text", "It prints")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == said.split()


def test_every_command_of_the_table_exists(cli) -> None:
    commands = re.findall(r"^\| `neuro-aolo (\w+)", README, re.MULTILINE)
    assert {"run", "train", "evaluate", "export", "simulate", "energy", "report"} <= set(commands)
    for command in commands:
        done = cli(command, "--help")
        assert done.returncode == 0, (command, done.stderr)


def test_the_two_commands_are_make_targets() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    for target in re.findall(r"^make (\S+)", block("sh", "# neuro-aolo"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert "make test" in (Path(__file__).parent.parent / ".ci" / "run").read_text()


def test_the_table_of_results_is_made_from_results() -> None:
    script = Path(__file__).parent.parent / "scripts" / "results_table.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") > 5
    assert done.stdout in README
