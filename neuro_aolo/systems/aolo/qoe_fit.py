"""Fitting the QoE curve to a user's own scores."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.qoe import LARGEST_SCORE, LARGEST_WORDS, quality
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.csv_file import Table, read_table
from neuro_aolo.systems.wording import listed

NDArray = np.ndarray[Any, np.dtype[np.float64]]
_FEWEST_LENGTHS = 4
_NO_PEAK = "the scores do not rise to a peak and fall with the length: give scores on both sides of the peak"
_PEAKS, _SHARPNESSES, _BEST = 24, (0.05, 0.15, 0.5, 1.5, 5.0, 15.0, 50.0), 6
_WIDE = 1e4
"""How far from the data the search may go, as a factor."""

_LEAST_GAIN = 1e-6
"""Share of the scores' squares by which a curve must be better than their mean."""

FIVE_POINTS = 5.0
"""Of a mean opinion score."""

_TOLERANCES = {"x_scale": 1.0, "xtol": 1e-14, "ftol": 1e-14, "gtol": 1e-14}


@dataclass(frozen=True)
class QualityFit:
    """A QoE curve fitted to scores.

    Attributes:
        peak_score: Best score ``Q_max``, in points.
        peak_words: Length of the best score ``kappa_peak``, in words.
        sharpness: Exponent ``s``, dimensionless.
        residuals: Score less the curve's, in points, ``(n,)`` in the order of the data.
        highest_score: Of the data.
    """

    peak_score: float
    peak_words: float
    sharpness: float
    residuals: NDArray
    highest_score: float

    @property
    def rms(self) -> float:
        """Root mean square of the residuals, in points."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    def into(self, scenario: Scenario, source: str = "fitted to scores") -> Scenario:
        """``scenario`` with this curve, and ``source`` as where it comes from.

        The threshold stays. Where it lies beyond the five points of mean opinion scores (ITU-T P.800), and
        all scores within, it keeps its share of the peak.

        Raises:
            ScenarioError: If the curve never reaches the threshold, or the scenario's requests have a length
                of their own.
        """
        if "kappa_peak_words" in scenario.state_names:
            raise ScenarioError(
                f"scenario {scenario.name!r} draws kappa_peak_words per request, which a fitted curve "
                "would not change: fit into a scenario without it, such as paper"
            )
        if scenario.prompts is not None:
            raise ScenarioError(
                f"scenario {scenario.name!r} has a best length for each prompt, which a fitted curve would "
                'not change: give features too, as csv = "FILE.csv" in [prompts], or fit into another '
                "scenario"
            )
        threshold = scenario.quality.threshold
        values = {name: getattr(self, name) for name in ("peak_score", "peak_words", "sharpness")}
        sources = {f"quality.{name}": source for name in values}
        if threshold >= self.peak_score and self.highest_score <= FIVE_POINTS < threshold:
            share = threshold / scenario.quality.peak_score
            values["threshold"] = float(f"{share * self.peak_score:.3g}")
            sources["quality.threshold"] = f"{100.0 * share:.3g} % of the peak, as in {scenario.name}"
        elif threshold >= self.peak_score:
            raise ScenarioError(
                f"scenario {scenario.name!r}: threshold = {threshold:g} is never reached by a curve whose "
                f"peak_score is {self.peak_score:.5g} (at {self.peak_words:.4g} words, sharpness "
                f"{self.sharpness:.4g}, residuals of {self.rms:.3g} points): set it on their scale, "
                f"as --set quality.threshold={0.7 * self.peak_score:.2g}"
            )
        return scenario.with_values(quality=values, sources=sources)


def fit_quality(words: NDArray, scores: NDArray) -> QualityFit:
    """Least-squares fit of ``Q(kappa) = Q_max ((kappa/kappa_peak) exp(1 - kappa/kappa_peak))^s``.

    The least squares start from the best of many peaks and exponents, each with its best ``Q_max``, and
    from the linear fit of ``ln Q = a + s ln kappa - (s/kappa_peak) kappa``; the best end is taken.

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
    if not scores.max() > 0.0:
        raise ScenarioError(_NO_PEAK)

    def residuals(logs: NDArray) -> NDArray:
        peak_score, peak_words, exponent = np.exp(logs)
        return np.asarray(scores - quality(words, float(peak_words), float(peak_score), float(exponent)))

    linear = _linear_start(words, scores)
    starts = [*_starts(words, scores), *([] if linear is None else [linear])]
    low = np.log([scores.max() / _WIDE, words.min() / _WIDE, 1.0 / _WIDE])
    high = np.log([scores.max() * _WIDE, words.max() * _WIDE, _WIDE])
    ends = [
        least_squares(residuals, np.clip(start, low, high), bounds=(low - 1.0, high + 1.0), **_TOLERANCES)
        for start in starts
    ]
    best = min(ends, key=lambda end: float(end.cost))
    peak_score, peak_words, exponent = (float(value) for value in np.exp(best.x))
    if linear is None and not words.min() < peak_words < words.max():
        raise ScenarioError(_NO_PEAK)
    if not words.min() < peak_words < words.max():
        raise ScenarioError(
            f"the curve peaks at {peak_words:.3g} words, beyond the {words.min():g} to {words.max():g}: "
            "give scores on both sides of the peak"
        )
    if not 2.0 * best.cost < (1.0 - _LEAST_GAIN) * float(((scores - scores.mean()) ** 2).sum()):
        raise ScenarioError(_NO_PEAK)
    return QualityFit(peak_score, peak_words, exponent, residuals(best.x), float(scores.max()))


def _linear_start(words: NDArray, scores: NDArray) -> NDArray | None:
    """Logarithms of ``(Q_max, kappa_peak, s)`` of the linear fit; None where that has no peak."""
    scored = scores > 0.0
    columns = np.stack((np.ones(scored.sum()), np.log(words[scored]), -words[scored]), axis=1)
    _, sharpness, slope = np.linalg.lstsq(columns, np.log(scores[scored]), rcond=None)[0]
    if not (sharpness > 0.0 and slope > 0.0):
        return None
    return np.log([scores.max(), sharpness / slope, sharpness])


def _starts(words: NDArray, scores: NDArray) -> list[NDArray]:
    """Logarithms of the best ``(Q_max, kappa_peak, s)`` on a lattice, ``Q_max`` by linear least squares."""
    errors: list[tuple[float, NDArray]] = []
    for peak_words in np.geomspace(words.min(), words.max(), _PEAKS).tolist():
        for sharpness in _SHARPNESSES:
            curve = quality(words, peak_words, 1.0, sharpness)
            norm = float(curve @ curve)
            peak_score = float(curve @ scores) / norm if norm > 0.0 else 0.0
            if peak_score > 0.0:
                error = float(((scores - peak_score * curve) ** 2).sum())
                errors.append((error, np.log([peak_score, peak_words, sharpness])))
    return [start for _, start in sorted(errors, key=lambda pair: pair[0])[:_BEST]]


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
    table = read_table(Path(path), "scores", "give a header 'words,score' and one row per score")
    number, header = table.header[0], [name.lower() for name in table.header[1]]
    if not header.count("words") == header.count("score") == 1:
        raise ScenarioError(
            f"{path}, row {number}: the header must name 'words' and 'score' once each, not {listed(header)}"
        )
    places = [header.index(name) for name in ("words", "score")]
    table.check_decimals(places)
    pairs = [_pair(table, number, row, places) for number, row in table.rows]
    words, scores = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return words, scores


def _pair(table: Table, number: int, row: list[str], places: list[int]) -> tuple[float, float]:
    words, score = (table.number(number, row[place]) for place in places)
    if not (0.0 < words <= LARGEST_WORDS and 0.0 <= score <= LARGEST_SCORE):
        raise ScenarioError(
            f"{table.path}, row {number}: words = {words:g}, score = {score:g} is not allowed: words must "
            f"lie in (0, {LARGEST_WORDS:g}], the score in [0, {LARGEST_SCORE:g}]; correct or remove the row"
        )
    return words, score
