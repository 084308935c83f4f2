"""Real language models: what ``scenarios from-llm`` makes of them, beside what others measured.

Three scenario files are made and run end to end by the commands that a user types, and a page, tables and the
files are written to OUT. ``--data`` reads the measured runs anew from the folder
``leadgreen_mcp/data/models`` of the unpacked wheel of leadgreen-mcp 0.3.1 (data CC BY 4.0); a part is in OUT.
``python scripts/llm_energy.py --steps 2000``
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curves.page import as_csv, made_by, write
from llm_costs.measured import BATCHES, KEPT, Run, from_csv, from_data, of_the_spread, spread
from llm_costs.measured import as_csv as runs_csv
from llm_costs.page import page, published_rows, run_row
from llm_costs.published import of_others, of_runs
from neuro_aolo.systems.aolo.llm.spread import SPREADS

OUT, FOLDER = Path("results/llm"), Path("runs/llm")
MODELS = {
    "llama-3.1-8b": ("Meta-Llama-3.1-8B-Instruct",),
    "llama-3.1-70b": ("Meta-Llama-3.1-70B-Instruct",),
    "qwen3-30b-a3b": ("Qwen3-30B-A3B-Instruct-2507", "--parameters", "30.5:3.3"),
}
"""Name of the scenario, and what is typed after ``from-llm``."""

LONG = ("llama-3.1-8b",)
"""Those that are run with the usual number of requests, too."""

ATTRIBUTION = (
    "GPU energy of the ML.ENERGY Benchmark v3 (Chung et al., arXiv:2505.06371), lm-arena-chat, from Lead "
    "Green, a Katonic "
    "project, https://leadgreen.ai/api/v1/, release of 2026-10-19, CC BY 4.0; a selection of runs and "
    "columns, renamed"
)


def main() -> None:
    """Make, run, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of measured runs to read anew")
    parser.add_argument("--steps", type=int, default=2_000, help="requests of each training (default: 2000)")
    parser.add_argument("--runs", type=Path, default=FOLDER, help=f"folder of the runs (default: {FOLDER})")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write (default: {OUT})")
    given = parser.parse_args()
    if given.data is not None:
        everything = from_data(given.data)
        _check_spreads(everything)
        kept = [run for run in everything if run.batch in KEPT]
        print(write(given.out, {"measured.csv": runs_csv(kept, ATTRIBUTION)}))
    measured = from_csv(given.out / "measured.csv")
    published = [*of_runs(measured), *of_others()]
    made = {name: _made(name, given.out) for name in MODELS}
    asked = [*((name, given.steps) for name in MODELS), *((name, None) for name in LONG)]
    rows = [run_row(name, made[name], _run(name, steps, given)) for name, steps in asked]
    text = page(measured, published, rows)
    files = {
        "published.csv": as_csv(published_rows(published)),
        "runs.csv": as_csv(rows),
        "README.md": f"{text}\n\n{made_by(f'python scripts/llm_energy.py --steps {given.steps}')}\n",
    }
    print(text, write(given.out, files), sep="\n")


def _check_spreads(runs: Sequence[Run]) -> None:
    """Say what has to be written into the product where the data say otherwise."""
    for batch in BATCHES:
        found = spread(of_the_spread(runs, batch))
        if found != SPREADS[batch]:
            sys.exit(f"SPREADS[{batch}] of neuro_aolo/systems/aolo/llm/spread.py should be {found}")


def _made(name: str, out: Path) -> dict[str, Any]:
    file = out / f"{name}.toml"
    done = _command("scenarios", "from-llm", *MODELS[name], "--out", str(file), "--overwrite", "--json")
    figures: dict[str, Any] = json.loads(done)
    return figures


def _run(name: str, steps: int | None, given: argparse.Namespace) -> dict[str, Any]:
    folder = given.runs / (name if steps is None else f"{name}-{steps}")
    if not (folder / "summary.json").is_file():
        number = () if steps is None else ("--steps", str(steps))
        _command("run", "--scenario", str(given.out / f"{name}.toml"), *number, "--out", str(folder), "-q")
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return summary


def _command(*words: str) -> str:
    command = [sys.executable, "-m", "neuro_aolo", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
