"""A scenario file of settled values: written as TOML, read back by the very code that a run reads it with."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from neuro_aolo.errors import FormulationError, ScenarioError
from neuro_aolo.formulate.allowed import nested
from neuro_aolo.formulate.settle import Value
from neuro_aolo.systems.names import Loaded, load
from neuro_aolo.text.literal import literal, literal_line

_LONGEST = 200
_COMMENT = 2_000


def toml_of(name: str, extends: str, values: Mapping[str, Value], text: str) -> str:
    """The text of a scenario file.

    Args:
        name: of the scenario.
        extends: name of the shipped one that gives the rest.
        values: by dotted key.
        text: the description, kept as a comment.
    """
    tables = nested({key: value.value for key, value in values.items()})
    data: dict[str, Any] = {"extends": extends, "name": name, "description": described(text), **tables}
    sources = {key: source_of(value) for key, value in values.items() if "." in key}
    if sources:
        data["sources"] = sources
    comment = "".join(f"# {line}\n" for line in literal(text[:_COMMENT]).splitlines())
    return f"# Made of these words; read every value before it is used.\n{comment}\n{tomli_w.dumps(data)}"


def described(text: str) -> str:
    """The beginning of a description, on one line."""
    line = literal_line(text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def source_of(value: Value) -> str:
    """Where a value comes from, in a line."""
    if value.evidence is None:
        return value.written
    whose = value.evidence.document or "description"
    return literal_line(f'{whose}: "{value.evidence.quote}"')


def loaded_from(toml: str, values: Mapping[str, Value]) -> Loaded:
    """The scenario that a text of TOML is.

    Raises:
        FormulationError: a value is not allowed; with the words that said it.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.toml"
        file.write_text(toml, encoding="utf-8")
        try:
            return load(file)
        except ScenarioError as error:
            raise FormulationError(with_quotes(str(error).replace(f"{file}: ", ""), values)) from None


def with_quotes(message: str, values: Mapping[str, Value]) -> str:
    """A message with the words of the values that it names."""
    said = [
        f'"{value.evidence.quote}"'
        for key, value in values.items()
        if value.evidence is not None and (key in message or f"{key.rpartition('.')[2]} =" in message)
    ]
    return f"{message} (said: {', '.join(dict.fromkeys(said))})" if said else message
