"""Prompts: what the best length of an answer depends on, through a function that nobody knows.

A fixed random network stands for the users, or one fitted to them (:mod:`neuro_aolo.systems.aolo.users`).
"""

from functools import cached_property
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from neuro_aolo.systems.aolo.peaks import Peaks, random_peaks
from neuro_aolo.systems.parameters import Bound, Section, parameter

NDArray = np.ndarray[Any, np.dtype[np.float64]]
FAR = 1e9
"""Beyond which no feature may lie."""


def _figures(what: str) -> Any:
    return Field(json_schema_extra={"unit": "-", "source": what, "allowed": "finite"})


class Users(Section):
    """Real prompts, and the network that was fitted to their scores.

    Attributes:
        source: File of the scores.
        columns: What the features are called there.
        features: Of each prompt, one row each; requests are drawn from them.
        slopes, weights, phases, outputs, offset: Of the network on the scaled features.
    """

    source: str = _figures("file of the scores")
    columns: tuple[str, ...] = _figures("file of the scores")
    features: tuple[tuple[float, ...], ...] = _figures("file of the scores")
    slopes: tuple[float, ...] = _figures("fitted to the scores")
    weights: tuple[tuple[float, ...], ...] = _figures("chosen: drawn at random")
    phases: tuple[float, ...] = _figures("chosen: drawn at random")
    outputs: tuple[float, ...] = _figures("fitted to the scores")
    offset: float = _figures("fitted to the scores")

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        width, hidden = len(self.columns), len(self.phases)
        rows = {len(row) for row in (*self.features, *self.weights, self.slopes)}
        if rows != {width} or not len(self.weights) == len(self.outputs) == hidden or not self.features:
            raise ValueError(f"the network does not fit {width} features: read the CSV file again")
        if (np.abs(self.table) > FAR).any() or not (np.ptp(self.table, axis=0) > 0.0).all():
            raise ValueError(f"each feature must vary, within [{-FAR:g}, {FAR:g}]: correct or remove it")
        return self

    @cached_property
    def table(self) -> NDArray:
        """Features ``(n, F)``."""
        return np.array(self.features)


class Prompts(Section):
    """Features of a request's prompt, what they say of the best length, and how a score comes back."""

    features: int = parameter(16, "-", "chosen", ge=1, le=1000)
    hidden: int = parameter(64, "-", "chosen: units of the network", ge=1, le=1000)
    seed: int = parameter(0, "-", "chosen: of the fixed random network", ge=0, le=2**31)
    bend: float = parameter(
        1.1, "-", "chosen: a straight line explains about bend^2 / (exp(bend^2) - 1)", ge=0.01, le=10.0
    )
    peak_words: tuple[Bound, Bound] = Field(
        (60.0, 400.0),
        json_schema_extra={"unit": "word", "source": "chosen", "allowed": ">= 0.001, <= 1e6"},
    )
    noise_points: float = parameter(
        1.0, "point", "chosen: standard deviation of one score of an answer", ge=0.0, le=100.0
    )
    users: Users | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.peak_words
        if not 1e-3 <= low < high <= 1e6:
            raise ValueError(
                f"peak_words = [{low:g}, {high:g}] must rise and lie in [0.001, 1e6]: give [low, high]"
            )
        if self.users is not None and len(self.users.columns) != self.features:
            raise ValueError(
                f"features = {self.features} where the users' are {len(self.users.columns)}: leave it out"
            )
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the state's components that the features are."""
        return tuple(f"prompt_{index + 1}" for index in range(self.features))

    @cached_property
    def ranges(self) -> tuple[NDArray, NDArray]:
        """Least and largest value of each feature, ``(F,)`` each."""
        if self.users is not None:
            return self.users.table.min(axis=0), self.users.table.max(axis=0)
        return np.full(self.features, -1.0), np.full(self.features, 1.0)

    @cached_property
    def peaks(self) -> Peaks:
        """The function: best length of an answer by the features of its prompt."""
        if self.users is None:
            return random_peaks(self.features, self.hidden, self.bend, self.seed, self.peak_words)
        users = self.users
        return Peaks(
            slopes=np.array(users.slopes),
            weights=np.array(users.weights),
            phases=np.array(users.phases),
            outputs=np.array(users.outputs),
            offset=users.offset,
            centre=users.table.mean(axis=0),
            scale=users.table.std(axis=0),
            ends=self.peak_words,
        )

    def draw(self, n: int, rng: np.random.Generator) -> NDArray:
        """Features of ``n`` prompts ``(n, F)``: uniform and independent, or rows of the real ones."""
        if self.users is None:
            return rng.uniform(*self.ranges, (n, self.features))
        return self.users.table[rng.integers(len(self.users.table), size=n)]
