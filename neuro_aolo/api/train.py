"""Train an actor: on a scenario, a system of one's own, or a Gymnasium environment."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuro_aolo.api.arguments import places_of
from neuro_aolo.api.errors import check_whole, speaks_python
from neuro_aolo.api.run import Run
from neuro_aolo.api.scenario import Scenario

if TYPE_CHECKING:
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.systems.system import System


@speaks_python
def train(
    scenario: Any = None,
    actor: str | None = None,
    *,
    out: "str | Path",
    seed: int | None = None,
    preference: Sequence[float] | None = None,
    steps: int | None = None,
    preset: str | None = None,
    time_steps: int | None = None,
    spike_weight: float | None = None,
    spike_profile: str | None = None,
    country: Mapping[str, str] | None = None,
    trace: "Mapping[str, str | Path] | None" = None,
    fill: str | None = None,
    longest_gap: int | None = None,
    agent_site: str | None = None,
    device: str | None = None,
    config: "str | Path | None" = None,
    settings: Mapping[str, Any] | None = None,
    twin: bool = False,
    system: "System | None" = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Run:
    """Train an actor into a new run folder.

    Args:
        scenario: a name of :func:`~neuro_aolo.scenarios`, a ``.toml`` file, a
            :class:`~neuro_aolo.Scenario`, what :func:`~neuro_aolo.as_task` gave, or a scenario of ``system``;
            ``paper`` where None.
        actor: ``popsan``, a spiking network (the default), ``mlp``, a dense one, or ``diffusion``, a
            dense one that refines its action in five passes.
        out: the folder.
        seed: of everything drawn at random; 0 where nothing says otherwise.
        preference: weight of each objective in training, as ``(0.8, 0, 0.2)`` of carbon, energy and delay; of
            a scenario with several objectives, whose own are taken where None.
        steps: decisions served in training, rounded up to a batch; the preset's where None.
        preset: ``tuned`` (the default) or ``paper``: settings of the training and shape of the actor.
        time_steps: T of a decision of a spiking actor.
        spike_weight: what a microjoule of spikes counts as in training, in mg of carbon.
        spike_profile: the device whose microjoules these are; ``loihi2`` where None.
        country: ISO 3166-1 alpha-3 codes by site, as ``{"dc": "DEU", "bs": "FRA"}``.
        trace: CSV files of hourly carbon intensity (g/kWh) by site.
        fill: ``hold`` or ``linear`` for hours that a trace lacks; they are refused where None.
        longest_gap: most hours in a row that are filled; 24 where None.
        agent_site: where the agent stands; the last of the system's sites where None.
        device: ``cpu`` (the default) or ``cuda``.
        config: settings in the form of a run's ``config.toml``, the whole of one or a part; the arguments
            beside it override it.
        settings: single settings, as ``{"training.actor_lr": 1e-3}``, which override all others.
        twin: whether the dense twin is trained beside a spiking actor, as ``neuro-aolo run`` does: reports
            compare with it.
        system: what is controlled, where that is no shipped system: a module that offers what
            :class:`~neuro_aolo.systems.system.System` asks for.
        overwrite: whether an earlier run there gives way.
        progress: whether standard error says where the training stands.

    Returns:
        The run.

    Raises:
        NeuroAoloError: an argument is not allowed, or the folder cannot be made.

    Example:
        >>> import neuro_aolo as na
        >>> run = na.train("paper", seed=1, steps=200, out="first", progress=False)
        >>> run.evaluate(requests=500).decisions
        500
    """
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.options import TrainingOptions
    from neuro_aolo.runs.training import twin_config

    check_whole("steps", steps)
    check_whole("time_steps", time_steps)
    options = TrainingOptions(
        scenario=scenario,
        system=system,
        places=places_of(country, trace, fill, longest_gap),
        agent_site=agent_site,
        actor=actor,
        preset=preset,
        seed=seed,
        preference=None if preference is None else tuple(map(float, preference)),
        steps=steps,
        time_steps=time_steps,
        spike_weight=spike_weight,
        spike_profile=spike_profile,
        device=device,
        config_file=config,
        settings=settings or {},
    )
    handed_over = _handed_over(scenario)
    chosen = replace(options, **handed_over).config()
    with RunFolder.new(Path(out), chosen, overwrite=overwrite) as folder:
        _train(folder, progress)
        if twin and kind_of(chosen.actor) == "popsan":
            _train(folder.begin_twin(twin_config(chosen)), progress)
    controlled = system if not handed_over or isinstance(scenario, Scenario) else handed_over["system"]
    return Run(Path(out), controlled)


def _handed_over(scenario: Any) -> dict[str, Any]:
    """System and scenario of an object that carries both; nothing of a name."""
    if isinstance(scenario, Scenario):
        return {
            "system": scenario.system,
            "scenario": scenario.parameters,
            "deployment": scenario.deployment,
        }
    if hasattr(scenario, "system") and hasattr(scenario, "scenario"):
        return {"system": scenario.system, "scenario": scenario.scenario}
    return {}


def _train(folder: "RunFolder", progress: bool) -> None:
    """Train what the folder's settings say; a new folder in which nothing was learnt does not stay behind."""
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.runs.progress import stage, told
    from neuro_aolo.runs.training import train_into

    config = folder.config()
    spec = config.system.task(config.scenario).spec
    total, what = config.training.rounds * config.training.num_envs, f"training the {kind_of(config.actor)}"
    limit = spec.violation_limit
    try:
        with stage(what, total, f"{spec.decision}s") if progress else nullcontext(_say_nothing) as advance:
            train_into(folder, config, lambda row: advance(row.requests, told(row, limit)))
    except Exception:
        if not folder.has_checkpoint:
            folder.remove()
        raise


def _say_nothing(done: int, told: str) -> None:
    """In place of what says where a training stands."""
