"""The commands that take a trained actor, or a network file of one's own, to the chip and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli.terminal import EXIT_INTERRUPTED, JsonOption, busy, out, progress_bar, say, show
from neuro_aolo.errors import AgentError

if TYPE_CHECKING:
    from neuro_aolo.runs.analysis import Analysis
    from neuro_aolo.runs.network import Network
    from neuro_aolo_export.loihi2.faults import Fault

SourceArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|FILE", help="Folder that `train` or `run` wrote; or a .nir or .graph file, with --input."
    ),
]
InputOption = Annotated[
    Path | None,
    typer.Option(
        "--input", metavar="FILE.npz", help="Input spikes of a FILE: `input`, (decisions, steps, channels)."
    ),
]
TimeStepsOption = Annotated[
    int | None,
    typer.Option("--time-steps", min=1, max=10_000, help="Time steps of a decision, where FILE tells none."),
]
DtOption = Annotated[
    float | None, typer.Option("--dt", metavar="SECONDS", help="Time step of a .nir FILE that tells none.")
]
BitsOption = Annotated[
    int | None,
    typer.Option(
        "--weight-bits", min=4, max=8, help="Bits of a weight; if absent those of a fine-tuning, else 8."
    ),
]

DECISIONS = 2_048
"""Requests of a run that are decided where no other number is asked for."""


def export(
    source: SourceArgument,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="lava,nir,onnx", help="Formats; all if absent, Lava where installed."),
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where files go; RUN if absent.")
    ] = None,
    input_file: InputOption = None,
    time_steps: TimeStepsOption = None,
    dt_s: DtOption = None,
    weight_bits: BitsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the actor for other tools, and run every file back before it counts."""
    from neuro_aolo.cli.deployment_tables import CHECKS_NOTE, checks_grid, quantisation_sentence
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.runs.exports import chosen_formats, export_network, export_run

    formats, left_out = chosen_formats(to)
    with busy("exporting, and running it back"):
        if _is_run(source, input_file, time_steps, dt_s):
            analysis = _run(source, weight_bits=weight_bits)
            folder = _folder(source, out_dir)
            exported = export_run(analysis, formats, folder)
        else:
            network = _file(source, input_file, time_steps, dt_s, weight_bits)
            folder = _folder(source, out_dir)
            exported = export_network(network, formats, folder)
    summary = {"folder": str(folder), **exported.summary, "left_out": left_out}

    def in_words() -> None:
        out.print(as_rich(checks_grid(exported.checks, str(folder))))
        say(CHECKS_NOTE)
        if exported.quantisation is not None:
            say(quantisation_sentence(exported.quantisation))
        for reason in left_out:
            say(reason)

    show(summary, as_json, in_words)


def simulate(
    source: SourceArgument,
    backend: Annotated[
        str | None,
        typer.Option(
            metavar="float|loihi2|lava|onnx",
            help="What runs it; if absent loihi2, our integers, and without any option beside Lava.",
        ),
    ] = None,
    decisions: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="Requests of a RUN to decide; 2,048 if absent."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the requests, and of faults.")] = 0,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Write input, spikes of every layer and actions.")
    ] = None,
    fault: Annotated[
        str | None,
        typer.Option(
            metavar="KIND=SHARE,...",
            help="weight-noise, lost-spikes, stuck-silent or stuck-firing, of the chip's integers.",
        ),
    ] = None,
    closed_loop: Annotated[
        bool, typer.Option("--closed-loop", help="Lava decides one request at a time, in turn with AOLO-v0.")
    ] = False,
    input_file: InputOption = None,
    time_steps: TimeStepsOption = None,
    dt_s: DtOption = None,
    weight_bits: BitsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the actor on a backend; spike for spike beside Lava where none is named."""
    wrong = _fault(fault, backend)
    if closed_loop:
        _refuse_beside_closed_loop(fault, save, input_file, time_steps, dt_s)
        _closed_loop(source, backend, decisions or DECISIONS, seed, weight_bits, as_json)
        return
    asked = (backend, decisions, save, fault, input_file, time_steps, dt_s, weight_bits)
    if not (source.is_file() or seed) and all(value is None for value in asked):
        _beside_lava(source, as_json)
        return

    from neuro_aolo.cli.deployment_tables import simulation_grid, simulation_sentence, simulation_summary
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.runs.network import of_run
    from neuro_aolo.runs.simulation import chosen_backend, run

    chosen = chosen_backend("loihi2" if backend is None else backend)
    with busy(f"simulating on {chosen}"):
        if _is_run(source, input_file, time_steps, dt_s):
            network = of_run(_run(source, weight_bits=weight_bits), decisions or DECISIONS, seed)
        else:
            network = _file(source, input_file, time_steps, dt_s, weight_bits)
        simulation = run(network, chosen, wrong, seed)
        summary = simulation_summary(network, simulation) | {"seed": seed, "fault": fault}
        if save is not None:
            simulation.save(save)
            summary["saved"] = str(save)

    def in_words() -> None:
        out.print(as_rich(simulation_grid(summary)))
        say(simulation_sentence(summary))
        if save is not None:
            say(f"written: {save}")

    show(summary, as_json, in_words)


def finetune(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `train` or `run` wrote.")],
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="Run folder to make.")],
    weight_bits: BitsOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything drawn at random.")] = 0,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Requests served, rounded up to a batch; 128,000 if absent.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train the actor on with its weights rounded to the chip's, into a run folder of its own."""
    from neuro_aolo.runs.finetuning import REQUESTS, finetune_run

    analysis = _run(run_dir, weight_bits=weight_bits)
    bits = analysis.weight_bits
    with progress_bar(f"fine-tuning with weights of {bits} bits", steps or REQUESTS) as advance:
        result = finetune_run(analysis, out_dir, seed, steps, advance)
    summary = {
        "run": str(out_dir),
        "weight_bits": bits,
        "requests": result.metrics[-1].requests,
        "validation_regret": result.best.regret,
        "validation_violation_rate": result.best.violation_rate,
        "interrupted": result.interrupted,
    }
    line = (
        f"{out_dir}: {summary['requests']:,} requests, validation regret {result.best.regret:.2%}, "
        f"violations {result.best.violation_rate:.2%}. "
        f"Next: neuro-aolo export {out_dir}"
    )
    show(summary, as_json, lambda: say(line))
    if result.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)


def energy(
    source: SourceArgument,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE.toml",
            help="Only these devices: names or files, separated by commas or the option repeated.",
        ),
    ] = None,
    request_rate_hz: Annotated[
        float | None,
        typer.Option(
            "--request-rate",
            metavar="HZ",
            help="Decisions a second of a device that is always on; if absent, it is on for each alone.",
        ),
    ] = None,
    twin: Annotated[
        str, typer.Option(metavar="mlp-int8|mlp-fp32", help="The dense actor beside it.")
    ] = "mlp-int8",
    host: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml|none",
            help="What encodes and decodes for a chip that cannot, or `none`; the scenario's if absent.",
        ),
    ] = None,
    input_file: InputOption = None,
    time_steps: TimeStepsOption = None,
    dt_s: DtOption = None,
    weight_bits: BitsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Joules per decision on each device, the spiking actor beside the MLP."""
    from hardware_profiles.profile import load_profile, profile_names
    from neuro_aolo.report.tables import network_energy_table, print_energy

    named = [name for text in profile or () for name in text.split(",")]
    profiles = tuple(named) or profile_names()
    if _is_run(source, input_file, time_steps, dt_s):
        from neuro_aolo.runs.analysis import OF_SCENARIO, Analysis
        from neuro_aolo.runs.folder import RunFolder
        from neuro_aolo.runs.summary import energy_summary

        summary = energy_summary(
            Analysis(
                RunFolder.open(source),
                profiles=profiles,
                weight_bits=weight_bits,
                request_rate_hz=request_rate_hz,
                twin=twin,
                host=_host(host, OF_SCENARIO),
            )
        )
        show(summary, as_json, lambda: print_energy(summary, out))
        return

    from dataclasses import replace

    from neuro_aolo.cli.deployment_tables import energy_summary as network_summary
    from neuro_aolo.energy.profiler import load_conditions
    from neuro_aolo.systems.aolo.parameters import Deployment

    conditions = load_conditions(_host(host, Deployment().host_profile), request_rate_hz, twin)
    network = _file(source, input_file, time_steps, dt_s, weight_bits)
    devices = {found.id: found for found in map(load_profile, profiles)}
    told = network_summary(network, devices, replace(conditions, spiking_bits=network.weight_bits))
    show(told, as_json, lambda: out.print(network_energy_table(told)))


def _host(typed: str | None, absent: str) -> str | None:
    """The host that was typed, None for `none`; ``absent`` where nothing was."""
    return None if typed == "none" else typed or absent


def _folder(source: Path, out_dir: Path | None) -> Path:
    folder = out_dir or (source if source.is_dir() else source.parent)
    if out_dir is not None and not out_dir.is_dir():
        if out_dir.exists():
            raise AgentError(f"--out {out_dir} is a file: give a folder for the exported files")
        try:
            out_dir.mkdir(parents=True)
        except OSError as error:
            raise AgentError(
                f"--out {out_dir} cannot be made ({error.strerror}): give a folder in a writable place"
            ) from None
    return folder


def _fault(text: str | None, backend: str | None) -> "Fault | None":
    from neuro_aolo_export.loihi2.faults import Fault

    if text is None:
        return None
    if backend not in (None, "loihi2"):
        raise AgentError(f"--fault is of the chip's integers, not of --backend {backend}: leave one out")
    return Fault.parse(text)


def _is_run(source: Path, input_file: Path | None, time_steps: int | None, dt_s: float | None) -> bool:
    """Whether ``source`` is a run folder; a network file otherwise."""
    if not source.exists():
        raise AgentError(
            f"{source} is not a folder, nor a file: name a folder that `neuro-aolo train` or `run` wrote, "
            "or a .nir or .graph file"
        )
    if not source.is_dir():
        return False
    for option, value in (("--input", input_file), ("--time-steps", time_steps), ("--dt", dt_s)):
        if value is not None:
            raise AgentError(
                f"{option} {value} goes with a network file, and {source} is none: leave it out for a run, "
                "which has its own requests"
            )
    return True


def _run(source: Path, weight_bits: int | None = None) -> "Analysis":
    from neuro_aolo.runs.analysis import Analysis
    from neuro_aolo.runs.folder import RunFolder

    return Analysis(RunFolder.open(source), weight_bits=weight_bits)


def _file(
    source: Path, input_file: Path | None, time_steps: int | None, dt_s: float | None, weight_bits: int | None
) -> "Network":
    from neuro_aolo.runs.network import of_file

    return of_file(source, input_file, time_steps, dt_s, weight_bits)


def _refuse_beside_closed_loop(
    fault: str | None, save: Path | None, input_file: Path | None, time_steps: int | None, dt_s: float | None
) -> None:
    others = {
        "--fault": fault,
        "--save": save,
        "--input": input_file,
        "--time-steps": time_steps,
        "--dt": dt_s,
    }
    for option, value in others.items():
        if value is not None:
            raise AgentError(f"--closed-loop has no {option} {value}: leave one of them out")


def _beside_lava(source: Path, as_json: bool) -> None:
    """The simulation section of a run's report."""
    from neuro_aolo.report.tables import lava_table
    from neuro_aolo.runs.summary import simulation_summary

    summary = simulation_summary(_run(source))
    show(summary, as_json, lambda: out.print(lava_table(summary)))


def _closed_loop(
    source: Path, backend: str | None, decisions: int, seed: int, weight_bits: int | None, as_json: bool
) -> None:
    from dataclasses import asdict

    from neuro_aolo.cli.deployment_tables import loop_sentence
    from neuro_aolo.runs.network import of_run
    from neuro_aolo.runs.simulation import closed_loop

    if backend not in (None, "lava"):
        raise AgentError(f"--closed-loop runs on Lava, not on --backend {backend}: leave one out")
    analysis = _run(source, weight_bits=weight_bits)
    with busy("deciding on Lava, one request at a time"):
        loop = closed_loop(of_run(analysis, 1, seed), analysis.config.scenario, decisions, seed)
    show({"source": str(source), "seed": seed, **asdict(loop)}, as_json, lambda: say(loop_sentence(loop)))
