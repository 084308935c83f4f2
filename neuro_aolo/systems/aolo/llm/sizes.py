"""How many parameters a model has: by its name in EcoLogits' list, or as they are given."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.llm.library import ecologits
from neuro_aolo.systems.wording import close_names, shown
from neuro_aolo.text.literal import literal_line

_CLOSE = 4
_LARGEST = 1e5
_NOT_RELEASED = "model-arch-not-released"
_OPEN = "huggingface_hub"
_GIVEN = re.compile(r"(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?")


@dataclass(frozen=True)
class Size:
    """Parameters of a model, in billions; the two ends are one where they are published.

    Attributes:
        name: of the model.
        active: least and most that a token uses.
        total: least and most that are held in memory.
        source: who says so.
        released: whether they are published.
    """

    name: str
    active: tuple[float, float]
    total: tuple[float, float]
    source: str
    released: bool = True

    @property
    def text(self) -> str:
        """As people read it."""
        active, total = _span(self.active), _span(self.total)
        return f"{total} billion parameters" + ("" if active == total else f", {active} of them active")


def size_of(name: str, given: str | None = None) -> Size:
    """The size of a model.

    Args:
        name: as in EcoLogits' list, upper and lower case, the owner before the bar and ``Meta-`` aside.
        given: ``TOTAL`` or ``TOTAL:ACTIVE``, in billions, for a model that the list lacks.

    Raises:
        ScenarioError: the list has no such model, or what is given is not such a pair.
    """
    if given is not None:
        return _given(name, given)
    models = ecologits("model_repository").models.list_models()
    found = [model for model in models if _plain(model.name) == _plain(name)]
    found = found or [model for model in models if _short(model.name) == _short(name)]
    if not found:
        close = close_names(_short(name), _shortest(models), _CLOSE)
        meant = ", ".join(_shortest(models)[each] for each in close)
        hint = f"did you mean one of {meant}? Else" if meant else "it is none of EcoLogits' list:"
        raise ScenarioError(
            f"unknown model {shown(name)}: {hint} give its parameters in billions, as --parameters 30.5:3.3 "
            "(total:active)"
        )
    model = min(found, key=lambda each: (each.provider.value != _OPEN, each.name))
    parameters = model.architecture.parameters
    released = _NOT_RELEASED not in {warning.code for warning in model.warnings}
    return Size(
        name=model.name,
        active=_ends(getattr(parameters, "active", parameters)),
        total=_ends(getattr(parameters, "total", parameters)),
        source="EcoLogits' model list" + ("" if released else ", an estimate: its makers do not say"),
        released=released,
    )


def _given(name: str, given: str) -> Size:
    match = _GIVEN.fullmatch(given.strip())
    total = float(match[1]) if match else 0.0
    active = float(match[2] or match[1]) if match else 0.0
    if not 0.0 < active <= total <= _LARGEST:
        raise ScenarioError(
            f"--parameters {shown(given)} is not allowed: give billions above 0 as TOTAL, or TOTAL:ACTIVE "
            "with active at most total, as 30.5:3.3"
        )
    if not name.strip():
        raise ScenarioError("a model without a name: give it one")
    return Size(literal_line(name.strip()), (active, active), (total, total), "--parameters, as given")


def _shortest(models: Iterable[Any]) -> dict[str, str]:
    """The list's own name by each short one."""
    return {_short(model.name): model.name for model in models}


def _plain(name: str) -> str:
    return name.strip().lower()


def _short(name: str) -> str:
    """A name without its owner, and without the maker's name that one family repeats."""
    return _plain(name).rpartition("/")[2].removeprefix("meta-")


def _ends(value: Any) -> tuple[float, float]:
    low, high = getattr(value, "min", value), getattr(value, "max", value)
    return float(low), float(high)


def _span(ends: tuple[float, float]) -> str:
    low, high = ends
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
