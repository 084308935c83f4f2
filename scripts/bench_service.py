"""Requests per second, on one core, of the service model and its environments, each beside its error.

Run it alone on a quiet machine: ``python scripts/bench_service.py``. It prints a table, or JSON (``--json``).
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import gymnasium as gym
import mpmath
import numpy as np
from scipy import special

import neuro_aolo  # noqa: F401 - registers AOLO-v0
from neuro_aolo.service.channel import mean_inverse_rate
from neuro_aolo.service.request import NDArray, outcome, sample_states, to_physical
from neuro_aolo.service.scenario import Scenario

BATCH = 262_144
PLAIN_BATCH = 4_096
PLAIN_NODES = 64
EXACT_REQUESTS = 12
VECTOR_SIZES = (1, 64, 4096)
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Speed:
    """One line of the table: requests per second, and the largest relative error of the mean inverse rate."""

    what: str
    requests_per_s: float
    relative_error: float | None


def plain_inverse_rate(m: NDArray, snr_mean: NDArray, outage: float) -> NDArray:
    """Equation (14) by Gauss-Legendre in the CDF variable ``u = F(gamma)``, with a quantile per node."""
    nodes, weights = np.polynomial.legendre.leggauss(PLAIN_NODES)
    u = outage + (1.0 - outage) * (nodes + 1.0) / 2.0
    snr = special.gammaincinv(m[:, None], u) * (snr_mean / m)[:, None]
    return np.asarray((1.0 - outage) / 2.0 * ((1.0 / np.log2(1.0 + snr)) @ weights))


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
    """The batched model with every term and constraint, its inverse rate alone, and two quadratures.

    The split quadrature is compared with 30 digits, the others with it at many more requests.
    """
    states = sample_states(scenario, BATCH, rng)
    words, power_w = to_physical(scenario, rng.uniform(-1.0, 1.0, (BATCH, 2)))
    column = {name: states[:, i].copy() for i, name in enumerate(scenario.state_names)}
    m, snr_mean = column["nakagami_m"], column["omega"] * power_w / scenario.channel.noise_w
    outage, table = scenario.channel.outage_probability, scenario.rate_table
    some = slice(PLAIN_BATCH)
    split = mean_inverse_rate(m[some], snr_mean[some], outage)
    plain = plain_inverse_rate(m[some], snr_mean[some], outage)
    terms = outcome(scenario, states[some], words[some], power_w[some]).terms
    by_model = terms.transmission_time_s * column["bandwidth_hz"][some] / terms.bits
    exact = [exact_inverse_rate(m[i], snr_mean[i], outage) for i in range(EXACT_REQUESTS)]

    def per_s(call: Callable[[], object], requests: int) -> float:
        return requests / fastest(call, seconds)

    def error(values: NDArray, reference: NDArray) -> float:
        return float(np.abs(values / reference - 1.0).max())

    return [
        Speed(
            "(a) batched model, all terms and constraints",
            per_s(lambda: outcome(scenario, states, words, power_w), BATCH),
            error(by_model, split),
        ),
        Speed(
            "    its inverse rate alone, by table",
            per_s(lambda: table(m, snr_mean), BATCH),
            error(table(m[some], snr_mean[some]), split),
        ),
        Speed(
            "    the same by split quadrature, 64 nodes in ln SNR",
            per_s(lambda: mean_inverse_rate(m[some], snr_mean[some], outage), PLAIN_BATCH),
            error(split[:EXACT_REQUESTS], np.array(exact)),
        ),
        Speed(
            f"    the same by plain quadrature, {PLAIN_NODES} nodes in the CDF",
            per_s(lambda: plain_inverse_rate(m[some], snr_mean[some], outage), PLAIN_BATCH),
            error(plain, split),
        ),
    ]


def environment_speeds(scenario: Scenario, seconds: float, rng: np.random.Generator) -> list[Speed]:
    """AOLO-v0 stepped one at a time, and its vector environment."""
    single = gym.make("AOLO-v0", scenario=scenario)
    single.reset(seed=0)
    actions = rng.uniform(-1.0, 1.0, (1000, 2)).astype(np.float32)

    def steps() -> None:
        for action in actions:
            _, _, terminated, truncated, _ = single.step(action)
            if terminated or truncated:
                single.reset()

    speeds = [Speed("(b) AOLO-v0, one request a step", len(actions) / fastest(steps, seconds), None)]
    for size in VECTOR_SIZES:
        envs = gym.make_vec("AOLO-v0", num_envs=size, scenario=scenario)
        envs.reset(seed=0)
        batch = rng.uniform(-1.0, 1.0, (size, 2)).astype(np.float32)
        per_step = fastest(lambda envs=envs, batch=batch: envs.step(batch), seconds)
        speeds.append(Speed(f"(c) vector environment of {size}", size / per_step, None))
    return speeds


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
    speeds += environment_speeds(scenario, arguments.seconds, rng)
    if arguments.json:
        print(json.dumps([asdict(speed) for speed in speeds], indent=2))
        return
    print(f"{'one core':<58} {'requests/s':>14} {'relative error':>15}")
    for speed in speeds:
        error = "" if speed.relative_error is None else f"{speed.relative_error:.1e}"
        print(f"{speed.what:<58} {speed.requests_per_s:>14,.0f} {error:>15}")
    ratio = speeds[0].requests_per_s / speeds[3].requests_per_s
    print(
        f"The batched model is {ratio:,.0f} times as fast as the plain quadrature of its inverse rate alone."
    )


if __name__ == "__main__":
    main()
