"""Commands that make a scenario's file: ``scenarios fit`` and ``scenarios from-llm``."""

from pathlib import Path
from typing import Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption
from neuro_aolo.cli.output import check_file
from neuro_aolo.cli.terminal import say, show
from neuro_aolo.cli.typed import completes, whole
from neuro_aolo_export.files import disk_fails

OutOption = Annotated[Path, typer.Option("--out", metavar="FILE.toml", help="Scenario file to write.")]
BaseOption = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE.toml", autocompletion=completes(names.scenarios), help="Scenario to put it in."
    ),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace an existing --out.")]


def fit_scenario(
    scores: Annotated[Path, typer.Argument(metavar="SCORES.csv", help="What the scenario's system fits to.")],
    file: OutOption,
    scenario: BaseOption = "paper",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A value of that scenario, as quality.threshold=3; repeated for several.",
        ),
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fit the QoE curve to your own scores and save it as a scenario."""
    from neuro_aolo.runs.settings import assigned, changed_scenario
    from neuro_aolo.systems.names import load, offered

    _check_new(file, overwrite)
    loaded = load(scenario)
    parameters = loaded.scenario
    if set_:
        parameters = changed_scenario(loaded.system, parameters, dict(map(assigned, set_)))
    text, figures, sentence = offered(loaded.system, "fit")(scores, parameters, file.stem)
    _write(file, text)
    show({"file": str(file), **figures}, as_json, lambda: say(f"{file}: {sentence}"))


def scenario_from_llm(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Its name, as in EcoLogits' list.")],
    file: OutOption,
    scenario: Annotated[str, typer.Option(metavar="NAME", help="Shipped scenario to put it in.")] = "paper",
    hardware: Annotated[str, typer.Option(metavar="h100|a100|b200|l4", help="GPUs that serve it.")] = "h100",
    gpus: Annotated[
        int | None, whole(least=1, most=1_000, help="How many; as many as its weights need without.")
    ] = None,
    batch: Annotated[int, whole(least=1, most=512, help="Requests served at once.")] = 64,
    prompt_tokens: Annotated[
        int, whole(least=0, most=1_000_000, help="Of a request, beyond the prompt of a chat.")
    ] = 0,
    parameters: Annotated[
        str | None,
        typer.Option(metavar="TOTAL[:ACTIVE]", help="In billions, for a model that the list lacks."),
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a scenario of a named language model on named GPUs."""
    from neuro_aolo.systems.names import load, offered

    _check_new(file, overwrite)
    made = offered(load(scenario).system, "from_llm")(
        model,
        file.stem,
        scenario,
        hardware,
        gpus,
        batch,
        prompt_tokens,
        parameters,
    )
    _write(file, made.toml)

    def in_text() -> None:
        for label, text in made.rows:
            say(f"{label:<24}{text}")
        say(f"{'file':<24}{file}")

    show({"file": str(file), **made.figures}, as_json, in_text)


def _check_new(file: Path, overwrite: bool) -> None:
    """Refuse a file that would not be found as a scenario, or stands in the way."""
    from neuro_aolo.errors import ScenarioError

    if file.is_dir() or (file.exists() and not overwrite):
        raise ScenarioError(f"{file} exists: choose another --out, or add --overwrite to replace it")
    if file.suffix != ".toml":
        raise ScenarioError(f"--out {file} would not be found as a scenario: give it the ending .toml")
    check_file(file)


def _write(file: Path, text: str) -> None:
    from neuro_aolo.errors import ScenarioError
    from neuro_aolo.files import write_whole

    try:
        write_whole(file, text)
    except OSError as error:
        if disk_fails(error):
            raise
        raise ScenarioError(
            f"{file} cannot be written ({error.strerror}): choose a writable place for --out"
        ) from None
