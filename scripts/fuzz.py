"""Every reader of a file on thousands of damaged, foreign and hostile files, and what must never happen then.

    python scripts/fuzz.py                                  20,000 inputs, spread over all readers
    python scripts/fuzz.py --loaders cell,nir --inputs 500  some of them

A file is to be refused in one line that names it, or to be read. Counted are other errors, lines too many, no
answer within 5 s, more than 1 GiB of memory, numbers taken that are none, and changes that a digest should
have shown. The inputs follow from ``--seed``. The exit code is 1 where anything is counted.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from fuzzing.examine import FAULTS, IN_ITS_PLACE, Bench, Outcome, status
from fuzzing.loaders import LOADERS, Loader
from fuzzing.pool import examined
from fuzzing.seeds import make_seeds

INPUTS = 20_000
ANSWERS = ("refused", "unchanged", "changed")
_ROOM = 4 << 30
_SHOWN = 3
"""Faults of a kind that are told of a reader."""


def main() -> int:
    """Fuzz, print a table, and keep what failed; 1 where anything did."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=INPUTS, help="in all; %(default)s if absent")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loaders", default="", help="names, with commas between; all if absent")
    parser.add_argument("--jobs", type=int, default=1, help="processes; %(default)s if absent")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where files that failed are kept")
    typed = parser.parse_args()
    names = [name for name in typed.loaders.split(",") if name]
    unknown = set(names) - {loader.name for loader in LOADERS}
    if unknown:
        parser.error(f"no loaders {', '.join(sorted(unknown))}: {', '.join(each.name for each in LOADERS)}")
    loaders = [loader for loader in LOADERS if not names or loader.name in names]
    # What is drawn here is kept from filling the machine, too.
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (status("VmSize") + _ROOM, hard))
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        return fuzz(loaders, typed.inputs, typed.seed, typed.jobs, typed.keep, Path(folder))


def fuzz(loaders: list[Loader], inputs: int, seed: int, jobs: int, keep: Path | None, folder: Path) -> int:
    """The same of these readers; ``folder`` is for temporary files."""
    seeds = folder / "seeds"
    # In a process of its own: what trains and exports leaves threads behind.
    maker = multiprocessing.get_context("fork").Process(target=make_seeds, args=(seeds,))
    maker.start()
    maker.join()
    if maker.exitcode:
        print("no files to begin with: see above", file=sys.stderr)
        return 1
    loaders = [loader for loader in loaders if all(_is_there(seeds, each) for each in loader.seeds)]
    each = max(-(-inputs // len(loaders)), len(IN_ITS_PLACE))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for loader, index, outcome in examined(
        [(loader, each) for loader in loaders], seeds, folder / "scratch", seed, jobs
    ):
        tally = counts[loader.name]
        tally["inputs"] += 1
        tally[outcome.answer] += 1
        if outcome.fault:
            tally[outcome.fault] += 1
            if tally[outcome.fault] <= _SHOWN:
                print(_told(loader, index, outcome), file=sys.stderr, flush=True)
            if keep is not None:
                _keep(loader, index, seed, seeds, folder / "again", keep, outcome)
    return _table(counts)


def _is_there(seeds: Path, seed: tuple[str, str]) -> bool:
    """Whether it could be written: Lava may not be installed."""
    return any((seeds / seed[0]).glob(seed[1]))


def _told(loader: Loader, index: int, outcome: Outcome) -> str:
    place = f" ({IN_ITS_PLACE[index]} in its place)" if index < len(IN_ITS_PLACE) else ""
    return f"{loader.name} {index}{place}: {outcome.fault}: {outcome.detail.strip()}"


def _keep(
    loader: Loader, index: int, seed: int, seeds: Path, scratch: Path, keep: Path, outcome: Outcome
) -> None:
    """Write the input and what was said of it; nothing of what is no file."""
    with tempfile.TemporaryDirectory(dir=scratch.parent) as folder:
        _, file, data = Bench(loader, seeds, Path(folder)).input(seed, index)
        keep.mkdir(parents=True, exist_ok=True)
        stem = f"{loader.name}-{outcome.fault}-{index}"
        (keep / f"{stem}.txt").write_text(_told(loader, index, outcome) + "\n")
        if index >= len(IN_ITS_PLACE):
            (keep / f"{stem}{file.suffix}").write_bytes(data)


def _table(counts: dict[str, Counter[str]]) -> int:
    columns = ("inputs", *ANSWERS, *FAULTS)
    print(f"{'loader':<15}" + "".join(f"{column:>11}" for column in columns))
    for name, tally in counts.items():
        print(f"{name:<15}" + "".join(f"{tally[column]:>11,}" for column in columns))
    total = sum(counts.values(), Counter())
    print(f"{'all':<15}" + "".join(f"{total[column]:>11,}" for column in columns))
    return 1 if any(total[fault] for fault in FAULTS) else 0


if __name__ == "__main__":
    sys.exit(main())
