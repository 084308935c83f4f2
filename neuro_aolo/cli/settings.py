"""What was typed, as settings of a run: checked here, before anything is written."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from neuro_aolo.cli.terminal import placed
from neuro_aolo.errors import AgentError

if TYPE_CHECKING:
    from neuro_aolo.agent.sparsity import SpikeToll
    from neuro_aolo.runs.folder import AgentSite, Preset, RunConfig, RunFolder
    from neuro_aolo.runs.training import Keeping
    from neuro_aolo.systems.aolo.scenario import Scenario

DEMO_COUNTRIES = {"dc": "DEU", "bs": "FRA"}
"""Countries of a run that names neither a scenario nor, for that side, a country or a trace."""

SPIKE_PROFILE = "loihi2"
"""Whose joules spikes cost in training."""


def service(
    name: str | None,
    dc_country: str | None,
    bs_country: str | None,
    dc_trace: Path | None,
    bs_trace: Path | None,
    fill: str | None,
) -> "Scenario":
    """The scenario that was asked for, in the places that were asked for."""
    from neuro_aolo.systems.aolo.scenario import Scenario

    if name is None:
        if dc_country is None and dc_trace is None:
            dc_country = DEMO_COUNTRIES["dc"]
        if bs_country is None and bs_trace is None:
            bs_country = DEMO_COUNTRIES["bs"]
    return placed(Scenario.load(name or "paper"), dc_country, bs_country, dc_trace, bs_trace, fill)


def shifted(trained_in: "Scenario", name: str, run_dir: Path) -> "Scenario":
    """Another scenario as the actor of a run meets it: the actor keeps the ranges that it learnt to read.

    Raises:
        ScenarioError: the other scenario has another state or another action box, or leaves those ranges.
    """
    from neuro_aolo.errors import ScenarioError
    from neuro_aolo.systems.aolo.scenario import Scenario

    other = Scenario.load(name)
    own, others = trained_in.state_names, other.state_names
    if own != others:
        raise ScenarioError(
            f"scenario {other.name!r} has {len(others)} observations ({', '.join(others)}), the actor of "
            f"{run_dir} has {len(own)} ({', '.join(own)}): choose a scenario with the same, or train in it"
        )
    if other.actions != trained_in.actions:
        raise ScenarioError(
            f"scenario {other.name!r} has another action box than the actor of {run_dir} was trained for "
            f"({other.actions}, not {trained_in.actions}): choose one with the same, or train in it"
        )
    ranges = {key: {"observe": list(getattr(trained_in.state, key).observe)} for key in own}
    return other.with_values(state=ranges)


def needed(out_dir: Path | None) -> Path:
    """The folder to train into."""
    if out_dir is None:
        raise AgentError(
            "there is no folder to train into: add --out DIR, or --resume DIR to go on with a run"
        )
    return out_dir


def keeping(checkpoint_every: int, tensorboard: bool) -> "Keeping":
    """What is kept of a training on the way."""
    from neuro_aolo.runs.event_log import check_tensorboard
    from neuro_aolo.runs.training import Keeping

    if tensorboard:
        check_tensorboard()
    return Keeping(checkpoint_every, tensorboard)


_BESIDE_RESUME = ("resume", "checkpoint_every", "tensorboard", "as_json")


def begun(ctx: typer.Context, path: Path) -> "tuple[RunFolder, RunConfig]":
    """A run that was begun, and its settings; options that would change them are refused."""
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.training import check_compiler, check_device

    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name or "")
        if parameter.name not in _BESIDE_RESUME and source is not None and source.name == "COMMANDLINE":
            raise AgentError(
                f"{parameter.opts[0]} cannot be given with --resume: {path} goes on with its own settings; "
                "leave it out"
            )
    folder = RunFolder.begun(path)
    config = folder.config()
    check_device(config.device)
    if config.compiled:
        check_compiler()
    return folder, config


def config(
    service: "Scenario",
    agent_site: str,
    preset: str,
    seed: int,
    steps: int | None,
    device: str,
    actor: str,
    compiled: bool,
    time_steps: int | None = None,
    spike_weight: float = 0.0,
    spike_profile: str = SPIKE_PROFILE,
) -> "RunConfig":
    """The settings of a run."""
    if agent_site not in ("bs", "dc"):
        raise AgentError(f"--agent-site {agent_site!r} is neither bs nor dc: choose one of them")
    if actor not in ("popsan", "mlp"):
        raise AgentError(f"--actor {actor!r} is neither popsan nor mlp: choose one of them")
    if preset not in ("tuned", "paper"):
        raise AgentError(f"--preset {preset!r} is neither tuned nor paper: choose one of them")

    from dataclasses import replace

    import torch

    from neuro_aolo.agent.checkpoint import ActorSpec
    from neuro_aolo.agent.mlp import MLPConfig
    from neuro_aolo.carbon import feedback
    from neuro_aolo.runs.folder import PRESETS, RunConfig
    from neuro_aolo.runs.training import check_compiler, check_device
    from neuro_aolo.systems.aolo.task import AoloTask

    check_device(device)
    if compiled:
        check_compiler()
    name: Preset = preset  # type: ignore[assignment]
    training, popsan = PRESETS[name]
    if steps is not None:
        training = replace(training, total_steps=steps)
    if time_steps is not None:
        if actor != "popsan":
            raise AgentError(f"--time-steps {time_steps} is for a popsan: leave it out for --actor {actor}")
        popsan = replace(popsan, steps=time_steps)
    network = popsan if actor == "popsan" else MLPConfig()
    site: AgentSite = agent_site  # type: ignore[assignment]
    toll = _toll(actor, spike_weight, spike_profile)
    if actor == "popsan":
        toll = feedback.toll(service, site, toll)
    untrained = ActorSpec(service.state_names, AoloTask.action_names, network).build(torch.Generator())
    AoloTask(service, feedback.untrained_overhead(service, site, untrained.graph()))
    return RunConfig(service, network, training, seed, device, site, name, compiled, toll)


def _toll(actor: str, weight: float, profile: str) -> "SpikeToll | None":
    """What spikes cost in training; None where they cost nothing."""
    if weight == 0.0:
        return None
    if not 0.0 < weight < float("inf"):
        raise AgentError(f"--spike-weight {weight:g} is not allowed: give 0, or a finite number above it")
    if actor != "popsan":
        raise AgentError(f"--spike-weight {weight:g} is for a popsan: leave it out for --actor {actor}")

    from hardware_profiles.profile import load_profile
    from neuro_aolo.agent.sparsity import SpikeToll
    from neuro_aolo.energy.profiler import spike_prices_uj

    device = load_profile(profile)
    return SpikeToll(device.id, *spike_prices_uj(device), cost_per_uj=weight)
