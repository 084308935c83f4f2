"""Real prompts from a CSV file: features, length and score of answers, and the network fitted to them."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from scipy.optimize import least_squares

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.peaks import Peaks, random_layer
from neuro_aolo.systems.aolo.prompts import FAR, Prompts
from neuro_aolo.systems.aolo.qoe import LARGEST_SCORE, LARGEST_WORDS, quality
from neuro_aolo.systems.csv_file import Table, read_table
from neuro_aolo.systems.scenario_file import explain
from neuro_aolo.systems.wording import listed, shown

NDArray = np.ndarray[Any, np.dtype[np.float64]]
MOST_ROWS = 10_000
"""A file may have: they travel with every run."""

_ASKED = ("words", "score")
_HEADER = "give a header of the features' names, 'words' and 'score', and one row per scored answer"
_ROWS_PER_FIGURE = 5
"""Rows that each figure of the network takes at least."""
_ROWS_PER_UNIT = 10
"""Rows that a unit of the network is added for, where the file does not say how many."""
_SHARPNESSES, _OFFSETS, _BEST = (0.15, 0.5, 1.5, 5.0), (-1.0, 0.0, 1.0), 2
_HELD = 0.1
"""Points that a figure of 1 of the network counts as in the sum of squares, so that like sines share."""
_LARGEST = 100.0
"""Of the network's figures and of the curve's logarithms."""


def with_users(data: dict[str, Any], path: Path) -> dict[str, Any]:
    """A scenario's keys with the file that ``prompts.csv`` names read and fitted, so that they travel alone.

    Args:
        data: the scenario's keys.
        path: of the scenario's file, for messages; that of the CSV file is from where one stands.

    Raises:
        ScenarioError: the file cannot be used, or determines no network.
    """
    prompts = data.get("prompts")
    if not isinstance(prompts, dict) or "csv" not in prompts:
        return data
    prompts = dict(prompts)
    name = prompts.pop("csv")
    if not isinstance(name, str):
        raise ScenarioError(f"{path}: prompts.csv = {shown(name)} is not allowed: give a file's name")
    if "users" in prompts:
        raise ScenarioError(f"{path}: prompts has both csv and users: remove one")
    columns, features, words, scores = read_prompts(name)
    settings = _settings(prompts, columns, words, path)
    fitted, curve, noise = _fit(settings, features, words, scores, name)
    users = {"source": Path(name).name, "columns": columns, "features": features.tolist(), **fitted}
    kept = {key: getattr(settings, key) for key in ("features", "hidden", "seed", "bend", "peak_words")}
    told = {f"quality.{key}": f"fitted to {users['source']}" for key in curve}
    if "noise_points" not in prompts:
        told["prompts.noise_points"] = f"what the fit to {users['source']} leaves over"
    return {
        **data,
        "prompts": {"noise_points": noise, **kept, **prompts, "users": users},
        "quality": {**data.get("quality", {}), **curve},
        "sources": {**data.get("sources", {}), **told},
    }


def _settings(prompts: dict[str, Any], columns: list[str], words: NDArray, path: Path) -> Prompts:
    """What the table says, and of what it leaves out what suits the data."""
    usual = {
        "features": len(columns),
        "hidden": min(Prompts().hidden, len(words) // _ROWS_PER_UNIT),
        "peak_words": [float(words.min()), float(words.max())],
    }
    try:
        settings = Prompts.model_validate(usual | prompts)
    except ValidationError as error:
        raise ScenarioError(explain(error, Prompts, path, "prompts")) from None
    if settings.features != len(columns):
        raise ScenarioError(
            f"{path}: prompts.features = {settings.features} where the file has {len(columns)}: leave it out"
        )
    return settings


def read_prompts(name: str) -> tuple[list[str], NDArray, NDArray, NDArray]:
    """Columns of the features, the features ``(n, F)``, words ``(n,)`` and scores ``(n,)`` of a CSV file.

    Raises:
        ScenarioError: the file, a row or a value cannot be used, with the row and the fix.
    """
    table = read_table(Path(name), "prompts", _HEADER)
    number, header = table.header
    lower = [column.lower() for column in header]
    if not all(lower.count(column) == 1 for column in _ASKED) or len(set(lower)) < len(lower):
        raise ScenarioError(
            f"{name}, row {number}: the header must name 'words' and 'score' once each, and no feature "
            f"twice, not {listed(header)}"
        )
    if not all(lower) or len(lower) == len(_ASKED):
        raise ScenarioError(f"{name}, row {number}: a feature has no name, or there is none: {_HEADER}")
    if len(table.rows) > MOST_ROWS:
        raise ScenarioError(f"{name}: {len(table.rows):,} rows: give at most {MOST_ROWS:,} of them")
    table.check_decimals(range(len(header)))
    values = np.array([_row(table, *row) for row in table.rows]).reshape(-1, len(header))
    asked = [lower.index(column) for column in _ASKED]
    others = [place for place in range(len(header)) if place not in asked]
    features, columns = values[:, others], [header[place] for place in others]
    least = 2 * _ROWS_PER_FIGURE * (len(columns) + 4)
    if len(values) < least:
        raise ScenarioError(
            f"{name}: {len(values)} rows do not determine how {len(columns)} features act: give at least "
            f"{least}"
        )
    same = np.flatnonzero(np.ptp(features, axis=0) <= 0.0)
    if same.size:
        raise ScenarioError(
            f"{name}: {shown(columns[same[0]])} is {features[0, same[0]]:g} in every row: remove the column"
        )
    return columns, features, *values[:, asked].T


def _row(table: Table, number: int, row: list[str]) -> list[float]:
    found = [table.number(number, cell) for cell in row]
    for column, value in zip(table.header[1], found, strict=True):
        name = column.lower()
        low, high = {"words": (0.0, LARGEST_WORDS), "score": (0.0, LARGEST_SCORE)}.get(name, (-FAR, FAR))
        if not low <= value <= high or (name == "words" and value == 0.0):
            allowed = f"({low:g}, {high:g}]" if name == "words" else f"[{low:g}, {high:g}]"
            raise ScenarioError(
                f"{table.path}, row {number}: {column} = {value:g} is not allowed: it must lie in {allowed}; "
                "correct or remove the row"
            )
    return found


def _fit(
    settings: Prompts, features: NDArray, words: NDArray, scores: NDArray, name: str
) -> tuple[dict[str, Any], dict[str, float], float]:
    """Figures of the network and of the curve, and the standard deviation of what they leave over.

    Scores are fitted by least squares: the network's inner layer stays as it is drawn, its outputs, slopes
    and offset move, and the curve's best score and sharpness with them.
    """
    rng = np.random.default_rng(settings.seed)
    weights, phases = random_layer(settings.features, settings.hidden, settings.bend, rng)
    figures = settings.features + settings.hidden + 3
    if len(words) < _ROWS_PER_FIGURE * figures:
        raise ScenarioError(
            f"{name}: {len(words)} rows are too few for the {figures} figures of the network: give at least "
            f"{_ROWS_PER_FIGURE * figures}, or a smaller prompts.hidden"
        )
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    columns = np.column_stack([scaled, np.sin(scaled @ weights.T + phases), np.ones(len(words))])
    problem = _Problem(columns, words, scores, settings.peak_words)
    ends = [
        least_squares(problem.errors, start, problem.slopes, bounds=(-_LARGEST, _LARGEST), x_scale="jac")
        for start in problem.starts()
    ]
    best = min(ends, key=lambda end: float(end.cost))
    left = float((problem.errors(best.x)[: len(words)] ** 2).sum())
    if not left < float(((scores - scores.mean()) ** 2).sum()):
        raise ScenarioError(f"{name}: no curve that rises to a peak and falls is closer than the mean score")
    *inner, peak, sharpness = best.x
    slopes, outputs = np.split(np.array(inner[:-1]), [settings.features])
    network = {
        "slopes": slopes.tolist(),
        "weights": weights.tolist(),
        "phases": phases.tolist(),
        "outputs": outputs.tolist(),
        "offset": float(inner[-1]),
    }
    curve = {"peak_score": float(np.exp(peak)), "sharpness": float(np.exp(sharpness))}
    return network, curve, float(np.sqrt(left / (len(words) - figures)))


class _Problem:
    """Errors of the curve whose peaks are a network linear in ``columns``, and their slopes.

    What is searched: the network's figures, then the logarithms of best score and sharpness. Below the errors
    of the ``n`` scores stand the network's figures, held small.
    """

    def __init__(self, columns: NDArray, words: NDArray, scores: NDArray, ends: tuple[float, float]) -> None:
        self.columns, self.words, self.scores, self.ends = columns, words, scores, ends

    def errors(self, found: NDArray) -> NDArray:
        """Curve less score, and what the figures count as, ``(n + P - 2,)``."""
        return np.concatenate([self._curve(found)[0] - self.scores, _HELD * found[:-2]])

    def slopes(self, found: NDArray) -> NDArray:
        """``d error / d found`` ``(n + P - 2, P)``: ``dQ / d ln kappa_peak = s Q (ratio - 1)``."""
        curve, peaks, steep = self._curve(found)
        ratio, sharpness = self.words / peaks, np.exp(found[-1])
        inner = curve * sharpness * (ratio - 1.0) * steep
        of_sharpness = curve * sharpness * (np.log(ratio) + 1.0 - ratio)
        of_scores = np.column_stack([inner[:, None] * self.columns, curve, of_sharpness])
        return np.vstack([of_scores, _HELD * np.eye(len(found) - 2, len(found))])

    def starts(self) -> list[NDArray]:
        """The best of a lattice of offsets and exponents, each with its best score by least squares."""
        found: list[tuple[float, NDArray]] = []
        for offset in _OFFSETS:
            for sharpness in _SHARPNESSES:
                start = np.zeros(self.columns.shape[1] + 2)
                start[-3], start[-1] = offset, np.log(sharpness)
                curve = self._curve(start)[0]
                start[-2] = np.log(max(float(curve @ self.scores) / float(curve @ curve), 1e-3))
                found.append((float((self.errors(start) ** 2).sum()), start))
        return [start for _, start in sorted(found, key=lambda pair: pair[0])[:_BEST]]

    def _curve(self, found: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Scores, peaks in words, and ``d ln kappa_peak / dz``, ``(n,)`` each."""
        peaks, steep = Peaks.squashed(self.columns @ found[:-2], self.ends)
        curve = quality(self.words, peaks, float(np.exp(found[-2])), float(np.exp(found[-1])))
        return np.asarray(curve), peaks, steep
