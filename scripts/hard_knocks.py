"""Commands killed, two at a time on one folder, and on a full disk: nothing is lost, nothing left over.

    python scripts/hard_knocks.py                          100 kills, 20 pairs, and full disks
    python scripts/hard_knocks.py --kills 10 --pairs 0     some of them

A killed command is followed by what goes on from it, which must end with the weights and files of an
undisturbed one, and leave no partial file, lock, temporary folder or process. Kills and moments follow from
``--seed``. The exit code is 1 where anything is wrong.
"""

import argparse
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from knocks.commands import Base, undisturbed
from knocks.disk import full_disks
from knocks.kills import Kill, knock
from knocks.pairs import pair

KILLS, PAIRS = 100, 20

A = TypeVar("A")
B = TypeVar("B")


def main() -> int:
    """Knock, and print a table; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, help=f"{KILLS} if no part is asked for")
    parser.add_argument("--pairs", type=int, help=f"of commands on one folder; {PAIRS} likewise")
    parser.add_argument("--disk", action="store_true", help="commands on full disks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="knocks at a time; %(default)s if absent")
    typed = parser.parse_args()
    everything = typed.kills is None and typed.pairs is None and not typed.disk
    kills = KILLS if everything else typed.kills or 0
    pairs = PAIRS if everything else typed.pairs or 0
    # A signal puts away what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="knocks-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        return knocks(undisturbed(root), root, kills, pairs, everything or typed.disk, typed.seed, typed.jobs)


def knocks(base: Base, root: Path, kills: int, pairs: int, disk: bool, seed: int, jobs: int) -> int:
    """All of them; ``root`` is for temporary files."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)

    def tell(row: str, what: str, wrong: list[str]) -> None:
        counts[row] += Counter(knocks=1, wrong=bool(wrong))
        for line in wrong:
            print(f"{what}: {line}", file=sys.stderr, flush=True)

    for kill, wrong in _each(jobs, lambda kill: knock(kill, base, root), _kills(kills, seed)):
        tell(f"{kill.command}, {kill.signal.name}", str(kill), wrong)
    for number, (name, wrong) in _each(jobs, lambda number: pair(number, base, root), range(pairs)):
        tell(name, f"pair {number}: {name}", wrong)
    for name, wrong in full_disks(base, root) if disk else ():
        tell(f"disk: {name}", name, wrong)
    print(f"{'knock':<46}{'times':>7}{'wrong':>7}")
    for name, tally in sorted(counts.items()):
        print(f"{name:<46}{tally['knocks']:>7}{tally['wrong']:>7}")
    total = sum(counts.values(), Counter())
    print(f"{'all':<46}{total['knocks']:>7}{total['wrong']:>7}")
    return 1 if total["wrong"] else 0


def _kills(number: int, seed: int) -> list[Kill]:
    return [Kill.drawn(each, seed) for each in range(number)]


def _each(jobs: int, work: Callable[[A], B], wanted: Iterable[A]) -> Iterable[tuple[A, B]]:
    """What ``work`` gives of each, so many at a time."""
    given = list(wanted)
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(given, pool.map(work, given), strict=True)


if __name__ == "__main__":
    sys.exit(main())
