"""The command that sets regret against energy: ``neuro-aolo pareto``."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, QuietOption
from neuro_aolo.cli.terminal import out, say, show
from neuro_aolo.cli.typed import completes
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.progress import stage

if TYPE_CHECKING:
    from neuro_aolo.report.pareto import Point
    from neuro_aolo.runs.priced import Pricing
    from neuro_aolo.runs.run import Run

_FILES = "pareto.csv", "pareto.svg"


def pareto(
    run_dirs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of spiking actors on one scenario.")
    ],
    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE.toml",
            autocompletion=completes(names.profiles),
            help="The device that a decision is priced on.",
        ),
    ] = "loihi2",
    out_dir: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where pareto.csv and pareto.svg go.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Regret against the energy of a decision, run by run, and Yan et al.'s condition on the firing rate.

    Runs of several time steps and spike weights, as `train --time-steps T --spike-weight W` makes them.
    """
    from neuro_aolo.cli.output import make_folder
    from neuro_aolo.cli.sources import open_run
    from neuro_aolo.files import write_whole
    from neuro_aolo.report.pareto import front_plot, in_order, table
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.runs.priced import Pricing
    from neuro_aolo.text.feasibility import rule
    from neuro_aolo.text.numbers import plain

    runs = [open_run(path) for path in run_dirs]
    first = runs[0]
    for path, run in zip(run_dirs, runs, strict=True):
        if run.config.scenario != first.config.scenario:
            raise AgentError(
                f"{path} was trained on {_scenario(run)!r}, {run_dirs[0]} on another scenario "
                f"({_scenario(first)!r}): name runs of one scenario with the same settings"
            )
    pricing = Pricing((profile,))
    device = _spiking_device(pricing)
    if out_dir is not None:
        make_folder(out_dir)
    with stage("evaluating, simulating, pricing", len(runs), "runs") as advance:
        points = []
        for path, run in zip(run_dirs, runs, strict=True):
            points.append(_point(path, run, pricing))
            advance(len(points), f"last {path}")
    limit = first.task.spec.violation_limit
    points = in_order(sorted((replace(one, on_front=_on_front(one, points)) for one in points), key=_energy))
    files = [] if out_dir is None else [out_dir / name for name in _FILES]
    for file, text in zip(files, (_csv(points), front_plot(points, device)), strict=False):
        write_whole(file, text)

    def in_text() -> None:
        out.print(as_rich(table(points, device)))
        if any(point.feasible is False for point in points):
            say(plain(rule(limit)))
        below = [point.run for point in points if point.below_yan]
        say(f"At most 5.7 % at T = 5 (Yan et al. 2026): {', '.join(below) or 'none'}.")
        if files:
            say(f"written: {', '.join(map(str, files))}")

    show({"profile": device, "points": [point.row() for point in points]}, as_json, in_text)


def _spiking_device(pricing: "Pricing") -> str:
    """The device's id.

    Raises:
        AgentError: it runs no spiking network.
    """
    profile = next(iter(pricing.devices().values()))
    if "snn" not in profile.executes:
        why = f" ({profile.refuses})" if profile.refuses else ""
        raise AgentError(
            f"--profile {profile.id} runs no spiking network{why}: choose another, such as loihi2"
        )
    return profile.id


def _scenario(run: "Run") -> str:
    from neuro_aolo.runs.summarise import scenario_name

    return scenario_name(run.config)


def _point(path: Path, run: "Run", pricing: "Pricing") -> "Point":
    from neuro_aolo.pricing.bill import Bill
    from neuro_aolo.report.pareto import Point
    from neuro_aolo.runs.decided import hold_out
    from neuro_aolo.runs.deployed import deploy, evaluate_on_chip
    from neuro_aolo.runs.priced import price_run

    held_out = hold_out(run)
    chip = deploy(held_out)
    counts, evaluation = chip.counts, evaluate_on_chip(held_out, chip)
    bill = next(iter(price_run(run, chip, pricing).profiler.spiking.values()))
    if not isinstance(bill, Bill):
        raise AgentError(f"--profile {bill.profile}: {bill.reason}; choose another, such as loihi2")
    return Point(
        run=str(path),
        seed=run.config.seed,
        time_steps=counts.steps,
        spike_weight=run.config.spike_weight,
        regret=evaluation.regret,
        violation_rate=evaluation.violation_rate,
        firing_rate=counts.firing_rate,
        input_spikes=counts.input_spikes - counts.constant_spikes[0],
        synaptic_events=sum(counts.synaptic_events),
        dynamic_j=bill.dynamic_j.nominal,
        low_j=bill.dynamic_j.low,
        high_j=bill.dynamic_j.high,
        total_j=bill.total_j.nominal,
        violation_limit=run.task.spec.violation_limit,
    )


def _on_front(point: "Point", points: "list[Point]") -> bool:
    """Whether no run that keeps the constraints is as good in both and better in one."""
    if point.feasible is False:
        return False
    own = point.regret, point.dynamic_j
    rivals = [(one.regret, one.dynamic_j) for one in points if one.feasible is not False]
    return not any(other != own and other[0] <= own[0] and other[1] <= own[1] for other in rivals)


def _energy(point: "Point") -> float:
    return point.dynamic_j


def _csv(points: "list[Point]") -> str:
    from neuro_aolo.text.literal import csv_row

    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(points[0].row()), lineterminator="\n")
    writer.writeheader()
    writer.writerows(csv_row(point.row()) for point in points)
    return stream.getvalue()
