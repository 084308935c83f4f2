"""What a file is, by its first bytes and then by its members: names lie, and people give the wrong file."""

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import regular_size

Kind = Literal["nir", "graph", "onnx"]
"""Network files that are read."""

KINDS: dict[str, Kind] = {".nir": "nir", ".graph": "graph", ".onnx": "onnx"}

_HEAD = 1 << 16
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_EXPORT = (
    "write a spiking network as .nir (with nirtorch), a dense one as .onnx (torch.onnx.export), which "
    "`energy` prices; in Python neuro_aolo.energy() takes the module itself"
)


@dataclass(frozen=True)
class FileKind:
    """What a file is.

    Attributes:
        what: in words, with an article.
        fix: what to do instead.
        reads: the kind of network that is read from it; None where none is.
    """

    what: str
    fix: str
    reads: Kind | None = None


def kind_of(path: str | os.PathLike[str]) -> FileKind | None:
    """What a file is; None where its contents do not say.

    Raises:
        OSError: there is no such file, or it is no regular one.
    """
    size = regular_size(path)
    with Path(path).open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        return FileKind("empty", "give a file that was written to its end")
    if head.startswith(_HDF5):
        return _hdf5(path)
    if head.startswith(_ZIP):
        return _zip(path)
    if head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return FileKind("a Python pickle, which is not read as it could run anything", _EXPORT)
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return kind
    if head[4:8] == b"TFL3":
        return FileKind("a TensorFlow Lite model", "export the network as .onnx, as with tf2onnx")
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= size - 8:
        if b'"neuro_aolo_graph"' in head:
            return FileKind("a graph file", "", "graph")
        return FileKind("a safetensors file of arrays, without the network that they belong to", _EXPORT)
    if (
        head[:1] == b"\x08"
        and b"\x00" < head[1:2] < b"\x40"
        and head[2:3] in (b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42")
    ):
        return FileKind("an ONNX file", "", "onnx")
    return _text(head)


def require_kind(path: str | os.PathLike[str], wanted: Sequence[Kind], instead: str = "") -> Kind:
    """Which of the ``wanted`` kinds of network a file holds, by its contents, or by its name if they fail.

    Args:
        path: the file.
        wanted: kinds that may be.
        instead: what to say of a kind that is read elsewhere.

    Raises:
        ExportError: it cannot be read, or is another kind of file.
    """
    names = " or ".join([", ".join(f".{kind}" for kind in wanted[:-1]), f".{wanted[-1]}"][len(wanted) < 2 :])
    try:
        kind = kind_of(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be read ({error.strerror or error}): name a {names} file") from None
    if kind is not None and kind.reads is not None and kind.reads in wanted:
        return kind.reads
    if kind is not None:
        fix = instead if kind.reads else kind.fix
        raise ExportError(f"{path} is {kind.what}: {fix or f'name a {names} file'}")
    named = KINDS.get(Path(path).suffix.lower())
    if named is not None and named in wanted:
        # Damaged, perhaps: its reader says where.
        return named
    raise ExportError(f"{path} is no network file that is read here: name a {names} file")


def described(path: str | os.PathLike[str]) -> str | None:
    """What a file is, for the reason of a refusal; None where its contents do not say."""
    try:
        kind = kind_of(path)
    except OSError as error:
        return error.strerror
    return None if kind is None or kind.reads else f"it is {kind.what}"


_STARTS = {
    b"\x93NUMPY": FileKind(
        "one array of NumPy (.npy)",
        "name a network, and save the array with np.savez(path, input=array)",
    ),
    b"\x1f\x8b": FileKind("a gzip archive", "unpack it first"),
    b"BZh": FileKind("a bzip2 archive", "unpack it first"),
    b"\xfd7zXZ": FileKind("an xz archive", "unpack it first"),
    b"%PDF": FileKind("a PDF document", ""),
    b"\x89PNG": FileKind("a picture", ""),
}


def _hdf5(path: str | os.PathLike[str]) -> FileKind | None:
    from neuro_aolo_export._hdf5 import member_names, open_plain

    try:
        with open_plain(path) as root:
            names = set(member_names(root, 256))
            keras = {"keras_version", "layer_names"} & set(root.attrs)
    except ExportError:
        # Damaged, and still HDF5: its reader says where.
        return None
    if "node" in names:
        return FileKind("a NIR file", "", "nir")
    if "layer" in names:
        return FileKind(
            "a lava-dl network file (.net), which is written, not read",
            "name the .nir or .graph file of the same network, as `neuro-aolo export` writes them beside it",
        )
    if keras or {"model_weights", "_layer_checkpoint_dependencies"} & names or names == {"layers", "vars"}:
        return FileKind("a Keras model", "export the network as .onnx, as with model.export(format='onnx')")
    return FileKind("an HDF5 file without a NIR graph in it", "")


def _zip(path: str | os.PathLike[str]) -> FileKind | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:10_000]
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return FileKind("a damaged zip archive", "write it again")
    if any(name.endswith(("data.pkl", "constants.pkl")) for name in names):
        return FileKind("a PyTorch file", _EXPORT)
    if names and all(name.endswith(".npy") for name in names):
        return FileKind("a file of arrays (.npz)", "name a network, and give this one as --input")
    if any(name.endswith("model.weights.h5") for name in names):
        return FileKind("a Keras model", "export the network as .onnx, as with model.export(format='onnx')")
    return FileKind("a zip archive", "unpack it first, and name the network in it")


def _text(head: bytes) -> FileKind | None:
    """Text, as far as it was read; its last character may be cut."""
    try:
        text = head.decode() if len(head) < _HEAD else head[:-4].decode(errors="ignore")
    except UnicodeDecodeError:
        return None
    if any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text):
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return FileKind("a text file", "")
    return FileKind("a JSON file", "")
