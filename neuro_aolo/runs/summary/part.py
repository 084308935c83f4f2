"""What the parts of a summary are made of."""

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""What is not a number is null in JSON and NaN here."""


def _share(value: float) -> float:
    if not (math.isnan(value) or 0.0 <= value <= 1.0):
        raise PydanticCustomError("share", "Input should be 0 to 1, or null")
    return value


Share = Annotated[Number, AfterValidator(_share)]
"""Part of a whole, likewise."""

Boundary = Literal["work", "provisioned"]
"""What a sum of carbon holds, of service and agent alike."""

ActorKind = Literal["spiking", "dense"]
"""What was frozen: everything after that depends on it alone."""


class Part(BaseModel):
    """A part of a summary: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON holds it."""
        return self.model_dump(mode="python")


class Span(Part):
    """An amount as low, nominal and high."""

    low: Number
    nominal: Number
    high: Number


class Reach(Part):
    """How much of something it takes; None: no amount is enough."""

    low: float | None
    nominal: float | None
    high: float | None
