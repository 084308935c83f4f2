"""The command from words to a scenario file: ``neuro-aolo formulate``."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli.options import JsonOption, QuietOption
from neuro_aolo.cli.output import check_file
from neuro_aolo.cli.terminal import PROGRAM, out, say, show
from neuro_aolo.errors import FormulationError
from neuro_aolo.runs.progress import stage
from neuro_aolo_export.files import disk_fails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from neuro_aolo.formulate.echo import Row
    from neuro_aolo.formulate.model import Model
    from neuro_aolo.formulate.pipeline import Formulated

KEY_VARIABLE = "NEURO_AOLO_LLM_KEY"
_MOST_BYTES = 1 << 17
_WIDEST, _NARROWEST = 24, 10


def formulate(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="What is controlled, in words; - reads them from standard input."
        ),
    ],
    file: Annotated[Path, typer.Option("--out", metavar="FILE.toml", help="Scenario file to write.")],
    docs: Annotated[
        Path | None,
        typer.Option(
            "--docs",
            metavar="DIR",
            help="Your .txt and .md files, for figures that the words name and do not give.",
        ),
    ] = None,
    llm: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=f"A model with an OpenAI-compatible interface reads the words; its key in {KEY_VARIABLE}.",
        ),
    ] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model's name there.")] = "default",
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="How long to wait for one answer of the model; 120 by default."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep what the model was asked and said.")
    ] = None,
    transcript: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take the answers that --record kept; nothing is asked."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plain words to a scenario file, each figure with where it comes from; to be read before it is used."""
    from neuro_aolo.carbon.deployment import Deployment
    from neuro_aolo.files import write_whole
    from neuro_aolo.formulate.echo import to_dict
    from neuro_aolo.formulate.pipeline import formulate as formulated_of

    if file.suffix != ".toml":
        raise FormulationError(f"--out {file} would not be found as a scenario: give it the ending .toml")
    _check_new(file, "--out", overwrite)
    description = _described(text)
    asked = _model(llm, model, timeout, record, transcript, overwrite)
    with stage("reading the description, trying actions in the scenario"):
        formulated = formulated_of(
            description, name=file.stem, model=asked, documents=docs, deployment=Deployment
        )
    try:
        write_whole(file, formulated.toml)
    except OSError as error:
        if disk_fails(error):
            raise
        raise FormulationError(
            f"{file} cannot be written ({error.strerror}): choose a writable place for --out"
        ) from None
    show({"file": str(file), **to_dict(formulated)}, as_json, lambda: _in_text(formulated, file))


def _check_new(file: Path, option: str, overwrite: bool) -> None:
    if file.is_dir() or (file.exists() and not overwrite):
        raise FormulationError(f"{file} exists: choose another {option}, or add --overwrite to replace it")
    check_file(file, option)


def _described(text: str) -> str:
    if text != "-":
        return text
    data = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise FormulationError(
            f"standard input holds more than {_MOST_BYTES:,} bytes: shorten the description"
        )
    try:
        return data.decode("utf-8-sig").strip("\n")
    except UnicodeDecodeError:
        raise FormulationError("standard input is not text in UTF-8: save the description as UTF-8") from None


def _model(
    url: str | None,
    name: str,
    timeout_s: float | None,
    record: Path | None,
    transcript: Path | None,
    overwrite: bool,
) -> "Model | None":
    """The model that was asked for; None where the template reads the words."""
    if transcript is not None:
        if url is not None or record is not None or timeout_s is not None:
            raise FormulationError(
                "--transcript asks no model: leave --llm, --record and --timeout out, or leave it out"
            )
        from neuro_aolo.formulate.transcript import Replay

        return Replay(transcript)
    if url is None:
        if record is not None:
            raise FormulationError("--record keeps what a model says, and none is asked: add --llm URL")
        if timeout_s is not None:
            raise FormulationError("--timeout waits for a model, and none is asked: add --llm URL")
        return None
    from neuro_aolo.formulate.endpoint import Endpoint
    from neuro_aolo.formulate.model import MODEL_TIMEOUT_S

    key = os.environ.get(KEY_VARIABLE)
    model: Model = Endpoint(url, name, key, MODEL_TIMEOUT_S if timeout_s is None else timeout_s)
    if record is None:
        return model
    from neuro_aolo.formulate.transcript import Recorded

    _check_new(record, "--record", overwrite)
    return Recorded(model, record)


def _in_text(formulated: "Formulated", file: Path) -> None:
    from neuro_aolo.formulate.echo import rows

    deck = formulated.deck
    say(
        f"{file}: a scenario of {deck.system} that extends {deck.base.scenario.name}; the words were read by "
        f"{formulated.filled_by}"
    )
    every = rows(formulated)
    out.print(_understood([row for row in every if row.origin != "default"]))
    for dropped in formulated.dropped:
        say(f"not taken: {dropped.key or 'no parameter'}, {dropped.written!r}: {dropped.reason}")
    if formulated.missing:
        say(f"left open, and so at the default: {', '.join(formulated.missing)}")
    for warning in formulated.warnings:
        say(f"warning: {warning}")
    say("All other parameters keep the default:")
    out.print(_kept([row for row in every if row.origin == "default"]))
    say(
        f"Read every value. Then: {PROGRAM} scenarios check {file}; "
        f"{PROGRAM} run --scenario {file} --out {file.stem}"
    )


def _understood(rows: "Sequence[Row]") -> "Table":
    """A row a parameter that the words settle; below the value, the words."""
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(
        Column("parameter", no_wrap=True),
        Column("value, as written, where from", ratio=1),
        box=None,
        padding=(0, 2, 0, 0),
    )
    for row in rows:
        written = f"  written {row.written}" if row.written else ""
        value = Text(_with_unit(row))
        table.add_row(row.key, value.append(f"{written}\n{row.origin}: {row.evidence}", style="dim"))
    return table


def _kept(rows: "Sequence[Row]") -> "Table":
    """A line a parameter that nobody spoke of; its source is cut where the terminal ends."""
    from rich.table import Column, Table
    from rich.text import Text

    key = max((len(row.key) for row in rows), default=0)
    value = min(max((len(_with_unit(row)) for row in rows), default=0), _WIDEST)
    table = Table(
        Column("parameter", no_wrap=True, width=key),
        Column("default", width=value),
        Column("source", no_wrap=True, width=max(out.width - key - value - 6, _NARROWEST)),
        box=None,
        padding=(0, 2, 0, 0),
        style="dim",
    )
    for row in rows:
        table.add_row(Text(row.key), Text(_with_unit(row)), Text(row.evidence))
    return table


def _with_unit(row: "Row") -> str:
    return row.value if row.unit == "-" else f"{row.value} {row.unit}"
