"""The form between words and a scenario: what was said of which parameter, copied letter by letter.

Whoever fills it, a language model or :mod:`neuro_aolo.formulate.template`, converts and decides nothing:
values and units are text, and each comes with the words that it was read from.
"""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neuro_aolo.errors import FormulationError
from neuro_aolo.files import from_json
from neuro_aolo.formulate.model import MOST_ANSWER_BYTES
from neuro_aolo.systems.wording import shown

_MOST = 64
_SHORT, _LONG = 100, 400
_QUOTE, _CHOICES = 160, 3


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Said(_Part):
    """What was said of one parameter.

    Attributes:
        key: of the parameter, dotted.
        value: as written, as ``eight``, ``100 to 300`` or a word to choose.
        unit: as written; empty where there is none.
        quote: the words that say it, letter by letter.
    """

    key: str = Field(max_length=_SHORT)
    value: str = Field(max_length=_LONG)
    unit: str = Field("", max_length=_SHORT)
    quote: str = Field(max_length=_LONG)


class Place(_Part):
    """In which country a site is.

    Attributes:
        site: key of the country, as ``dc_country``.
        country: name or code as written.
        quote: the words that say it.
    """

    site: str = Field(max_length=_SHORT)
    country: str = Field(max_length=_SHORT)
    quote: str = Field(max_length=_LONG)


class Form(_Part):
    """What a description says.

    Attributes:
        system: that it is of.
        extends: the shipped scenario that gives all that is not said.
        values: figures and choices.
        countries: of the sites.
        missing: what the words leave open, a key or a few words each.
        warnings: what a reader should know, a sentence each.
    """

    system: str = Field(max_length=_SHORT)
    extends: str = Field(max_length=_SHORT)
    values: tuple[Said, ...] = Field((), max_length=_MOST)
    countries: tuple[Place, ...] = Field((), max_length=_MOST)
    missing: tuple[str, ...] = Field((), max_length=_MOST)
    warnings: tuple[str, ...] = Field((), max_length=_MOST)


def read_form(answer: str) -> Form:
    """The form that an answer holds.

    Raises:
        FormulationError: it is no JSON of the form, in one line.
    """
    if len(answer.encode("utf-8", "replace")) > MOST_ANSWER_BYTES:
        raise FormulationError(
            f"the answer is longer than {MOST_ANSWER_BYTES:,} bytes: answer with the JSON alone"
        )
    text = answer.strip()
    if text.startswith("```"):
        text = text.strip("`").removeprefix("json")
    try:
        data = from_json(text)
    except ValueError as error:
        raise FormulationError(f"the answer is no JSON ({error}): answer with the JSON alone") from None
    try:
        return Form.model_validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise FormulationError(
            f"{place} = {shown(first['input'])}: {first['msg']}; keep to the form"
        ) from None


def form_schema(
    system: str, keys: Sequence[str], scenarios: Sequence[str], sites: Sequence[str], numbers: int
) -> dict[str, Any]:
    """A JSON schema of the form with the names that may stand in it, flat, as grammars take it.

    It is narrower than what is read: a model that is held to it cannot write for ever.

    Args:
        system: that the description is of.
        keys: of the parameters.
        scenarios: that may be extended.
        sites: keys of countries.
        numbers: that the description holds, beside which there may be a few choices.
    """
    said = {"key": {"enum": list(keys)}, "value": _text(60), "unit": _text(30), "quote": _text(_QUOTE)}
    properties: dict[str, Any] = {
        "system": {"enum": [system]},
        "extends": {"enum": list(scenarios)},
        "values": _list_of(_table(said), min(numbers + _CHOICES, _MOST)),
    }
    if sites:
        place = {"site": {"enum": list(sites)}, "country": _text(40), "quote": _text(_QUOTE)}
        properties["countries"] = _list_of(_table(place), 8)
    properties["missing"] = _list_of({"enum": list(keys)}, 4)
    properties["warnings"] = _list_of(_text(_QUOTE), 1)
    return _table(properties)


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


def _list_of(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "maxItems": most, "items": items}


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }
