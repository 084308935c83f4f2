"""Commands that are killed at some moment, and what the next command finds."""

import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from knocks.commands import (
    COMMANDS,
    TRAINED,
    Base,
    Place,
    Started,
    digests,
    place_in,
    read_json,
)
from neuro_aolo.runs.files import CONFIG, SUMMARY

_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_WEIGHTS = {"train": 30, "run": 14, "compare": 14, "export": 16, "ledger": 10, "report": 16}
_AT_WORK = 0.8
"""Share of the kills while a command is at its work, its imports done."""

_PYTHON_S = 0.5
"""So long it may be Python itself that a signal ends."""


@dataclass(frozen=True)
class Kill:
    """What is killed, with what, and when.

    Attributes:
        number: of the kill.
        command: one of :data:`knocks.commands.COMMANDS`.
        signal: that is sent.
        at_work: whether the clock starts where the command says that its work begins.
        share: of the time that is left to the command then.
    """

    number: int
    command: str
    signal: signal.Signals
    at_work: bool
    share: float

    @classmethod
    def drawn(cls, number: int, seed: int) -> "Kill":
        """Kill ``number``: it follows from the seed."""
        rng = random.Random(f"{seed} kill {number}")
        (command,) = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        return cls(number, command, rng.choice(_SIGNALS), rng.random() < _AT_WORK, rng.random())

    def __str__(self) -> str:
        when = "of its work" if self.at_work else "of its time"
        return f"kill {self.number}: {self.command}, {self.signal.name} after {self.share:.0%} {when}"


def knock(kill: Kill, base: Base, root: Path) -> list[str]:
    """Kill a command and go on with it; what is wrong then."""
    with place_in(root, f"kill-{kill.number}") as place:
        if kill.command in ("export", "ledger", "report"):
            base.copy("run", place)
        before = digests(place.out)
        started = place.start(*COMMANDS[kill.command])
        if kill.at_work:
            started.wait_for(started.works)
        at_s = time.monotonic() - started.began
        left_s = max(base.seconds[kill.command] - at_s, 0.5)
        time.sleep(kill.share * left_s)
        early = time.monotonic() - started.began < _PYTHON_S
        has_ended = started.process.poll() is not None
        if not has_ended:
            started.process.send_signal(kill.signal)
        started.end()
        wrong = [] if has_ended else _ended(started, kill, early)
        if kill.command in ("export", "ledger", "report"):
            after = digests(place.out)
            wrong += [f"{name} is not as it was" for name in TRAINED if after.get(name) != before[name]] + [
                f"{name} is lost" for name in before if name not in after
            ]
        return wrong + _goes_on(kill.command, place, base) + place.left_over()


def _ended(started: Started, kill: Kill, early: bool) -> list[str]:
    """What is wrong with how a command ended that was sent a signal."""
    if kill.signal is signal.SIGKILL or started.code == 0:
        return []
    if early and started.code in (-kill.signal, 1):
        return []
    return started.refusal((128 + kill.signal,))


def _goes_on(command: str, place: Place, base: Base) -> list[str]:
    """Go on as a user would; what is wrong with the end."""
    words = COMMANDS[command]
    if command in ("train", "run"):
        if (place.out / CONFIG).is_file():
            words = (command, "--resume", "{out}")
        elif place.out.exists():
            words = (*words, "--overwrite")
    following = place.run(*words)
    finished = command == "train" and any("nothing to resume" in line for line in following.lines())
    if following.code and not finished:
        return [f"{' '.join(words)}: exit code {following.code}: {' / '.join(following.lines())[:300]}"]
    match command:
        case "train":
            return base.other_weights("train", place.out)
        case "run":
            return base.other_weights("run", place.out) + base.other_exports(place.out)
        case "export":
            return base.other_exports(place.out)
        case "ledger":
            return [] if read_json(following.out) == base.ledger else ["the ledger differs"]
        case "report":
            same = read_json(place.out / SUMMARY) == read_json(
                base.path.parent / "undisturbed-report" / "out" / SUMMARY
            )
            return [] if same else ["summary.json differs"]
    theirs, ours = (
        sorted((folder / "cells").glob("*.json")) for folder in (base.path / "compare", place.out)
    )
    if [file.name for file in theirs] != [file.name for file in ours]:
        return [f"cells are {', '.join(file.name for file in ours)}"]
    return [f"{b.name} differs" for a, b in zip(theirs, ours, strict=True) if read_json(a) != read_json(b)]
