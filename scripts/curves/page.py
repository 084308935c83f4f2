"""Tables as Markdown and CSV, and what the command lines of both scripts have in common."""

import argparse
import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from neuro_aolo.agent.statistics import Estimate, estimate, mean
from neuro_aolo.comparison.plan import PACKAGES
from neuro_aolo.files import write_whole
from neuro_aolo.runs.versions import present
from neuro_aolo.text.numbers import NBSP, finite, significant

SMOKE = "SMOKE RUN, on few requests and after seconds of training: its figures mean nothing."


def average(values: Sequence[float]) -> Estimate:
    """The mean with its interval, of few values their range; the same values give the same interval."""
    return estimate(np.array(values), mean, np.random.default_rng(0))


def in_percent(shares: Estimate) -> str:
    """A mean share in percent, with its interval where there is one."""
    value, low, high = (significant(100 * share) for share in (shares.value, shares.low, shares.high))
    if not finite(shares.low) or value == low == high:
        return value
    return f"{value} ({low}{NBSP}–{NBSP}{high})"


def markdown(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    table = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in table)


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows with the same keys."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def write(folder: Path, texts: Mapping[str, str]) -> str:
    """Write files, each whole or not at all; which they are, as one line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_whole(folder / name, text)
    return f"written: {', '.join(str(folder / name) for name in texts)}"


def made_by(command: str) -> str:
    """The last line of a page."""
    return f"Made by `{command}` with {', '.join(map(' '.join, present(PACKAGES).items()))}."


def common(parser: argparse.ArgumentParser, out: Path) -> None:
    """Arguments of both scripts."""
    parser.add_argument("--out", type=Path, help=f"folder to write (default: {out}, or {out}_quick)")
    parser.add_argument("--requests", type=int, default=20_000, help="held-out requests (default: 20000)")
    parser.add_argument("--overwrite", action="store_true", help="make again what has other settings")
    parser.add_argument("--quick", action="store_true", help="a smoke run")


def check_positive(parser: argparse.ArgumentParser, arguments: argparse.Namespace, *names: str) -> None:
    """Refuse numbers that are not above 0."""
    for name in names:
        value = getattr(arguments, name)
        if not 0 < value < math.inf:
            parser.error(f"--{name.replace('_', '-')} {value:g} is not allowed: give a number above 0")
