"""What befalls a text whose form is known: keys and columns instead of bytes."""

import csv
import io
import json
import math
import random
import re
import tomllib
from typing import Any

import tomli_w

VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 10**30, 2**63, 10**9, 1e9, 1e308, -1e-9, 5e-324, 0.5),
    *(math.nan, math.inf, -math.inf, -0.0, "", "nan", "3_50", "٣", "\x1b[31m", "a\nb", "\u2028", "x" * 1_000),
    *([], {}, [[]], [0] * 1_000, {"a": {"b": 1}}, [1, "a"], "../../etc/hostname", "/dev/zero"),
)  # fmt: skip
_DEPTHS = (100, 2_000, 100_000)
_MOST_PARSED = 1 << 16
"""Bytes; Python's reader of TOML takes memory with the square of a key's dots."""


def _containers(tree: Any) -> list[Any]:
    """Every list and dictionary of a tree that holds something."""
    if not isinstance(tree, dict | list):
        return []
    inner = tree.values() if isinstance(tree, dict) else tree
    return ([tree] if tree else []) + [each for item in inner for each in _containers(item)]


def changed_tree(rng: random.Random, tree: Any) -> Any:
    """The tree with one key or item removed, renamed, added, or with another value."""
    containers = _containers(tree)
    if not containers or rng.random() < 0.02:
        return rng.choice(VALUES)
    place = rng.choice(containers)
    key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
    match rng.choice(("remove", "rename", "value", "value", "value", "wrap", "move")):
        case "remove":
            del place[key]
        case "rename" if isinstance(place, dict):
            place[rng.choice((f"{key}x", str(key).upper(), "", "x.y", "ключ"))] = place.pop(key)
        case "wrap":
            place[key] = [place[key]] if rng.random() < 0.5 else {"a": place[key]}
        case "move":
            place[key] = rng.choice(containers[-8:])
            try:
                json.dumps(tree)
            except ValueError:  # It holds itself now.
                place[key] = rng.choice(VALUES)
        case _:
            place[key] = rng.choice(VALUES)
    return tree


def changed_json(rng: random.Random, data: bytes) -> bytes | None:
    """The same with a change that JSON knows; None where the bytes are none any more."""
    try:
        text = data.decode()
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    roll, keys = rng.random(), list(re.finditer(r'"\w+":', text))
    if roll < 0.1 and keys:
        place = rng.choice(keys)
        return (text[: place.start()] + f"{place[0]} 0, " + text[place.start() :]).encode()
    if roll < 0.15 and keys:
        place, depth = rng.choice(keys), rng.choice(_DEPTHS)
        deep = "[" * depth + "]" * depth
        return (text[: place.end()] + deep + "," + '"z":' + text[place.end() :]).encode()
    return json.dumps(changed_tree(rng, tree)).encode()


def changed_toml(rng: random.Random, data: bytes) -> bytes | None:
    """The same with a change that TOML knows; None where the bytes are none any more."""
    if len(data) > _MOST_PARSED:
        return None
    try:
        text = data.decode()
        tree = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    lines, roll = text.splitlines(keepends=True), rng.random()
    if roll < 0.1 and lines:
        line = rng.randrange(len(lines))
        return "".join([*lines[: line + 1], *lines[line:]]).encode()
    if roll < 0.15:
        depth = rng.choice(_DEPTHS)
        return (
            rng.choice(("z = " + "[" * depth + "]" * depth, "a." * depth + "b = 1")) + "\n" + text
        ).encode()
    try:
        return tomli_w.dumps(changed_tree(rng, tree)).encode()
    except (TypeError, AttributeError, RecursionError):  # TOML has no null, and its top is a table.
        return None


def changed_csv(rng: random.Random, data: bytes) -> bytes | None:
    """The same with a change that CSV knows; None where the bytes are none any more."""
    try:
        text = data.decode()
    except ValueError:
        return None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return None
    if not rows or not rows[0]:
        return None
    row, column, ending = rng.randrange(len(rows)), rng.randrange(len(rows[0])), "\n"
    match rng.randrange(14):
        case 0:
            del rows[row]
        case 1:
            rows.insert(row, list(rows[row]))
        case 2:
            rows.append(rows.pop(row))
        case 3:
            rows = [each[:column] + each[column + 1 :] for each in rows]
        case 4:
            rows = [each[:column] + each[column : column + 1] + each[column:] for each in rows]
        case 5:
            delimiter = rng.choice(",;\t|: ")
        case 6:
            ending = rng.choice(("\r\n", "\r", "\n\n", "\v", "\x85"))
        case 7:
            rows = [[cell.replace(".", ",") for cell in each] for each in rows]
        case 8:
            rows[0] = [rng.choice((cell.upper(), cell + "x", "", f'"{cell}')) for cell in rows[0]]
        case 9:
            return text.encode() + b'"never closed\n'
        case 10:
            rows.insert(row, rng.choice(([], [""], ["# a comment"], ["x" * 200_000])))
        case 11:
            rows = rows[:1]
        case 12:
            rows = [*rows, *(20 * rows[1:])]
        case _:
            cells = (
                "nan",
                "inf",
                "3_50",
                "٣",
                "-1",
                "1e400",
                "9" * 400,
                "0001-01-01",
                "9999-12-31T23:59:59Z",
                "",
            )
            rows[row] = [*rows[row][:column], rng.choice(cells), *rows[row][column + 1 :]]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=ending).writerows(rows)
    return stream.getvalue().encode()
