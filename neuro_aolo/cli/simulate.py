"""The command that runs an actor on a backend: ``neuro-aolo simulate``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, QuietOption, takes
from neuro_aolo.cli.output import check_file
from neuro_aolo.cli.sources import FileOptions, SourceArgument, open_run
from neuro_aolo.cli.terminal import out, say, show
from neuro_aolo.cli.typed import completes, several, whole
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.progress import stage

if TYPE_CHECKING:
    from neuro_aolo_export.loihi2.faults import Fault

DECISIONS = 2_048
"""Requests of a run that are decided where no other number is asked for."""


@takes(FileOptions)
def simulate(
    source: SourceArgument,
    options: FileOptions,
    backend: Annotated[
        str | None,
        typer.Option(
            metavar="float|loihi2|lava|onnx",
            autocompletion=completes(names.BACKENDS),
            help="What runs it; if absent loihi2, our integers, and without any option beside Lava.",
        ),
    ] = None,
    decisions: Annotated[
        int | None,
        whole(least=1, most=1_000_000, help="Requests of a RUN to decide; 2,048 if absent."),
    ] = None,
    seed: Annotated[int, whole(help="Seed of the requests, and of faults.")] = 0,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Write input, spikes of every layer and actions.")
    ] = None,
    fault: Annotated[
        str | None,
        typer.Option(
            metavar="KIND=SHARE,...",
            autocompletion=several(names.FAULTS),
            help="weight-noise, lost-spikes, stuck-silent or stuck-firing, of the chip's integers.",
        ),
    ] = None,
    closed_loop: Annotated[
        bool,
        typer.Option(
            "--closed-loop", help="Lava decides one request at a time, in turn with the environment."
        ),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the actor on a backend; spike for spike beside Lava where none is named."""
    from neuro_aolo.runs.simulation import chosen_backend
    from neuro_aolo_export.loihi2.lava import require_lava

    backend = None if backend is None else chosen_backend(backend)
    wrong = _fault(fault, backend)
    if save is not None:
        check_file(save, "--save")
    if closed_loop or backend == "lava":
        require_lava()
    if closed_loop:
        _refuse_beside_closed_loop({"--fault": fault, "--save": save, **options.given})
        _closed_loop(source, backend, decisions or DECISIONS, seed, options.weight_bits, as_json)
        return
    asked = (backend, decisions, save, fault, options.weight_bits, *options.given.values())
    if not (source.is_file() or seed) and not any(value is not None for value in asked):
        _beside_lava(source, as_json)
        return

    from neuro_aolo.cli.deployment_tables import (
        reset_sentence,
        simulated,
        simulation_grid,
        simulation_sentence,
    )
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.runs.network import of_run
    from neuro_aolo.runs.simulation import run

    chosen = chosen_backend("loihi2" if backend is None else backend)
    given = None if options.is_run(source) else options.network(source)
    if given is None:
        open_run(source).spiking_graph()
    with stage(f"simulating on {chosen}"):
        network = given or of_run(open_run(source), decisions or DECISIONS, seed, options.weight_bits)
        simulation = run(network, chosen, wrong, seed)
        summary = simulated(network, simulation) | {"seed": seed, "fault": fault}
        if save is not None:
            simulation.save(save)
            summary["saved"] = str(save)

    def in_text() -> None:
        out.print(as_rich(simulation_grid(summary)))
        say(simulation_sentence(summary))
        if reset := reset_sentence(network.graph.reset, network.reset_assumed):
            say(reset)
        if save is not None:
            say(f"written: {save}")

    show(summary, as_json, in_text)


def _fault(text: str | None, backend: str | None) -> "Fault | None":
    from neuro_aolo_export.loihi2.faults import Fault

    if text is None:
        return None
    if backend not in (None, "loihi2"):
        raise AgentError(f"--fault is of the chip's integers, not of --backend {backend}: leave one out")
    return Fault.parse(text)


def _refuse_beside_closed_loop(others: Mapping[str, object]) -> None:
    for option, value in others.items():
        if value is not None:
            raise AgentError(f"--closed-loop has no {option} {value}: leave one of them out")


def _beside_lava(source: Path, as_json: bool) -> None:
    """The simulation section of a run's report."""
    from neuro_aolo.report.tables import lava_table
    from neuro_aolo.runs.decided import hold_out
    from neuro_aolo.runs.deployed import deploy, deployed_figures
    from neuro_aolo.systems.names import name_of

    opened = open_run(source)
    opened.spiking_graph()
    with stage("simulating beside Lava"):
        held_out = hold_out(opened)
        deployed = deployed_figures(held_out, deploy(held_out), drawn=False)
    show(
        {"deployed": deployed.to_dict()},
        as_json,
        lambda: out.print(lava_table(deployed.lava)),
        name_of(opened.config.system),
    )


def _closed_loop(
    source: Path, backend: str | None, decisions: int, seed: int, weight_bits: int | None, as_json: bool
) -> None:
    from dataclasses import asdict

    from neuro_aolo.cli.deployment_tables import loop_sentence
    from neuro_aolo.runs.network import of_run
    from neuro_aolo.runs.simulation import closed_loop
    from neuro_aolo.systems.names import name_of

    if backend not in (None, "lava"):
        raise AgentError(f"--closed-loop runs on Lava, not on --backend {backend}: leave one out")
    opened = open_run(source)
    with stage("deciding on Lava, one request at a time"):
        loop = closed_loop(of_run(opened, 1, seed, weight_bits), opened.task, decisions, seed)
    spec = opened.task.spec
    show(
        {"source": str(source), "seed": seed, **asdict(loop)},
        as_json,
        lambda: say(loop_sentence(loop, spec)),
        name_of(opened.config.system),
    )
