"""What befalls a file of numbers whose form is known: headers, members and fields instead of bytes."""

import io
import json
import lzma
import math
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from google.protobuf.message import DecodeError, Message
from onnx import ModelProto

from fuzzing.text import VALUES, changed_csv, changed_json, changed_toml, changed_tree

Mutation = Callable[[random.Random, bytes], bytes | None]
"""None where the bytes are of another form by now."""


def _safetensors(rng: random.Random, data: bytes) -> bytes | None:
    try:
        (size,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + size])
    except (ValueError, OverflowError, MemoryError, struct.error, RecursionError):
        return None
    rest = data[8 + size :]
    names = [name for name in header if name != "__metadata__"] if isinstance(header, dict) else []
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    roll = rng.random()
    if roll < 0.2 and len(rest) >= 4:
        return data[: 8 + size] + _odd_floats(rng, rest)
    if roll < 0.4 and isinstance(metadata, dict) and metadata:
        name = rng.choice(list(metadata))
        text = changed_json(rng, str(metadata[name]).encode())
        metadata[name] = "" if text is None else text.decode()
    elif roll < 0.7 and names and isinstance(header[name := rng.choice(names)], dict):
        tensor = header[name]
        key = rng.choice(list(tensor) or ["shape"])
        big = rng.choice((2**40, 2**62, 2**64 - 1, 0, -1))
        odd = {"dtype": rng.choice(("F64", "F16", "I64", "BOOL", "BF16", "X", 3)),
               "shape": rng.choice(([big], [big, big], [], [0], "x", [1.5])),
               "data_offsets": rng.choice(([0, big], [big, big], [8, 0], [], [0, 4]))}  # fmt: skip
        tensor[key] = odd.get(key, rng.choice(VALUES))
    else:
        header = changed_tree(rng, header)
    packed = json.dumps(header).encode()
    return struct.pack("<Q", len(packed)) + packed + rest


def _odd_floats(rng: random.Random, data: bytes) -> bytes:
    """Some four bytes as a float32 that is none, or huge."""
    at = 4 * rng.randrange(len(data) // 4)
    value = rng.choice((math.nan, math.inf, -math.inf, 3e38, -0.0, 1e-40))
    return data[:at] + struct.pack("<f", value) + data[at + 4 :]


_NO_MEMBERS = (
    *(ValueError, OSError, RuntimeError, NotImplementedError, EOFError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)


def _npz(rng: random.Random, data: bytes) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except _NO_MEMBERS:
        return None
    if not members:
        return None
    name = rng.choice(list(members))
    big = rng.choice((2**28 + 1, 2**40, 2**62, 2**70, -1, 0))
    match rng.randrange(7):
        case 0:
            members[f"{name}x"] = members.pop(name)
        case 1:
            members[name] = re.sub(
                rb"\([\d, ]+\)", rng.choice((f"({big},)", f"({big}, 8, 6)")).encode(), members[name]
            )
        case 2:
            other = rng.choice((b"|O8", b"<U9", b"<c8", b"<f2", b"<i8", b"|V4", b"'x", b"[('a',"))
            members[name] = re.sub(rb"[<|][a-z]\d", lambda _: other, members[name], count=1)
        case 3:
            members[name] += bytes(rng.choice((1, 2**26)))
        case 4:
            stream, shape = io.BytesIO(), rng.choice(((4, 8, 6), (4, 6), (6,), (), (0, 8, 6)))
            values = np.full(shape, rng.choice((math.nan, math.inf, 2.0, 0.5, 1.0, -1.0)))
            np.save(stream, values.astype(rng.choice(("f8", "f4", "i1", "u1", "?", "f2")), casting="unsafe"))
            members[name] = stream.getvalue()
        case 5:
            members[name] = members[name].replace(b"'fortran_order': False", b"'fortran_order': True ")
        case _:
            del members[name]
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    ) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return stream.getvalue()


def _hdf5(rng: random.Random, data: bytes) -> bytes | None:
    stream = io.BytesIO(data)
    try:
        with h5py.File(stream, "r+") as file:
            names: list[str] = []
            file.visit(names.append)
            _change_hdf5(rng, file, rng.choice(names))
    except Exception:  # The library says in many ways that bytes are no file of its own any more.
        return None
    return stream.getvalue()


def _change_hdf5(rng: random.Random, file: Any, name: str) -> None:
    member = file[name]
    content = member[()] if isinstance(member, h5py.Dataset) else None
    del file[name]
    match rng.randrange(8):
        case 0:
            return
        case 1:
            file[name] = rng.choice((math.nan, math.inf, -1, 0, 2**40, "x", "a\nb", "", True, [1, 2], 1e300))
        case 2:
            file.create_dataset(name, shape=(2**40,), chunks=(2**16,), dtype="f4")
        case 3:
            file.create_dataset(name, shape=(2**24, 4), dtype="f8", compression="gzip")
        case 4:
            file[name] = rng.choice(
                (h5py.SoftLink("/node"), h5py.ExternalLink("/etc/hostname", "/"), h5py.SoftLink(name))
            )
        case 5:
            file.create_group(name)
        case 6 if content is not None:
            file[f"{name}x"] = content
        case _:
            array = np.array(1.0 if content is None or isinstance(content, bytes | str) else content)
            array = array.astype(rng.choice(("f8", "f4", "i8", "i1", "?")))
            if array.size:
                array.flat[rng.randrange(array.size)] = 1
            odd = rng.choice(
                (array, array[..., None], array.reshape(-1), array * rng.choice((-1, 1e30, math.nan)))
            )
            file[name] = odd


def _onnx(rng: random.Random, data: bytes) -> bytes | None:
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return None
    places = [(message, *field) for message in _messages(model) for field in message.ListFields()]
    if not places:
        return None
    message, descriptor, content = rng.choice(places)
    repeated = hasattr(content, "append") and not isinstance(content, str | bytes)
    if rng.random() < 0.2:
        message.ClearField(descriptor.name)
        return bytes(model.SerializeToString())
    if descriptor.message_type is not None:
        if repeated and content:
            extra = rng.choice(list(content))
            content.add().CopyFrom(extra)
        return bytes(model.SerializeToString())
    whole = (0, -1, 1, 2, 2**31 - 1, 2**62, -(2**31))
    values: tuple[Any, ...] = whole
    if descriptor.cpp_type == descriptor.CPPTYPE_STRING:
        values = ("", "x", "Identity", "Loop", "If", "Gemm", "weight0", "../x", "a\nb")
        if descriptor.type == descriptor.TYPE_BYTES:
            values = (b"", b"\xff" * 7, b"\0\0\xc0\x7f" * 16, b"\xff\xff\x7f\x7f" * 16)
    elif descriptor.cpp_type in (descriptor.CPPTYPE_FLOAT, descriptor.CPPTYPE_DOUBLE):
        values = (math.nan, math.inf, -1.0, 0.0, 1e38)
    try:
        if repeated:
            content[rng.randrange(len(content))] = rng.choice(values)
        else:
            setattr(message, descriptor.name, rng.choice(values))
    except (ValueError, TypeError):  # out of the field's range
        message.ClearField(descriptor.name)
    return bytes(model.SerializeToString())


def _messages(message: Message) -> list[Any]:
    inner = [(field, content) for field, content in message.ListFields() if field.message_type is not None]
    parts = [part for _, content in inner for part in (content if hasattr(content, "add") else (content,))]
    return [message, *(each for part in parts for each in _messages(part))]


FORMS: dict[str, Mutation] = {
    "json": changed_json,
    "toml": changed_toml,
    "csv": changed_csv,
    "safetensors": _safetensors,
    "npz": _npz,
    "hdf5": _hdf5,
    "onnx": _onnx,
}
