"""The main job: train the actors of a run, then look at them.

Nothing here prints: the command line shows what comes out.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from neuro_aolo.agent.checkpoint import ActorSpec, save_actor
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.loop import learning_curve
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.agent.train import train_actor
from neuro_aolo.carbon.feedback import charged
from neuro_aolo.carbon.training import NOTHING, EnergyMeasurement, measure_energy
from neuro_aolo.errors import AgentError
from neuro_aolo.interrupt import put_off
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.defaults import CHECKPOINT_EVERY
from neuro_aolo.runs.event_log import event_log
from neuro_aolo.runs.files import CONFIG, EVENTS, METRICS
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.options import TrainingOptions
from neuro_aolo.runs.run import Run
from neuro_aolo.systems.schema import as_written

CHECKPOINT_EVERY_S = 10.0
"""Seconds of a training that are lost at most where it is killed, beside those of a round."""
_ENERGY = "energy"


@dataclass(frozen=True)
class Keeping:
    """What is kept of a training on the way; without effect on its result.

    Attributes:
        checkpoint_every: rounds between two checkpoints to go on from, at most: the next evaluation on the
            validation requests writes one, and before it whatever has taken :data:`CHECKPOINT_EVERY_S`.
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
    with RunFolder.new(Path(out), config, overwrite=overwrite) as folder:
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
    resume = folder.snapshot()
    rows = [] if resume is None else learning_curve(resume)
    before = _energy(folder, resume)
    folder.write_metrics(rows)
    with (
        event_log(folder.path / EVENTS, rows) if keeping.tensorboard else nullcontext() as draw,
        measure_energy(before) as energy,
    ):
        keeper = _Keeper(folder, spec, energy, keeping.checkpoint_every, _rounds(resume))

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
            keeper.keep,
            resume,
            config.toll,
            keeper.is_due,
        )
    # What was learnt is not lost to an impatient second interrupt while it is being saved.
    with put_off(only_once=result.interrupted):
        facts = _facts(result.requests, result.interrupted, energy())
        # A training that goes on writes more rows, and may be killed before it says so.
        beside = (CONFIG,) if result.interrupted else (CONFIG, METRICS)
        save_actor(folder.path, result.actor, spec, facts, beside)
        if not result.interrupted:
            folder.snapshot_file.unlink(missing_ok=True)
    return result.interrupted


@dataclass
class _Keeper:
    """What writes a snapshot and its best actor, once enough rounds or seconds have gone by."""

    folder: RunFolder
    spec: ActorSpec
    energy: Callable[[], EnergyMeasurement]
    checkpoint_every: int
    rounds: int
    at_s: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        """Whether the last one was written too long ago."""
        return time.monotonic() - self.at_s >= CHECKPOINT_EVERY_S

    def keep(self, snapshot: Snapshot) -> None:
        """Write it, unless the last one will do."""
        if snapshot.values["rounds"] - self.rounds < self.checkpoint_every and not self.is_due():
            return
        used = self.energy()
        replace(snapshot, values={**snapshot.values, _ENERGY: asdict(used)}).save(self.folder.snapshot_file)
        if snapshot.values["best"] is not None:
            network = self.spec.build(torch.Generator())
            network.load_state_dict({name: snapshot.tensors[f"best.{name}"] for name in network.state_dict()})
            facts = _facts(snapshot.values["served"], True, used)
            save_actor(self.folder.path, network, self.spec, facts, (CONFIG,))
        self.rounds, self.at_s = snapshot.values["rounds"], time.monotonic()


def _rounds(resume: Snapshot | None) -> int:
    rounds = 0 if resume is None else resume.values.get("rounds")
    if type(rounds) is not int or rounds < 0:
        raise AgentError(f"the training in progress says rounds = {rounds!r}, which is no number: train anew")
    return rounds


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


def _energy(folder: RunFolder, resume: Snapshot | None) -> EnergyMeasurement:
    """What the parts of a training so far used."""
    if resume is not None and _ENERGY in resume.values:
        try:
            return as_written(EnergyMeasurement, resume.values[_ENERGY], _ENERGY)
        except ValueError as error:
            raise AgentError(f"{folder.snapshot_file}: {error}; train anew") from None
    saved = folder.actor()
    if saved is None:
        return NOTHING
    facts = saved.training
    return EnergyMeasurement(facts["energy_kwh"], facts["seconds"], facts["measured_by"])


def twin_config(config: RunConfig) -> RunConfig:
    """The same run with the dense actor beside its own."""
    return replace(config, actor=MLPConfig.beside(config.actor.hidden), toll=None)
