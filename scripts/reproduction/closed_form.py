"""Theorem 1: the mean over the fading channel in closed form, at 30 digits, against our quadrature and table.

The paper's closed form (24) did not survive in the copy at hand. What can be checked is the mean (14) itself:
for epsilon = 0 by a closed form of our own in Tricomi's function ``U``, from
``1 / ln(1 + g) = integral of (1 + g)^-t over t > 0``:

    E[1 / ln(1 + gamma)] = beta^m integral of U(m, m + 1 - t, beta) over t > 0,     beta = m / (P Omega)

and for epsilon > 0, where no identity is known here, by mpmath's quadrature of (14).

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim (2025), arXiv:2503.04418, equations (14), (15) and (24).
    NIST Digital Library of Mathematical Functions, 13.2.42 and 13.4.4, https://dlmf.nist.gov/13
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.errors import RunError
from neuro_aolo.files import to_json, write_whole
from neuro_aolo.runs.cell import check_settings
from neuro_aolo.systems.aolo.channel import mean_inverse_rate
from neuro_aolo.systems.aolo.rate_table import rate_table
from neuro_aolo.systems.aolo.scenario import Scenario

DIGITS = 30
SHAPES = (2.0, 4.0, 7.0, 12.0)
SNR_MEANS = (0.01, 0.1, 1.0, 10.0, 100.0, 600.0)
"""Points: the corners and the inside of the scenario's box of ``m`` and ``P Omega / sigma^2``."""
STEP = 0.25
"""Of the trapezoidal rule in ``ln t``; half of it moves the mean by less than 1e-13 of it."""


@dataclass(frozen=True)
class Agreement:
    """Largest relative errors over the points, against 30 digits.

    Attributes:
        settings: all that they depend on.
        tricomi: of our quadrature at epsilon = 0, against the closed form.
        tricomi_table: of our table, likewise.
        quadrature: of our quadrature at the scenario's epsilon, against mpmath's quadrature.
        quadrature_table: of our table, likewise.
    """

    settings: Mapping[str, Any]
    tricomi: float
    tricomi_table: float
    quadrature: float
    quadrature_table: float

    def save(self, file: Path) -> None:
        """Write it, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, to_json(asdict(self)) + "\n")


@dataclass(frozen=True)
class ClosedForm:
    """The check, to be made.

    Attributes:
        shapes: values of ``m``, above 1.
        snr_means: values of ``P Omega / sigma^2``.
    """

    shapes: tuple[float, ...] = SHAPES
    snr_means: tuple[float, ...] = SNR_MEANS

    @property
    def name(self) -> str:
        """The file, its ending aside."""
        return "theorem-1"

    def file(self, folder: Path) -> Path:
        """Where it is kept."""
        return folder / "closed_form" / f"{self.name}.json"

    @cached_property
    def outage(self) -> float:
        """Epsilon of the scenario ``paper``."""
        return Scenario.load("paper").channel.outage_probability

    @property
    def settings(self) -> dict[str, Any]:
        """All that it depends on, as JSON gives it back."""
        points = {"shapes": [*self.shapes], "snr_means": [*self.snr_means]}
        return {"digits": DIGITS, "outage_probability": self.outage, **points}

    def finished(self, folder: Path) -> Agreement | None:
        """The check as it was kept; None where it is still to be made.

        Raises:
            RunError: its file is damaged, or was made with other settings.
        """
        file = self.file(folder)
        if not file.exists():
            return None
        try:
            kept = Agreement(**json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise RunError(f"{file} is damaged ({error}): remove it, or add --overwrite") from None
        check_settings(file, kept.settings, self.settings)
        return kept

    def make(self) -> Agreement:
        """Compute the means at 30 digits, and compare.

        Raises:
            RunError: mpmath is missing.
        """
        if find_spec("mpmath") is None:
            raise RunError("Theorem 1 is checked with mpmath, which is missing: install neuro-aolo[test]")
        points = [(m, snr) for m in self.shapes for snr in self.snr_means]
        m, snr = np.array(points).T
        shapes, means = (min(self.shapes), max(self.shapes)), (min(self.snr_means), max(self.snr_means))
        errors = []
        for outage, exact in (
            (0.0, tricomi),
            (self.outage, lambda *point: by_quadrature(*point, self.outage)),
        ):
            known = np.array([exact(*point) for point in points])
            ours = mean_inverse_rate(m, snr, outage), rate_table(outage, shapes, means)(m, snr)
            errors += [float(np.abs(values / known - 1.0).max()) for values in ours]
        return Agreement(self.settings, *errors)


def tricomi(m: float, snr_mean: float) -> float:
    """``E[1 / log2(1 + gamma)]`` without outage by the closed form, ``m > 1``; in s Hz / bit."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        shape, mean = mp.mpf(m), mp.mpf(snr_mean)
        beta, scale = shape / mean, 1 / mp.log1p(mean)

        # Smooth and vanishing at both ends in ln t: the trapezoidal rule converges geometrically there.
        low, high = -40, 40 / (shape - 1) + 3
        nodes = [scale * mp.exp(low + STEP * index) for index in range(int((high - low) / STEP) + 1)]
        return float(STEP * mp.ln(2) * mp.fsum(t * _scaled_u(shape, t, beta) for t in nodes))


def _scaled_u(m: Any, t: Any, beta: Any) -> Any:
    """``beta^m U(m, m + 1 - t, beta)`` by 13.2.42, whose two terms of up to ``e^(2 beta)`` cancel."""
    import mpmath as mp

    with mp.workdps(DIGITS + 15 + int(beta)):
        first = mp.gammaprod([t - m], [t]) * mp.hyp1f1(m, m + 1 - t, beta)
        if t > 50 * (beta + m):
            return beta**m * first
        second = mp.gammaprod([m - t], [m]) * beta ** (t - m) * mp.hyp1f1(t, t + 1 - m, beta)
        return beta**m * (first + second)


def by_quadrature(m: float, snr_mean: float, outage: float) -> float:
    """The mean (14) of ``1 / log2(1 + gamma)`` above the outage threshold, in s Hz / bit."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        shape, mean = mp.mpf(m), mp.mpf(snr_mean)
        start = (mp.log(outage) + mp.loggamma(shape + 1)) / shape

        def missing(log_x: Any) -> Any:
            return mp.gammainc(shape, 0, mp.exp(log_x), regularized=True) - mp.mpf(outage)

        def integrand(u: Any) -> Any:
            density = mp.exp(shape * u - mp.exp(u)) / mp.gamma(shape)
            return density * mp.ln(2) / mp.log1p(mean / shape * mp.exp(u))

        low = mp.findroot(missing, start)
        cuts = [low + (mp.log(200) - low) * piece / 10 for piece in range(11)]
        return float(mp.quad(integrand, cuts))
