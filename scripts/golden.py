"""What the commands write and print in short runs, recorded and compared byte by byte: the guard of a move.

    python scripts/golden.py record DIR [--checkout FOLDER]   runs the commands, of this tree or another
    python scripts/golden.py compare DIR OTHER                names the files that differ; exit code 1 if any

Times and measured energy are taken out: a training's facts are set to fixed ones before anything is reported.
Figures are equal on like machines only, so both records are made on one.
"""

import argparse
import csv
import difflib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FACTS = {"energy_kwh": 1e-4, "seconds": 10.0, "measured_by": "CodeCarbon 3.3.2, process mode"}
"""What every training is said to have used."""

CLOCKED = {"seconds", "timings_s", "us_per_decision", "median_s", "p95_s"}
CAMPUS = """extends = "grid"
name = "campus"
[deployment]
agent_carbon = "full"
request_rate_hz = 0.5
"""

TRAINED = {
    "run": ("run", "--steps", "200", "--seed", "0"),
    "campus": ("run", "--scenario", "campus.toml", "--steps", "200", "--seed", "1", "--time-steps", "5"),
    "dense": ("train", "--actor", "mlp", "--steps", "200", "--preset", "paper", "--scenario", "mixed"),
}
REPORTED = ("run", "campus")
TOLD = {
    "evaluate": ("evaluate", "run", "--json"),
    "evaluate-dense": ("evaluate", "dense", "--json"),
    "evaluate-shift": ("evaluate", "run", "--scenario", "grid", "--json"),
    "simulate": ("simulate", "run", "--json"),
    "simulate-lava": ("simulate", "run", "--backend", "lava", "--decisions", "20", "--json"),
    "simulate-float": ("simulate", "run", "--backend", "float", "--decisions", "200", "--json"),
    "simulate-fault": ("simulate", "run", "--fault", "lost-spikes=0.05", "--decisions", "200", "--json"),
    "closed-loop": ("simulate", "run", "--closed-loop", "--decisions", "3", "--json"),
    "energy": ("energy", "run", "--json"),
    "energy-words": ("energy", "run", "--request-rate", "10", "--twin", "mlp-fp32"),
    "ledger": ("ledger", "campus", "--json"),
    "ledger-words": ("ledger", "campus", "--baseline", "random", "--baseline", "150,20"),
    "ledger-markdown": ("ledger", "run", "--format", "markdown"),
    "pareto": ("pareto", "run", "--json"),
    "scenarios": ("scenarios", "--json"),
    "show": ("scenarios", "show", "speech", "--json"),
    "show-words": ("scenarios", "show", "campus.toml"),
    "check": ("scenarios", "check", "mixed", "--requests", "2000", "--json"),
    "check-words": ("scenarios", "check", "grid", "--requests", "2000"),
    "compare": ("compare", "--learners", "random,constant,oracle,mlp", "--seeds", "1", "--steps", "300",
                "--out", "compared", "--jobs", "1", "--json"),
    "export": ("export", "run", "--json"),
}  # fmt: skip
KEPT = (
    "config.toml",
    "metrics.csv",
    "summary.json",
    "report.html",
    "emissions.csv",
    "emissions_modelled.csv",
    "actor.json",
)


def main() -> None:
    """Record, or compare two records."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    recorder = commands.add_parser("record")
    recorder.add_argument("folder", type=Path)
    recorder.add_argument("--checkout", type=Path, default=ROOT)
    comparer = commands.add_parser("compare")
    comparer.add_argument("folder", type=Path)
    comparer.add_argument("other", type=Path)
    comparer.add_argument("--lines", type=int, default=6, help="lines shown of each difference")
    typed = parser.parse_args()
    if typed.command == "record":
        record(typed.folder.resolve(), typed.checkout.resolve())
    else:
        sys.exit(compare(typed.folder, typed.other, typed.lines))


def record(folder: Path, checkout: Path) -> None:
    """Run every command in ``folder``; what it wrote and printed comes into ``folder/record``."""
    shutil.rmtree(folder, ignore_errors=True)
    kept = folder / "record"
    kept.mkdir(parents=True)
    (folder / "campus.toml").write_text(CAMPUS)
    for name, command in TRAINED.items():
        run(checkout, folder, *command, "--out", name)
        for actor in (folder / name).rglob("actor.json"):
            description = json.loads(actor.read_text())
            description["training"] |= FACTS
            actor.write_text(json.dumps(description, indent=2) + "\n")
            os.utime(actor.with_name("actor.safetensors"), (1e9, 1e9))
    for name, command in TOLD.items():
        text = run(checkout, folder, *command)
        (kept / f"{name}.txt").write_text(
            without_times(f"{name}.json" if "--json" in command else name, text)
        )
    for name in REPORTED:
        (kept / f"report-{name}.txt").write_text(run(checkout, folder, "report", name))
    for name in (*TRAINED, "run/mlp"):
        for file in (folder / name / file for file in KEPT):
            if file.is_file():
                target = kept / name / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(without_times(file.name, file.read_text(encoding="utf-8")))
    for file in sorted((folder / "compared" / "cells").glob("*.json")):
        (kept / f"cell-{file.name}").write_text(without_times(file.name, file.read_text()))


def run(checkout: Path, folder: Path, *command: str) -> str:
    """What a command prints on standard output."""
    # In 0.1 the folder `export` was the package itself: its modules must not take the names of others.
    inner = checkout / "export"
    paths = [checkout, inner] if (inner / "neuro_aolo_export").is_dir() else [checkout]
    path = os.pathsep.join(map(str, paths))
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "80"}
    line = [sys.executable, "-m", "neuro_aolo", *command]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def without_times(name: str, text: str) -> str:
    """``text`` of a file of that name, times taken out."""
    if name.endswith(".json"):
        return json.dumps(_unclocked(json.loads(text)), indent=1) + "\n"
    if name.endswith(".csv") and text.startswith("requests"):
        rows = list(csv.DictReader(io.StringIO(text)))
        return "\n".join(json.dumps({key: row[key] for key in row if key not in CLOCKED}) for row in rows)
    if name.endswith(".html"):
        return re.sub(r"(?s)<table[^>]*>\s*<caption>Timings.*?</table>", "", text)
    return text


def _unclocked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unclocked(item) for key, item in value.items() if key not in CLOCKED}
    return [_unclocked(item) for item in value] if isinstance(value, list) else value


def compare(folder: Path, other: Path, most: int) -> int:
    """Say which files of two records differ, and how they begin to."""
    first, second = (
        {file.relative_to(root): file for file in sorted((root / "record").rglob("*")) if file.is_file()}
        for root in (folder, other)
    )
    first, second = ({name: file.read_text() for name, file in found.items()} for found in (first, second))
    different = [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]
    for name in different:
        print(f"differs: {name}")
        pair = [texts.get(name, "").splitlines() for texts in (first, second)]
        lines = list(difflib.unified_diff(*pair, n=0, lineterm=""))[2:]
        for line in lines[:most]:
            print(f"  {line[:200]}")
        if len(lines) > most:
            print(f"  ... {len(lines) - most} more lines")
    print(f"{len({*first, *second}) - len(different)} of {len({*first, *second})} files are equal")
    return 1 if different else 0


if __name__ == "__main__":
    main()
