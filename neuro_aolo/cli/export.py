"""The command that writes an actor for other tools: ``neuro-aolo export``."""

from pathlib import Path
from typing import Annotated

import typer

from neuro_aolo.cli.options import JsonOption, takes
from neuro_aolo.cli.sources import FileOptions, SourceArgument, open_run
from neuro_aolo.cli.terminal import busy, out, say, show
from neuro_aolo.errors import AgentError


@takes(FileOptions)
def export(
    source: SourceArgument,
    options: FileOptions,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="lava,nir,onnx", help="Formats; all if absent, Lava where installed."),
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where files go; RUN if absent.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the actor for other tools, and run every file back before it counts."""
    from neuro_aolo.cli.deployment_tables import CHECKS_NOTE, checks_grid, quantisation_sentence
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.runs.exports import chosen_formats, export_network, export_run

    formats, left_out = chosen_formats(to)
    with busy("exporting, and running it back"):
        if options.is_run(source):
            opened = open_run(source)
            folder = _folder(source, out_dir)
            exported = export_run(opened, formats, folder, options.weight_bits)
        else:
            network = options.network(source)
            folder = _folder(source, out_dir)
            exported = export_network(network, formats, folder)
    summary = {"folder": str(folder), **exported.summary, "left_out": left_out}

    def in_text() -> None:
        out.print(as_rich(checks_grid(exported.checks, str(folder))))
        say(CHECKS_NOTE)
        if exported.quantisation is not None:
            say(quantisation_sentence(exported.quantisation))
        for reason in left_out:
            say(reason)

    show(summary, as_json, in_text)


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
