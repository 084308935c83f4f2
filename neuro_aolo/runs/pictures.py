"""What a report shows beside a run's figures, as plain data: spikes, margins, assumptions, checks."""

import json
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from hardware_profiles.figure import Figure, Sourced
from hardware_profiles.profile import Profile
from neuro_aolo.errors import RunError
from neuro_aolo.runs.analysis import Analysis
from neuro_aolo.runs.folder import EXPORTS
from neuro_aolo.systems.aolo.request import outcome, to_physical
from neuro_aolo.systems.describe import describe
from neuro_aolo_export.graph_file import graph_digest

PACKAGES = ("neuro-aolo", "torch", "norse", "numpy", "lava-nc", "lava-dl", "codecarbon")
"""What a run's figures depend on."""

QUANTILES = (0.001, 0.05, 0.5, 0.95, 0.999)

_LIMITS = {
    "quality": "quality.threshold",
    "energy": "limits.energy",
    "inference_time_s": "limits.inference_time_s",
    "transmission_time_s": "limits.transmission_time_s",
    "power_w": "limits.power_w",
}
_TABLES = {"energy_pj": "pJ", "power_mw": "mW", "timing": "µs"}

Data = dict[str, Any]


def picture_summary(analysis: Analysis) -> Data:
    """All of it: the part of ``summary.json`` that only the report reads."""
    profiles = _profiles(analysis)
    return {
        "raster": raster(analysis),
        "margins": margins(analysis),
        "assumptions": [
            *scenario_assumptions(analysis),
            *(row for profile in profiles for row in profile_assumptions(profile)),
        ],
        "device_kinds": {profile.id: profile.kind for profile in profiles},
        "versions": versions(),
        "exports": exports(analysis),
    }


def raster(analysis: Analysis, decision: int = 0) -> Data:
    """Every spike of one held-out request's decision in the chip's integers; bias neurons are left out."""
    own = (analysis.activity.own_input_spikes, *analysis.activity.own_layer_spikes)
    return {
        "decision": decision,
        "steps": analysis.quantized.steps,
        "layers": [
            {
                "name": layer["name"],
                "neurons": spikes.shape[2],
                "spikes": np.argwhere(spikes[:, decision].T).tolist(),
            }
            for layer, spikes in zip(analysis.layers, own, strict=True)
        ],
    }


def margins(analysis: Analysis) -> list[Data]:
    """How far the actor keeps each constraint over the held-out requests, in the constraint's own unit."""
    scenario, states = analysis.task.scenario, analysis.held_out.states
    slack = outcome(scenario, states, *to_physical(scenario, analysis.actions)).margins
    units = {row.key: row.unit for row in describe(scenario)}
    found = []
    for name, key in _LIMITS.items():
        section, parameter = key.split(".")
        # A time without end has a slack of minus infinity, and no number lies between that and another.
        quantiles = np.quantile(slack[name], QUANTILES, method="inverted_cdf")
        found.append(
            {
                "name": name,
                "unit": units[key],
                "limit": float(getattr(getattr(scenario, section), parameter)),
                "broken": float((slack[name] < 0.0).mean()),
                "quantiles": {f"{q:g}": float(s) for q, s in zip(QUANTILES, quantiles, strict=True)},
            }
        )
    return found


def scenario_assumptions(analysis: Analysis) -> list[Data]:
    """Every parameter of the scenario, with where it comes from."""
    return [
        {
            "what": row.key,
            "value": row.value,
            "unit": row.unit,
            "grade": _grade(row.source),
            "source": row.source,
        }
        for row in describe(analysis.task.scenario)
    ]


def _grade(source: str) -> str:
    """What the source's words say: printed by AOLO, restored, chosen here; else the scenario's own."""
    if "restored" in source:
        return "restored"
    for grade in ("chosen", "AOLO, table", "AOLO", "CodeCarbon"):
        if source.startswith(grade):
            return grade
    return "scenario"


def profile_assumptions(profile: Profile) -> list[Data]:
    """Every figure of a hardware profile, with its evidence, its grade and where it stands."""
    return [
        {
            "what": f"{profile.id}: {name}",
            "value": _range(sourced) if isinstance(sourced, Figure) else _counts(sourced),
            "unit": unit,
            "grade": f"{sourced.evidence}, {sourced.verified}",
            "source": "; ".join(
                filter(None, (sourced.doi or sourced.url, sourced.where, told, sourced.note))
            ),
        }
        for name, unit, sourced, told in _sourced(profile)
    ]


def _sourced(profile: Profile) -> Iterator[tuple[str, str, Sourced, str]]:
    """Name, unit, value and what else belongs to it, of everything with a source that a bill may rest on."""
    for table, unit in _TABLES.items():
        part = getattr(profile, table)
        for name in type(part).model_fields:
            figure = getattr(part, name)
            if isinstance(figure, Figure):
                yield f"{table}.{name}", unit, figure, ""
    if profile.calibration is not None:
        yield "calibration", "-", profile.calibration, ""
    if profile.capacity is not None:
        yield "capacity", "-", profile.capacity, ""
    if profile.embodied is not None:
        made = profile.embodied
        told = f"{made.boundary}, {made.method}, used for {made.lifetime_years:g} years"
        yield "embodied.kg", "kgCO2e", made.kg, told


def _range(figure: Figure) -> str:
    if figure.low == figure.high:
        return f"{figure.nominal:g}"
    return f"{figure.nominal:g} ({figure.low:g}-{figure.high:g})"


def _counts(sourced: Sourced) -> str:
    own = [name for name in type(sourced).model_fields if name not in Sourced.model_fields]
    told = [f"{name} {value:,g}" for name in own if (value := getattr(sourced, name)) is not None]
    return ", ".join(told)


def versions() -> dict[str, str | None]:
    """Python and the packages that the figures depend on; None where one is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def exports(analysis: Analysis) -> list[Data] | None:
    """How each exported file ran when it was run back; None where nothing was exported.

    Raises:
        RunError: the run's ``exports.json`` is damaged.
    """
    file = analysis.folder.path / EXPORTS
    if not file.is_file():
        return None
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        entries = [(name, entry, dict(entry["files"])) for name, entry in record.items()]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise RunError(f"{file} is damaged ({error}): remove it, and export again") from None
    return [
        {"file": name, "of": of, "current": _is_current(analysis, entry), **check}
        for of, entry, files in entries
        for name, check in files.items()
    ]


def _is_current(analysis: Analysis, entry: Data) -> bool:
    """Whether an export is of the networks that the run holds now."""
    graphs = (analysis.graph, analysis.dense_graph)
    bits = (entry.get("quantisation") or {}).get("weight_bits", analysis.weight_bits)
    digests = {graph_digest(graph) for graph in graphs if graph is not None}
    return entry.get("graph_sha256") in digests and bits == analysis.weight_bits


def _profiles(analysis: Analysis) -> list[Profile]:
    """The run's devices, and the one that encodes and decodes for them."""
    host = analysis.profiler.conditions.host
    found = {**analysis.profiles, **({host.id: host} if host else {})}
    return list(found.values())
