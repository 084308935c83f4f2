"""Settings that people may change: files in the form of a run's ``config.toml``, and single keys."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from neuro_aolo.agent.checkpoint import ACTORS
from neuro_aolo.agent.train import LEARNERS
from neuro_aolo.errors import RunError
from neuro_aolo.files import parse_toml, read_text
from neuro_aolo.runs.config import KEYS, PLAIN, RunConfig, checked_table, scenario_data
from neuro_aolo.systems.scenario_file import overlaid
from neuro_aolo.systems.system import System
from neuro_aolo.systems.wording import closest, shown
from neuro_aolo.text.numbers import number_of

_WHOLE = {*PLAIN, "actor", "training", "scenario"} - {"spike_weight"}
_MOST_BYTES = 64 * 2**20


def read_tables(file: Path) -> dict[str, Any]:
    """What a settings file holds: the whole of a run's ``config.toml``, or a part of one.

    Raises:
        RunError: it is missing, too large, no TOML, or has a key that no ``config.toml`` has.
    """
    try:
        tables = parse_toml(read_text(file, _MOST_BYTES))
    except OSError as error:
        raise RunError(
            f"--config {file} cannot be read ({error.strerror}): give a config.toml that a run wrote, or a "
            "file with some of its keys"
        ) from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(f"--config {file} is not valid TOML ({reason}): correct it there") from None
    _refuse_unknown(tables, f"--config {file}: ")
    return tables


def is_whole(tables: Mapping[str, Any]) -> bool:
    """Whether these are all the settings of a run."""
    return tables.keys() >= _WHOLE and isinstance(tables["scenario"], Mapping)


def by_table(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings table by table, of dotted keys or of tables.

    Raises:
        RunError: a key is unknown, or is a table and a value at once.
    """
    tables = _nested(settings)
    _refuse_unknown(tables, "")
    return tables


def changed_scenario(system: System, scenario: Any, values: Mapping[str, Any]) -> Any:
    """A system's scenario with other values, by dotted key or table by table.

    Raises:
        RunError: a key is unknown, or a value is not allowed.
    """
    own = scenario_data(scenario)
    return checked_table("scenario", system.Scenario, _as_meant(overlaid(own, _nested(values)), own))


def _nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for key, value in settings.items():
        *within, name = str(key).split(".")
        table = tables
        for part in within:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise RunError(f"setting {shown(key)}: {part} has a value already: leave one of them out")
        both = isinstance(value, Mapping) and isinstance(table.get(name), Mapping)
        table[name] = overlaid(table[name], value) if both else value
    return tables


def assigned(text: str) -> tuple[str, Any]:
    """Key and value of ``KEY=VALUE`` as it is typed; a value that is no TOML is text.

    Raises:
        RunError: it is not of that form.
    """
    key, equals, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not (key and equals and value):
        raise RunError(f"--set {text!r} is not KEY=VALUE: write it as --set training.actor_lr=1e-3")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, ValueError):
        return key, value


def preference_of(text: str) -> tuple[float, ...]:
    """Weights of objectives as they are typed, with commas between.

    Raises:
        RunError: one is no number.
    """
    try:
        return tuple(number_of(part.strip()) for part in text.split(","))
    except ValueError:
        raise RunError(
            f"--preference {text!r} is no numbers with commas between: write it as --preference 0.8,0,0.2"
        ) from None


def laid_over(config: RunConfig, tables: Mapping[str, Any]) -> RunConfig:
    """``config`` with the values of ``tables`` in the place of its own; what spikes cost follows from others.

    Raises:
        RunError: a key is unknown, or a value is not allowed.
    """
    if not tables:
        return config
    kind = dict(tables.get("actor", {})).get("kind") if isinstance(tables.get("actor"), Mapping) else None
    own = config.tables()
    if kind is not None and kind != own["actor"]["kind"] and kind in ACTORS:
        raise RunError(
            f"actor.kind = {kind!r}: the other keys of [actor] are those of a {own['actor']['kind']}: choose "
            f"with --actor {kind}"
        )
    _refuse_misspelt(tables, own)
    changed = RunConfig.of(_as_meant(overlaid(own, tables), own), config.system)
    return replace(changed, toll=config.toll)


def _as_meant(value: Any, own: Any) -> Any:
    """Numbers of the kind that stands in their place, as ``1e5`` for a whole one."""
    if isinstance(value, Mapping):
        inner = own if isinstance(own, Mapping) else {}
        return {key: _as_meant(each, inner.get(key)) for key, each in value.items()}
    if isinstance(value, float) and type(own) is int and value.is_integer():
        return int(value)
    return value


def _refuse_unknown(tables: Mapping[str, Any], where: str) -> None:
    """Refuse tables and keys at the top that no settings have."""
    for key, value in tables.items():
        if key not in KEYS:
            raise RunError(f"{where}unknown key {shown(key)}: {_advice(str(key), KEYS, _everywhere())}")
        if key in ("actor", "training", "deployment", "toll") and not isinstance(value, Mapping):
            raise RunError(f"{where}{key} = {shown(value)} is not allowed: give a table of keys, as [{key}]")
    if "toll" in tables and "seed" not in tables:
        raise RunError(f"{where}toll: it follows from spike_weight and --spike-profile: set these")


def _refuse_misspelt(tables: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Refuse keys of the tables that name no field; those of a scenario are its own to know."""
    for table in ("actor", "training"):
        known = [*own[table], "learner"]
        for key in dict(tables.get(table, {})):
            if key not in known:
                raise RunError(f"unknown key {f'{table}.{key}'!r}: {_advice(key, known, ())}")


def _advice(key: str, known: tuple[str, ...] | list[str], others: tuple[str, ...]) -> str:
    meant = next((each for each in others if each.rpartition(".")[2] == key), None)
    meant = meant or closest(key, [*known, *others])
    return f"did you mean {meant!r}?" if meant else f"allowed: {', '.join(known)}"


def _everywhere() -> tuple[str, ...]:
    """Every key of the training, by its full name: people leave the table out."""
    return tuple(f"training.{each.name}" for cls in LEARNERS.values() for each in fields(cls))
