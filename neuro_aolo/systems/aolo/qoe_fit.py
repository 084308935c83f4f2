"""Fitting the QoE curve to a user's own scores."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.csv_file import read_rows
from neuro_aolo.systems.wording import listed, shown

NDArray = np.ndarray[Any, np.dtype[np.float64]]
LARGEST_WORDS, LARGEST_SCORE = 1e6, 100.0
"""Most words and points that a scenario's curve may have at its peak."""

_FEWEST_LENGTHS = 4


@dataclass(frozen=True)
class QualityFit:
    """A QoE curve fitted to scores.

    Attributes:
        peak_score: Best score ``Q_max``, in points.
        peak_words: Length of the best score ``kappa_peak``, in words.
        sharpness: Exponent ``s``, dimensionless.
        residuals: Score less the curve's, in points, ``(n,)`` in the order of the data.
    """

    peak_score: float
    peak_words: float
    sharpness: float
    residuals: NDArray

    @property
    def rms(self) -> float:
        """Root mean square of the residuals, in points."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    def into(self, scenario: Scenario, source: str = "fitted to scores") -> Scenario:
        """``scenario`` with this curve, and ``source`` as where it comes from.

        Raises:
            ScenarioError: If the curve never reaches the scenario's threshold, or the scenario's requests
                have a length of their own.
        """
        if "kappa_peak_words" in scenario.state_names:
            raise ScenarioError(
                f"scenario {scenario.name!r} draws kappa_peak_words per request, which a fitted curve "
                "would not change: fit into a scenario without it, such as paper"
            )
        values = {name: getattr(self, name) for name in ("peak_score", "peak_words", "sharpness")}
        return scenario.with_values(quality=values, sources={f"quality.{name}": source for name in values})


def fit_quality(words: NDArray, scores: NDArray) -> QualityFit:
    """Least-squares fit of ``Q(kappa) = Q_max ((kappa/kappa_peak) exp(1 - kappa/kappa_peak))^s``.

    The start is the linear fit of ``ln Q = a + s ln kappa - (s/kappa_peak) kappa``.

    Args:
        words: Lengths, in words, > 0, ``(n,)`` with at least 4 distinct ones.
        scores: Scores, in points, >= 0, ``(n,)``.

    Raises:
        ScenarioError: If there are too few lengths, or the scores do not rise to a peak and fall.
    """
    words, scores = np.asarray(words, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    lengths = len(np.unique(words))
    if lengths < _FEWEST_LENGTHS:
        raise ScenarioError(
            f"scores at {lengths} different lengths do not determine a curve of 3 parameters: give at least "
            f"{_FEWEST_LENGTHS}"
        )
    scored = scores > 0.0
    columns = np.stack((np.ones(scored.sum()), np.log(words[scored]), -words[scored]), axis=1)
    _, sharpness, slope = np.linalg.lstsq(columns, np.log(scores[scored]), rcond=None)[0]
    if not (sharpness > 0.0 and slope > 0.0):
        raise ScenarioError(
            "the scores do not rise to a peak and fall with the length: give scores on both sides of the peak"
        )

    def residuals(logs: NDArray) -> NDArray:
        peak_score, peak_words, exponent = np.exp(logs)
        return np.asarray(scores - quality(words, peak_words, float(peak_score), float(exponent)))

    start = np.log([scores.max(), sharpness / slope, sharpness])
    found = least_squares(residuals, start, x_scale=1.0, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    peak_score, peak_words, exponent = (float(value) for value in np.exp(found.x))
    if not words.min() < peak_words < words.max():
        raise ScenarioError(
            f"the curve peaks at {peak_words:.3g} words, beyond the {words.min():g} to {words.max():g}: "
            "give scores on both sides of the peak"
        )
    return QualityFit(peak_score, peak_words, exponent, residuals(found.x))


def fit_file(path: str | Path) -> QualityFit:
    """Fit the curve to the scores of a CSV file, as :func:`fit_quality` does those of :func:`read_scores`.

    Raises:
        ScenarioError: If the file cannot be used, or its scores determine no curve.
    """
    words, scores = read_scores(path)
    try:
        return fit_quality(words, scores)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None


def read_scores(path: str | Path) -> tuple[NDArray, NDArray]:
    """Read ``(words, score)`` rows from a CSV file with a header that names ``words`` and ``score``.

    Raises:
        ScenarioError: If the file, a row or a value cannot be used, with the row and the fix.
    """
    path = Path(path)
    rows = read_rows(path, "scores")
    if not rows:
        raise ScenarioError(f"{path}: the file is empty: give a header 'words,score' and one row per score")
    number, header = rows[0][0], [name.lower() for name in rows[0][1]]
    if not header.count("words") == header.count("score") == 1:
        raise ScenarioError(
            f"{path}, row {number}: the header must name 'words' and 'score' once each, not {listed(header)}"
        )
    places = [header.index(name) for name in ("words", "score")]
    pairs = [_pair(path, number, row, places) for number, row in rows[1:]]
    words, scores = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return words, scores


def _pair(path: Path, number: int, row: list[str], places: list[int]) -> tuple[float, float]:
    try:
        words, score = (float(row[place]) for place in places)
    except (ValueError, IndexError):
        raise ScenarioError(
            f"{path}, row {number}: {shown(','.join(row))} is no pair of numbers: correct it"
        ) from None
    if not (0.0 < words <= LARGEST_WORDS and 0.0 <= score <= LARGEST_SCORE):
        raise ScenarioError(
            f"{path}, row {number}: words = {words:g}, score = {score:g} is not allowed: words must lie in "
            f"(0, {LARGEST_WORDS:g}], the score in [0, {LARGEST_SCORE:g}]; correct or remove the row"
        )
    return words, score
