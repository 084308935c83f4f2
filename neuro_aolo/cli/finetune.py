"""The command that trains an actor on with a chip's weights: ``neuro-aolo finetune``."""

from pathlib import Path
from typing import Annotated

import typer

from neuro_aolo import interrupt
from neuro_aolo.cli.options import JsonOption, QuietOption
from neuro_aolo.cli.sources import BitsOption, open_run
from neuro_aolo.cli.terminal import say, show, validation
from neuro_aolo.cli.typed import whole
from neuro_aolo.runs.progress import stage, told


def finetune(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `train` or `run` wrote.")],
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="Run folder to make.")],
    weight_bits: BitsOption = None,
    seed: Annotated[int, whole(help="Seed of everything drawn at random.")] = 0,
    steps: Annotated[
        int | None, whole(least=1, help="Requests served, rounded up to a batch; 128,000 if absent.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train the actor on with its weights rounded to the chip's, into a run folder of its own."""
    from neuro_aolo.runs.finetuning import REQUESTS, check_finetuning, finetune_run
    from neuro_aolo.text.feasibility import is_feasible

    opened = open_run(run_dir)
    bits, spec = opened.weight_bits(weight_bits), opened.task.spec
    decisions, limit = f"{spec.decision}s", spec.violation_limit
    check_finetuning(opened, out_dir)
    with stage(f"fine-tuning with weights of {bits} bits", steps or REQUESTS, decisions) as advance:
        result = finetune_run(
            opened, out_dir, bits, seed, steps, lambda row: advance(row.requests, told(row, limit))
        )
    summary = {
        "run": str(out_dir),
        "weight_bits": bits,
        "requests": result.metrics[-1].requests,
        "validation_regret": result.best.regret,
        "validation_violation_rate": result.best.violation_rate,
        "violation_limit": limit,
        "feasible": is_feasible(result.best.violation_rate, limit),
        "interrupted": result.interrupted,
    }
    line = (
        f"{out_dir}: {summary['requests']:,} {decisions}, "
        f"{validation(result.best.regret, result.best.violation_rate, limit)}. "
        f"Next: neuro-aolo export {out_dir}"
    )
    show(summary, as_json, lambda: say(line))
    if result.interrupted:
        raise typer.Exit(interrupt.exit_code())
