"""A scenario as a table to read: every parameter with its value, unit, default, allowed range and source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.parameters import Component, Section
from neuro_aolo.systems.ranges import ParameterRange

_LISTED = 32
"""Figures of a list that are all shown."""


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
        range: How far it may be off, and what says so; empty where nothing is known.
    """

    key: str
    value: str
    unit: str
    default: str
    allowed: str
    source: str
    range: str = ""


def describe(scenario: Any, deployment: Section | None = None) -> tuple[ParameterRow, ...]:
    """Every parameter of a scenario, section by section; traces as one row each.

    Args:
        scenario: a model whose parameter groups are sections, or a dataclass.
        deployment: of the agent, stated after the scenario's own sections.
    """
    traces = getattr(scenario, "traces", None)
    sources = _sources(scenario)
    ranges = {key: each for key, each in _ranges(scenario).items() if isinstance(each, ParameterRange)}
    apart = {"sources"} if sources else set()
    apart |= {"ranges"} if ranges or isinstance(scenario, BaseModel) else set()
    rows = [
        replace(row, range=_range(ranges[row.key])) if row.key in ranges else row
        for name, part in _members(scenario)
        if not (name == "traces" and isinstance(part, BaseModel)) and name not in apart
        for row in _rows(scenario, name, scenario, name, sources)
    ]
    if deployment is not None:
        sources |= _sources(deployment)
        for name, _ in _members(deployment):
            rows += _rows(scenario, f"deployment.{name}", deployment, name, sources)
    if not isinstance(traces, BaseModel):
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


def _sources(part: Any) -> dict[str, str]:
    """Where values come from by dotted key, as far as the part tells."""
    sources = getattr(part, "sources", None)
    if not isinstance(sources, Mapping) or not all(isinstance(text, str) for text in sources.values()):
        return {}
    return dict(sources)


def _ranges(part: Any) -> Mapping[str, Any]:
    ranges = getattr(part, "ranges", None)
    return ranges if isinstance(ranges, Mapping) else {}


def _range(given: ParameterRange) -> str:
    return f"{_text(given.low)} to {_text(given.high)}: {given.source}"


def _members(value: Any) -> list[tuple[str, Any]]:
    """What a model, a dataclass, or a collection that holds such, consists of; nothing of a plain value."""
    if isinstance(value, BaseModel):
        return [(name, getattr(value, name)) for name in type(value).model_fields]
    if is_dataclass(value):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, Mapping):
        inner = list(value.items())
    elif isinstance(value, list | tuple):
        inner = list(enumerate(value))
    return [(str(name), each) for name, each in inner] if any(_members(each) for _, each in inner) else []


def _rows(
    scenario: Any, key: str, part: Any, name: str, sources: Mapping[str, str]
) -> Iterator[ParameterRow]:
    """The rows of one member of a part; of a section those with notes alone, and without what is absent."""
    value = dict(_members(part))[name]
    section = isinstance(part, Section)
    if isinstance(part, BaseModel) and type(part).model_fields[name].json_schema_extra:
        if value is not None or not section:
            yield _row(scenario, key, part, name, sources)
        return
    inner = _members(value)
    for each, _ in inner:
        yield from _rows(scenario, f"{key}.{each}", value, each, sources)
    if inner or section:
        return
    if isinstance(part, BaseModel):
        yield _row(scenario, key, part, name, sources)
    else:
        yield ParameterRow(key, _text(value), "-", "-", "", sources.get(key, "scenario"))


def _row(scenario: Any, key: str, part: BaseModel, name: str, sources: Mapping[str, str]) -> ParameterRow:
    field = type(part).model_fields[name]
    value, extra = getattr(part, name), field.json_schema_extra
    notes: dict[str, Any] = extra if isinstance(extra, dict) else {}
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    own = notes.get("source", "scenario") if np.all(value == default) else None
    return ParameterRow(
        key=key,
        value=_text(value),
        unit=str(notes.get("unit", "-")),
        default="-" if field.is_required() else _text(default),
        allowed=str(notes.get("allowed", _allowed(field))),
        source=sources.get(key) or str(own or _changed(scenario, name)),
    )


def _changed(scenario: Any, name: str) -> str:
    """Where a value that is not the default comes from, as the scenario says, or from itself."""
    origin = getattr(scenario, "origin", None)
    stated = origin(name) if callable(origin) else None
    return stated or f"scenario {getattr(scenario, 'name', '')}".rstrip()


def _trace_row(side: str, trace: Trace) -> ParameterRow:
    low, high = min(trace.g_per_kwh), max(trace.g_per_kwh)
    source = f"{trace.source}: {trace.note}" if trace.note else trace.source
    value = f"{_text(low)} to {_text(high)}; {trace.of}"
    return ParameterRow(f"traces.{side}", value, "gCO2/kWh", "none", ">= 0, <= 3000", source)


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
    if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str):
        return " to ".join(_text(end) for end in value)
    if isinstance(value, list | tuple) and len(value) > _LISTED:
        return f"{len(value):,} {'rows' if isinstance(value[0], list | tuple) else 'figures'}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{_text(key)}: {_text(item)}" for key, item in value.items()) or "none"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, Real):
        return str(value)
    number = float(value)
    whole = number.is_integer() and abs(number) < 1e9
    return f"{number:,.0f}" if whole else f"{number:g}"
