"""The labelled descriptions, as tests/formulate/descriptions/README.md says what is in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuro_aolo.files import parse_toml, read_text
from neuro_aolo.systems.scenario_file import scenario_names

FOLDER = Path(__file__).parents[2] / "tests" / "formulate" / "descriptions"
PARTS = {"development": "development.toml", "held-out": "held_out.toml"}
_SAMPLE = ".sample"


@dataclass(frozen=True)
class Label:
    """A description and what a scenario made of it must hold.

    Attributes:
        name: of the entry.
        kind: of description.
        text: the description.
        system: that it is of; empty where that cannot be known.
        extends: the scenario that it names, or its system's default.
        values: by key, in the schema's unit; of a component its sample.
        spans: words that say each value.
        missing: keys that the text leaves open.
        problems: as the labels have them.
    """

    name: str
    kind: str
    text: str
    system: str
    extends: str
    values: Mapping[str, Any]
    spans: Mapping[str, str]
    missing: frozenset[str]
    problems: frozenset[str]


def labels(part: str, folder: Path = FOLDER) -> list[Label]:
    """The labels of a part, in order."""
    entries = parse_toml(read_text(folder / PARTS[part]))["description"]
    return [_label(entry) for entry in entries]


def _label(entry: Mapping[str, Any]) -> Label:
    system = entry["system"]
    return Label(
        name=entry["id"],
        kind=entry["kind"],
        text=entry["text"],
        system=system,
        extends=entry["extends"] or (scenario_names(system)[0] if system else ""),
        values={key.removesuffix(_SAMPLE): value for key, value in entry.get("values", {}).items()},
        spans={key.removesuffix(_SAMPLE): words[0] for key, words in entry.get("grounds", {}).items()},
        missing=frozenset(entry["missing"]),
        problems=frozenset(entry["problems"]),
    )
