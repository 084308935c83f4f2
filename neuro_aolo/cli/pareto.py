"""The command that sets regret against energy: ``neuro-aolo pareto``."""

import csv
import io
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli.terminal import JsonOption, busy, out, say, show
from neuro_aolo.errors import AgentError

if TYPE_CHECKING:
    from neuro_aolo.report.pareto import Point
    from neuro_aolo.runs.analysis import Analysis

_FILES = "pareto.csv", "pareto.svg"


def pareto(
    run_dirs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of spiking actors on one scenario.")
    ],
    profile: Annotated[
        str, typer.Option(metavar="NAME|FILE.toml", help="The device that a decision is priced on.")
    ] = "loihi2",
    out_dir: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where pareto.csv and pareto.svg go.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Regret against the energy of a decision, run by run, and Yan et al.'s condition on the firing rate.

    Runs of several time steps and spike weights, as `train --time-steps T --spike-weight W` makes them.
    """
    from neuro_aolo.files import write_whole
    from neuro_aolo.report.pareto import front_plot, table
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.runs.analysis import Analysis
    from neuro_aolo.runs.folder import RunFolder

    analyses = [Analysis(RunFolder.open(path), profiles=(profile,)) for path in run_dirs]
    first = analyses[0]
    for path, analysis in zip(run_dirs, analyses, strict=True):
        if analysis.config.scenario != first.config.scenario:
            raise AgentError(
                f"{path} was trained on {analysis.config.scenario.name!r}, {run_dirs[0]} on another scenario "
                f"({first.config.scenario.name!r}): name runs of one scenario with the same settings"
            )
    with busy("evaluating, simulating, pricing"):
        points = [_point(path, analysis) for path, analysis in zip(run_dirs, analyses, strict=True)]
    limit = first.task.violation_limit
    points = sorted((replace(one, on_front=_on_front(one, points, limit)) for one in points), key=_energy)
    device = next(iter(first.profiles))
    files = [] if out_dir is None else [out_dir / name for name in _FILES]
    for file, text in zip(files, (_csv(points), front_plot(points, device, limit)), strict=False):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text)

    def in_words() -> None:
        out.print(as_rich(table(points, device)))
        below = [point.run for point in points if point.below_yan]
        say(f"At most 5.7 % at T = 5 (Yan et al. 2026): {', '.join(below) or 'none'}.")
        if files:
            say(f"written: {', '.join(map(str, files))}")

    show({"profile": device, "points": [asdict(point) for point in points]}, as_json, in_words)


def _point(path: Path, analysis: "Analysis") -> "Point":
    from neuro_aolo.agent.popsan import PopSANConfig
    from neuro_aolo.energy.bill import Bill
    from neuro_aolo.report.pareto import Point

    counts, config = analysis.counts, analysis.config
    assert isinstance(config.actor, PopSANConfig)
    bill = next(iter(analysis.profiler.spiking.values()))
    if not isinstance(bill, Bill):
        raise AgentError(f"--profile {bill.profile}: {bill.reason}; choose another, such as loihi2")
    return Point(
        run=str(path),
        seed=config.seed,
        time_steps=counts.steps,
        spike_weight=config.toll.cost_per_uj if config.toll else 0.0,
        regret=analysis.deployed.regret,
        violation_rate=analysis.deployed.violation_rate,
        firing_rate=counts.firing_rate,
        input_spikes=counts.input_spikes - counts.constant_spikes[0],
        synaptic_events=sum(counts.synaptic_events),
        dynamic_j=bill.dynamic_j.nominal,
        low_j=bill.dynamic_j.low,
        high_j=bill.dynamic_j.high,
        total_j=bill.total_j.nominal,
    )


def _on_front(point: "Point", points: "list[Point]", violation_limit: float) -> bool:
    """Whether no run that keeps the constraints is as good in both and better in one."""
    if point.violation_rate > violation_limit:
        return False
    own = point.regret, point.dynamic_j
    rivals = [(one.regret, one.dynamic_j) for one in points if one.violation_rate <= violation_limit]
    return not any(other != own and other[0] <= own[0] and other[1] <= own[1] for other in rivals)


def _energy(point: "Point") -> float:
    return point.dynamic_j


def _csv(points: "list[Point]") -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(asdict(points[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(point) for point in points)
    return stream.getvalue()
