"""The audit of pinned packages: what it makes of findings, and that a skip is none."""

import importlib.util
import io
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "scripts" / "audit.py"
CLEAN = {"name": "numpy", "version": "2.4.0", "vulns": []}
WEAK = {
    "name": "torch",
    "version": "2.0.0",
    "vulns": [{"id": "PYSEC-2024-1", "aliases": ["CVE-2024-9"], "fix_versions": ["2.2.0"]}],
}
UNKNOWN = {"name": "lava-nc", "skip_reason": "not found"}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "accepted", "code", "said"),
    [
        ([CLEAN, UNKNOWN], {}, 0, "1 pinned packages, 0 weaknesses to mend; not known there: lava-nc"),
        ([CLEAN, WEAK], {}, 1, "torch 2.0.0: PYSEC-2024-1, mended in 2.2.0\n"),
        ([WEAK], {"CVE-2024-9": "no pickle is read"}, 0, "accepted: no pickle is read"),
        ([WEAK], {"CVE-2024-8": "another"}, 1, "1 weaknesses to mend"),
        ([UNKNOWN], {}, 1, "0 pinned packages"),
    ],
)
def test_a_finding_fails_unless_it_is_accepted(
    audit: ModuleType,
    capsys: pytest.CaptureFixture[str],
    packages: list[dict[str, Any]],
    accepted: dict[str, str],
    code: int,
    said: str,
) -> None:
    assert audit.judged({"dependencies": packages}, accepted) == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (urllib.error.URLError("no route to host"), "osv: no route to host"),
        (TimeoutError("timed out"), "osv: timed out"),
        (b"<html>", "osv: Expecting value"),
        (b'{"info": {}}', "osv: no 'vulns' in its answer"),
    ],
)
def test_without_data_it_says_in_one_line_that_it_was_skipped(
    audit: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: Exception | bytes,
    reason: str,
) -> None:
    def urlopen(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    assert audit.main() == 0
    said = capsys.readouterr().out
    assert said.startswith(f"audit skipped: no advisory service can be reached ({reason}")
    assert said.count("\n") == 1
