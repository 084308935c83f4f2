"""What was read, as plain data that can be compared, and the numbers in it that are none."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel


def plain(value: Any) -> Any:
    """``value`` as nested lists, dictionaries and scalars; arrays stay arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, torch.nn.Module):
        return plain(value.state_dict())
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="python"))
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def fingerprint(value: Any) -> str:
    """A digest of what :func:`plain` gave: equal exactly where that is."""
    digest = hashlib.sha256()
    for leaf in _leaves(value):
        if isinstance(leaf, np.ndarray):
            digest.update(f"{leaf.dtype} {leaf.shape}".encode() + leaf.tobytes())
        else:
            digest.update(repr(leaf).encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


def not_numbers(value: Any) -> tuple[int, int]:
    """How many NaN and how many infinities are in what :func:`plain` gave."""
    nan = infinite = 0
    for leaf in _leaves(value):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
            nan, infinite = nan + int(np.isnan(leaf).sum()), infinite + int(np.isinf(leaf).sum())
        elif isinstance(leaf, float | np.floating):
            nan, infinite = nan + math.isnan(leaf), infinite + math.isinf(leaf)
    return nan, infinite


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield key
            yield from _leaves(value[key])
    elif isinstance(value, list):
        yield len(value)
        for item in value:
            yield from _leaves(item)
    else:
        yield value
