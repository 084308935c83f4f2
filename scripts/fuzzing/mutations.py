"""What befalls a file's bytes: damage, other encodings, and numbers that are none."""

import random
import re
from collections.abc import Callable, Sequence

from fuzzing.structures import FORMS

Mutation = Callable[[random.Random, bytes], bytes]

NUMBERS = (
    *("nan", "inf", "-inf", "NaN", "Infinity", "1e400", "-1e400", "1e-400", "-0", "-0.0", "1e9", "-1"),
    "1" + 30 * "0",
    *("-1e9", "3_50", "٣", "१२", "１", "0x10", "1,5", "1.", "+1", "", "null", "true", '"1"', 5_000 * "9"),
)  # fmt: skip
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_MOST = 3
"""Mutations of one input."""


def mutated(rng: random.Random, seeds: Sequence[bytes], form: str) -> bytes:
    """One of ``seeds``, up to three times changed."""
    data = rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 1, 2, _MOST))):
        roll = rng.random()
        if roll < 0.5:
            changed = FORMS[form](rng, data)
            data = _BYTES[0](rng, data) if changed is None else changed
        elif roll < 0.55:
            data = _spliced(rng, data, rng.choice(seeds))
        elif roll < 0.75 and form in ("json", "toml", "csv"):
            data = _number(rng, data)
        else:
            data = rng.choice(_BYTES)(rng, data)
    return data


def _flipped(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 4, 32)) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwritten(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3)) if changed else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _claimed(rng: random.Random, data: bytes) -> bytes:
    """Some bytes as a number that is far too large: a size, a count or an offset, wherever one stands."""
    at, width = rng.randrange(min(len(data), 4_096) or 1), rng.choice((4, 8))
    number = rng.choice((2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, 2**40, 2**28)) % 2 ** (8 * width)
    return data[:at] + number.to_bytes(width, rng.choice(("little", "big"))) + data[at + width :]


def _truncated(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _piece(rng: random.Random, data: bytes) -> tuple[int, int]:
    at = rng.randrange(len(data) + 1)
    return at, min(len(data), at + rng.choice((1, 2, 8, 64, 512)))


def _deleted(rng: random.Random, data: bytes) -> bytes:
    start, end = _piece(rng, data)
    return data[:start] + data[end:]


def _doubled(rng: random.Random, data: bytes) -> bytes:
    start, end = _piece(rng, data)
    return data[:end] + rng.choice((1, 1, 40)) * data[start:end] + data[end:]


def _inserted(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    piece = rng.choice(
        (b"\0", b"\xff", b"\n", b'"', b"{", b"[", b"\x1b[31m", b"\xe2\x80\xa8", rng.randbytes(8))
    )
    return data[:at] + piece + data[at:]


def _spliced(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _encoded(rng: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = rng.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7", "utf-8-sig", "cp037"))
    return text.encode(encoding, "replace")


def _blank(rng: random.Random, data: bytes) -> bytes:
    return rng.choice(
        (b"", b"\0", b"\n", b"\xef\xbb\xbf", b" " * 100, b"\0" * len(data), data + b"\0" * 4_096)
    )


def _number(rng: random.Random, data: bytes) -> bytes:
    places = list(_NUMBER.finditer(data))
    if not places:
        return _flipped(rng, data)
    place = rng.choice(places)
    return data[: place.start()] + rng.choice(NUMBERS).encode() + data[place.end() :]


_BYTES: tuple[Mutation, ...] = (
    *(_flipped, _flipped, _overwritten, _truncated, _deleted),
    *(_doubled, _inserted, _claimed, _encoded, _blank),
)  # fmt: skip
