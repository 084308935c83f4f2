"""What a decision of each of our actors costs, of the networks that comparisons kept beside their cells.

One device that runs all of them, so one boundary: a microcontroller with eight-bit numbers. Spiking actors
decide the held-out observations. ``python scripts/actor_energy.py`` prints the table and writes it to OUT as
README.md and energy.csv; nothing is trained.
"""

import argparse
import shlex
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

import neuro_aolo
from curves.page import as_csv, made_by, markdown, write
from neuro_aolo.agent.evaluate import held_out
from neuro_aolo.comparison.plan import CELLS
from neuro_aolo.comparison.trained import OWN
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.report.learners import NAMES
from neuro_aolo.runs.cell import Cell
from neuro_aolo.systems.names import load
from neuro_aolo.text.numbers import plain, significant

RESULTS = Path("results")
SCENARIOS = ("paper", "mixed", "speech", "offload")
DEVICE = "mcu_m33_u575"
_DECISIONS = 2_000


def main() -> None:
    """Price what is there, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help=f"where comparisons lie (default: {RESULTS})"
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "actor_energy", help="folder to write")
    parser.add_argument("--profile", default=DEVICE, metavar="NAME", help=f"device (default: {DEVICE})")
    given = parser.parse_args()
    try:
        rows = [
            row
            for scenario in SCENARIOS
            for learner in OWN
            if (row := priced(given.results / scenario / CELLS, scenario, learner, given.profile))
        ]
        if not rows:
            parser.exit(2, f"actor_energy: {given.results} has no network beside a cell: run compare first\n")
        text = f"{page(rows, given.profile)}\n\n{made_by(shlex.join(['python', *sys.argv]))}\n"
        files = {"README.md": text, "energy.csv": as_csv(rows)}
        print(plain(f"{text}\n{write(given.out, files)}"))
    except NeuroAoloError as error:
        parser.exit(2, f"actor_energy: {error}\n")


def priced(cells: Path, scenario: str, learner: str, device: str) -> dict[str, Any] | None:
    """Medians over the seeds whose networks are kept; None where there are none."""
    networks = sorted(cells.glob(f"*-{learner}-[0-9]*.graph"))
    if not networks:
        return None
    loaded = load(scenario)
    seen = held_out(loaded.system.task(loaded.scenario), _DECISIONS).observations
    bills = [
        neuro_aolo.energy(file, np.asarray(seen) if learner == "spiking" else None, profiles=[device])
        for file in networks
    ]
    made = [Cell.load(file.with_suffix(".json")) for file in networks]
    return {
        "scenario": scenario,
        "learner": learner,
        "networks": len(networks),
        "regret": statistics.median(cell.regret for cell in made),
        "processor_s": statistics.median(cell.processor_s for cell in made),
        "passes": bills[0].network.get("passes", 1) if learner != "spiking" else bills[0].network["steps"],
        "energy_j": statistics.median(bill.nominal_j[device] for bill in bills),
    }


def page(rows: list[dict[str, Any]], device: str) -> str:
    """The table, and how to read it."""
    titles = [
        "scenario",
        "actor",
        "networks",
        "regret, %",
        "training, s",
        "passes or steps",
        "energy of a decision, uJ",
    ]
    table = [
        [
            row["scenario"],
            NAMES[row["learner"]],
            str(row["networks"]),
            significant(100 * row["regret"]),
            significant(row["processor_s"]),
            str(row["passes"]),
            significant(1e6 * row["energy_j"]),
        ]
        for row in rows
    ]
    return (
        f"Medians over the networks kept. Energy is nominal, modelled from the prices of `{device}` in "
        f"eight-bit numbers, all passes included; training is processor time.\n\n{markdown(titles, table)}"
    )


if __name__ == "__main__":
    main()
