"""Results kept one file each, so that an interrupted script goes on where it was."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neuro_aolo.comparison.plan import PACKAGES
from neuro_aolo.errors import RunError
from neuro_aolo.files import to_json, write_whole
from neuro_aolo.runs.cell import check_settings
from neuro_aolo.runs.versions import present

Values = Mapping[str, Any]


def kept(
    file: Path, settings: Values, make: Callable[[], Values], *, overwrite: bool, keys: frozenset[str]
) -> Values:
    """The result in ``file``, made and written there where it is missing.

    Args:
        file: JSON.
        settings: all that the result depends on.
        make: makes it.
        overwrite: make anew what was made with other settings.
        keys: of the result.

    Raises:
        RunError: the file is damaged, or was made with other settings and is not to be overwritten.
    """
    asked: dict[str, Any] = json.loads(to_json(settings))
    if file.exists():
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            made, result = found["settings"], found["result"]
            if set(result) != keys:
                raise ValueError(f"it holds {', '.join(sorted(result))}")
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{file} is damaged ({error}): remove it, and it is made again") from None
        if made == asked:
            return dict(result)
        if not overwrite:
            check_settings(file, made, asked)
    result = make()
    file.parent.mkdir(parents=True, exist_ok=True)
    text = to_json({"settings": asked, "result": result, "versions": present(PACKAGES)})
    write_whole(file, text + "\n")
    # As it will be read next time.
    return dict(json.loads(text)["result"])
