"""The benchmark of the radio cell runs and prints a row for each number of cells."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench_cell.py"


def test_a_row_for_each_number_of_cells() -> None:
    command = [sys.executable, SCRIPT, "--cells", "2", "8", "--seconds", "0.05"]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert rows[0].split() == ["cells", "slots", "per", "processor", "second"]
    assert [row.split()[0] for row in rows[1:]] == ["2", "8"]
    assert all(int(row.split()[1].replace(",", "")) > 0 for row in rows[1:])
