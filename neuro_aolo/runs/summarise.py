"""A run looked at from every side, stage by stage: ``summary.json`` and the files of its emissions."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from neuro_aolo.agent.checkpoint import kind_of
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.train import learner_of
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.carbon.year import year
from neuro_aolo.errors import RunError
from neuro_aolo.runs.assumed import profile_assumptions
from neuro_aolo.runs.baselines import Baselines
from neuro_aolo.runs.book import Book, book_figures
from neuro_aolo.runs.chapters import chapters
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.decided import (
    BestConstant,
    Decisions,
    action_text,
    compare_twin,
    decide,
    decided_figures,
    hold_out,
    measure_rules,
    search_constant,
)
from neuro_aolo.runs.deployed import OnChip, deploy, deployed_figures
from neuro_aolo.runs.emissions import emissions_of
from neuro_aolo.runs.export_record import read_record
from neuro_aolo.runs.files import CONFIG, EXPORTS
from neuro_aolo.runs.presets import actor_of, preset_of
from neuro_aolo.runs.priced import USUAL, Prices, Pricing, price_run, priced_figures, span
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.ledger import LedgerPart, YearFigures, YearOfPolicy
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.summary import AssumptionFigures, ExportFigures, Summary
from neuro_aolo.runs.summary.wording import Wording
from neuro_aolo.runs.traces import factor_facts, trace_facts
from neuro_aolo.runs.versions import installed
from neuro_aolo.systems.describe import describe
from neuro_aolo.systems.names import name_of
from neuro_aolo.systems.scenario_file import find_scenario, read_scenario, scenario_names
from neuro_aolo.systems.system import Figures, Telling
from neuro_aolo.systems.task import Spec
from neuro_aolo_export.graph_file import graph_digest

PACKAGES = ("neuro-aolo", "torch", "norse", "numpy", "lava-nc", "lava-dl", "codecarbon")
"""What a run's figures depend on."""


def summarise(run: Run, pricing: Pricing = USUAL) -> Summary:
    """All stages of a run, and what they come to.

    Raises:
        RunError, AgentError, ExportError: files of the run are missing or wrong.
    """
    held_out = hold_out(run)
    decisions, constant = decide(held_out), search_constant(held_out)
    chip = deploy(held_out) if run.kind == "spiking" else None
    prices = price_run(run, chip, pricing)
    book = Book(decisions, prices)
    baselines = Baselines(book, constant)
    intensity = book.intensity_g_per_kwh
    return Summary(
        version=version("neuro-aolo"),
        run=run_facts(run, intensity),
        wording=wording(run, decisions, constant),
        decided=decided_figures(decisions, constant, measure_rules(held_out)),
        chapters=chapters(decisions),
        twin=compare_twin(held_out),
        deployed=None if chip is None else deployed_figures(held_out, chip),
        priced=priced_figures(prices, intensity),
        ledger=book_figures(book),
        payback=baselines.figures(),
        no_service=baselines.no_service,
        unfit=book.unfit,
        assumptions=assumptions(decisions, prices),
        versions=installed(PACKAGES),
        exports=exports(run, chip),
        timings_s={"training": run.saved.training["seconds"], **run.timings_s},
    )


def ledger_part(run: Run, pricing: Pricing, asked: Sequence[str] | None = None) -> LedgerPart:
    """What the ledger says of a run, and a year of it where the grids are known hour by hour.

    Args:
        run: the run.
        pricing: devices and conditions.
        asked: baselines; the usual ones where None.
    """
    held_out = hold_out(run)
    decisions = decide(held_out)
    needs_constant = asked is None or "constant" in asked
    constant = search_constant(held_out) if needs_constant else None
    chip = deploy(held_out) if run.kind == "spiking" else None
    book = Book(decisions, price_run(run, chip, pricing))
    baselines = Baselines(book, constant, asked)
    return LedgerPart(
        run=run_facts(run, book.intensity_g_per_kwh),
        wording=wording(run, decisions, constant),
        ledger=book_figures(book),
        payback=baselines.figures(),
        no_service=baselines.no_service,
        unfit=book.unfit,
        year=_year(book, baselines) if run.task.hourly and run.task.spec.horizon == 1 else None,
    )


def _year(book: Book, baselines: Baselines) -> YearFigures:
    """A year over the hours of the grids."""
    years = year(baselines.run.task, baselines.policies, book.rate_hz)
    return YearFigures(
        hours=years.hours,
        decisions=years.requests,
        policies={
            name: YearOfPolicy(carbon_kg=policy.carbon_kg, violation_rate=policy.violation_rate)
            for name, policy in years.policies.items()
        },
        intensity_g_per_kwh=dict(years.intensity_g_per_kwh),
        agent_kg={
            name: span(account.per_year_kg(account.agent_mg))
            for name, account in book.accounts["work"].items()
        },
    )


def run_facts(run: Run, intensity_g_per_kwh: float) -> RunFacts:
    """What ran."""
    config, training = run.config, run.saved.training
    return RunFacts(
        system=name_of(config.system),
        scenario=scenario_name(config),
        actor=kind_of(run.saved.spec.config),
        kind=run.kind,
        hidden=tuple(run.saved.spec.config.hidden),
        agent_site=config.agent_site,
        agent_intensity_g_per_kwh=intensity_g_per_kwh,
        agent_carbon=config.deployment.agent_carbon,
        seed=config.seed,
        steps=training["requests"],
        interrupted=training["interrupted"],
        training_kwh=training["energy_kwh"],
        training_measured_by=training["measured_by"],
        traces=trace_facts(config.scenario),
        options=_options(config),
    )


def scenario_name(config: RunConfig) -> str:
    """What the scenario is called; the name of its class where it has none."""
    return str(getattr(config.scenario, "name", type(config.scenario).__name__))


def _options(config: RunConfig) -> dict[str, str]:
    """What was typed about actor, preset, spikes and place, where it was not the default.

    Settings that no option stands for are in the run's own ``config.toml``.
    """
    options: dict[str, str] = {} if _as_preset(config) else {"--config": CONFIG}
    if kind_of(config.actor) != "popsan":
        options["--actor"] = kind_of(config.actor)
    if config.preset != "tuned":
        options["--preset"] = config.preset
    popsan = preset_of(learner_of(config.training), config.preset)[1]
    if isinstance(config.actor, PopSANConfig) and config.actor.steps != popsan.steps:
        options["--time-steps"] = str(config.actor.steps)
    if config.toll is not None and config.spike_weight > 0.0:
        options |= {"--spike-weight": f"{config.spike_weight:g}", "--spike-profile": config.toll.profile}
    return options


def _as_preset(config: RunConfig) -> bool:
    """Whether the training and the shape of the actor are those of the preset, but for what options set."""
    training, popsan = preset_of(learner_of(config.training), config.preset)
    usual = actor_of(kind_of(config.actor), popsan)
    if isinstance(config.actor, PopSANConfig):
        usual = replace(popsan, steps=config.actor.steps)
    return config.actor == usual and config.training == replace(
        training, total_steps=config.training.total_steps
    )


def wording(run: Run, decisions: Decisions, constant: BestConstant | None) -> Wording:
    """How the system speaks of a run."""
    config, task = run.config, run.task
    telling = tell(decisions)
    site = () if config.agent_site == task.spec.sites[-1] else ("--agent-site", config.agent_site)
    return Wording(
        title=telling.title,
        controls=telling.controls or _controls(task.spec, telling.title),
        decision=task.spec.decision,
        optimum=task.spec.optimum,
        exact=decisions.held_out.requests.reference is None,
        cost_unit=task.spec.objectives[0].unit,
        constant="" if constant is None else action_text(task, constant.action.action),
        countries=dict(telling.countries),
        factors=factor_facts(task, telling.countries, decisions.held_out.requests.states),
        traces={} if task.hourly is None else dict(task.hourly.files),
        limits=telling.limits,
        command=(*telling.options, *site),
        shipped=telling.shipped,
        grades=dict(telling.grades),
        sources=telling.sources,
        figures=telling.figures,
        against=telling.against,
        cost=telling.cost,
        merit=f"carbon per {task.spec.regret_unit}" if task.spec.regret_unit else "cost",
        start="episode" if task.spec.horizon > 1 else "",
    )


def _controls(spec: Spec, title: str) -> str:
    """What is decided where the system has no words for it: its actions by name, and the run's title."""
    names = [name.replace("_", " ") for name in spec.action_names]
    actions = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{actions} of each {spec.decision} ({title})"


def tell(decisions: Decisions) -> Telling:
    """What the system says of a run."""
    config = decisions.held_out.run.config
    return config.system.tell(
        Figures(
            config.scenario,
            decisions.terms_mg,
            decisions.figures,
            deployed_as_usual=config.deployment == _usual_deployment(config),
        )
    )


def _usual_deployment(config: RunConfig) -> Deployment:
    """What the scenario's file says of it, where it is a shipped one."""
    name = scenario_name(config)
    if name not in scenario_names():
        return Deployment()
    file = read_scenario(find_scenario(name, Path()))
    return Deployment.of(file.deployment, str(file.path))


def assumptions(decisions: Decisions, prices: Prices) -> tuple[AssumptionFigures, ...]:
    """Every parameter of the scenario and the deployment, and every figure of the devices."""
    config, grade = decisions.held_out.run.config, tell(decisions).grade
    own = tuple(
        AssumptionFigures(
            key=row.key,
            value=row.value,
            unit=row.unit,
            grade=grade(row.source),
            source=row.source,
            range=row.range,
        )
        for row in describe(config.scenario, config.deployment)
    )
    host = prices.conditions.host
    profiles = {**prices.profiles, **({host.id: host} if host else {})}
    return (*own, *(each for profile in profiles.values() for each in profile_assumptions(profile)))


def exports(run: Run, chip: OnChip | None) -> tuple[ExportFigures, ...] | None:
    """How each exported file ran when it was run back; None where nothing was exported.

    Raises:
        RunError: the run's ``exports.json`` is damaged.
    """
    file = run.folder.path / EXPORTS
    if not os.path.lexists(file):
        return None
    try:
        return tuple(
            ExportFigures(file=name, of=of, current=_is_current(run, chip, entry), **check)
            for of, entry in read_record(file).items()
            for name, check in dict(entry["files"]).items()
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise RunError(f"{file} is damaged ({key}: {first['msg']}): remove it, and export again") from None


def _is_current(run: Run, chip: OnChip | None, entry: Mapping[str, Any]) -> bool:
    """Whether an export is of the networks that the run holds now."""
    bits = run.weight_bits() if chip is None else chip.weight_bits
    exported_bits = (entry.get("quantisation") or {}).get("weight_bits", bits)
    graphs = (run.graph, *([run.twin.graph] if run.twin is not None else []))
    return entry.get("graph_sha256") in {graph_digest(graph) for graph in graphs} and exported_bits == bits


def write_summary(run: Run, summary: Summary) -> None:
    """Write ``summary.json``, ``emissions.csv`` and ``emissions_modelled.csv`` of a run."""
    run.folder.write_summary(summary.to_json())
    run.folder.write_emissions(*emissions_of(run, summary))
