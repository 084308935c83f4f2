"""Data that a file holds, checked strictly against the class that wrote it."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from neuro_aolo.systems.wording import shown

T = TypeVar("T")

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def as_written(cls: type[T], data: Any, within: str = "") -> T:
    """What ``cls`` has written as JSON: each value of its very type, numbers finite, no key more or less.

    Args:
        cls: a dataclass or pydantic model; one that may not have unknown keys says so itself.
        data: plain data.
        within: the table that it is, for messages.

    Raises:
        ValueError: it is not; in one line, with the key.
    """
    if is_dataclass(cls) and isinstance(data, Mapping):
        unknown = sorted(set(data) - {each.name for each in fields(cls)})
        if unknown:
            raise ValueError(f"unknown key {shown('.'.join(filter(None, (within, unknown[0]))))}")
    try:
        return TypeAdapter(cls).validate_json(json.dumps(data, allow_nan=False), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(filter(None, (within, *map(str, first["loc"]))))
        if first["type"] == "missing":
            reason = f"{key} is missing"
        elif first["type"] in _UNKNOWN:
            reason = f"unknown key {shown(key)}"
        elif first["type"] == "value_error":
            message = str(first["ctx"]["error"])
            reason = f"{key}: {message}" if key else message
        else:
            reason = f"{key} = {shown(first['input'])}: {first['msg']}"
        raise ValueError(reason) from None
    except RecursionError:
        raise ValueError(f"{within} is nested too deeply".strip()) from None
