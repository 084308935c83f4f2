"""The command that prices a decision on devices: ``neuro-aolo energy``."""

from typing import Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, QuietOption, takes
from neuro_aolo.cli.progress import stage
from neuro_aolo.cli.sources import FileOptions, SourceArgument
from neuro_aolo.cli.terminal import out, show
from neuro_aolo.cli.typed import completes, real, several


@takes(FileOptions)
def energy(
    source: SourceArgument,
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
            help="The dense actor beside it.",
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
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Joules per decision on each device, the spiking actor beside the MLP."""
    from hardware_profiles.profile import load_profile, profile_names
    from neuro_aolo.report.tables import network_energy_table, print_energy
    from neuro_aolo.runs.defaults import OF_DEPLOYMENT

    named = [name for text in profile or () for name in text.split(",")]
    profiles = tuple(named) or profile_names()
    if options.is_run(source):
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

    from dataclasses import replace

    from neuro_aolo.carbon.deployment import Deployment
    from neuro_aolo.cli.deployment_tables import network_energy
    from neuro_aolo.energy.profiler import load_conditions
    from neuro_aolo.systems.scenario_file import SYSTEM

    conditions = load_conditions(_host(host, Deployment().host_profile), request_rate_hz, twin)
    devices = {device.id: device for device in map(load_profile, profiles)}
    network = options.network(source)
    what, priced = network_energy(network, devices, replace(conditions, spiking_bits=network.weight_bits))
    show(
        {**what, "priced": priced.to_dict()}, as_json, lambda: out.print(network_energy_table(priced)), SYSTEM
    )


def _host(typed: str | None, absent: str) -> str | None:
    """The host that was typed, None for `none`; ``absent`` where nothing was."""
    return None if (typed or "").lower() == "none" else typed or absent
