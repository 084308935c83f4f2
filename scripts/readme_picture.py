"""The README's picture: the ledger of a run whose report was written.

``python scripts/readme_picture.py RUN`` draws two devices of RUN/summary.json into results/demo/ledger.svg.
"""

import argparse
from pathlib import Path

from neuro_aolo.report.plots import ledger_plot
from neuro_aolo.report.svg import standalone
from neuro_aolo.runs.files import SUMMARY
from neuro_aolo.runs.summary.summary import Summary

FILE = Path("results/demo/ledger.svg")
DEVICES = ("loihi2", "mcu_m33_u575")


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder that neuro-aolo run wrote")
    arguments = parser.parse_args()
    file = arguments.run / SUMMARY
    if not file.is_file():
        parser.error(f"{file} is not there: name a folder that neuro-aolo run wrote")
    summary = Summary.read(file)
    provisioned = summary.ledger.provisioned
    drawn = provisioned.model_copy(
        update={"accounts": {name: provisioned.accounts[name] for name in DEVICES}}
    )
    boundaries = summary.ledger.boundaries.model_copy(update={"provisioned": drawn})
    ledger = summary.ledger.model_copy(update={"boundaries": boundaries})
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(standalone(ledger_plot(summary.model_copy(update={"ledger": ledger}))), encoding="utf-8")
    print(f"written: {FILE}")


if __name__ == "__main__":
    main()
