"""A scenario: every parameter of the service, as data that can be checked, shown, extended and saved."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import tomli_w
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from neuro_aolo.errors import ScenarioError
from neuro_aolo.service.grid import country_intensity_g_per_kwh
from neuro_aolo.service.parameters import (
    ActionBox,
    Channel,
    Component,
    Inference,
    Limits,
    Quality,
    Radio,
    Section,
    State,
)
from neuro_aolo.service.rate_table import RateTable, rate_table

_SHIPPED = Path(__file__).parent / "scenarios"
_MAX_DEPTH = 8
_SIDES = {"dc_country": "dc_intensity_g_per_kwh", "bs_country": "bs_intensity_g_per_kwh"}


class Scenario(Section):
    """Every parameter of the service model (see :mod:`neuro_aolo.service.parameters`).

    Attributes:
        name: Short name.
        description: One or two sentences.
        dc_country: ISO 3166 alpha-3 code whose carbon intensity the data centre has, if fixed by country.
        bs_country: The same for the base station.
        sources: Where a value comes from, by dotted key (``inference.gpus``), where it is not the default's
            source.
    """

    name: str = Field(min_length=1, max_length=100)
    description: str = ""
    dc_country: str | None = None
    bs_country: str | None = None
    channel: Channel = Channel()
    inference: Inference = Inference()
    radio: Radio = Radio()
    quality: Quality = Quality()
    limits: Limits = Limits()
    actions: ActionBox = ActionBox()
    state: State = State()
    sources: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """Load a shipped scenario by name, or a scenario from a ``.toml`` file.

        A file may name another scenario to start from: ``extends = "paper"``, or a path relative to the file.

        Args:
            name_or_path: One of :func:`scenario_names`, or the path of a ``.toml`` file.

        Raises:
            ScenarioError: If there is no such scenario or a key or value in it is not allowed.
        """
        path = _find(str(name_or_path), Path())
        data = _merged(path, ())
        for key, side in _SIDES.items():
            _fix_country(data, key, side, path)
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(_explain(error, path)) from None

    def to_toml(self) -> str:
        """The resolved scenario as TOML; loading it gives an equal scenario."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def with_countries(self, dc: str | None = None, bs: str | None = None) -> Self:
        """This scenario with the carbon intensity of a country at the data centre, the base station, or both.

        Args:
            dc: ISO 3166 alpha-3 code for the data centre; None leaves it as it is.
            bs: ISO 3166 alpha-3 code for the base station; None leaves it as it is.

        Raises:
            ScenarioError: If a code is unknown or without data, or its intensity leaves the observed range.
        """
        state, codes = self.state, {}
        for key, code in (("dc_country", dc), ("bs_country", bs)):
            if code is None:
                continue
            side, intensity = _SIDES[key], country_intensity_g_per_kwh(code)
            low, high = getattr(state, side).observe
            if not low <= intensity <= high:
                raise ScenarioError(
                    f"{code.upper()} emits {intensity:g} g/kWh, outside the range that scenario "
                    f"{self.name!r} observes: widen state.{side}.observe = [{low:g}, {high:g}]"
                )
            state = state.model_copy(
                update={side: Component(sample=(intensity, intensity), observe=(low, high))}
            )
            codes[key] = code.strip().upper()
        return self.model_copy(update={"state": state, **codes})

    def with_values(self, **sections: Mapping[str, Any]) -> Self:
        """This scenario with some parameters changed: ``with_values(radio={"fixed_power_w": 0.0})``.

        Raises:
            ScenarioError: If a parameter is unknown or its value is not allowed.
        """
        data = _overlaid(self.model_dump(mode="json", exclude_none=True), sections)
        try:
            return type(self).model_validate(data)
        except ValidationError as error:
            raise ScenarioError(_explain(error, f"scenario {self.name!r}")) from None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the state's components, in the order of states and observations."""
        return self.state.names

    @property
    def rate_table(self) -> RateTable:
        """The mean inverse rate over this scenario's channels and powers."""
        omega, power = self.state.omega.observe, self.actions.power_w
        snr_range = (omega[0] * power[0] / self.channel.noise_w, omega[1] * power[1] / self.channel.noise_w)
        return rate_table(self.channel.outage_probability, self.state.nakagami_m.observe, snr_range)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.channel.outage_probability == 0.0 and self.state.nakagami_m.observe[0] <= 1.0:
            raise ValueError(
                "with channel.outage_probability = 0 the mean transmission time diverges for m <= 1: "
                "raise state.nakagami_m above 1, or the outage probability above 0"
            )
        if self.state.omega.observe[0] <= 0.0 or self.state.nakagami_m.observe[0] < 0.5:
            raise ValueError(
                "state.omega.observe must be positive and state.nakagami_m.observe at least 0.5: raise them"
            )
        for key in self.sources:
            section, _, name = key.partition(".")
            owner = getattr(self, section, None)
            if not (isinstance(owner, BaseModel) and name in type(owner).model_fields):
                raise ValueError(f"sources names {key!r}, which is no parameter: use 'section.key'")
        return self


def scenario_names() -> tuple[str, ...]:
    """Names of the shipped scenarios, ``paper`` first."""
    return tuple(
        sorted((path.stem for path in _SHIPPED.glob("*.toml")), key=lambda name: (name != "paper", name))
    )


def _find(name: str, folder: Path) -> Path:
    if name in scenario_names():
        return _SHIPPED / f"{name}.toml"
    if name.endswith(".toml"):
        path = folder / name
        if path.is_file():
            return path
        raise ScenarioError(f"no scenario file {str(path)!r}: check the path")
    close = difflib.get_close_matches(name, scenario_names(), n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise ScenarioError(
        f"unknown scenario {name!r}: {hint}name one of {', '.join(scenario_names())}, or a .toml file"
    )


def _merged(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The file's keys laid over those of the scenario that it extends."""
    if path.resolve() in seen or len(seen) >= _MAX_DEPTH:
        raise ScenarioError(
            f"{path}: extends leads back to itself, or deeper than {_MAX_DEPTH} files: end the chain"
        )
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    parent = data.pop("extends", None)
    if parent is None:
        return data
    if not isinstance(parent, str):
        raise ScenarioError(
            f"{path}: extends = {parent!r} is not allowed: give a scenario's name or a .toml file in quotes"
        )
    try:
        base = _merged(_find(parent, path.parent), (*seen, path.resolve()))
    except ScenarioError as error:
        raise ScenarioError(f"{path}: extends: {error}") from None
    return _overlaid(base, data)


def _overlaid(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), dict)
        result[key] = _overlaid(result[key], value) if both else value
    return result


def _fix_country(data: dict[str, Any], key: str, side: str, path: Path) -> None:
    """Give a named country's intensity to its side, unless the file fixes one already (a saved scenario)."""
    code = data.get(key)
    if not isinstance(code, str):
        return
    state = data.setdefault("state", {})
    default: Component = getattr(State(), side)
    given = state.get(side, {}) if isinstance(state, dict) else None
    if not isinstance(given, dict):
        return
    sample = given.get("sample", default.sample)
    if isinstance(sample, list) and len(sample) == 2 and sample[0] == sample[1]:
        return
    try:
        intensity = country_intensity_g_per_kwh(code)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {key}: {error}") from None
    state[side] = {"observe": list(default.observe), **given, "sample": [intensity, intensity]}


def _explain(error: ValidationError, path: Path | str) -> str:
    """One line for the first of pydantic's complaints: file, key, value, what is allowed, the fix."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
    kind = first["type"]
    if kind == "extra_forbidden":
        return f"{path}: unknown key {key!r}: {_known(first, key)}"
    if kind == "missing":
        return f'{path}: {key} is missing: add it, or extend a scenario that has it (extends = "paper")'
    if kind == "value_error":
        message = str(first["ctx"]["error"])
        return f"{path}: {key}: {message}" if key else f"{path}: {message}"
    unit = _unit(key)
    return f"{path}: {key} = {first['input']!r} is not allowed: {first['msg']}{unit}; correct {key}"


def _known(first: ErrorDetails, key: str) -> str:
    model = _owner(key)
    names = list(model.model_fields) if model else []
    close = difflib.get_close_matches(str(first["loc"][-1]), names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"remove it; allowed here: {', '.join(names)}"


def _owner(key: str) -> type[BaseModel] | None:
    """The parameter group that holds ``key``."""
    model: type[BaseModel] = Scenario
    for part in key.split(".")[:-1]:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        groups = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not groups:
            return None
        model = groups[0]
    return model


def _unit(key: str) -> str:
    model, name = _owner(key), key.rpartition(".")[2]
    field = model.model_fields.get(name) if model else None
    extra = field.json_schema_extra if field else None
    return f" (unit: {extra['unit']})" if isinstance(extra, dict) and "unit" in extra else ""
