"""Files that are whole, strict JSON and TOML, and digests that tell every change."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_aolo.errors import RunError
from neuro_aolo.files import DIGEST, from_json, parse_toml, read_text, sealed, unsealed, write_whole
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import read_whole, whole
from neuro_aolo_export.files import write_whole as write_bytes_whole

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text().filter(lambda key: key != DIGEST), PLAIN, max_size=4), st.randoms())
def test_a_digest_tells_every_change_of_a_value_and_none_of_the_writing(data: dict[str, Any], random) -> None:
    kept = sealed(data)
    assert unsealed(kept) == data
    keys = list(kept)
    random.shuffle(keys)
    written = json.dumps({key: kept[key] for key in keys}, indent=random.choice([None, 3]))
    assert unsealed(from_json(written)) == data
    for key in data:
        for changed in ({**kept, key: "another value"}, {name: kept[name] for name in kept if name != key}):
            if changed != kept:
                with pytest.raises(ValueError, match="not what its digest"):
                    unsealed(changed)
    with pytest.raises(ValueError, match="is missing"):
        unsealed(data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ('{"a": 1e400}', "1e400 is no number"),
        ('{"a": 1, "b": {"a": 1, "a": 2}}', "the key 'a' stands there twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 3_50}', "delimiter"),
        ("", "Expecting value"),
    ],
)
def test_strict_json(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_json(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a." * 100_000 + "b = 1", "a dotted key of more than 100 parts"),
        ("[" + "a." * 100_000 + "b]", "a dotted key of more than 100 parts"),
        ("x = {" + "a." * 100_000 + "b = 1}", "a dotted key of more than 100 parts"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("x = " + "9" * 5_000, "a number has thousands of digits"),
        ("x = ", "Invalid value"),
    ],
)
def test_toml_that_the_parser_would_fall_over(text: str, said: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=said):
        parse_toml(text)
    # It would take minutes.
    assert time.process_time() - began < 5.0


def test_long_lists_of_numbers_and_prose_are_no_dotted_keys() -> None:
    numbers = [index / 7 for index in range(1_000)]
    assert parse_toml(f"x = {numbers}\ny = 'One. Two. Three.'") == {"x": numbers, "y": "One. Two. Three."}


def test_what_a_full_disk_says_names_the_file(tmp_path: Path) -> None:
    def fill() -> None:
        with whole(tmp_path / "a.json"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left") as failed:
        fill()
    assert failed.value.filename == str(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "raised"), [(errno.ENOSPC, OSError), (errno.EIO, OSError), (errno.EACCES, ExportError)]
)
def test_a_disk_that_fails_is_nobody_s_bad_input(
    number: int, raised: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(raised, match=os.strerror(number)) as failed:
        write_bytes_whole(tmp_path / "a.nir", b"")
    assert type(failed.value) is raised
    assert str(tmp_path / "a.nir") in str(failed.value)
    assert list(tmp_path.iterdir()) == []


def test_bounds_and_kinds_of_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_text(file) == "one\ntwo\nthree\n"
    assert read_whole(file, 18) == file.read_bytes()
    with pytest.raises(OSError, match="it has 18 bytes, of which at most 17 are read"):
        read_whole(file, 17)
    with pytest.raises(OSError, match="it is a folder, not a regular file"):
        read_whole(tmp_path)
    for kind in ("/dev/zero", "/dev/null"):
        with pytest.raises(OSError, match="it is a device or a pipe, not a regular file"):
            read_whole(kind)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a device or a pipe"):
        read_text(tmp_path / "pipe")
    file.write_bytes(b"\xff\xfeo\x00")
    with pytest.raises(ValueError, match="byte 0 is not text in UTF-8"):
        read_text(file)


def test_two_writers_do_not_take_each_other_s_file(tmp_path: Path) -> None:
    """Each has a name of its own process: the last rename stands, whole."""
    file = tmp_path / "a.json"
    with whole(file) as partial:
        partial.write_text("mine")
        code = (
            "import sys, pathlib, neuro_aolo.files as f; f.write_whole(pathlib.Path(sys.argv[1]), 'theirs')"
        )
        subprocess.run([sys.executable, "-c", code, file], check=True)
        assert file.read_text() == "theirs"
        assert partial.read_text() == "mine"
    assert file.read_text() == "mine"
    write_whole(file, "after")
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("kind", [RunError, ExportError])
def test_an_error_is_one_line_whatever_names_it_holds(kind: type[Exception]) -> None:
    assert str(kind("operator 'a\nb\r\nc\rd' is unknown: install it with  pip")) == (
        "operator 'a b c\\rd' is unknown: install it with  pip"
    )
