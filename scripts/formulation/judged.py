"""One description read and put beside its label: fields, open ones, problems, and what errors matter."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from formulation.labels import Label
from formulation.optimum import same_optimum
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import FormulationError
from neuro_aolo.formulate.asked import ask
from neuro_aolo.formulate.model import Model, ModelError
from neuro_aolo.formulate.pipeline import TEMPLATE, Understood, by_model, by_template, finished

_UNKNOWN = "unknown-quantity:"
_NEEDS_MORE = "needs more"

NO_ANSWER = "no answer"
"""In the place of what filled a form: the model gave none, so that nothing was read."""


@dataclass(frozen=True)
class Judged:
    """What was read of one description.

    Attributes:
        label: what should have been.
        system: that was taken; empty where the description was refused as of none.
        extends: the scenario that was extended.
        found: values by key; of a component its sample.
        missing: keys that were told to be open.
        problems: as the labels have them.
        filled_by: what filled the form in the end.
        matters: whether the optimum differs by more than 0.1 % from the label's; None where no value is
            wrong, or one of the two scenarios cannot be built.
    """

    label: Label
    system: str
    extends: str
    found: Mapping[str, Any]
    missing: frozenset[str]
    problems: frozenset[str]
    filled_by: str
    matters: bool | None

    @property
    def right(self) -> set[str]:
        """Keys whose values are the label's."""
        values = self.label.values
        return {key for key in values if key in self.found and same(self.found[key], values[key])}

    @property
    def wrong(self) -> set[str]:
        """Keys that were given values which are not the label's."""
        return set(self.found) - self.right

    @property
    def lost(self) -> set[str]:
        """Keys of the label without its value."""
        return set(self.label.values) - self.right

    @property
    def extra_problems(self) -> set[str]:
        """Problems that the label has not; a warning of a number that belongs to nothing is none."""
        return {each for each in self.problems - self.label.problems if not each.startswith(_UNKNOWN)}

    @property
    def exact(self) -> bool:
        """Whether everything is as the label says."""
        return (
            self.system == self.label.system
            and self.extends == self.label.extends
            and not self.wrong
            and not self.lost
            and self.missing == self.label.missing
            and self.label.problems <= self.problems
            and not self.extra_problems
        )


def judge(label: Label, model: Model | None) -> Judged:
    """Read a description and put it beside its label; where the model gives no answer, nothing was read.

    Args:
        label: of the description.
        model: that reads it; the template where None.
    """
    try:
        asked = ask(label.text, label.name, None, Deployment)
    except FormulationError:
        return Judged(label, "", "", {}, frozenset({"system"}), frozenset(), TEMPLATE, None)
    try:
        read = by_template(asked) if model is None else by_model(asked, model)
    except ModelError:
        return Judged(label, "", "", {}, frozenset(), frozenset(), NO_ANSWER, None)
    found = {key: plain(value.value) for key, value in read.settled.values.items()}
    judged = Judged(
        label=label,
        system=read.deck.system,
        extends=read.deck.base.scenario.name,
        found=found,
        missing=frozenset(read.missing),
        problems=_problems(read, label),
        filled_by=read.filled_by,
        matters=None,
    )
    if not (judged.wrong or judged.lost) or judged.system != label.system:
        return judged
    alike = same_optimum((label.extends, label.values), (judged.extends, found))
    return Judged(**{**vars(judged), "matters": None if alike is None else not alike})


def plain(value: Any) -> Any:
    """A value as the labels have it: of a component its sample."""
    return value["sample"] if isinstance(value, dict) else value


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, to a millionth."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6)
    return bool(one == other)


def _problems(read: Understood, label: Label) -> frozenset[str]:
    problems = set()
    for dropped in read.settled.dropped:
        if dropped.problem in ("contradiction", "out-of-range"):
            problems.add(f"{dropped.problem}:{dropped.key}")
        elif dropped.problem == "unknown":
            problems.add(_unknown(dropped.written, label))
    try:
        finished(read)
    except FormulationError as error:
        if read.settled.values and _NEEDS_MORE not in str(error):
            problems.add("infeasible")
    return frozenset(problems)


def _unknown(written: str, label: Label) -> str:
    """An unknown quantity as the label calls it, where it has it."""
    for problem in label.problems:
        words = problem.removeprefix(_UNKNOWN)
        if problem.startswith(_UNKNOWN) and (words in written or written in words):
            return problem
    return f"{_UNKNOWN}{written}"
