"""What a run's ``summary.json`` holds, part by part, as plain data.

Each part is also what one command says: ``evaluate``, ``simulate``, ``energy``.
"""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from neuro_aolo.agent.checkpoint import kind_of
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.carbon.feedback import toll
from neuro_aolo.carbon.ledger import SERVICE, carbon_mg
from neuro_aolo.energy.bill import LEFT_OUT, Bill, Unfit
from neuro_aolo.energy.breakeven import by_layer, published
from neuro_aolo.energy.profiler import Profiler
from neuro_aolo.runs.analysis import Analysis
from neuro_aolo.runs.baselines import Baselines
from neuro_aolo.runs.book import Accounts
from neuro_aolo.runs.folder import PRESETS, RunConfig
from neuro_aolo.runs.pictures import picture_summary

_ROUNDING = 1e-9


def evaluation_summary(analysis: Analysis) -> dict[str, Any]:
    """What ``neuro-aolo evaluate`` says."""
    constant = analysis.held_out.evaluate(analysis.constant.policy())
    words, power_w = analysis.task.physical(analysis.constant.action)
    scenario = analysis.config.scenario
    return {
        "actor": kind_of(analysis.saved.spec.config),
        "regret": analysis.evaluation.regret,
        "violation_rate": analysis.evaluation.violation_rate,
        "requests_evaluated": analysis.evaluation.requests,
        "service_mg_per_request": sum(analysis.service_terms_mg.values()),
        "oracle_mg_per_request": float(analysis.held_out.scale.mean()),
        "agent_carbon": scenario.deployment.agent_carbon,
        "deciding_mg_per_request": analysis.deciding_mg,
        "constant_regret": constant.regret,
        "constant_violation_rate": constant.violation_rate,
        "constant_action": {"words": words, "power_w": power_w},
        "scenario": scenario.name,
        "scenario_shipped": analysis.scenario_is_shipped,
        "dc_country": scenario.dc_country,
        "bs_country": scenario.bs_country,
        "traces": analysis.trace_sources,
        "seed": analysis.config.seed,
        "steps": analysis.saved.training["requests"],
        "options": _options(analysis.config),
        "interrupted": analysis.saved.training["interrupted"],
    }


def _options(config: RunConfig) -> dict[str, str]:
    """What was typed about preset and spikes, where it was not the default."""
    found: dict[str, str] = {"--preset": config.preset} if config.preset != "tuned" else {}
    popsan = PRESETS[config.preset][1]
    if isinstance(config.actor, PopSANConfig) and config.actor.steps != popsan.steps:
        found["--time-steps"] = str(config.actor.steps)
    if config.toll is not None and (weight := _spike_weight(config.toll, config)) > 0.0:
        found |= {"--spike-weight": f"{weight:g}", "--spike-profile": config.toll.profile}
    return found


def _spike_weight(paid: SpikeToll, config: RunConfig) -> float:
    """The part of a toll that was typed: without the carbon of the spikes, where the scenario counts it."""
    counted = toll(config.scenario, config.agent_site)
    weight = paid.cost_per_uj - (counted.cost_per_uj if counted else 0.0)
    return weight if weight > _ROUNDING * paid.cost_per_uj else 0.0


def simulation_summary(analysis: Analysis) -> dict[str, Any]:
    """What ``neuro-aolo simulate`` says."""
    quantisation = [
        {"name": layer["name"], **asdict(report)}
        for layer, report in zip(analysis.layers[1:], analysis.quantized.report, strict=True)
    ]
    return {
        "deployed": {
            "regret": analysis.deployed.regret,
            "violation_rate": analysis.deployed.violation_rate,
        },
        "firing_rate": analysis.counts.firing_rate,
        "time_steps": analysis.quantized.steps,
        "layers": analysis.layers,
        "quantisation": quantisation,
        "lava": analysis.lava,
    }


def energy_summary(analysis: Analysis) -> dict[str, Any]:
    """What ``neuro-aolo energy`` says."""
    return {
        "agent_site": analysis.config.agent_site,
        "agent_intensity_g_per_kwh": analysis.site_intensity_g_per_kwh,
        "firing_rate": analysis.counts.firing_rate,
        **profile_summary(analysis.profiler),
        "agent_mg_per_request": {
            name: asdict(carbon_mg(bill.total_j, analysis.site_intensity_g_per_kwh))
            for name, bill in analysis.profiler.spiking.items()
            if isinstance(bill, Bill)
        },
        "training_kwh": analysis.saved.training["energy_kwh"],
        "training_measured_by": analysis.saved.training["measured_by"],
    }


def ledger_summary(analysis: Analysis) -> dict[str, Any]:
    """What ``neuro-aolo ledger`` says."""
    accounts = Accounts(analysis)
    baselines = Baselines(accounts)
    return {
        "ledger": accounts.summary(),
        "payback": baselines.summary(),
        "no_service": baselines.no_service,
    }


def full_summary(analysis: Analysis) -> dict[str, Any]:
    """All of it: what ``summary.json`` holds."""
    parts: list[Mapping[str, Any]] = [
        {"version": version("neuro-aolo")},
        evaluation_summary(analysis),
        {"mlp": _twin(analysis), "service_terms_mg": _by_name(analysis.service_terms_mg)},
        simulation_summary(analysis),
        energy_summary(analysis),
        ledger_summary(analysis),
        picture_summary(analysis),
        {"timings_s": {"training": analysis.saved.training["seconds"], **analysis.timings_s}},
    ]
    return {key: value for part in parts for key, value in part.items()}


def _by_name(terms_mg: Mapping[str, float]) -> dict[str, float]:
    return {SERVICE[key].name: mg for key, mg in terms_mg.items()}


def _twin(analysis: Analysis) -> dict[str, Any] | None:
    if analysis.twin is None:
        return None
    result, saved = analysis.twin
    return {
        "regret": result.regret,
        "violation_rate": result.violation_rate,
        "steps": saved.training["requests"],
        "interrupted": saved.training["interrupted"],
    }


def profile_summary(profiler: Profiler) -> dict[str, Any]:
    """What a profiler found, as plain data."""
    counts, conditions = profiler.spiking_counts, profiler.conditions
    bills = {
        name: {"snn": profiler.spiking.get(name), "mlp": profiler.dense.get(name)}
        for name in profiler.profiles
    }
    return {
        "energy_j": {
            name: {
                actor: asdict(bill.total_j) if isinstance(bill, Bill) else None
                for actor, bill in pair.items()
            }
            for name, pair in bills.items()
        },
        "bills": {
            name: {
                "device": profiler.profiles[name].name,
                **{actor: bill_summary(bill) for actor, bill in pair.items()},
                "unfit": {actor: bill.reason for actor, bill in pair.items() if isinstance(bill, Unfit)},
                "by_layer_j": by_layer(counts, pair["snn"])
                if counts and isinstance(pair["snn"], Bill)
                else None,
            }
            for name, pair in bills.items()
        },
        "pairs": [asdict(pair) for pair in profiler.pairs],
        "nearest_pairs": {
            name: asdict(pair) for name in profiler.profiles if (pair := profiler.nearest(name))
        },
        "published_conditions": [
            {**asdict(condition), "verdict": condition.verdict, "reduction": condition.reduction}
            for condition in (published(counts) if counts else ())
        ],
        "synapses": sum(counts.synapses) if counts else None,
        "spikes_per_synapse": counts.spikes_per_synapse if counts else None,
        "synaptic_events_by_step": [list(steps) for steps in counts.events_by_step] if counts else [],
        "conditions": {
            "host": conditions.host.id if conditions.host else None,
            "request_rate_hz": conditions.request_rate_hz,
            "spiking_bits": conditions.spiking_bits,
            "dense_bits": conditions.dense_bits,
        },
    }


def bill_summary(bill: Bill | Unfit | None) -> dict[str, Any] | None:
    """One bill as plain data; None where there is none."""
    if not isinstance(bill, Bill):
        return None
    return {
        "boundary": bill.boundary,
        "evidence": bill.evidence,
        "total_j": asdict(bill.total_j),
        "interval_j": list(bill.interval_j),
        "parts_j": {part: asdict(energy_j) for part, energy_j in bill.parts_j.items()},
        "modelled_j": asdict(bill.modelled_j),
        "static_share": bill.static_share,
        "latency_s": asdict(bill.latency_s) if bill.latency_s else None,
        "highest_rate_hz": asdict(rate) if (rate := bill.highest_rate_hz) else None,
        "delay_product_js": asdict(product) if (product := bill.delay_product_js) else None,
        "placement": asdict(bill.placement) if bill.placement else None,
        "lines": [
            {
                "key": line.key,
                "name": line.name,
                "part": line.part,
                "count": line.count,
                "energy_j": asdict(line.energy_j),
                "source": line.source,
            }
            for line in bill.lines
        ],
        "unpriced": list(bill.unpriced),
        "left_out": [LEFT_OUT[part] for part in bill.left_out],
        "excluded": list(bill.excluded),
    }
