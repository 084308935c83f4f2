"""A figure with its range, how it came about, how far it was checked, and where to find it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Evidence = Literal[
    "metered", "measured", "simulated", "derived", "projected", "recalled", "unstated", "assumed"
]
"""How a figure came about, strongest first; ``assumed``: chosen by us, for nobody published one."""

_NO_PLACE = ("recalled", "assumed")

Verified = Literal["P", "Q", "D", "R"]
"""P: primary source read. Q: read where it is quoted. D: arithmetic on P or Q. R: from memory."""

NonNegative = Annotated[float, Field(ge=0, strict=True)]
Doi = Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")]
Url = Annotated[str, Field(pattern=r"^https://\S+$")]


class Table(BaseModel):
    """A TOML table: frozen, and refusing keys that nothing would read."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, data: Any) -> Any:
        allowed = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = sorted(set(data) - set(allowed)) if isinstance(data, dict) else []
        if unknown:
            raise ValueError(
                f"unknown key {unknown[0]!r}; allowed: {', '.join(allowed)}; rename it or remove it"
            )
        return data


class Sourced(Table):
    """Where a value comes from; it may lack ``doi`` or ``url`` only as ``recalled`` or ``assumed``."""

    evidence: Evidence
    verified: Verified
    doi: Doi | None = None
    url: Url | None = None
    where: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.evidence not in _NO_PLACE and self.doi is None and self.url is None:
            raise ValueError(
                f'evidence "{self.evidence}" has no source; add doi or url, or set evidence = "recalled"'
            )
        return self

    @property
    def source(self) -> str:
        """Evidence, verification grade and place, on one line."""
        place = " ".join(filter(None, (self.doi or self.url, self.where)))
        return f"{self.evidence} ({self.verified})" + (f": {place}" if place else "")

    @property
    def origin(self) -> str:
        """The publication; without one, what was assumed, or that it is recalled: one memory is one."""
        assumed = f"{self.evidence}: {self.where}" if self.evidence == "assumed" else self.evidence
        return self.doi or self.url or assumed


def weakest(evidence: Iterable[Evidence]) -> Evidence:
    """The weakest of some; the strongest kind of none."""
    order: tuple[Evidence, ...] = get_args(Evidence)
    return max(evidence, key=order.index, default=order[0])


class Figure(Sourced):
    """Three ordered values, in the unit that the enclosing table names (pJ, mW, us, kg)."""

    low: NonNegative
    nominal: NonNegative
    high: NonNegative

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if not self.low <= self.nominal <= self.high:
            raise ValueError(
                f"low {self.low:g}, nominal {self.nominal:g}, high {self.high:g} are out of order; "
                "low <= nominal <= high is needed; swap them"
            )
        return self


class Calibration(Figure):
    """Measured over modelled dynamic energy; at least 1, because simulated prices are a minimum.

    It multiplies simulated and projected prices. One that was measured, or fitted to measurements, holds the
    excess already and is left as it is.

    Attributes:
        anchors: what it was found from.
        covers: work without a price that it stands for, besides that of the bill's own terms.
    """

    low: Annotated[float, Field(ge=1, strict=True)]
    anchors: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
