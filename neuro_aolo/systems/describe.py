"""A scenario as a table to read: every parameter with its value, unit, default, allowed range and source."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.parameters import Component, Section


@dataclass(frozen=True)
class ParameterRow:
    """One parameter of a scenario, as text.

    Attributes:
        key: Dotted key, as in the scenario's file.
        value: Value in this scenario.
        unit: Unit; ``-`` where there is none.
        default: Value where nothing else is said.
        allowed: Allowed range.
        source: Where the value comes from.
    """

    key: str
    value: str
    unit: str
    default: str
    allowed: str
    source: str


def describe(scenario: Any, deployment: Section | None = None) -> tuple[ParameterRow, ...]:
    """Every parameter of a scenario, section by section; traces as one row each.

    Args:
        scenario: a model whose parameter groups are sections, or a dataclass.
        deployment: of the agent, told after the scenario's own sections.
    """
    if not isinstance(scenario, BaseModel):
        return tuple(
            ParameterRow(field.name, _text(getattr(scenario, field.name)), "-", "-", "", "scenario")
            for field in fields(scenario)
        )
    traces: BaseModel | None = getattr(scenario, "traces", None)
    sections = {name: getattr(scenario, name) for name in type(scenario).model_fields if name != "traces"}
    parts = {name: part for name, part in sections.items() if isinstance(part, Section)}
    sources = dict(getattr(scenario, "sources", {}))
    if deployment is not None:
        parts["deployment"] = deployment
        sources |= getattr(deployment, "sources", {})
    rows = [
        _row(scenario, f"{section}.{name}", part, name, sources)
        for section, part in parts.items()
        for name, field in type(part).model_fields.items()
        if getattr(part, name) is not None and field.json_schema_extra
    ]
    if traces is None:
        return tuple(rows)
    for name, field in type(traces).model_fields.items():
        trace = getattr(traces, name)
        if isinstance(trace, Trace):
            rows.append(_trace_row(name, trace))
        elif field.json_schema_extra:
            rows.append(_row(scenario, f"traces.{name}", traces, name, sources))
    return tuple(rows)


def unit_of(section: BaseModel, name: str) -> str:
    """The unit of a parameter."""
    extra = type(section).model_fields[name].json_schema_extra
    return str(extra.get("unit", "-")) if isinstance(extra, dict) else "-"


def _row(
    scenario: BaseModel, key: str, part: BaseModel, name: str, sources: Mapping[str, str]
) -> ParameterRow:
    field = type(part).model_fields[name]
    value, extra = getattr(part, name), field.json_schema_extra
    notes: dict[str, Any] = extra if isinstance(extra, dict) else {}
    unchanged = value == field.default
    return ParameterRow(
        key=key,
        value=_text(value),
        unit=str(notes.get("unit", "-")),
        default=_text(field.default),
        allowed=str(notes.get("allowed", _allowed(field))),
        source=sources.get(key) or (str(notes["source"]) if unchanged else _changed(scenario, name)),
    )


def _changed(scenario: BaseModel, name: str) -> str:
    """Where a value that is not the default comes from: a site's country or trace, or the scenario."""
    site, found, _ = name.partition("_intensity_g_per_kwh")
    country = getattr(scenario, f"{site}_country", None) if found else None
    if country is not None:
        return f"CodeCarbon's figure for {country}"
    if found and getattr(getattr(scenario, "traces", None), site, None) is not None:
        return f"traces.{site}"
    return f"scenario {getattr(scenario, 'name', '')}"


def _trace_row(side: str, trace: Trace) -> ParameterRow:
    first = "repeating days" if trace.start is None else f"from {trace.start:%Y-%m-%d %H:%M %Z}"
    low, high = min(trace.g_per_kwh), max(trace.g_per_kwh)
    value = f"{len(trace.g_per_kwh)} hours, {first}, {_text(low)} to {_text(high)}"
    return ParameterRow(f"traces.{side}", value, "gCO2/kWh", "none", ">= 0, <= 3000", trace.source)


def _allowed(field: FieldInfo) -> str:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [
        f"{sign} {getattr(item, name):g}"
        for item in field.metadata
        for name, sign in signs.items()
        if getattr(item, name, None) is not None
    ]
    return ", ".join(bounds)


def _text(value: Any) -> str:
    if isinstance(value, Component):
        return f"{_text(value.sample)}, observed {_text(value.observe)}"
    if isinstance(value, tuple):
        return " to ".join(_text(end) for end in value)
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    whole = value == int(value) and abs(value) < 1e9
    return f"{value:,.0f}" if whole else f"{value:g}"
