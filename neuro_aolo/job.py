"""The main job: train the actors of a run, then look at them.

Nothing here prints: the command line shows what comes out.
"""

import signal
import threading
from collections.abc import Callable
from dataclasses import replace

import torch

from neuro_aolo.agent.aolo import AoloTask
from neuro_aolo.agent.checkpoint import ActorSpec, save_actor
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.sdrl import Metrics
from neuro_aolo.agent.sdrl import train as train_actor
from neuro_aolo.carbon.training import measure_energy
from neuro_aolo.errors import AgentError
from neuro_aolo.run import RunConfig, RunFolder


def check_device(device: str) -> None:
    """Refuse a device that is not there.

    Raises:
        AgentError: neither ``cpu`` nor an available ``cuda``.
    """
    if device == "cpu" or (device == "cuda" and torch.cuda.is_available()):
        return
    reason = "torch sees no CUDA GPU" if device == "cuda" else "it is neither cpu nor cuda"
    raise AgentError(f"device {device!r} cannot be used, {reason}: choose --device cpu")


def train(folder: RunFolder, config: RunConfig, on_metrics: Callable[[Metrics], None]) -> bool:
    """Train the actor of ``config`` into ``folder``.

    Returns:
        Whether an interrupt from the keyboard ended it early; the best actor so far is saved all the same.
    """
    task = AoloTask(config.scenario)
    spec = ActorSpec(task.observation_names, task.action_names, config.actor)

    def record(row: Metrics) -> None:
        folder.append_metrics(row)
        on_metrics(row)

    # Products this small lose more to a second thread than they gain, and one thread sums alike everywhere.
    torch.set_num_threads(1)
    with measure_energy() as energy:
        result = train_actor(task, spec.build, config.training, config.seed, config.device, record)
        # What was learnt is not lost to an impatient second interrupt while it is being saved.
        restore = _ignore_interrupts()
    training = {
        "requests": result.requests,
        "interrupted": result.interrupted,
        "energy_kwh": energy.energy_kwh,
        "seconds": energy.duration_s,
        "measured_by": energy.measured_by,
    }
    save_actor(folder.path, result.actor, spec, training)
    restore()
    return result.interrupted


def _ignore_interrupts() -> Callable[[], object]:
    """Ignore interrupts from the keyboard until the returned function is called."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    return lambda: signal.signal(signal.SIGINT, previous)


def twin_config(config: RunConfig) -> RunConfig:
    """The same run with the dense actor of the same hidden sizes."""
    return replace(config, actor=MLPConfig(hidden=config.actor.hidden))
