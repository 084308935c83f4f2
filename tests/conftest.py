"""What the tests of several packages share."""

import contextlib
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def cli() -> Cli:
    """The command line as its entry point runs it, in this process."""
    from neuro_aolo.cli.app import main

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = ["neuro-aolo", *map(str, arguments)]
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.object(sys, "argv", command),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        code = ended.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def small_run(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`neuro-aolo run --steps 200`, with its defaults otherwise."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    done = cli("run", "--steps", "200", "--out", folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder
