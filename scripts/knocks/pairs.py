"""Two commands on one folder: the first is halted while it holds it, and the second has to give way."""

import signal
import time
from pathlib import Path

from knocks.commands import COMMANDS, Base, Place, is_locked, place_in

_RESUME = ("train", "--resume", "{out}")
PAIRS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "train, train --overwrite": ("", COMMANDS["train"], (*COMMANDS["train"], "--overwrite")),
    "train --resume twice": ("begun", _RESUME, _RESUME),
    "export, run --overwrite": ("run", COMMANDS["export"], (*COMMANDS["run"], "--overwrite")),
    "run --resume, export": ("run", ("run", "--resume", "{out}"), COMMANDS["export"]),
    "compare twice": ("", COMMANDS["compare"], COMMANDS["compare"]),
}
"""What lies in the folder, the first command and the second."""


def pair(number: int, base: Base, root: Path) -> tuple[str, list[str]]:
    """Which pair it was, and what is wrong."""
    name = list(PAIRS)[number % len(PAIRS)]
    content, first, second = PAIRS[name]
    with place_in(root, f"pair-{number}") as place:
        if content:
            base.copy(content, place)
        holder = place.start(*first)
        if not holder.wait_for(lambda: is_locked(place.out)):
            said = " / ".join(holder.lines())[:200]
            return name, [f"the first never held the folder: exit code {holder.code}: {said}"]
        # Later ones come at other moments of its work.
        time.sleep(0.3 * (number // len(PAIRS)))
        holder.process.send_signal(signal.SIGSTOP)
        try:
            refused = place.run(*second)
        finally:
            holder.process.send_signal(signal.SIGCONT)
        wrong = refused.refusal((2,))
        if str(holder.process.pid) not in " ".join(refused.lines()):
            wrong.append(f"does not say who holds the folder: {' / '.join(refused.lines())[:200]}")
        if holder.end():
            wrong.append(f"the first: exit code {holder.code}: {' / '.join(holder.lines())[:200]}")
        return name, wrong + _is_whole(first[0], content, place, base) + place.left_over()


def _is_whole(command: str, content: str, place: Place, base: Base) -> list[str]:
    """What is wrong with a folder that one command has finished."""
    if command == "compare":
        again = place.run(*COMMANDS["compare"])
        return [f"compare again: exit code {again.code}"] if again.code else []
    if content == "run":
        return base.other_weights("run", place.out) + base.other_exports(place.out)
    return base.other_weights("train", place.out)
