"""How much of labelled descriptions `neuro-aolo formulate` reads: fields, open ones, problems, cards found.

A field is a key with its value; precision is of those that were taken, recall of those that the labels have.
Exact: nothing differs from the label. What is right and what is not of each description is written to OUT as
a CSV file for each reader and part, the sums are added to OUT/scores.csv, and README.md is made of them.
``python scripts/score_formulate.py --part development``
"""

import argparse
import csv
import io
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from formulation.judged import NO_ANSWER, Judged, judge
from formulation.labels import PARTS, labels
from formulation.recall import card_recall
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.files import write_whole
from neuro_aolo.formulate.model import MODEL_TIMEOUT_S, Model, ModelError
from neuro_aolo.text.literal import csv_row
from neuro_aolo.text.paper_tables import markdown_rows

OUT = Path("results/formulate")
TEMPLATE = "template"
KEY_VARIABLE = "NEURO_AOLO_LLM_KEY"
SUMS = (
    *("reader", "part", "date", "descriptions", "precision", "recall", "exact", "system", "extends"),
    *("missing_precision", "missing_recall", "problems_found", "problems_extra", "errors_that_matter"),
    *("by_the_template", "no_answer", "card_recall_at_3", "card_in_prompt"),
    *("own_precision", "own_recall"),
)
TITLES = {
    "reader": "read by",
    "part": "part",
    "date": "date",
    "descriptions": "descriptions",
    "precision": "precision",
    "recall": "recall",
    "exact": "exact",
    "missing_recall": "open fields told",
    "problems_found": "problems told",
    "errors_that_matter": "errors that move the optimum",
    "card_recall_at_3": "card among the first 3",
    "by_the_template": "filled by the template",
    "no_answer": "no answer",
    "own_precision": "precision of its own answers",
    "own_recall": "recall of its own answers",
}
"""What stands in the table, of the sums."""


def main() -> None:
    """Read every description of a part, print the sums, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--backend", default=TEMPLATE, metavar="template|URL", help="who reads (template)")
    parser.add_argument("--model", default="default", metavar="NAME", help="of the model behind the URL")
    parser.add_argument("--timeout", type=float, default=MODEL_TIMEOUT_S, help="seconds for an answer (120)")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep what the model was asked and said")
    parser.add_argument("--transcript", type=Path, metavar="FILE", help="the answers that --record kept")
    parser.add_argument("--limit", type=int, help="descriptions, the first ones (default: all)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write (default: {OUT})")
    given = parser.parse_args()
    try:
        model = model_of(given)
        reader = TEMPLATE if model is None else given.model
        judged = [judge(label, model) for label in labels(given.part)[: given.limit]]
        if judged and all(each.filled_by == NO_ANSWER for each in judged):
            raise ModelError(f"{reader} answers nothing: start it, or correct the address")
    except NeuroAoloError as error:
        sys.exit(f"error: {error}")
    sums = {
        "reader": reader,
        "part": given.part,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        **summed(judged, reader),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    slug = "".join(sign if sign.isalnum() else "-" for sign in reader.lower())[:60]
    write_whole(given.out / f"{slug}-{given.part}.csv", as_csv(ROWS, rows(judged)))
    every = added(given.out / "scores.csv", sums)
    write_whole(given.out / "scores.csv", as_csv(SUMS, every))
    write_whole(given.out / "README.md", page(every))
    for name in SUMS:
        print(f"{name:<20}{sums[name]}")


def model_of(given: argparse.Namespace) -> Model | None:
    """Who reads; None for the template."""
    from neuro_aolo.formulate.endpoint import Endpoint
    from neuro_aolo.formulate.transcript import Recorded, Replay

    if given.transcript is not None:
        return Replay(given.transcript)
    if given.backend == TEMPLATE:
        return None
    model: Model = Endpoint(given.backend, given.model, os.environ.get(KEY_VARIABLE), given.timeout)
    return model if given.record is None else Recorded(model, given.record)


ROWS = ("description", "kind", "what", "key", "label", "found", "verdict", "matters")


def rows(judged: Iterable[Judged]) -> list[dict[str, Any]]:
    """What is right and what is not, a row each."""
    return [row for each in judged for row in _rows(each)]


def _rows(each: Judged) -> Iterable[dict[str, Any]]:
    def row(what: str, key: str, label: Any, found: Any) -> dict[str, Any]:
        verdict = "right" if label == found else "lost" if found == "" else "wrong"
        cells = (each.label.name, each.label.kind, what, key, label, found, verdict, each.matters)
        return dict(zip(ROWS, ("" if cell is None else cell for cell in cells), strict=True))

    label = each.label
    yield row("system", "", label.system, each.system)
    yield row("extends", "", label.extends, each.extends)
    for key in sorted({*label.values, *each.found}):
        wanted = label.values.get(key, "")
        yield row("value", key, wanted, wanted if key in each.right else each.found.get(key, ""))
    for what, wanted_keys, found_keys in (
        ("missing", label.missing, each.missing),
        ("problem", label.problems, each.problems),
    ):
        for key in sorted(wanted_keys | found_keys):
            yield row(what, key, "told" * (key in wanted_keys), "told" * (key in found_keys))


def summed(judged: Sequence[Judged], reader: str) -> dict[str, Any]:
    """Shares over all descriptions, as text; "own" ones over those that the reader itself read."""
    right = sum(len(each.right) for each in judged)
    problems = sum(len(each.label.problems) for each in judged)
    told = sum(len(each.label.missing & each.missing) for each in judged)
    wrong = [each for each in judged if each.wrong or each.lost]
    others = (NO_ANSWER,) if reader == TEMPLATE else (NO_ANSWER, TEMPLATE)
    own = [each for each in judged if each.filled_by not in others]
    own_right = sum(len(each.right) for each in own)
    first, prompted = card_recall([each.label for each in judged])
    return {
        "descriptions": len(judged),
        "precision": share(right, sum(len(each.found) for each in judged)),
        "recall": share(right, sum(len(each.label.values) for each in judged)),
        "exact": share(sum(each.exact for each in judged), len(judged)),
        "system": share(sum(each.system == each.label.system for each in judged), len(judged)),
        "extends": share(sum(each.extends == each.label.extends for each in judged), len(judged)),
        "missing_precision": share(told, sum(len(each.missing) for each in judged)),
        "missing_recall": share(told, sum(len(each.label.missing) for each in judged)),
        "problems_found": share(sum(len(each.label.problems & each.problems) for each in judged), problems),
        "problems_extra": sum(len(each.extra_problems) for each in judged),
        "errors_that_matter": f"{sum(each.matters is not False for each in wrong)} of {len(wrong)}",
        "by_the_template": share(sum(each.filled_by == TEMPLATE for each in judged), len(judged)),
        "no_answer": share(sum(each.filled_by == NO_ANSWER for each in judged), len(judged)),
        "card_recall_at_3": first,
        "card_in_prompt": prompted,
        "own_precision": share(own_right, sum(len(each.found) for each in own)),
        "own_recall": share(own_right, sum(len(each.label.values) for each in own)),
    }


def share(part: int, whole: int) -> str:
    """A share with what it is of, as ``0.975 (39 of 40)``."""
    return f"{part / whole:.3f} ({part} of {whole})" if whole else "none"


def added(file: Path, sums: dict[str, Any]) -> list[dict[str, Any]]:
    """The sums in a file with these among them, in the place of those of the same reader and part."""
    earlier = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))) if file.exists() else []
    other = [row for row in earlier if (row["reader"], row["part"]) != (sums["reader"], sums["part"])]
    return sorted([*other, sums], key=lambda row: (row["part"], row["reader"] != TEMPLATE, row["reader"]))


def as_csv(names: Sequence[str], every: Iterable[dict[str, Any]]) -> str:
    """Rows as text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(csv_row(row) for row in every)
    return text.getvalue()


_SAID = """\
Labelled descriptions of `tests/formulate/descriptions/`, made by `scripts/score_formulate.py`. No text is a
real user's. The template was built on the part `development`: its figures there say how far it was fitted,
and only those of `held-out` how well it reads. An error moves the optimum where the mean cost of the exact
optimum differs by more than 0.1 % from the label's, or one of both scenarios cannot be built. Where a
language model writes no form that can be used in three tries, the template reads; where it does not end its
answer, nobody does. `scores.csv` has more columns, the other files what is right and wrong of each
description."""


def page(every: Sequence[dict[str, Any]]) -> str:
    """README.md of the folder."""
    table = [[str(row[name]) for name in TITLES] for row in every]
    return "\n".join(
        [
            "# Descriptions read by `neuro-aolo formulate`",
            "",
            *_SAID.splitlines(),
            "",
            *markdown_rows(list(TITLES.values()), table),
            "",
        ]
    )


if __name__ == "__main__":
    main()
