"""Files that are whole, or as they were, and the JSON in them."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_whole(file: Path, text: str) -> None:
    """Write ``text`` under another name and rename it: the file is whole, or as it was."""
    partial = file.with_name(f".{file.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


def to_json(data: Mapping[str, Any]) -> str:
    """Strict JSON: what is not a number becomes null."""
    return json.dumps(_finite(data), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
