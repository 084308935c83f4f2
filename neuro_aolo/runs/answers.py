"""What is asked of a run, on the command line or in Python: answered at once where it was answered before.

Importing this does not import torch: what decides, simulates and prices is imported once it is needed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from neuro_aolo.errors import ScenarioError
from neuro_aolo.runs.defaults import OF_DEPLOYMENT, PROFILES, TWIN_KIND
from neuro_aolo.runs.files import EMITTED, EXPORTS, NETWORK, SUMMARY
from neuro_aolo.runs.kept import Question
from neuro_aolo.runs.lock import locked, tidy
from neuro_aolo.runs.places import Places
from neuro_aolo.runs.summary.asked import EvaluatedRun, PricedRun
from neuro_aolo.runs.summary.ledger import LedgerPart
from neuro_aolo.runs.summary.part import Part
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.systems.system import System

if TYPE_CHECKING:
    from neuro_aolo.runs.config import RunConfig
    from neuro_aolo.runs.run import Run
    from neuro_aolo.systems.names import Loaded

A = TypeVar("A", bound=Part)
NO_PLACES = Places()


def evaluate(
    path: Path,
    *,
    requests: int | None = None,
    scenario: str | None = None,
    places: Places = NO_PLACES,
    system: System | None = None,
) -> EvaluatedRun:
    """Regret against the exact optimum and violations on held-out decisions, there or elsewhere.

    Args:
        path: the run's folder.
        requests: held-out decisions, the usual number where None.
        scenario: another scenario of the same state, by name or file; its own where None.
        places: whose electricity the sites draw.
        system: what is controlled, where that is no shipped system.

    Raises:
        NeuroAoloError: files of the run are missing or wrong, or a setting is not allowed.
    """

    def work(run: "Run") -> EvaluatedRun:
        from neuro_aolo.carbon.deployment import Deployment
        from neuro_aolo.runs.decided import decide, decided_figures, hold_out, measure_rules, search_constant
        from neuro_aolo.runs.run import Run
        from neuro_aolo.runs.summarise import run_facts, scenario_name, wording

        trained = run.config
        service, deployment = trained.scenario, trained.deployment
        if scenario is not None:
            loaded = _shifted(trained, scenario, path)
            service, deployment = loaded.scenario, Deployment.of(loaded.deployment, loaded.where)
        here = Run.open(run.folder, places.put(trained.system, service), deployment)
        held_out = hold_out(here) if requests is None else hold_out(here, requests)
        decisions, constant = decide(held_out), search_constant(held_out)
        return EvaluatedRun(
            run=run_facts(here, here.site_intensity_g_per_kwh(held_out.requests.states)),
            wording=wording(here, decisions, constant),
            decided=decided_figures(decisions, constant, measure_rules(held_out)),
            scenario=scenario_name(here.config),
            trained_in="" if scenario is None else scenario_name(trained),
        )

    settings, files = {"requests": requests, "scenario": _scenario(scenario)}, _of_places(places)
    return _asked(Question(path, "evaluate", settings | files[0], files[1]), EvaluatedRun, work, system)


def energy(
    path: Path,
    *,
    profiles: Sequence[str] | None = None,
    request_rate_hz: float | None = None,
    twin: str = TWIN_KIND,
    host: str | None = OF_DEPLOYMENT,
    weight_bits: int | None = None,
    system: System | None = None,
) -> PricedRun:
    """Joules of a decision on each device, the actor beside the dense one of its size.

    Args:
        path: the run's folder.
        profiles: devices by name or file; all that are shipped where None.
        request_rate_hz: decisions a second of a device that is always on; it is on for each alone where None.
        twin: ``mlp-int8`` or ``mlp-fp32``.
        host: what encodes and decodes for a chip that cannot; none where None.
        weight_bits: of a spiking actor's weights, 4 to 8; those of a fine-tuning, else 8, where None.
        system: what is controlled, where that is no shipped system.

    Raises:
        NeuroAoloError, ProfileError: files of the run are missing or wrong, or a setting is not allowed.
    """
    from hardware_profiles.profile import profile_names

    devices = tuple(profile_names() if profiles is None else profiles)

    def work(run: "Run") -> PricedRun:
        from neuro_aolo.errors import AgentError
        from neuro_aolo.runs.decided import hold_out
        from neuro_aolo.runs.deployed import deploy
        from neuro_aolo.runs.priced import Pricing, check_pricing, price_run, priced_figures
        from neuro_aolo.runs.summarise import run_facts

        if run.kind == "dense" and weight_bits is not None:
            raise AgentError(
                f"--weight-bits {weight_bits} is for a spiking actor, and {path} is a dense one: leave it out"
            )
        pricing = Pricing(devices, request_rate_hz, twin, host)
        check_pricing(run, pricing)
        held_out = hold_out(run)
        chip = deploy(held_out, weight_bits) if run.kind == "spiking" else None
        intensity = run.site_intensity_g_per_kwh(held_out.requests.states)
        prices = price_run(run, chip, pricing)
        return PricedRun(run=run_facts(run, intensity), priced=priced_figures(prices, intensity))

    settings = {
        "profiles": devices,
        "request_rate_hz": request_rate_hz,
        "twin": twin,
        "host": host,
        "weight_bits": weight_bits,
    }
    files = _own_files((*devices, *([host] if host else [])))
    return _asked(Question(path, "energy", settings, files), PricedRun, work, system)


def ledger(
    path: Path,
    *,
    profiles: Sequence[str] = PROFILES,
    request_rate_hz: float | None = None,
    baselines: Sequence[str] | None = None,
    trainings: int | None = None,
    training_country: str | None = None,
    places: Places = NO_PLACES,
    system: System | None = None,
) -> LedgerPart:
    """Carbon of service and agent per decision and year, whether the agent pays, and a year over traces.

    Args:
        path: the run's folder.
        profiles: devices of the agent, by name or file.
        request_rate_hz: decisions a second; the run's where None.
        baselines: what the saving is against; random, constant, mlp and rule, as far as they are there,
            where None.
        trainings: how many there were, those that were thrown away included; the run's where None.
        training_country: where they ran; the run's where None.
        places: whose electricity the sites draw.
        system: what is controlled, where that is no shipped system.

    Raises:
        NeuroAoloError, ProfileError: files of the run are missing or wrong, or a setting is not allowed.
    """

    def work(run: "Run") -> LedgerPart:
        from neuro_aolo.runs.baselines import check_baselines
        from neuro_aolo.runs.priced import Pricing, check_pricing
        from neuro_aolo.runs.run import Run
        from neuro_aolo.runs.summarise import ledger_part

        deployed = run.config.deployment.changed(trainings=trainings, training_country=training_country)
        here = Run.open(run.folder, places.put(run.config.system, run.config.scenario), deployed)
        pricing = Pricing(tuple(profiles), request_rate_hz)
        check_pricing(here, pricing)
        check_baselines(here, baselines or ())
        return ledger_part(here, pricing, baselines)

    placed, traces = _of_places(places)
    settings = {
        "profiles": tuple(profiles),
        "request_rate_hz": request_rate_hz,
        "baselines": None if baselines is None else tuple(baselines),
        "trainings": trainings,
        "training_country": training_country,
    }
    files = (*traces, *_own_files((*profiles, *(baselines or ()))))
    return _asked(Question(path, "ledger", settings | placed, files), LedgerPart, work, system)


def summary(path: Path, *, system: System | None = None) -> Summary:
    """All that is known of a run; writes its ``summary.json``, its emissions' files, and ``actor.net``.

    Args:
        path: the run's folder.
        system: what is controlled, where that is no shipped system.

    Raises:
        NeuroAoloError, ExportError: files of the run are missing or wrong.
    """

    def work(run: "Run") -> Summary:
        from neuro_aolo.runs.export_record import read_record
        from neuro_aolo.runs.summarise import summarise, write_summary

        # The page tells them at the end: what is wrong with them is said first.
        run.folder.metrics()
        read_record(run.folder.path / EXPORTS)
        with locked(path):
            result = summarise(run)
            write_summary(run, result)
        return result

    made = (SUMMARY, *EMITTED, NETWORK)
    return _asked(Question(path, "report", {}), Summary, work, system, made)


def _asked(
    question: Question,
    kind: type[A],
    work: "Callable[[Run], A]",
    system: System | None,
    made: Sequence[str] = (),
) -> A:
    """The answer that is kept, or a new one; of systems whose code is not ours none is kept."""
    tidy(question.run)
    if system is None and (kept := question.answer(kind, made)) is not None:
        return kept
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.run import Run

    key = question.key()
    run = Run.open(RunFolder.open(question.run, system))
    answer = work(run)
    if system is None and not getattr(run.config.system, "RUNS_CODE_OF_OTHERS", False):
        question.keep(answer, key, made)
    return answer


def _scenario(name: str | None) -> Any:
    """What a scenario is: its name where it is shipped, all that its files say otherwise."""
    from neuro_aolo.systems.scenario_file import find_scenario, read_scenario, scenario_names

    if name is None or name in scenario_names():
        return name
    return json.dumps(asdict(read_scenario(find_scenario(name, Path()))), default=str)


def _of_places(places: Places) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Places as settings, and the files of their traces."""
    sites = sorted(places.traces)
    settings = {
        "countries": dict(places.countries),
        "traces": sites,
        "fill": places.fill,
        "longest_gap": places.longest_gap,
    }
    return settings, tuple(places.traces[site] for site in sites)


def _own_files(names: Sequence[str]) -> tuple[Path, ...]:
    """Of devices and baselines those that are files."""
    return tuple(Path(name) for name in names if name.endswith((".toml", ".json")))


def _shifted(trained: "RunConfig", name: str, run_dir: Path) -> "Loaded":
    """Another scenario as the actor of a run meets it: the actor keeps the ranges that it learnt to read.

    Raises:
        ScenarioError: it is of another system, has another state or another action box, or leaves those
            ranges; or actors of the run's system are at home in their own scenario alone.
    """
    from dataclasses import replace

    from neuro_aolo.systems.names import load, name_of

    loaded, own = load(name), name_of(trained.system)
    shift = getattr(trained.system, "shift", None)
    if shift is None:
        raise ScenarioError(
            f"scenario {name!r}: an actor of the system {own}, as that of {run_dir}, is evaluated in its own "
            "scenario alone: leave --scenario out; --country and --trace set another grid, where it has one"
        )
    if loaded.name != own:
        raise ScenarioError(
            f"scenario {name!r} is of the system {loaded.name}, the actor of {run_dir} of "
            f"{own}: choose a scenario of that"
        )
    return replace(loaded, scenario=shift(trained.scenario, loaded.scenario, str(run_dir)))
