"""Ten descriptions as a new user types them: what a scenario file is made of each, and a short run on it.

The commands are those that a user types, ``neuro-aolo formulate`` and then ``neuro-aolo run``. A page of what
they said is written to OUT. ``python scripts/formulate_and_run.py --steps 2000``
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curves.page import made_by, markdown, write
from neuro_aolo.text.literal import literal_line

OUT = Path("results/formulate")
TEXTS = (
    "We answer customers' chat questions with 4 H100 GPUs of 700 W each in Sweden, PUE about 1.15. The "
    "mast stands in Germany. Answers must score at least 7.",
    "chatbot, GPUs in france, base station in poland, answers within 250 ms, max 30 watts",
    "I want to find out how long replies should be if the grid at the data centre is between 50 and 120"
    " g/kWh and at the antenna around 600 g/kWh. We use eight A100 with a TDP of 400 W.",
    "Scenario mixed but with PUE 1.58 and GPUs that we replace after 4 years.",
    "A 5G cell with solar panels of 1.5 kWh per hour at noon and batteries of 4 kWh each, grid in Great"
    " Britain.",
    "base station with edge servers and batteries. the batteries lose 5 % when charging, transmit power"
    " 2 W, bandwidth 10 MHz, buffer of 500 packets",
    "Carbon per bit of a small cell: three servers with 4 users each, storage 3 kWh, Denmark.",
    "Pictures with stable diffusion on five edge servers in Norway, France, Germany, Poland and the UK."
    " Every image within 20 seconds, quality 0.6 or better.",
    "Our users generate images on their phones' behalf: 10 to 25 Mbit up, 20 to 30 Mbit down, deadline "
    "12 s, no server with a queue above 4 s, phone sends with 100 mW to 2 W.",
    "Please optimise my data centre, it is too expensive.",
)
"""Written before they were tried; the last is vague on purpose."""


@dataclass(frozen=True)
class Tried:
    """A description, and what came of it.

    Attributes:
        text: of the user.
        said: what the command wrote, as data; None where it refused.
        error: why it refused.
        run: what the run on the file came to.
    """

    text: str
    said: dict[str, Any] | None
    error: str
    run: str


def main() -> None:
    """Try all, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=2_000, help="requests of each training (default: 2000)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write (default: {OUT})")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [_try(text, Path(folder) / f"said{index}", given.steps) for index, text in enumerate(TEXTS, 1)]
    text = f"{_page(rows, given.steps)}\n\n{made_by(shlex.join(['python', *sys.argv]))}\n"
    print(text, write(given.out, {"ten.md": text}), sep="\n")


def _try(text: str, place: Path, steps: int) -> Tried:
    file = place.with_suffix(".toml")
    done = _command("formulate", text, "--out", str(file), "--json", "-q")
    if done.returncode:
        return Tried(text, None, done.stderr.strip().splitlines()[-1], "")
    run = _command("run", "--scenario", str(file), "--steps", str(steps), "--out", str(place), "-q", "--json")
    came = "a page" if (place / "report.html").is_file() else "no page"
    return Tried(text, json.loads(done.stdout), "", f"exit {run.returncode}, {came}")


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neuro_aolo", *words], capture_output=True, text=True, check=False
    )


def _page(rows: Sequence[Tried], steps: int) -> str:
    table = [[literal_line(row.text), *_told(row), row.run] for row in rows]
    titles = ["typed", "read", "told", f"run of {steps:,} steps"]
    return f"## Ten descriptions, and what came of each\n\n{markdown(titles, table)}"


def _told(row: Tried) -> tuple[str, str]:
    if row.said is None:
        return "nothing", row.error
    values = [
        f"{value['key']} = {value['value']}"
        for value in row.said["parameters"]
        if value["origin"] != "default"
    ]
    left_open = [f"open: {key}" for key in row.said["missing"]]
    return literal_line("; ".join(values)), literal_line("; ".join([*row.said["warnings"], *left_open]))


if __name__ == "__main__":
    main()
