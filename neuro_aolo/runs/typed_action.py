"""A constant action as people type it: its physical numbers with commas between."""

from collections.abc import Sequence

import numpy as np

from neuro_aolo.errors import RunError
from neuro_aolo.systems.task import Floats, Observations, Policy, Spec
from neuro_aolo.systems.wording import closest
from neuro_aolo.text.numbers import number_of


def at(numbers: Sequence[str], units: Sequence[str]) -> str:
    """An action as ``150 words at 20 W``."""
    return " at ".join(f"{number} {unit}" for number, unit in zip(numbers, units, strict=True))


def typed(spec: Spec, text: str, names: Sequence[str]) -> Policy:
    """The policy of a constant action, its physical numbers with commas between.

    Raises:
        RunError: these are not one number an action inside the action box.
    """
    low, high = (np.array([getattr(each, end) for each in spec.actions]) for end in ("low", "high"))
    try:
        values = np.array([number_of(part.strip()) for part in text.split(",")])
        inside = values.shape == low.shape and bool(((low <= values) & (values <= high)).all())
    except ValueError:
        inside = False
    if not inside:
        units = spec.action_units or tuple(quantity.unit for quantity in spec.actions)
        box = " and ".join(
            f"{quantity.low:g} to {quantity.high:g} {unit}"
            for quantity, unit in zip(spec.actions, units, strict=True)
        )
        form = ",".join(name.upper() for name in spec.action_names)
        meant = closest(text, names)
        raise RunError(
            f"--baseline {text!r} is none of {', '.join(names)}, no CELL.json, and no {form} with {box}: "
            + (f"did you mean {meant!r}?" if meant else "choose one of them")
        )
    action = (values - low) / (high - low) * 2.0 - 1.0

    def decide(observations: Observations) -> Floats:
        return np.tile(action, (len(observations), 1))

    return decide
