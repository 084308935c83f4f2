"""The reader's own documents as short pieces, each with its file and number: to be quoted, never obeyed."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neuro_aolo.errors import FormulationError
from neuro_aolo.files import read_text

ENDINGS = (".txt", ".md")
MOST_FILES = 200
MOST_BYTES = 1 << 20
MOST_PIECES = 5_000
_LONGEST = 600


@dataclass(frozen=True)
class Piece:
    """A piece of a document.

    Attributes:
        file: its name within the folder.
        number: of the piece in it, from 1.
        text: what it says, on one line.
    """

    file: str
    number: int
    text: str

    @property
    def name(self) -> str:
        """By which it is cited."""
        return f"{self.file}#{self.number}"


def read_documents(folder: Path) -> tuple[Piece, ...]:
    """Pieces of the ``.txt`` and ``.md`` files in a folder and below it; links are not followed.

    Raises:
        FormulationError: there is no such folder, a file cannot be read, or there is more than is read.
    """
    if not folder.is_dir():
        raise FormulationError(f"--docs {folder} is no folder: give one with .txt or .md files")
    files = sorted(_files(folder))
    if not files:
        raise FormulationError(
            f"--docs {folder} holds no .txt or .md file: put one there, or leave --docs out"
        )
    if len(files) > MOST_FILES:
        raise FormulationError(
            f"--docs {folder} holds {len(files)} files, of {MOST_FILES} at most: give fewer"
        )
    pieces = tuple(piece for file in files for piece in _pieces(folder, file))
    if len(pieces) > MOST_PIECES:
        raise FormulationError(f"--docs {folder} holds more than {MOST_PIECES:,} paragraphs: give less text")
    return pieces


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not (Path(place) / name).is_symlink())
        for name in names:
            file = Path(place) / name
            if file.suffix.lower() in ENDINGS and not file.is_symlink():
                yield file


def _unreadable(error: OSError) -> None:
    raise FormulationError(f"--docs {error.filename} cannot be read ({error.strerror}): make it readable")


def _pieces(folder: Path, file: Path) -> Iterator[Piece]:
    try:
        text = read_text(file, MOST_BYTES)
    except OSError as error:
        raise FormulationError(
            f"--docs: {file} cannot be read ({error.strerror or error}): make it a readable file of "
            f"{MOST_BYTES:,} bytes at most"
        ) from None
    except ValueError as error:
        raise FormulationError(f"--docs: {file}: {error}: save it as UTF-8, or take it away") from None
    name, number = file.relative_to(folder).as_posix(), 0
    for paragraph in re.split(r"\n[ \t]*\n", text):
        for tokens in _cut(" ".join(paragraph.split())):
            number += 1
            yield Piece(name, number, tokens)


def _cut(paragraph: str) -> Iterator[str]:
    """Parts of a paragraph that are not long, ended where a sentence ends where one does."""
    while len(paragraph) > _LONGEST:
        end = (
            paragraph.rfind(". ", _LONGEST // 2, _LONGEST) + 1
            or paragraph.rfind(" ", 1, _LONGEST)
            or _LONGEST
        )
        end = end if end > 0 else _LONGEST
        yield paragraph[:end].strip()
        paragraph = paragraph[end:].strip()
    if paragraph:
        yield paragraph
