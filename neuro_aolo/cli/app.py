"""The command line: ``neuro-aolo``."""

import sys
from typing import Annotated

import typer

from neuro_aolo import interrupt
from neuro_aolo.cli.catalogue import profiles_app, scenarios_app
from neuro_aolo.cli.compare import compare
from neuro_aolo.cli.doctor import doctor
from neuro_aolo.cli.energy import energy
from neuro_aolo.cli.export import export
from neuro_aolo.cli.finetune import finetune
from neuro_aolo.cli.formulate import formulate
from neuro_aolo.cli.help import Sections, examples
from neuro_aolo.cli.ledger import ledger
from neuro_aolo.cli.options import QuietOption
from neuro_aolo.cli.pareto import pareto
from neuro_aolo.cli.report import report
from neuro_aolo.cli.simulate import simulate
from neuro_aolo.cli.terminal import EXIT_BAD_INPUT, run_app
from neuro_aolo.cli.train import evaluate, run, train
from neuro_aolo.cli.version import version_line
from neuro_aolo_export.files import clear_leftovers

LEARN, DEPLOY, STUDY, LOOK_UP = "Train and judge", "Export, price, report", "Go further", "Look up"

app = typer.Typer(
    name="neuro-aolo",
    cls=Sections,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS = (
    (
        run,
        LEARN,
        "neuro-aolo run --out demo",
        "neuro-aolo run --scenario mixed --steps 1e5 --seed 3 --out demo",
    ),
    (train, LEARN, "neuro-aolo train --actor mlp --out demo-mlp", "neuro-aolo train --resume demo-mlp"),
    (evaluate, LEARN, "neuro-aolo evaluate demo", "neuro-aolo evaluate demo --country dc=POL"),
    (compare, LEARN, "neuro-aolo compare --scenario mixed --learners spiking,mlp,random --seeds 3"),
    (export, DEPLOY, "neuro-aolo export demo --to nir,onnx"),
    (
        simulate,
        DEPLOY,
        "neuro-aolo simulate demo --backend onnx",
        "neuro-aolo simulate demo --fault lost-spikes=0.01",
    ),
    (
        energy,
        DEPLOY,
        "neuro-aolo energy demo --profile loihi2,h100 --request-rate 10",
        "neuro-aolo energy net.onnx --input inputs.npz --profile mcu_m33_u575",
    ),
    (ledger, DEPLOY, "neuro-aolo ledger demo --baseline constant --format markdown"),
    (report, DEPLOY, "neuro-aolo report demo", "neuro-aolo report demo demo-mlp --out both.html"),
    (
        formulate,
        STUDY,
        'neuro-aolo formulate "A chatbot on 8 GPUs in Sweden" --out mine.toml',
        "neuro-aolo formulate - --docs sheets --out mine.toml --overwrite",
    ),
    (finetune, STUDY, "neuro-aolo finetune demo --weight-bits 4 --out demo-4bit"),
    (pareto, STUDY, "neuro-aolo pareto demo demo-4bit --profile loihi2 --out front"),
)
"""Commands in the order of the work, the section of each, and what is typed."""

for command, section, *typed in COMMANDS:
    app.command(rich_help_panel=section, epilog=examples(*typed))(command)
app.add_typer(scenarios_app, name="scenarios", rich_help_panel=LOOK_UP)
app.add_typer(profiles_app, name="profiles", rich_help_panel=LOOK_UP)
app.command(rich_help_panel=LOOK_UP, epilog=examples("neuro-aolo doctor"))(doctor)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(version_line())
        raise typer.Exit


@app.callback(epilog=examples("neuro-aolo run --out demo", "neuro-aolo COMMAND --help"))
def neuro_aolo(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Train a spiking actor for low-carbon networked AI, export it, and add its carbon up."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(EXIT_BAD_INPUT)
    if not set(ctx.help_option_names) & set(sys.argv):
        # A compiled module turns an exception in its start into another: until then a signal ends it all.
        import numpy  # noqa: F401
    interrupt.raises()


def main() -> None:
    """Run the command line."""
    clear_leftovers()
    code = run_app(app)
    interrupt.over()
    sys.exit(code)
