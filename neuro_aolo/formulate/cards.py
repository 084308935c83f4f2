"""Cards of a system's parameters and scenarios, made from its schema: what can be said, in which unit."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hardware_profiles.profile import profile_names
from neuro_aolo.formulate.deployed import DEPLOYED, DEVICES
from neuro_aolo.systems.describe import ParameterRow, describe
from neuro_aolo.systems.names import SYSTEMS, Loaded, load
from neuro_aolo.systems.names import system as system_of
from neuro_aolo.systems.parameters import Component, Section
from neuro_aolo.systems.phrases import Naming, Phrases
from neuro_aolo.systems.scenario_file import scenario_names

Kind = Literal["number", "whole", "range", "component", "list", "choice"]
_SMALL = ("each", "of", "a", "an", "the", "at", "that", "in", "by", "for", "to")
_PROFILE = "a hardware profile"
_NOT_SAID = ("name", "description", "sources", "traces")


@dataclass(frozen=True)
class Card:
    """One parameter.

    Attributes:
        key: dotted, as in a file.
        kind: form of its value.
        unit: of it; ``-`` where there is none.
        default: value in the scenario that is extended.
        allowed: range.
        source: where the default comes from.
        least: the smallest value that is allowed.
        most: the largest.
        naming: words for it.
        choices: values, where they are words, each with other words for it.
    """

    key: str
    kind: Kind
    unit: str
    default: str
    allowed: str
    source: str
    least: float
    most: float
    naming: Naming
    choices: Mapping[str, tuple[str, ...]]

    @property
    def title(self) -> str:
        """What people read."""
        return self.naming.name

    @property
    def cues(self) -> tuple[str, ...]:
        """What a figure of it stands near."""
        name = " ".join(word for word in self.naming.name.split() if word not in _SMALL)
        return (name, *self.naming.cues)

    @property
    def text(self) -> str:
        """All of it, for a search."""
        tokens = " ".join(word for value, others in self.choices.items() for word in (value, *others))
        cues = re.sub(r"[@|_]", " ", "; ".join(self.cues))
        return f"{self.key.replace('.', ' ').replace('_', ' ')}; {cues}; {self.unit} {tokens}"

    @property
    def line(self) -> str:
        """In a line, for a prompt."""
        unit = "" if self.unit == "-" else f" [{self.unit}]"
        choices = f" one of {', '.join(self.choices)}" if self.choices else ""
        return f"{self.key}: {self.title}{unit}{choices}"


@dataclass(frozen=True)
class Deck:
    """What is known of one system, for descriptions of it.

    Attributes:
        system: its name.
        base: the scenario that a description extends.
        phrases: its words.
        cards: of its parameters, by key.
        scenarios: shipped ones by name, each with its description and other words for it.
    """

    system: str
    base: Loaded
    phrases: Phrases
    cards: Mapping[str, Card]
    scenarios: Mapping[str, str]


def speaking() -> Mapping[str, Phrases]:
    """The shipped systems whose words are known, by name."""
    offers = {name: getattr(system_of(name), "phrases", None) for name in SYSTEMS}
    return {name: phrases() for name, phrases in offers.items() if phrases is not None}


def deck_of(base: str, deployment: type[Section] | None = None) -> Deck:
    """Cards of the system of a shipped scenario, with that scenario's values.

    Args:
        base: name of the scenario.
        deployment: what the table ``[deployment]`` of a scenario file holds.
    """
    loaded = load(base)
    phrases: Phrases = speaking()[loaded.name]
    deployed = None if deployment is None else deployment(**loaded.deployment)
    rows = {row.key: row for row in describe(loaded.scenario, deployed)}
    cards = {
        key: _card(key, field, rows.get(key), phrases)
        for key, field in _parameters(loaded.system.Scenario, deployment)
        if kind_of(field) is not None
    }
    scenarios = {
        name: "; ".join((load(name).scenario.description, *phrases.scenarios.get(name, ())))
        for name in scenario_names(loaded.name)
    }
    return Deck(loaded.name, loaded, phrases, cards, scenarios)


def is_list(deck: Deck, site: str) -> bool:
    """Whether a key of countries holds one for each of several sites."""
    return (
        bool(site)
        and get_origin(without_none(deck.base.system.Scenario.model_fields[site].annotation)) is tuple
    )


def kind_of(field: FieldInfo) -> Kind | None:
    """The form of a field's value; None where no words can fill it."""
    annotation = without_none(field.annotation)
    extra = field.json_schema_extra
    if annotation is str and isinstance(extra, dict) and extra.get("allowed") == _PROFILE:
        return "choice"
    if annotation is Component:
        return "component"
    if annotation is float:
        return "number"
    if annotation is int:
        return "whole"
    if get_origin(annotation) is Literal:
        return "choice"
    if get_origin(annotation) is not tuple:
        return None
    of = get_args(annotation)
    if len(of) == 2 and of[1] is Ellipsis:
        return "list" if _plain(of[0]) in (int, float) else None
    return "range" if len(of) == 2 and {_plain(one) for one in of} == {float} else None


def _parameters(model: type[BaseModel], deployment: type[Section] | None) -> Iterator[tuple[str, FieldInfo]]:
    tables = {} if deployment is None else {"deployment": deployment}
    for name, field in model.model_fields.items():
        annotation = without_none(field.annotation)
        if name not in _NOT_SAID and _is_section(annotation):
            tables[name] = annotation
        elif name not in _NOT_SAID:
            yield name, field
    for name, table in tables.items():
        yield from (
            (f"{name}.{own}", field) for own, field in table.model_fields.items() if own not in _NOT_SAID
        )


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not Component


def without_none(annotation: Any) -> Any:
    """A type without the None that it may be, too."""
    if get_origin(annotation) in (Union, UnionType):
        others = [each for each in get_args(annotation) if each is not type(None)]
        return others[0] if len(others) == 1 else annotation
    return annotation


def _plain(annotation: Any) -> Any:
    """The type below what ``Annotated`` adds."""
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def _card(key: str, field: FieldInfo, row: ParameterRow | None, phrases: Phrases) -> Card:
    annotation = without_none(field.annotation)
    kind = kind_of(field)
    assert kind is not None
    extra: Mapping[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    tokens = phrases.choices.get(key) or DEVICES.get(key, {})
    values = (
        get_args(annotation)
        if get_origin(annotation) is Literal
        else profile_names()
        if kind == "choice"
        else ()
    )
    allowed = str(extra.get("allowed", "")) or _bounds(field)
    least, most = _ends(allowed)
    return Card(
        key=key,
        kind=kind,
        unit=str(extra.get("unit", "-")),
        default=row.value if row else "none",
        allowed=row.allowed if row else allowed,
        source=row.source if row else str(extra.get("source", "")),
        least=least,
        most=most,
        naming=_naming(key, phrases),
        choices={str(value): tokens.get(str(value), _spaced(str(value))) for value in values},
    )


def _spaced(name: str) -> tuple[str, ...]:
    """A name as people write it: loihi2, Loihi 2 and Loihi-2."""
    spaced = re.sub(r"(?<=[a-z])(?=[0-9])|_", " ", name)
    return (spaced, spaced.replace(" ", "-")) if spaced != name else ()


def _naming(key: str, phrases: Phrases) -> Naming:
    own = key.rpartition(".")[2].replace("_", " ")
    return phrases.parameters.get(key) or DEPLOYED.get(key) or Naming(own)


def _bounds(field: FieldInfo) -> str:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    return ", ".join(
        f"{sign} {getattr(item, name)}"
        for item in field.metadata
        for name, sign in signs.items()
        if getattr(item, name, None) is not None
    )


def _ends(allowed: str) -> tuple[float, float]:
    """Smallest and largest value of a range as a schema writes it: ``>= 1, <= 5``."""
    numbers = {sign: float(number) for sign, number in re.findall(r"([<>])=? ?([-+0-9.e]+)", allowed)}
    return numbers.get(">", -math.inf), numbers.get("<", math.inf)
