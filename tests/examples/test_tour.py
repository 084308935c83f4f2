"""The tour uses all that is public, and runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import neuro_aolo as na

TOUR = Path(__file__).parents[2] / "examples" / "tour.py"


def test_it_uses_all_that_is_public() -> None:
    assert set(re.findall(r"\bna\.(\w+)", TOUR.read_text())) == set(na.__all__)


@pytest.mark.slow
def test_it_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(TOUR)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr
    assert "did you mean 'mixed'" in done.stdout
