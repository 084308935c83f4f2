"""The main job: train the actors of a run, then look at them.

Nothing here prints: the command line shows what comes out.
"""

import signal
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from neuro_aolo.agent.checkpoint import ActorSpec, SavedActor, save_actor
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.sdrl import train_actor
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.carbon.feedback import charged
from neuro_aolo.carbon.training import NOTHING, EnergyMeasurement, measure_energy
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.defaults import CHECKPOINT_EVERY
from neuro_aolo.runs.event_log import event_log
from neuro_aolo.runs.files import EVENTS
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.options import TrainingOptions
from neuro_aolo.runs.run import Run


@dataclass(frozen=True)
class Keeping:
    """What is kept of a training on the way; without effect on its result.

    Attributes:
        checkpoint_every: rounds between two checkpoints to go on from. They are written right after an
            evaluation on the validation requests: at the first one that is as many rounds on.
        tensorboard: whether TensorBoard's event files are written.
    """

    checkpoint_every: int = CHECKPOINT_EVERY
    tensorboard: bool = False


def train(
    out: str | Path,
    options: TrainingOptions | None = None,
    *,
    overwrite: bool = False,
    on_metrics: Callable[[Metrics], None] = lambda row: None,
    keeping: Keeping = Keeping(),
    **chosen: Any,
) -> Run:
    """Train an actor into a new run folder: ``train("demo", scenario="mixed", seed=1)``.

    Args:
        out: the folder.
        options: what is trained, and how.
        overwrite: whether an earlier run there gives way.
        on_metrics: called with every row of the learning curve.
        keeping: what is kept on the way.
        **chosen: single options beside or instead of ``options``, by the names of
            :class:`~neuro_aolo.runs.options.TrainingOptions`; ``system=module, scenario=object`` trains on a
            system that does not come with this package.

    Raises:
        NeuroAoloError: an option is not allowed, or the folder cannot be made. A new folder in which nothing
            was learnt does not stay behind.
    """
    config = replace(options or TrainingOptions(), **chosen).config()
    is_new = not Path(out).exists()
    folder = RunFolder.create(Path(out), config, overwrite=overwrite)
    try:
        train_into(folder, config, on_metrics, keeping)
    except Exception:
        if is_new and not folder.has_checkpoint:
            folder.remove()
        raise
    return Run.open(folder)


def train_into(
    folder: RunFolder,
    config: RunConfig,
    on_metrics: Callable[[Metrics], None],
    keeping: Keeping = Keeping(),
) -> bool:
    """Train the actor of ``config`` into ``folder``, from where an earlier part of the training stopped.

    Returns:
        Whether an interrupt from the keyboard ended it early; the best actor so far is saved all the same,
        and the training in progress stays in the folder.

    Raises:
        AgentError: the training in progress is damaged or of another shape.
    """
    task = config.system.task(config.scenario)
    spec = ActorSpec(task.spec.observation_names, task.spec.action_names, config.actor)
    untrained = spec.build(torch.Generator()).graph()
    task = charged(task, config.deployment, config.agent_site, untrained)
    # Products this small lose more to a second thread than they gain, and one thread sums alike everywhere.
    torch.set_num_threads(1)
    earlier, resume = folder.actor(), folder.snapshot()
    rows = [Metrics(**row) for row in resume.values["metrics"]] if resume else []
    folder.write_metrics(rows)
    with (
        event_log(folder.path / EVENTS, rows) if keeping.tensorboard else nullcontext() as draw,
        measure_energy(_energy(earlier)) as energy,
    ):
        rounds = resume.values["rounds"] if resume else 0
        keep = _keeper(folder, spec, energy, rounds, keeping.checkpoint_every)

        def record(row: Metrics) -> None:
            folder.append_metrics(row)
            if draw:
                draw(row)
            on_metrics(row)

        result = train_actor(
            task,
            partial(_build, spec, config),
            config.training,
            config.seed,
            config.device,
            record,
            keep,
            resume,
            config.toll,
        )
        # What was learnt is not lost to an impatient second interrupt while it is being saved.
        restore = _ignore_interrupts()
    save_actor(folder.path, result.actor, spec, _facts(result.requests, result.interrupted, energy()))
    if not result.interrupted:
        folder.snapshot_file.unlink(missing_ok=True)
    restore()
    return result.interrupted


def _keeper(
    folder: RunFolder,
    spec: ActorSpec,
    energy: Callable[[], EnergyMeasurement],
    rounds: int,
    checkpoint_every: int,
) -> Callable[[Snapshot], None]:
    """What writes a snapshot and its best actor, once enough rounds have gone by since the last."""
    network = spec.build(torch.Generator())

    def keep(snapshot: Snapshot) -> None:
        nonlocal rounds
        if snapshot.values["rounds"] - rounds < checkpoint_every:
            return
        rounds = snapshot.values["rounds"]
        snapshot.save(folder.snapshot_file)
        network.load_state_dict({name: snapshot.tensors[f"best.{name}"] for name in network.state_dict()})
        save_actor(folder.path, network, spec, _facts(snapshot.values["served"], True, energy()))

    return keep


def _build(spec: ActorSpec, config: RunConfig, generator: torch.Generator) -> nn.Module:
    """The untrained actor, compiled where that was asked for; its parameters keep their names."""
    actor = spec.build(generator)
    if config.compiled:
        # One graph for every batch size: which of several is taken would depend on what came before.
        actor.compile(dynamic=True, mode="reduce-overhead" if config.device == "cuda" else "default")
    return actor


def _facts(requests: int, interrupted: bool, energy: EnergyMeasurement) -> dict[str, Any]:
    """How the weights of an actor came about."""
    return {
        "requests": requests,
        "interrupted": interrupted,
        "energy_kwh": energy.energy_kwh,
        "seconds": energy.duration_s,
        "measured_by": energy.measured_by,
    }


def _energy(saved: SavedActor | None) -> EnergyMeasurement:
    """What the parts of a training so far used, as :func:`_facts` told it."""
    if saved is None:
        return NOTHING
    facts = saved.training
    return EnergyMeasurement(facts["energy_kwh"], facts["seconds"], facts["measured_by"])


def _ignore_interrupts() -> Callable[[], object]:
    """Ignore interrupts from the keyboard until the returned function is called."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    return lambda: signal.signal(signal.SIGINT, previous)


def twin_config(config: RunConfig) -> RunConfig:
    """The same run with the dense actor of the same hidden sizes."""
    return replace(config, actor=MLPConfig(hidden=config.actor.hidden), toll=None)
