"""Files that are whole, or as they were, and the JSON in them."""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neuro_aolo_export.files import MAX_BYTES, read_whole, whole

DIGEST = "sha256"
"""Key of a file's digest among its others."""

_MOST_PARTS = 100
"""Of a key: the parser's time goes with their square."""
_PIECES = re.compile(r"[=,{}\n]")


def write_whole(file: Path, text: str) -> None:
    """Write ``text`` under another name and rename it: the file is whole, or as it was."""
    with whole(file) as partial:
        partial.write_text(text, encoding="utf-8")


def read_text(file: Path, most_bytes: int = MAX_BYTES) -> str:
    """The text of a regular file of bounded size in UTF-8; a mark of its byte order is left out.

    Raises:
        OSError: there is no such file, it is no regular one, or it is larger.
        ValueError: it is not text in UTF-8.
    """
    try:
        text = read_whole(file, most_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not text in UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_toml(text: str) -> dict[str, Any]:
    """What TOML holds.

    Raises:
        ValueError: it is none, or one that the parser would take for ever for, or give up on.
    """
    if any(piece.count(".") > _MOST_PARTS for piece in _PIECES.split(text)):
        raise ValueError(f"a dotted key of more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python reads no integer of more than 4,300 digits.
        raise ValueError("a number has thousands of digits: shorten it") from None


def to_json(data: Mapping[str, Any]) -> str:
    """Strict JSON: what is not a number becomes null."""
    return json.dumps(_finite(data), indent=2, allow_nan=False)


def from_json(text: str) -> Any:
    """What strict JSON holds: finite numbers, and no key twice.

    Raises:
        ValueError: it is no such JSON.
    """
    try:
        return json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite_float, object_pairs_hook=_keys_once
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` as JSON holds it, with the digest of all of it beside."""
    plain: dict[str, Any] = json.loads(to_json(data))
    return {**plain, DIGEST: _digest_of(plain)}


def read_sealed(file: Path, is_older: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """What a JSON file with a digest holds, the digest aside.

    Args:
        file: of one table.
        is_older: whether a table without a digest is of a form that had none.

    Raises:
        OSError: there is no such file, it is no regular one, or it is too large.
        ValueError: it is no such JSON, or not what its digest says.
    """
    data = from_json(read_text(file))
    if not isinstance(data, dict):
        raise ValueError("it holds no table of keys")
    return data if DIGEST not in data and is_older(data) else unsealed(data)


def unsealed(data: dict[str, Any]) -> dict[str, Any]:
    """``data`` without its digest.

    Raises:
        ValueError: it has none, or is not what it says.
    """
    rest = {key: value for key, value in data.items() if key != DIGEST}
    if DIGEST not in data:
        raise ValueError(f"its {DIGEST!r} is missing")
    if data[DIGEST] != _digest_of(rest):
        raise ValueError(f"it is not what its digest {str(data[DIGEST])[:16]!r} says: changed or damaged")
    return rest


def _digest_of(data: Mapping[str, Any]) -> str:
    return digest(json.dumps(data, sort_keys=True))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number: every number must be finite")


def _finite_float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_constant(text)


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands there twice")
    return data
