"""What the parameters of every scenario are made of: unit, default, allowed range and source of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

NDArray = np.ndarray[Any, np.dtype[np.float64]]
LARGEST_G_PER_KWH = 3000.0
"""Largest carbon intensity that a grid may have."""


def parameter(default: Any, unit: str, source: str, **bounds: float) -> Any:
    """A pydantic field that carries its unit and source beside its default and bounds (gt, ge, lt, le)."""
    return Field(default, strict=True, json_schema_extra={"unit": unit, "source": source}, **bounds)  # type: ignore[call-overload]


class Section(BaseModel):
    """Base of the parameter groups: frozen, finite numbers only, no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some values changed and checked; nothing derived from the old ones is carried over."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(values | dict(update or {}))

    def __eq__(self, other: object) -> bool:
        """Whether all parameters are the same; what was derived from them and kept is not looked at."""
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).model_fields)


Bound = Annotated[float, Field(strict=True)]


class Component(Section):
    """One component of the state: where it is drawn from, and what its observation spans.

    Attributes:
        sample: Range of the uniform draw; equal ends fix the component.
        observe: Range mapped onto the observation's [-1, 1]; it contains ``sample``.
    """

    sample: tuple[Bound, Bound]
    observe: tuple[Bound, Bound]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        (low, high), (seen_low, seen_high) = self.sample, self.observe
        if low > high:
            raise ValueError(f"sample = [{low:g}, {high:g}] falls: give [low, high]")
        if seen_low >= seen_high:
            raise ValueError(f"observe = [{seen_low:g}, {seen_high:g}] must rise: give [low, high]")
        if low < seen_low or high > seen_high:
            raise ValueError(
                f"sample = [{low:g}, {high:g}] leaves observe = [{seen_low:g}, {seen_high:g}]: widen observe"
            )
        return self


def state_component(
    domain: Mapping[str, tuple[float, float]],
    name: str,
    sample: tuple[float, float],
    observe: tuple[float, float],
    unit: str,
    source: str,
) -> Any:
    """A field for one state component, with its unit, source and allowed range in ``domain``."""
    low, high = domain[name]
    extra: dict[str, JsonValue] = {"unit": unit, "source": source, "allowed": f">= {low:g}, <= {high:g}"}
    return Field(Component(sample=sample, observe=observe), json_schema_extra=extra)


@dataclass(frozen=True, eq=False)
class Bounds:
    """Ends of the ranges of the state's components, each ``(S,)`` in physical units.

    Attributes:
        sample_low, sample_high: Range of the draw.
        observe_low, observe_high: Range of the observation.
        domain_low, domain_high: Range in which the model is defined.
    """

    sample_low: NDArray
    sample_high: NDArray
    observe_low: NDArray
    observe_high: NDArray
    domain_low: NDArray
    domain_high: NDArray


def bounds_of(state: BaseModel, names: Sequence[str], domain: Mapping[str, tuple[float, float]]) -> Bounds:
    """Ranges of the components ``names`` of a state, as arrays in that order."""
    ranges = [(*getattr(state, name).sample, *getattr(state, name).observe, *domain[name]) for name in names]
    return Bounds(*np.array(ranges).T)
