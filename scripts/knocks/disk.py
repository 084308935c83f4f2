"""Commands on a disk that is all but full."""

import json
import os
import resource
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from knocks.commands import COMMANDS, TINY, Base, Place, digests, place_in
from neuro_aolo.runs.files import EXPORTS, PAGE, WEIGHTS

_DISK_KB = 4_096
_LEFT_KB = (0, 4, 40, 300)
"""Room that is left, beside what lies there."""

_MADE = {"train": WEIGHTS, "run": PAGE, "export": EXPORTS, "report": PAGE}
"""What a command that says that all went well has made."""


def full_disks(base: Base, root: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command with little room; which it was, and what is wrong."""
    with place_in(root, "disk-wide") as place:
        # Libraries hold small files back until they are closed: those of this network they do not.
        (root / "wide.toml").write_text(TINY.replace("hidden = [8]\n", "hidden = [256, 256]\n"))
        made = place.run("train", "--out", "{out}", "--config", "../wide.toml", "--steps", "64")
        if made.code:
            raise SystemExit(f"no run for full disks: {' / '.join(made.lines())}")
        shutil.move(place.out, base.path / "wide")
    for command in ("train", "run", "export", "report"):
        for number, left_kb in enumerate(_LEFT_KB):
            with place_in(root, f"disk-{command}-{number}") as place, _mounted(place) as is_mounted:
                name = f"{command}, {left_kb} kB {'left' if is_mounted else 'a file at most: no mount here'}"
                code, wrong = _on_full_disk(command, left_kb, base, place, is_mounted)
                yield f"{name}: exit code {code}", wrong


def _on_full_disk(
    command: str, left_kb: int, base: Base, place: Place, is_mounted: bool
) -> tuple[int, list[str]]:
    """How the command ended, and what is wrong."""
    if command in ("export", "report"):
        _copy(base.path / "wide", place.out)
    before = digests(place.out)
    limit = None if is_mounted else _limited(left_kb)
    if is_mounted:
        _fill(place.path / "disk", left_kb)
    started = place.run(*COMMANDS[command], limit=limit)
    wrong = [] if started.code == 0 else started.refusal((1, 2))
    after = digests(place.out)
    if started.code == 0 and _MADE[command] not in after:
        wrong.append(f"exit code 0 without {_MADE[command]}")
    if started.code:
        wrong += [f"{name} is not as it was" for name in before if after.get(name) != before[name]]
    files = [place.out / name for name in after if after[name] != before.get(name)]
    wrong += [f"{file.name} is half-written" for file in files if not _is_whole(file)]
    return started.code, wrong + place.left_over()


def _copy(source: Path, target: Path) -> None:
    """A run as its training left it."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file():
            shutil.copy(file, target)


@contextmanager
def _mounted(place: Place) -> Iterator[bool]:
    """A small disk at ``disk`` with what commands work on; whether there may be one here."""
    disk = place.path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_KB}k", "tmpfs", str(disk)]
    try:
        is_mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        is_mounted = False
    place.inside = "disk/out"
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(disk)], check=False)


def _fill(disk: Path, left_kb: int) -> None:
    """Leave no more room than that."""
    status = os.statvfs(disk)
    room = status.f_bavail * status.f_frsize - (left_kb << 10)
    (disk / "filler").write_bytes(bytes(max(room, 0)))


def _limited(left_kb: int) -> Callable[[], None]:
    """What lets a process write no file that is larger."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (left_kb << 10, left_kb << 10))

    return limit


def _is_whole(file: Path) -> bool:
    """Whether a file that was written ends as its kind does."""
    data = file.read_bytes()
    try:
        match file.suffix:
            case ".json":
                json.loads(data)
            case ".html":
                return data.rstrip().endswith(b"</html>")
            case ".safetensors" | ".graph":
                (size,) = struct.unpack("<Q", data[:8])
                ends = [each["data_offsets"][1] for name, each in json.loads(data[8 : 8 + size]).items()
                        if name != "__metadata__"]  # fmt: skip
                return len(data) == 8 + size + max(ends)
            case _:
                return bool(data)
    except (ValueError, struct.error):
        return False
    return True
