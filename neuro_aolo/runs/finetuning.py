"""A run's actor trained on with the weights of a chip, as a run of its own."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from neuro_aolo.agent.actor_files import DESCRIPTION
from neuro_aolo.agent.checkpoint import save_actor
from neuro_aolo.agent.finetune import FINETUNING, Finetuning, finetune
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.carbon.training import EnergyMeasurement, measure_energy
from neuro_aolo.errors import RunError
from neuro_aolo.interrupt import put_off
from neuro_aolo.runs.files import CONFIG, METRICS
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.run import Run
from neuro_aolo_export.loihi2.quantize import grids, quantize

REQUESTS = FINETUNING.rounds * FINETUNING.num_envs
"""Requests of a fine-tuning where no other number is asked for."""


def check_finetuning(run: Run, out: Path) -> None:
    """Refuse a run that cannot be fine-tuned, and a folder that cannot be made, before anything is trained.

    Raises:
        RunError: the run holds a dense actor or does not say what its training took, or ``out`` exists or
            cannot be written.
    """
    run.spiking_graph()
    _refuse_unwritable(out)
    _measured(run)


def finetune_run(
    run: Run,
    out: Path,
    weight_bits: int | None,
    seed: int,
    steps: int | None,
    on_metrics: Callable[[Metrics], None],
) -> Finetuning:
    """Fine-tune the actor of a run for the chip's bits of a weight, and write it as a run folder.

    Its settings are those of the run; ``actor.json`` says that, and how, it was fine-tuned. The carbon of
    both trainings is on its account. Nothing is written before the training has ended; an interrupt ends it
    early with the best actor so far.

    Raises:
        RunError: the run holds a dense actor or does not say what its training took, or ``out`` exists or
            cannot be written.
    """
    bits = run.weight_bits(weight_bits)
    rounding = grids(quantize(run.spiking_graph(), bits))
    _refuse_unwritable(out)
    # As in the first training: products this small lose more to a second thread than they gain.
    torch.set_num_threads(1)
    config = FINETUNING if steps is None else replace(FINETUNING, total_steps=steps)
    before = _measured(run)
    with measure_energy(before) as energy:
        result = finetune(run.saved, run.task, rounding, seed, config, on_metrics)
        used = energy()
    training = {
        **result.actor.training,
        "energy_kwh": used.energy_kwh,
        "seconds": used.duration_s,
        "measured_by": used.measured_by,
        "finetuned_weight_bits": bits,
        "finetuned_seed": seed,
    }
    with put_off(only_once=result.interrupted), RunFolder.new(out, run.trained, overwrite=False) as folder:
        folder.write_metrics(result.metrics)
        save_actor(folder.path, result.actor.network, result.actor.spec, training, (CONFIG, METRICS))
    return result


def _measured(run: Run) -> EnergyMeasurement:
    """What the training so far took."""
    facts = run.saved.training
    try:
        return EnergyMeasurement(
            float(facts["energy_kwh"]), float(facts["seconds"]), str(facts["measured_by"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{run.folder.path / DESCRIPTION} does not say what its training took "
            f"({type(error).__name__}: {error}): name another run, or train again"
        ) from None


def _refuse_unwritable(out: Path) -> None:
    """Raise RunError where no folder can be made: minutes of training would be lost."""
    RunFolder.refuse_existing(out)
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if out.is_symlink() or not (above.is_dir() and os.access(above, os.W_OK)):
        raise RunError(f"{out} cannot be made a folder: choose a writable place for --out")
