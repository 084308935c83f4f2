"""A scenario as a table to read: every parameter with its value, unit, default, allowed range and source."""

from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from neuro_aolo.systems.aolo.parameters import Component, Section
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.grid.trace import Trace, Traces

_SECTIONS = ("channel", "inference", "radio", "quality", "limits", "actions", "state", "deployment")


@dataclass(frozen=True)
class ParameterRow:
    """One parameter of a scenario, as text.

    Attributes:
        key: Dotted key, as in the scenario's file.
        value: Value in this scenario.
        unit: Unit; ``-`` where there is none.
        default: Value in AOLO's own setting.
        allowed: Allowed range.
        source: Where the value comes from.
    """

    key: str
    value: str
    unit: str
    default: str
    allowed: str
    source: str


def describe(scenario: Scenario) -> tuple[ParameterRow, ...]:
    """Every parameter of the scenario, section by section; traces as one row each."""
    rows = [
        _row(scenario, section, name, field)
        for section in _SECTIONS
        for name, field in type(getattr(scenario, section)).model_fields.items()
        if getattr(getattr(scenario, section), name) is not None
    ]
    if scenario.traces is not None:
        field = Traces.model_fields["requests_per_hour"]
        rows.append(_row(scenario, "traces", "requests_per_hour", field))
    for side in ("dc", "bs"):
        trace: Trace | None = getattr(scenario.traces, side, None)
        if trace is not None:
            rows.append(_trace_row(side, trace))
    return tuple(rows)


def _row(scenario: Scenario, section: str, name: str, field: FieldInfo) -> ParameterRow:
    key, part = f"{section}.{name}", getattr(scenario, section)
    value, extra = getattr(part, name), field.json_schema_extra
    notes: dict[str, Any] = extra if isinstance(extra, dict) else {}
    unchanged = value == field.default
    return ParameterRow(
        key=key,
        value=_text(value),
        unit=str(notes.get("unit", "-")),
        default=_text(field.default),
        allowed=str(notes.get("allowed", _allowed(field))),
        source=scenario.sources.get(key)
        or (str(notes["source"]) if unchanged else _changed(scenario, part, name)),
    )


def _changed(scenario: Scenario, part: Section, name: str) -> str:
    side = name[:2]
    country = getattr(scenario, f"{side}_country", None) if name.endswith("intensity_g_per_kwh") else None
    if country is not None:
        return f"CodeCarbon's figure for {country}"
    if name.endswith("intensity_g_per_kwh") and getattr(scenario.traces, side, None) is not None:
        return f"traces.{side}"
    return f"scenario {scenario.name}"


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
