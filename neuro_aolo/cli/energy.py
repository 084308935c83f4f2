"""The command that prices a decision on devices: ``neuro-aolo energy``."""

from pathlib import Path
from typing import Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, QuietOption, takes
from neuro_aolo.cli.sources import FileOptions
from neuro_aolo.cli.terminal import out, say, show
from neuro_aolo.cli.typed import completes, real, several
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.progress import stage


@takes(FileOptions)
def energy(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FILE",
            help="Folder that `train` or `run` wrote; or a .nir, .graph or .onnx file, with --input.",
        ),
    ],
    options: FileOptions,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE.toml",
            autocompletion=several(names.profiles),
            help="Only these devices: names or files, separated by commas or the option repeated.",
        ),
    ] = None,
    request_rate_hz: Annotated[
        float | None,
        real(
            "--request-rate",
            metavar="HZ",
            help="Decisions a second of a device that is always on; if absent, it is on for each alone.",
        ),
    ] = None,
    twin: Annotated[
        str,
        typer.Option(
            metavar="mlp-int8|mlp-fp32",
            autocompletion=completes(names.TWINS),
            help="The dense actor beside it; of a dense FILE, the numbers that it is deployed in.",
        ),
    ] = "mlp-int8",
    host: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml|none",
            autocompletion=completes(names.hosts),
            help="What encodes and decodes for a chip that cannot, or `none`; the run's if absent.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which output of an .onnx FILE decides, where it has several."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Joules per decision on each device, the spiking actor beside the MLP.

    A FILE is a network of your own: .nir, .graph, or an .onnx of a dense network, as PyTorch,
    Stable-Baselines3 or skl2onnx write it, which is run beside onnxruntime first.
    """
    from hardware_profiles.profile import profile_names
    from neuro_aolo.report.tables import print_energy
    from neuro_aolo.runs.defaults import OF_DEPLOYMENT
    from neuro_aolo.text.numbers import plain

    named = [name for text in profile or () for name in text.split(",")]
    profiles = tuple(named) or profile_names()
    if options.is_run(source):
        if output is not None:
            raise AgentError(f"--output {output} goes with an .onnx file, and {source} is none: leave it out")
        from neuro_aolo.runs.answers import energy as priced_run

        with stage("deciding in the chip's integers, pricing"):
            answer = priced_run(
                source,
                profiles=profiles,
                request_rate_hz=request_rate_hz,
                twin=twin,
                host=_host(host, OF_DEPLOYMENT),
                weight_bits=options.weight_bits,
            )
        show(
            answer.to_dict(),
            as_json,
            lambda: print_energy(answer.run, answer.priced, out),
            answer.run.system,
        )
        return

    from neuro_aolo.cli.deployment_tables import network_sentences
    from neuro_aolo.report.tables import print_network_energy
    from neuro_aolo.runs.priced_network import price_network
    from neuro_aolo.systems.scenario_file import SYSTEM

    with stage("reading the network, pricing"):
        network = price_network(
            source,
            options.input_file,
            profiles=profiles,
            request_rate_hz=request_rate_hz,
            twin=twin,
            host=_host(host, OF_DEPLOYMENT),
            weight_bits=options.weight_bits,
            output=output,
            steps=options.time_steps,
            dt_s=options.dt_s,
            reset=options.reset,
        )

    def in_text() -> None:
        for sentence in network_sentences(network):
            say(plain(sentence))
        print_network_energy(network.priced, out)

    show(network.to_dict(), as_json, in_text, SYSTEM)


def _host(typed: str | None, absent: str) -> str | None:
    """The host that was typed, None for `none`; ``absent`` where nothing was."""
    return None if (typed or "").lower() == "none" else typed or absent
