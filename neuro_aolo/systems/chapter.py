"""What a system adds to the page of a run: tables and line charts as data, for others to keep and to draw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import ConfigDict

from neuro_aolo.systems.task import Floats, Policy, Reached

Numbers = tuple[float | None, ...]
"""None is not known: a gap."""

ACTOR = "the actor"
"""What episodes, tables and charts call it."""

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Row:
    """Figures of what ``name`` says, one for each column beyond the first."""

    name: str
    values: Numbers

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Table:
    """Figures side by side.

    Attributes:
        title: what they are of.
        columns: headings with their units; the first is that of the rows' names.
        rows: of figures.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Line:
    """A course of one quantity.

    Attributes:
        values: each until the next, at equal distances.
        name: whose it is; empty where it is everybody's.
    """

    values: Numbers
    name: str = ""

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Panel:
    """Courses of one quantity in one frame; ``title`` names it with its unit."""

    title: str
    lines: tuple[Line, ...]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Charts:
    """Panels above each other on one axis.

    Attributes:
        title: what they show.
        axis: the axis, with its unit.
        step: from one value to the next, in that unit.
        panels: from the top, one at least.
    """

    title: str
    axis: str
    step: float
    panels: tuple[Panel, ...]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Chapter:
    """A section of a page.

    Attributes:
        key: unique in a page, of lower-case letters.
        heading: of the section; its contents name it, so it is short.
        charts: drawn first; None where there are none.
        table: below; None where there is none.
        text: what a reader has to know to read them, a paragraph each.
    """

    key: str
    heading: str
    charts: Charts | None = None
    table: Table | None = None
    text: tuple[str, ...] = ()

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Episodes:
    """Held-out episodes, for a system to tell of.

    Attributes:
        starts: native states ``(B, S)``.
        draws: a generator of what follows them, at each call the same that everybody decides on.
        actor: that was trained, without exploration.
        reached: what they came to by who decided: :data:`ACTOR`, then the reference by its name where there
            is one, then each of the system's ``policies``.
    """

    starts: Floats
    draws: Callable[[], np.random.Generator]
    actor: Policy
    reached: Mapping[str, Reached]
