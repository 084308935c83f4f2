"""A stranger's HDF5 file, read without trusting it.

HDF5 can point out of the file it is read from, declare far more than it stores, compute what it
returns, and unpack a kilobyte into a terabyte. Here only plain data that the file itself holds is read,
in memory that the caller's limits bound; the rest is refused in one line.

References:
    The HDF Group, HDF5 File Format Specification Version 3.0,
    https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
"""

import itertools
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export._hdf5_text import bounded_text, variable_texts
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import read_whole

MAX_BYTES = 1 << 28
"""Largest file that is opened: a quarter of a gibibyte."""

MAX_CHUNKS = 1 << 14
"""Most pieces that one dataset may be stored in."""

_HEAP = b"HEAP\0\0\0\0"
_HEAP_BYTES = 32
_FIX = "give plain data that the file itself holds"
_FAILURES = (OSError, RuntimeError, ValueError, TypeError, KeyError, MemoryError, OverflowError, struct.error)
_NUMBERS = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)


@contextmanager
def open_plain(path: str | os.PathLike[str]) -> Iterator[Any]:
    """The root group of an HDF5 file, open for reading.

    Raises:
        ExportError: no such file, not a regular one, too large, or not HDF5.
    """
    with _telling(f"{path} is not a readable HDF5 file"):
        _require_ends(read_whole(path, MAX_BYTES))
        file = h5py.File(path, "r")
    with file:
        yield file


def _require_ends(data: bytes) -> None:
    """Refuse heaps whose list of free space leads back to itself: the library follows it for ever.

    A local heap begins with "HEAP", its version 0 and three zeros; then come, in 8 bytes each, its size, the
    place of its first free block and its address. A free block begins with the place of the next, 1 the last.

    References:
        HDF5 File Format Specification, version 3.0, section III.D.
    """
    at = data.find(_HEAP)
    while 0 <= at <= len(data) - _HEAP_BYTES:
        size, free, address = struct.unpack_from("<QQQ", data, at + len(_HEAP))
        seen: set[int] = set()
        while free not in seen and free + 8 <= size and address + free + 8 <= len(data):
            seen.add(free)
            (free,) = struct.unpack_from("<Q", data, address + free)
        if free in seen:
            raise ValueError("a list of free space leads back to itself")
        at = data.find(_HEAP, at + 1)


def member_names(group: Any, max_members: int) -> tuple[str, ...]:
    """Names of the members of a group, in the file's order.

    Raises:
        ExportError: more than ``max_members``, or the group is damaged.
    """
    found: list[bytes] = []

    def visit(name: bytes) -> bool | None:
        found.append(name)
        # Anything but None ends the iteration.
        return True if len(found) > max_members else None

    with _telling(_place(group)):
        group.id.links.iterate(visit)
        if len(found) > max_members:
            raise ValueError(f"more than {max_members} members")
        return tuple(name.decode() for name in found)


def read_group(group: Any, name: str) -> Any:
    """A group inside a group.

    Raises:
        ExportError: missing, a link out of its place, or not a group.
    """
    with _telling(_place(group, name)):
        member = _member(group, name)
        if not isinstance(member, h5py.Group):
            raise TypeError("not a group")
        return member


def read_dataset(group: Any, name: str, max_elements: int, *, finite: bool = True) -> NDArray[Any]:
    """A dataset of real numbers or booleans, in its own shape and in this machine's byte order.

    Stored whole or in chunks, bare or compressed with gzip.

    Raises:
        ExportError: missing, not a dataset, another type, more than ``max_elements`` elements, not all of
            them in the file, or, where they must be ``finite``, NaN or infinite.
    """
    with _telling(_place(group, name)):
        dataset = _dataset(group, name, max_elements)
        dtype = _number_type(dataset)
        values = _inflated(dataset, dtype) if _is_gzipped(dataset) else _stored(dataset, dtype)
        if finite and dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError("NaN or infinity: every entry must be finite")
        return values.astype(dtype.newbyteorder("="), copy=False)


def read_strings(group: Any, name: str, max_elements: int = 1, max_length: int = 256) -> NDArray[np.str_]:
    """A dataset of strings in its own shape, of fixed or variable length, UTF-8.

    Raises:
        ExportError: missing, not a dataset, another type, more than ``max_elements`` elements, a string
            of more than ``max_length`` bytes, compressed, not all in the file, not UTF-8.
    """
    with _telling(_place(group, name)):
        dataset = _dataset(group, name, max_elements)
        kind = dataset.id.get_type()
        if dataset.size == 0:  # A list of none has no type to speak of.
            return np.empty(dataset.shape, dtype=np.str_)
        if kind.get_class() != h5py.h5t.STRING:
            raise TypeError("not text")
        variable = kind.is_variable_str()
        if not variable and kind.get_size() > max_length:
            raise ValueError(f"strings of {kind.get_size():,} bytes: at most {max_length}")
        if dataset.id.get_create_plist().get_nfilters():
            raise ValueError("compressed text: store it bare")
        _require_storage(dataset, 16 if variable else kind.get_size())
        if variable:
            texts = variable_texts(dataset, max_length)
        else:
            texts = [bounded_text(item, max_length) for item in np.asarray(dataset[()]).reshape(-1).tolist()]
        return np.array(texts, dtype=np.str_).reshape(dataset.shape)


def read_string(group: Any, name: str, max_length: int = 256) -> str:
    """The one string of a dataset.

    Raises:
        ExportError: as :func:`read_strings`, or no string at all.
    """
    texts = read_strings(group, name, max_length=max_length)
    if texts.size != 1:
        raise ExportError(f"{_place(group, name)}: empty; give one string")
    return str(texts.reshape(-1)[0])


def _place(group: Any, name: str = "") -> str:
    return f"{group.file.filename}, {(group.name or '').rstrip('/')}/{name}"


@contextmanager
def _telling(place: str) -> Iterator[None]:
    """One line that says where and what, for whatever the library raises."""
    try:
        yield
    except ExportError:
        raise
    except _FAILURES as error:
        reason = error.args[0] if isinstance(error, KeyError) and error.args else error
        text = " ".join(str(reason).split())[:200] or type(error).__name__
        raise ExportError(f"{place}: {text}; {_FIX}") from None


def _member(group: Any, name: str) -> Any:
    link = group.get(name, getlink=True)
    if link is None:
        raise KeyError("missing")
    if type(link) is not h5py.HardLink:
        raise TypeError("a link to elsewhere")
    return group[name]


def _dataset(group: Any, name: str, max_elements: int) -> Any:
    """A dataset in this file, no larger than it may be."""
    dataset = _member(group, name)
    if not isinstance(dataset, h5py.Dataset):
        raise TypeError("not a dataset")
    creation = dataset.id.get_create_plist()
    layout = creation.get_layout()
    if layout == h5py.h5d.VIRTUAL or creation.get_external_count():
        raise TypeError("data kept in other files")
    if dataset.shape is None:
        raise ValueError("empty")
    elements = math.prod(dataset.shape)
    if elements > max_elements:
        raise ValueError(f"shape {dataset.shape}, which is {elements:,} elements: at most {max_elements:,}")
    if layout == h5py.h5d.CHUNKED and math.prod(creation.get_chunk()) > max(2 * elements, 1024):
        raise ValueError(f"chunks of {creation.get_chunk()} for shape {dataset.shape}")
    return dataset


def _number_type(dataset: Any) -> np.dtype[Any]:
    kind = dataset.id.get_type()
    if kind.get_class() not in _NUMBERS or kind.get_size() > 8:
        raise TypeError("not real numbers of at most 64 bits")
    dtype: np.dtype[Any] = dataset.dtype
    # An enumeration that is not a boolean comes as an integer with names attached.
    if dtype.kind not in "biuf" or (kind.get_class() == h5py.h5t.ENUM and dtype.kind != "b"):
        raise TypeError(f"elements of type {dtype}")
    return dtype


def _is_gzipped(dataset: Any) -> bool:
    creation = dataset.id.get_create_plist()
    filters = [creation.get_filter(index)[0] for index in range(creation.get_nfilters())]
    if filters and (filters != [h5py.h5z.FILTER_DEFLATE] or dataset.chunks is None):
        raise TypeError("filters other than gzip alone: store it bare, or with gzip as nir.write does")
    return bool(filters)


def _require_storage(dataset: Any, item_bytes: int) -> None:
    wanted = math.prod(dataset.shape) * item_bytes
    if dataset.id.get_storage_size() < wanted:
        raise ValueError(f"{dataset.id.get_storage_size():,} bytes stored of {wanted:,} declared")


def _stored(dataset: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    _require_storage(dataset, dtype.itemsize)
    return np.asarray(dataset[()], dtype=dtype)


def _inflated(dataset: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Unpack chunk by chunk: the library's own filter grows its buffer for as long as there is more."""
    values = np.empty(dataset.shape, dtype=dtype)
    if values.size == 0:
        return values
    corners = [range(0, size, width) for size, width in zip(dataset.shape, dataset.chunks, strict=True)]
    count = math.prod(map(len, corners))
    if count > MAX_CHUNKS:
        raise ValueError(f"{count:,} chunks: at most {MAX_CHUNKS:,}")
    for corner in itertools.product(*corners):
        # The last chunk along each axis reaches beyond the dataset.
        part = values[
            tuple(slice(start, start + width) for start, width in zip(corner, dataset.chunks, strict=True))
        ]
        part[...] = _chunk(dataset, corner, dtype)[tuple(map(slice, part.shape))]
    return values


def _chunk(dataset: Any, corner: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    info = dataset.id.get_chunk_info_by_coord(corner)
    wanted = math.prod(dataset.chunks) * dtype.itemsize
    if info.byte_offset is None or not 0 < info.size <= 2 * wanted + 1024:
        raise ValueError(f"the chunk at {corner} is missing, or larger packed than unpacked")
    mask, packed = dataset.id.read_direct_chunk(corner)
    try:
        data = packed if mask else zlib.decompressobj().decompress(packed, wanted + 1)
    except zlib.error as error:
        raise ValueError(f"the chunk at {corner} cannot be unpacked ({error})") from None
    if len(data) != wanted:
        raise ValueError(f"the chunk at {corner} does not unpack to its {wanted:,} bytes")
    return np.frombuffer(data, dtype=dtype).reshape(dataset.chunks)
