"""The command line: ``neuro-aolo``."""

import sys

import typer

from neuro_aolo.cli.catalogue import doctor, profiles_app, scenarios_app
from neuro_aolo.cli.compare import compare
from neuro_aolo.cli.energy import energy
from neuro_aolo.cli.export import export
from neuro_aolo.cli.finetune import finetune
from neuro_aolo.cli.ledger import ledger
from neuro_aolo.cli.pareto import pareto
from neuro_aolo.cli.report import report
from neuro_aolo.cli.simulate import simulate
from neuro_aolo.cli.terminal import run_app
from neuro_aolo.cli.train import evaluate, run, train

app = typer.Typer(
    name="neuro-aolo",
    help="Train a spiking actor for low-carbon wireless LLM services, run it on Lava, and add its carbon up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(scenarios_app, name="scenarios")
app.add_typer(profiles_app, name="profiles")
for command in (doctor, compare, pareto, finetune, export, simulate, energy, ledger, report):
    app.command()(command)
for command in (run, train, evaluate):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    sys.exit(run_app(app))
