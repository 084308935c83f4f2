"""What a run's ``summary.json`` holds, part by part, as plain data.

Each part is also what one command says: ``evaluate``, ``simulate``, ``energy``.
"""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from neuro_aolo.agent.checkpoint import kind_of
from neuro_aolo.analysis import Analysis
from neuro_aolo.energy.bill import Bill


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
        "interrupted": analysis.saved.training["interrupted"],
    }


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
        "energy_j": {
            name: {
                "snn": asdict(spiking.total_j) if spiking else None,
                "mlp": asdict(dense.total_j) if dense else None,
            }
            for name, (spiking, dense) in analysis.bills.items()
        },
        "bills": {
            name: {
                "device": analysis.profiles[name].name,
                "snn": bill_summary(spiking),
                "mlp": bill_summary(dense),
            }
            for name, (spiking, dense) in analysis.bills.items()
        },
        "agent_mg_per_request": {entry.name: asdict(entry.carbon_mg) for entry in analysis.ledger.agent},
        "training_g": analysis.training_g,
        "training_kwh": analysis.saved.training["energy_kwh"],
        "training_amortised_over": analysis.ledger.amortised_over,
        "training_measured_by": analysis.saved.training["measured_by"],
    }


def full_summary(analysis: Analysis) -> dict[str, Any]:
    """All of it: what ``summary.json`` holds."""
    parts: list[Mapping[str, Any]] = [
        {"version": version("neuro-aolo")},
        evaluation_summary(analysis),
        {"mlp": _twin(analysis), "service_terms_mg": analysis.service_terms_mg},
        simulation_summary(analysis),
        energy_summary(analysis),
        {"timings_s": {"training": analysis.saved.training["seconds"], **analysis.timings_s}},
    ]
    return {key: value for part in parts for key, value in part.items()}


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


def bill_summary(bill: Bill | None) -> dict[str, Any] | None:
    """One bill as plain data; None where there is none."""
    if bill is None:
        return None
    return {
        "boundary": bill.boundary,
        "evidence": bill.evidence,
        "total_j": asdict(bill.total_j),
        "modelled_j": asdict(bill.modelled_j),
        "lines": [
            {"name": line.name, "count": line.count, "energy_j": asdict(line.energy_j), "source": line.source}
            for line in bill.lines
        ],
        "unpriced": list(bill.unpriced),
        "excluded": list(bill.excluded),
    }
