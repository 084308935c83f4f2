"""Requests per second, on one core, of the service model and its environments, each beside its error.

The error is the largest relative one of the mean transmission time, equation (14) of AOLO. Run it alone on a
quiet machine: ``python scripts/bench_service.py``. It prints a table, or JSON (``--json``).
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium as gym
import mpmath
import numpy as np
from scipy import special

import neuro_aolo  # noqa: F401 - registers AOLO-v0
from neuro_aolo.systems.aolo.channel import mean_inverse_rate
from neuro_aolo.systems.aolo.request import NDArray, outcome, sample_states, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario

BATCH = 262_144
PLAIN_BATCH = 4_096
PLAIN_NODES = 64
QUANTILE_SHAPES = 1_001
EXACT_REQUESTS = 12
VECTOR_SIZES = (1, 64, 4096)
Margins = dict[str, NDArray]
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Speed:
    """One line of the table: requests per second, and the largest relative error of the mean time."""

    what: str
    requests_per_s: float
    relative_error: float


class PlainQuadrature:
    """Equation (14) by Gauss-Legendre in ``u = F(gamma)``: a quantile and a logarithm per node.

    Args:
        outage: Outage probability ``epsilon``.
        m_range: Nakagami shapes over which the nodes' quantiles are tabulated.
    """

    def __init__(self, outage: float, m_range: tuple[float, float]) -> None:
        nodes, weights = np.polynomial.legendre.leggauss(PLAIN_NODES)
        self.u = outage + (1.0 - outage) * (nodes + 1.0) / 2.0
        self.weights = (1.0 - outage) / 2.0 * weights
        self.shapes = np.linspace(*m_range, QUANTILE_SHAPES)
        self.quantiles = self.solved(self.shapes)

    def solved(self, m: NDArray) -> NDArray:
        """Quantiles of a unit-mean SNR ``(64, n)``, each solved for."""
        return np.asarray(special.gammaincinv(m, self.u[:, None]) / m)

    def interpolated(self, m: NDArray) -> NDArray:
        """The same, interpolated between tabulated shapes."""
        return np.stack([np.interp(m, self.shapes, row) for row in self.quantiles])

    def mean(self, quantiles: NDArray, snr_mean: NDArray) -> NDArray:
        """Mean inverse rate ``(n,)`` from the quantiles."""
        return np.asarray(self.weights @ (1.0 / np.log2(1.0 + snr_mean * quantiles)))


def exact_inverse_rate(m: float, snr_mean: float, outage: float) -> float:
    """Equation (14) at 30 digits, in the variable ``ln gamma``."""
    with mpmath.workdps(30):
        shape, mean = mpmath.mpf(m), mpmath.mpf(snr_mean)
        low = -75 / (shape - 1) if outage == 0.0 else mpmath.mpf(0)
        if outage > 0.0:
            start = (mpmath.log(outage) + mpmath.loggamma(shape + 1)) / shape
            cdf = lambda u: mpmath.gammainc(shape, 0, mpmath.exp(u), regularized=True)  # noqa: E731
            low = mpmath.findroot(lambda u: cdf(u) - mpmath.mpf(outage), start)
        cuts = [low + (mpmath.log(150) - low) * k / 10 for k in range(11)]
        density = lambda u: mpmath.exp(shape * u - mpmath.exp(u))  # noqa: E731
        value = mpmath.quad(lambda u: density(u) / mpmath.log1p(mean / shape * mpmath.exp(u)), cuts)
        return float(value * mpmath.ln(2) / mpmath.gamma(shape))


def fastest(call: Callable[[], object], seconds: float) -> float:
    """Shortest time of one call, in s, over at least three calls and ``seconds``."""
    call()
    best, spent, calls = np.inf, 0.0, 0
    while calls < 3 or spent < seconds:
        start = time.perf_counter()
        call()
        elapsed = time.perf_counter() - start
        best, spent, calls = min(best, elapsed), spent + elapsed, calls + 1
    return best


def model_speeds(scenario: Scenario, seconds: float, rng: np.random.Generator) -> list[Speed]:
    """The batched model with every term and constraint, its inverse rate alone, and three quadratures.

    The split quadrature is compared with 30 digits, the others with it at many more requests.
    """
    states = sample_states(scenario, BATCH, rng)
    words, power_w = to_physical(scenario, rng.uniform(-1.0, 1.0, (BATCH, 2)))
    column = {name: states[:, i].copy() for i, name in enumerate(scenario.state_names)}
    m, snr_mean = column["nakagami_m"], column["omega"] * power_w / scenario.channel.noise_w
    outage, table = scenario.channel.outage_probability, scenario.rate_table
    some = slice(PLAIN_BATCH)
    few, few_snr = m[some], snr_mean[some]
    plain = PlainQuadrature(outage, scenario.state.nakagami_m.observe)
    split = mean_inverse_rate(few, few_snr, outage)
    exact = [exact_inverse_rate(m[i], snr_mean[i], outage) for i in range(EXACT_REQUESTS)]
    served = outcome(scenario, states[some], words[some], power_w[some])
    by_model = inverse_rates(scenario, states[some], words[some], served.margins)
    rows: list[tuple[str, Callable[[], object], int, float]] = [
        (
            "(a) batched model, all terms and constraints",
            lambda: outcome(scenario, states, words, power_w),
            BATCH,
            error(by_model, split),
        ),
        (
            "    its inverse rate alone, by table",
            lambda: table(m, snr_mean),
            BATCH,
            error(table(few, few_snr), split),
        ),
        (
            "    the same by split quadrature, 64 nodes in ln SNR",
            lambda: mean_inverse_rate(few, few_snr, outage),
            PLAIN_BATCH,
            error(split[:EXACT_REQUESTS], np.array(exact)),
        ),
        (
            f"    the same by plain quadrature, {PLAIN_NODES} nodes in the CDF",
            lambda: plain.mean(plain.solved(few), few_snr),
            PLAIN_BATCH,
            error(plain.mean(plain.solved(few), few_snr), split),
        ),
        (
            "    the same, its quantiles interpolated in a table",
            lambda: plain.mean(plain.interpolated(few), few_snr),
            PLAIN_BATCH,
            error(plain.mean(plain.interpolated(few), few_snr), split),
        ),
    ]
    return [Speed(what, size / fastest(call, seconds), off) for what, call, size, off in rows]


def inverse_rates(scenario: Scenario, states: NDArray, words: NDArray, margins: Margins) -> NDArray:
    """Mean inverse rates that served requests' transmission times amount to."""
    time_s = scenario.limits.transmission_time_s - margins["transmission_time_s"]
    bandwidth_hz = states[:, scenario.state_names.index("bandwidth_hz")]
    return np.asarray(time_s * bandwidth_hz / (words * scenario.radio.bits_per_word))


def error(values: NDArray, reference: NDArray) -> float:
    """Largest relative error."""
    return float(np.abs(values / reference - 1.0).max())


def error_of_served(scenario: Scenario, info: dict[str, Any]) -> float:
    """The same of requests that an environment served, from what it tells of them."""
    states, words, power_w = (np.asarray(info[key]) for key in ("state", "words", "power_w"))
    column = dict(zip(scenario.state_names, states.T, strict=True))
    snr_mean = column["omega"] * power_w / scenario.channel.noise_w
    exact = mean_inverse_rate(column["nakagami_m"], snr_mean, scenario.channel.outage_probability)
    margins = {name: np.asarray(margin) for name, margin in info["margins"].items()}
    return error(inverse_rates(scenario, states, words, margins), exact)


def single_speed(scenario: Scenario, seconds: float, rng: np.random.Generator) -> Speed:
    """AOLO-v0 stepped one request at a time."""
    env = gym.make("AOLO-v0", scenario=scenario)
    env.reset(seed=0)
    actions = rng.uniform(-1.0, 1.0, (1000, 2)).astype(np.float32)

    def steps() -> list[dict[str, Any]]:
        infos = []
        for action in actions:
            _, _, terminated, truncated, info = env.step(action)
            infos.append(info)
            if terminated or truncated:
                env.reset()
        return infos

    largest = max(
        error_of_served(scenario, {key: _batched(value) for key, value in info.items()}) for info in steps()
    )
    return Speed("(b) AOLO-v0, one request a step", len(actions) / fastest(steps, seconds), largest)


def vector_speed(scenario: Scenario, size: int, seconds: float, rng: np.random.Generator) -> Speed:
    """The vector environment of ``size`` copies."""
    envs = gym.make_vec("AOLO-v0", num_envs=size, scenario=scenario)
    envs.reset(seed=0)
    actions = rng.uniform(-1.0, 1.0, (size, 2)).astype(np.float32)
    largest = error_of_served(scenario, envs.step(actions)[-1])
    per_step = fastest(lambda: envs.step(actions), seconds)
    return Speed(f"(c) vector environment of {size}", size / per_step, largest)


def _batched(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _batched(inner) for key, inner in value.items()}
    return np.asarray(value)[None]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenario", default="paper", help="shipped name or .toml file (default: paper)")
    parser.add_argument("--seconds", type=float, default=2.0, help="time spent on each line (default: 2)")
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # NumPy's linear algebra takes every core that it finds when it is imported: start over with one.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    scenario, rng = Scenario.load(arguments.scenario), np.random.default_rng(0)
    speeds = model_speeds(scenario, arguments.seconds, rng)
    speeds.append(single_speed(scenario, arguments.seconds, rng))
    speeds += [vector_speed(scenario, size, arguments.seconds, rng) for size in VECTOR_SIZES]
    if arguments.json:
        print(json.dumps([asdict(speed) for speed in speeds], indent=2))
        return
    print(f"{'one core':<58} {'requests/s':>14} {'relative error':>15}")
    for speed in speeds:
        print(f"{speed.what:<58} {speed.requests_per_s:>14,.0f} {speed.relative_error:>15.1e}")
    model, plain, tabulated = (speeds[i].requests_per_s for i in (0, 3, 4))
    print(
        f"The batched model, all of it, is {model / plain:,.0f} times as fast as the plain quadrature of its "
        f"inverse rate alone, {model / tabulated:,.0f} times as fast as that with tabulated quantiles."
    )


if __name__ == "__main__":
    main()
