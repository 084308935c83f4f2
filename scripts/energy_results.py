"""One trained actor over all hardware profiles: joules of a decision, and how far they can be trusted.

For each RUN a table is printed, and written to OUT as Markdown and CSV under its scenario's name: the spiking
actor's energy as low, nominal and high, the dense int8 actor's on the same device, the share of static power,
in which share of the random draws spiking costs less, what no price covers, the weakest evidence used, and
how much of the energy rests on it.
``python scripts/energy_results.py runs/paper runs/mixed runs/speech``
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curves.page import as_csv, made_by, markdown, write
from hardware_profiles.profile import Profile, ProfileError, profile_names
from neuro_aolo.errors import NeuroAoloError, RunError
from neuro_aolo.pricing.bill import LEFT_OUT, Bill, Unfit
from neuro_aolo.pricing.breakeven import Pair
from neuro_aolo.pricing.profiler import Profiler
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.report.footing import independence
from neuro_aolo.runs.cell import file_name
from neuro_aolo.runs.decided import hold_out
from neuro_aolo.runs.deployed import COUNTED_DECISIONS, deploy
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.priced import Pricing, price_run, profiled
from neuro_aolo.runs.run import Run
from neuro_aolo.text.numbers import percent, plain, significant, spread
from neuro_aolo_export.errors import ExportError

OUT = Path("results/energy")
COLUMNS = (
    "device",
    "spiking actor",
    "dense int8 actor",
    "static share",
    "P(spiking < dense int8)",
    "lacks",
    "weakest evidence, and of how much",
    "moved most by",
)
_NOTE = (
    "Energy of one decision, nominal (low – high); half of the random draws of each price lie below its "
    "nominal. The dense actor is the dense twin on the same device; "
    "where that runs no dense network, P is beside the dense actor on `{host}`, and says so. P is the share "
    "of random draws from the ranges of the prices. What a total *lacks* makes it a lower bound: work "
    "without a price and, after the semicolon, what it leaves out altogether. Static power is *inside* where "
    "the whole device was metered or timed. Evidence, from strong to weak: metered, measured, simulated, "
    "derived, projected, recalled, unstated, assumed; the share is that of the nominal energy which rests on "
    "figures of the weakest. Last stands the one figure that moves the energy most, and from what to what if "
    "it alone goes from its low to its high. What a calibration stands for is not listed as lacking."
)


def main() -> None:
    """Price, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of trained spiking actors")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write (default: {OUT})")
    parser.add_argument(
        "--request-rate", type=float, metavar="HZ", help="decisions a second of devices that are always on"
    )
    arguments = parser.parse_args()
    command = shlex.join(["python", *sys.argv])
    written: dict[str, Path] = {}
    try:
        for path in arguments.runs:
            print(report(path, arguments.request_rate, arguments.out, command, written))
    except (NeuroAoloError, ExportError, ProfileError) as error:
        parser.exit(2, f"energy_results: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "energy_results: interrupted\n")


def report(path: Path, rate_hz: float | None, folder: Path, command: str, written: dict[str, Path]) -> str:
    """Write one run's table; the table and where it is, for the terminal.

    Raises:
        RunError: two runs are of scenarios of one name.
    """
    run = Run.open(RunFolder.open(path))
    name = file_name(run.config.scenario)
    if name in written:
        raise RunError(f"{path} and {written[name]} are both of scenario {name!r}: name one run of each")
    written[name] = path
    chip = deploy(hold_out(run))
    profiler = price_run(run, chip, Pricing(profile_names(), rate_hz)).profiler
    rows, counts = priced(profiler), chip.counts
    biases = sum(counts.constant_events)
    told = (
        f"Scenario `{name}`, seed {run.config.seed}: T = {counts.steps}, "
        f"firing rate {percent(counts.firing_rate)}, {sum(counts.synaptic_events):,.0f} synaptic events a "
        f"decision through {sum(counts.synapses):,} synapses ({biases:,.0f} events of biases, billed "
        "where a bias is an axon), in the chip's integers, counted over "
        f"{COUNTED_DECISIONS:,} held-out requests. {_awake(rate_hz)}"
    )
    table = markdown(COLUMNS, [as_text(row) for row in rows])
    host = profiler.conditions.host
    assert host is not None
    found = f"{verdict(rows)} {independence(profiled(profiler, {}))}".strip()
    page = [f"# What a decision costs: {name}", told, table, found, _NOTE.format(host=host.id)]
    texts = {
        f"{name}.md": "\n\n".join([*page, made_by(command)]) + "\n",
        f"{name}.csv": as_csv(rows),
    }
    return plain("\n\n".join([*page[:4], write(folder, texts)]))


def _awake(rate_hz: float | None) -> str:
    if rate_hz is None:
        return "Devices are on for each decision alone, and static power counts for as long as it takes."
    return f"Devices are always on and decide {rate_hz:g} requests a second."


def priced(profiler: Profiler) -> list[dict[str, Any]]:
    """A row per device: what runs the spiking actor, then what runs the dense one alone, then the rest."""
    rows = [
        _row(profile, profiler.spiking[name], profiler.dense[name], profiler.nearest(name))
        for name, profile in profiler.profiles.items()
    ]
    return sorted(rows, key=_order)


def _row(profile: Profile, spiking: Bill | Unfit, dense: Bill | Unfit, pair: Pair | None) -> dict[str, Any]:
    shown = spiking if isinstance(spiking, Bill) else dense if isinstance(dense, Bill) else None
    return {
        "profile": profile.id,
        "device": profile.name,
        **_joules("spiking", spiking),
        **_joules("dense_int8", dense),
        "static_power": _static(shown, profile),
        "static_share": shown.static_share if shown else None,
        "dense_on": pair.dense if pair and not pair.refused else "",
        "p_spiking_below_dense": pair.probability if pair else None,
        "no_ratio": pair.refused if pair else "",
        "unpriced": "; ".join(shown.unpriced) if shown else "",
        "left_out": "; ".join(LEFT_OUT[part] for part in shown.left_out) if shown else "",
        "covered_by_calibration": "; ".join(shown.covered) if shown else "",
        "weakest_evidence": shown.evidence if shown else "",
        "weakest_share": shown.footing.share if shown else None,
        "weakest_figures": "; ".join(shown.footing.figures) if shown else "",
        "moved_most_by": shown.footing.mover if shown else "",
        "moved_from": shown.footing.low if shown else None,
        "moved_to": shown.footing.high if shown else None,
        "spiking_unfit": "" if isinstance(spiking, Bill) else spiking.reason,
        "dense_unfit": "" if isinstance(dense, Bill) else dense.reason,
    }


def _static(bill: Bill | None, profile: Profile) -> str:
    """Where static power is: counted beside the work, inside its price, or nowhere."""
    if bill is None:
        return ""
    if "static" in bill.parts_j:
        return "counted"
    return (
        "left out" if "static_power" in bill.left_out else "inside" if profile.scope == "all_in" else "none"
    )


def _joules(actor: str, bill: Bill | Unfit) -> dict[str, float | None]:
    values = asdict(bill.total_j) if isinstance(bill, Bill) else dict.fromkeys(("low", "nominal", "high"))
    return {f"{actor}_{name}_j": value for name, value in values.items()}


def _order(row: dict[str, Any]) -> tuple[bool, bool, float, str]:
    spiking, dense = row["spiking_nominal_j"], row["dense_int8_nominal_j"]
    return spiking is None, dense is None and spiking is None, spiking or dense or 0.0, row["profile"]


def as_text(row: dict[str, Any]) -> list[str]:
    """Cells of the printed table."""
    counted = row["static_power"] == "counted"
    return [
        f"{row['device']} (`{row['profile']}`)",
        _range(row, "spiking"),
        _range(row, "dense_int8"),
        str(percent(row["static_share"])) if counted else row["static_power"],
        _chance(row),
        _lacks(row),
        _weakest(row),
        _mover(row),
    ]


def _weakest(row: dict[str, Any]) -> str:
    if row["weakest_share"] is None:
        return ""
    return f"{row['weakest_evidence']}, {percent(row['weakest_share'])}"


def _mover(row: dict[str, Any]) -> str:
    if not row["moved_most_by"]:
        return ""
    low, high = significant(row["moved_from"]), significant(row["moved_to"])
    return f"{row['moved_most_by']}, {low} to {high} times"


def _range(row: dict[str, Any], actor: str) -> str:
    low, nominal, high = (row[f"{actor}_{name}_j"] for name in ("low", "nominal", "high"))
    if nominal is not None:
        return str(spread(Range(low, nominal, high), "J"))
    reason: str = row["spiking_unfit" if actor == "spiking" else "dense_unfit"]
    # Why a device runs neither actor is told once.
    return "–" if actor != "spiking" and reason == row["spiking_unfit"] else f"– {reason}"


def _chance(row: dict[str, Any]) -> str:
    if row["no_ratio"]:
        return f"no ratio: {row['no_ratio'].replace(row['profile'], 'it')}"
    if row["p_spiking_below_dense"] is None:
        return ""
    beside = "" if row["dense_on"] == row["profile"] else f" beside `{row['dense_on']}`"
    return f"{percent(row['p_spiking_below_dense'])}{beside}"


def _lacks(row: dict[str, Any]) -> str:
    unpriced = dict.fromkeys(text.split(" (")[0] for text in row["unpriced"].split("; "))
    return "; ".join(filter(None, (", ".join(unpriced), row["left_out"].replace("; ", ", "))))


def verdict(rows: Sequence[dict[str, Any]]) -> str:
    """On how many devices spiking costs less, in words."""
    chances = {
        row["profile"]: row["p_spiking_below_dense"]
        for row in rows
        if row["p_spiking_below_dense"] is not None
    }
    likely = [name for name, chance in chances.items() if chance > 0.5]
    runs = sum(row["spiking_nominal_j"] is not None for row in rows)
    names = f": {', '.join(f'`{name}`' for name in likely)}" if likely else ""
    most = f"; the largest P is {percent(max(chances.values()))}" if chances else ""
    return (
        f"{runs} of {len(rows)} devices run the spiking actor, {len(chances)} of them beside a dense one at "
        f"the same boundary. Spiking is likely to cost less (P above 50 %) on {len(likely)}{names}{most}."
    )


if __name__ == "__main__":
    main()
