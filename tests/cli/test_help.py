"""Help, version, examples and completion, as a person or a shell asks for them."""

import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from neuro_aolo.cli.app import app
from neuro_aolo.cli.help import typed_in

ROOT = typer.main.get_command(app)
ORDER = ["run", "train", "evaluate", "compare", "export", "simulate", "energy", "ledger", "report"]
ORDER += ["formulate", "finetune", "pareto", "doctor", "scenarios", "profiles"]
GROUPS = {"scenarios": ["list", "show", "check", "fit", "from-llm"], "profiles": ["list", "show"]}
COMMANDS = [(name,) for name in ORDER] + [(group, name) for group in GROUPS for name in GROUPS[group]]
EXAMPLES = sorted(
    {line for words in COMMANDS for line in typed_in(ROOT.commands[words[0]].epilog)}
    | {
        line
        for group in GROUPS
        for name in GROUPS[group]
        for line in typed_in(ROOT.commands[group].commands[name].epilog)
    }
)


def command_of(words: tuple[str, ...]):
    command = ROOT
    for word in words:
        command = command.commands[word]
    return command


def test_the_version_is_a_line_without_torch_numpy_or_the_commands() -> None:
    code = (
        "import sys; sys.argv = ['neuro-aolo', '--version']; sys.orig_argv = ['python', *sys.argv]\n"
        "from neuro_aolo.__main__ import main; main()\n"
        "print([name for name in ('torch', 'numpy', 'typer', 'rich', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"neuro-aolo {version('neuro-aolo')}\n[]\n"


def test_the_version_is_an_option_as_well(cli) -> None:
    done = cli("--version")
    assert (done.returncode, done.stdout) == (0, f"neuro-aolo {version('neuro-aolo')}\n")


def test_commands_are_listed_in_the_order_of_the_work(cli) -> None:
    done = cli("--help")
    assert re.findall(r"^  ([a-z]+) {2,}[A-Z]", done.stdout, re.MULTILINE) == ORDER
    assert {name: list(command_of((name,)).commands) for name in GROUPS} == GROUPS
    sections = [line for line in done.stdout.splitlines() if re.fullmatch(r"[A-Z][^:]+:", line)]
    assert sections == ["Options:", "Train and judge:", "Export, price, report:", "Go further:", "Look up:"]


@pytest.mark.parametrize("words", [(), *COMMANDS], ids=" ".join)
def test_help_is_asked_for_in_two_ways_and_ends_with_examples(cli, words: tuple[str, ...]) -> None:
    short, long = cli(*words, "-h"), cli(*words, "--help")
    assert (short.returncode, short.stderr) == (0, "")
    assert short.stdout == long.stdout
    assert short.stdout.startswith(f"Usage: {' '.join(('neuro-aolo', *words))} ")
    assert max(map(len, short.stdout.splitlines())) <= 80
    assert typed_in(command_of(words).epilog)
    for line in typed_in(command_of(words).epilog):
        assert f"\n    {line}\n" in short.stdout


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_is_a_command_that_is_understood(line: str) -> None:
    _, *arguments = shlex.split(line)
    command, words = ROOT, []
    while hasattr(command, "commands") and arguments and arguments[0] in command.commands:
        words.append(arguments.pop(0))
        command = command.commands[words[-1]]
    assert words, line
    command.make_context(" ".join(words), arguments)


DEAR = {"check", "fit", "from-llm"}
CHEAP = [line for line in EXAMPLES if line.split()[1] in GROUPS and not DEAR & set(line.split())]


@pytest.mark.parametrize("line", CHEAP)
def test_examples_that_only_look_things_up_run(cli, line: str) -> None:
    done = cli(*shlex.split(line)[1:])
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_without_a_command_the_help_is_printed(cli) -> None:
    done = cli()
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == cli("--help").stdout


def test_lists_are_the_same_with_and_without_their_word(cli) -> None:
    for group in GROUPS:
        assert cli(group, "list").stdout == cli(group).stdout
        assert cli(group, "list", "--json").stdout == cli(group, "--json").stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("trian",), "error: no such command 'trian': did you mean 'train'?; see neuro-aolo --help\n"),
        (
            ("scenarios", "shw"),
            "error: no such command 'shw': did you mean 'show'?; see neuro-aolo scenarios --help\n",
        ),
        (("train", "--presett", "x"), "no such option --presett: did you mean --preset"),
        (("train", "--steps"), "error: option '--steps' requires an argument; see neuro-aolo --help\n"),
        (("evaluate",), "error: missing argument 'RUN'; see neuro-aolo evaluate --help\n"),
        (("train", "--steps", "1.5"), "error: --steps 1.5 is not allowed: give a whole number of 1 or above"),
        (("compare", "--seconds", "nan"), "error: --seconds nan is not allowed: give a number above 0"),
    ],
)
def test_a_command_that_is_not_understood(cli, typed: tuple[str, ...], said: str) -> None:
    done = cli(*typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def completed(line: str) -> tuple[list[str], str]:
    """What bash is given for the last word of a line, and what was imported for it."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_NEURO_AOLO_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "neuro_aolo"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split(), done.stderr


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("neuro-aolo fin", ["finetune"]),
        ("neuro-aolo train --scenario mi", ["mixed"]),
        ("neuro-aolo ledger run --profile loihi1,loi", ["loihi1,loihi1", "loihi1,loihi2"]),
        ("neuro-aolo train --actor ", ["popsan", "mlp", "diffusion"]),
    ],
)
def test_the_shell_completes_without_torch(line: str, found: list[str]) -> None:
    completions, imported = completed(line)
    assert completions == found
    assert not re.search(r"\| +(torch|numpy|gymnasium)\n", imported)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    command = [sys.executable, "-m", "neuro_aolo", "--show-completion", shell]
    # Which shell asks is found by its process, and here none does.
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "_NEURO_AOLO_COMPLETE" in done.stdout


def test_the_help_comes_without_torch_and_numpy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "neuro_aolo", "train", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    assert not re.search(r"\| +(torch|numpy|gymnasium)\n", done.stderr)
