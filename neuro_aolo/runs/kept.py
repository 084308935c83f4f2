"""What was asked of a finished run before: answers kept under the digests of all that they came from.

Nothing here trains, decides or prices, and importing it does not import torch: an answer that is kept is
there at once. One that came from other files, settings, code or packages has another key: it is worked out
anew.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from neuro_aolo.files import read_text, write_whole
from neuro_aolo.runs.files import ANSWERED_FROM, ANSWERS, TWIN
from neuro_aolo.runs.summary.part import Part
from neuro_aolo.runs.versions import installed

FORMAT = 1
MOST = 12
"""Answers of a kind that are kept in a run folder; the oldest give way."""

PACKAGES = (
    *("neuro-aolo", "codecarbon", "lava-dl", "lava-nc", "norse", "numba", "numpy"),
    *("onnx", "onnxruntime", "pydantic", "safetensors", "scipy", "torch"),
)
"""What figures depend on beside our own code."""

_CODE = ("neuro_aolo", "neuro_aolo_export", "hardware_profiles")
_SOURCES = (".py", ".toml", ".json", ".csv", ".jinja", ".css")
_KEY_LETTERS = 16

A = TypeVar("A", bound=Part)


@dataclass(frozen=True)
class Question:
    """What is asked of a run.

    Attributes:
        run: its folder.
        about: what is asked, in a word.
        settings: how, as JSON holds it.
        files: read beside the run's own, as traces and devices of one's own.
    """

    run: Path
    about: str
    settings: Mapping[str, Any]
    files: tuple[Path, ...] = ()

    def key(self) -> str:
        """A digest of all that the answer depends on."""
        own = [self.run / name for name in ANSWERED_FROM]
        own += [self.run / TWIN / name for name in ANSWERED_FROM]
        what = {
            "about": self.about,
            "settings": self.settings,
            "files": [_digest_of(file) for file in (*own, *self.files)],
            "code": _code_digest(),
            "versions": installed(PACKAGES),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def answer(self, kind: type[A], made: Iterable[str] = ()) -> A | None:
        """The answer that was kept; None where there is none, or where it is not as it was written.

        Args:
            kind: of the answer.
            made: files in the run's folder that answering makes: they must be as it left them.
        """
        key = self.key()
        try:
            record = json.loads(read_text(self._file(key)))
            text = str(record["answer"])
            whole = record["format"] == FORMAT and record["key"] == key and record["sha256"] == _sha256(text)
            if not whole or record["made"] != self._made(made):
                return None
            return kind.model_validate_json(text)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError):
            return None

    def keep(self, answer: Part, key: str, made: Iterable[str] = ()) -> None:
        """Keep an answer, unless the run changed while it was worked out; a full disk keeps none.

        Args:
            answer: to this question.
            key: of the question as it was when work on it began.
            made: files in the run's folder that answering made.
        """
        if key != self.key():
            return
        # Infinities and NaN stay what they are, so that a kept answer says the same to the digit.
        text = json.dumps(answer.model_dump(mode="python"))
        record = {
            "format": FORMAT,
            "key": key,
            "sha256": _sha256(text),
            "made": self._made(made),
            "answer": text,
        }
        folder = self.run / ANSWERS
        try:
            folder.mkdir(exist_ok=True)
            write_whole(self._file(key), json.dumps(record))
            kept = sorted(folder.glob(f"{self.about}-*.json"), key=lambda file: file.stat().st_mtime)
            for file in kept[:-MOST]:
                file.unlink(missing_ok=True)
        except OSError:
            return

    def _file(self, key: str) -> Path:
        return self.run / ANSWERS / f"{self.about}-{key[:_KEY_LETTERS]}.json"

    def _made(self, names: Iterable[str]) -> dict[str, str | None]:
        return {name: _digest_of(self.run / name) for name in names}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_of(file: Path) -> str | None:
    """Of a file's bytes; None where there is no file."""
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@cache
def _code_digest() -> str:
    """Of our own code, and of the scenarios and devices that come with it."""
    digest = hashlib.sha256()
    for package in _CODE:
        spec = find_spec(package)
        for root in spec.submodule_search_locations or () if spec else ():
            for file in sorted(Path(root).rglob("*")):
                if file.suffix in _SOURCES:
                    digest.update(f"{file.relative_to(root)}\0".encode())
                    digest.update(file.read_bytes())
    return digest.hexdigest()
