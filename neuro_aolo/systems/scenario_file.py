"""Reading a scenario's TOML: finding it, laying it over what it extends, explaining what is wrong with it.

A site's carbon intensity is the component ``SITE_intensity_g_per_kwh`` of the state; ``SITE_country`` or the
trace ``traces.SITE`` gives it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from neuro_aolo.errors import ScenarioError
from neuro_aolo.files import parse_toml, read_text
from neuro_aolo.systems.grid.countries import country_code, country_intensity_g_per_kwh
from neuro_aolo.systems.grid.trace_csv import read_trace
from neuro_aolo.systems.ranges import without_outdated_ranges
from neuro_aolo.systems.wording import closest, same_word, shown

_FORM = re.compile(r"float|tuple\[.*")
"""What pydantic adds to a key that may be a number or a list: which of them it tried."""

_PLAINLY = {
    "model_type": "give a table of keys",
    "dict_type": "give a table of keys",
    "tuple_type": "give a list in brackets",
    "missing": "give two numbers, [low, high]",
    "too_long": "give two numbers, [low, high]",
    "timezone_aware": "give the zone too, as 2020-01-01T00:00:00Z",
}
"""What pydantic says of some kinds of error in words of its own."""

SYSTEM = "aolo"
"""The system of a file that names none and extends nothing shipped: the first."""

_FOLDER = Path(__file__).parent
_MAX_DEPTH = 8
_MOST_BYTES = 1 << 26
_COUNTRY = "_country"


@dataclass(frozen=True)
class ScenarioFile:
    """What a scenario's file says, with what it extends, its countries and its CSV traces resolved.

    Attributes:
        path: of the file.
        system: name of the system that it is of.
        data: the scenario's keys.
        deployment: the table ``[deployment]``, which belongs to a run; the sources of its keys are in it.
    """

    path: Path
    system: str
    data: dict[str, Any]
    deployment: dict[str, Any]


@cache
def _shipped() -> dict[str, Path]:
    """Files of the shipped scenarios by name, ``paper`` first."""
    found = {path.stem: path for path in sorted(_FOLDER.glob("*/scenarios/*.toml"))}
    return dict(sorted(found.items(), key=lambda item: (item[0] != "paper", item[0])))


def scenario_names(system: str | None = None) -> tuple[str, ...]:
    """Names of the shipped scenarios, ``paper`` first; of one system where it is named."""
    return tuple(name for name, path in _shipped().items() if system in (None, path.parent.parent.name))


def find_scenario(name: str, folder: Path) -> Path:
    """The file of a shipped scenario, or of a path ending in ``.toml`` relative to ``folder``.

    Raises:
        ScenarioError: If there is none.
    """
    shipped = same_word(name, scenario_names())
    if shipped is not None:
        return _shipped()[shipped]
    if name.endswith(".toml"):
        path = folder / name
        if path.is_file():
            return path
        raise ScenarioError(f"no scenario file {str(path)!r}: check the path")
    meant = closest(name, scenario_names())
    hint = f"did you mean {meant!r}? " if meant else ""
    raise ScenarioError(
        f"unknown scenario {shown(name)}: {hint}name one of {', '.join(scenario_names())}, or a .toml file"
    )


def read_scenario(path: Path) -> ScenarioFile:
    """A scenario's keys, with those of what it extends and its CSV traces resolved.

    Raises:
        ScenarioError: If a file is missing or not TOML, or a trace cannot be used.
    """
    data = _merged(path, ())
    system = data.pop("system", SYSTEM)
    if not isinstance(system, str):
        raise ScenarioError(f"{path}: system = {shown(system)} is not allowed: give a system's name")
    deployment = data.pop("deployment", {})
    if not isinstance(deployment, dict):
        raise ScenarioError(
            f"{path}: deployment = {shown(deployment)} is not allowed: give a table of keys; "
            "correct deployment"
        )
    sources = data.get("sources")
    if isinstance(sources, dict):
        own = {key: text for key, text in sources.items() if key.startswith("deployment.")}
        if own:
            data["sources"] = {key: text for key, text in sources.items() if key not in own}
            deployment["sources"] = own
    return ScenarioFile(path, system, data, deployment)


def fix_countries(data: dict[str, Any], state: BaseModel, path: Path) -> None:
    """Give each named country's intensity to its site, unless the file fixes one already (a saved scenario).

    Args:
        data: the scenario's keys, changed here.
        state: the state with its defaults.
        path: of the file.

    Raises:
        ScenarioError: a country is unknown, or without data.
    """
    for name in type(state).model_fields:
        site, found, _ = name.partition("_intensity_g_per_kwh")
        if found:
            _fix_country(data, f"{site}{_COUNTRY}", name, state, path)


def overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the keys of ``over`` laid over it, tables key by key."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = overlaid(result[key], value) if both else value
    return result


def explain(error: ValidationError, model: type[BaseModel], where: Path | str, within: str = "") -> str:
    """One line for a validation error: the place, key, value, what is allowed, the fix.

    Args:
        error: what pydantic says.
        model: what was validated.
        where: the file or scenario.
        within: the table that all keys are in, if any.
    """
    errors = error.errors(include_url=False)
    # A misspelt key often brings a missing one with it: the misspelling is what to mend.
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    kind, place = first["type"], first["loc"]
    own = ".".join(str(part) for part in place if not isinstance(part, int) and not _FORM.fullmatch(part))
    key = ".".join(filter(None, (within, own)))
    if kind == "extra_forbidden":
        return f"{where}: unknown key {shown(key)}: {known_keys(model, first)}"
    if kind == "value_error":
        message = str(first["ctx"]["error"])
        return f"{where}: {key}: {message}" if key else f"{where}: {message}"
    if kind == "missing" and not isinstance(place[-1], int):
        return f'{where}: {key} is missing: add it, or extend a scenario that has it (extends = "paper")'
    position = f"[{place[-1]}]" if isinstance(place[-1], int) else ""
    problem = _PLAINLY.get(kind, first["msg"])
    if kind == "missing":
        return f"{where}: {key}{position} is missing: {problem}; correct {key}"
    return (
        f"{where}: {key}{position} = {shown(first['input'])} is not allowed: {problem}{_unit(model, own)}; "
        f"correct {key}"
    )


def _merged(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen or len(seen) >= _MAX_DEPTH:
        raise ScenarioError(
            f"{path}: extends leads back to itself, or deeper than {_MAX_DEPTH} files: end the chain"
        )
    data = _loaded(path)
    if path in _shipped().values():
        data.setdefault("system", path.parent.parent.name)
    _read_traces(data, path)
    own = _own_files(data, path)
    parent = data.pop("extends", None)
    if parent is None:
        return data
    if not isinstance(parent, str):
        raise ScenarioError(
            f"{path}: extends = {shown(parent)} is not allowed: give a scenario's name or a .toml file, "
            "in quotes"
        )
    try:
        base = _merged(find_scenario(parent, path.parent), (*seen, path.resolve()))
    except ScenarioError as error:
        raise ScenarioError(f"{path}: extends: {error}") from None
    base = {key: value for key, value in base.items() if key not in own}
    base = without_outdated_ranges(_without_replaced_sites(base, data), data)
    return overlaid(base, data)


def _loaded(path: Path) -> dict[str, Any]:
    """The file's TOML; a byte order mark before it does not matter."""
    try:
        text = read_text(path, _MOST_BYTES)
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except ValueError:
        raise ScenarioError(f"{path}: not a text file in UTF-8: save it as UTF-8") from None
    try:
        return parse_toml(text)
    except ValueError as error:
        raise ScenarioError(f"{path}: not valid TOML: {error}; correct it there") from None


def _without_replaced_sites(base: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """``base`` without the country or trace of a site to which ``data`` gives its own country or trace."""
    result, given = dict(base), _table(data, "traces")
    traces = dict(_table(base, "traces"))
    named = [key.removesuffix(_COUNTRY) for key in data if key.endswith(_COUNTRY)]
    for site in (*given, *named):
        result.pop(f"{site}{_COUNTRY}", None)
        if isinstance(traces.get(site), dict):
            del traces[site]
    result.pop("traces", None)
    return {**result, "traces": traces} if given or any_trace(traces) else result


def any_trace(traces: Mapping[str, Any]) -> bool:
    """Whether a table ``[traces]`` holds the trace of a site, and not settings alone."""
    return any(isinstance(trace, dict) for trace in traces.values())


def _read_traces(data: dict[str, Any], path: Path) -> None:
    """Put the figures of every ``traces.SITE.csv``, relative to the file, in their place."""
    for side, trace in _table(data, "traces").items():
        if not isinstance(trace, dict) or "csv" not in trace:
            continue
        name, fill, gap = trace.pop("csv"), trace.pop("fill", None), trace.pop("longest_gap", None)
        if not isinstance(name, str):
            raise ScenarioError(
                f"{path}: traces.{side}.csv = {shown(name)} is not allowed: give a file's name"
            )
        both = sorted(trace.keys() & {"start", "g_per_kwh"})
        if both:
            raise ScenarioError(f"{path}: traces.{side} has both csv and {both[0]}: remove one")
        try:
            read = read_trace(path.parent / name, fill, gap)
        except ScenarioError as error:
            raise ScenarioError(f"{path}: traces.{side}: {error}") from None
        trace.update({**read.model_dump(mode="json"), **trace})


def _own_files(data: dict[str, Any], path: Path) -> list[str]:
    """Tables that a ``csv`` of their own fills, whose name is made one from where one stands."""
    own = [key for key in data if isinstance(_table(data, key).get("csv"), str)]
    for key in own:
        data[key]["csv"] = str(path.parent / data[key]["csv"])
    return own


def _fix_country(data: dict[str, Any], key: str, component: str, usual: BaseModel, path: Path) -> None:
    code, state = data.get(key), data.setdefault("state", {})
    if not isinstance(code, str) or not isinstance(state, dict):
        return
    default = getattr(usual, component)
    given = state.get(component, {})
    sample = given.get("sample") if isinstance(given, dict) else None
    if isinstance(sample, list) and len(sample) == 2 and sample[0] == sample[1]:
        return
    try:
        intensity = country_intensity_g_per_kwh(code)
        data[key] = country_code(code)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {key}: {error}") from None
    if isinstance(given, dict):
        state[component] = {"observe": list(default.observe), **given, "sample": [intensity, intensity]}


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def known_keys(model: type[BaseModel], first: ErrorDetails) -> str:
    """What may have been meant by an unknown key of a model, or all that is allowed in its place."""
    owner = _owner(model, ".".join(str(part) for part in first["loc"] if not isinstance(part, int)))
    names = list(owner.model_fields) if owner else []
    meant = closest(str(first["loc"][-1]), names)
    return f"did you mean {meant!r}?" if meant else f"remove it; allowed here: {', '.join(names)}"


def _owner(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The parameter group of ``model`` that holds ``key``."""
    for part in key.split(".")[:-1]:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        groups = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not groups:
            return None
        model = groups[0]
    return model


def _unit(model: type[BaseModel], key: str) -> str:
    owner = _owner(model, key)
    field = owner.model_fields.get(key.rpartition(".")[2]) if owner else None
    extra = field.json_schema_extra if field else None
    return f" (unit: {extra['unit']})" if isinstance(extra, dict) and "unit" in extra else ""
