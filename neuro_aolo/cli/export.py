"""The command that writes an actor for other tools: ``neuro-aolo export``."""

from pathlib import Path
from typing import Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, QuietOption, takes
from neuro_aolo.cli.output import check_folder, make_folder
from neuro_aolo.cli.sources import FileOptions, SourceArgument, open_run
from neuro_aolo.cli.terminal import out, say, show
from neuro_aolo.cli.typed import several
from neuro_aolo.runs.progress import stage


@takes(FileOptions)
def export(
    source: SourceArgument,
    options: FileOptions,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="lava,nir,onnx",
            autocompletion=several(names.FORMATS),
            help="Formats; all if absent, Lava where installed.",
        ),
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where files go; RUN if absent.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the actor for other tools, and run every file back before it counts."""
    from neuro_aolo.cli.deployment_tables import (
        CHECKS_NOTE,
        NIR_RESET_NOTE,
        checks_grid,
        quantisation_sentence,
        reset_sentence,
    )
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.runs.exports import (
        check_export,
        chosen_formats,
        export_network,
        export_run,
        loadable_formats,
    )

    formats, left_out = chosen_formats(to)
    is_run = options.is_run(source)
    opened = open_run(source) if is_run else None
    network = None if is_run else options.network(source)
    if network is not None:
        formats, not_loadable = loadable_formats(network, formats, asked=to is not None)
        left_out += not_loadable
    folder = out_dir or (source if is_run else source.parent)
    if out_dir is not None:
        make_folder(folder)
    check_folder(folder)
    check_export(opened, formats, folder)
    with stage("exporting, and running every file back"):
        if opened is not None:
            exported = export_run(opened, formats, folder, options.weight_bits)
        elif network is not None:
            exported = export_network(network, formats, folder)
    summary = {"folder": str(folder), **exported.summary, "left_out": left_out}

    def in_text() -> None:
        out.print(as_rich(checks_grid(exported.checks, str(folder))))
        say(CHECKS_NOTE)
        if exported.quantisation is not None:
            say(quantisation_sentence(exported.quantisation))
        if network is not None:
            if reset := reset_sentence(network.graph.reset, network.reset_assumed):
                say(reset)
            if network.graph.reset != "zero" and "nir" in formats:
                say(NIR_RESET_NOTE)
        for reason in left_out:
            say(reason)

    show(summary, as_json, in_text)
