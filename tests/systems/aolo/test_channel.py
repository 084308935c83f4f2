import mpmath
import numpy as np
import pytest
import torch
from scipy import integrate

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.channel import (
    mean_inverse_rate,
    outage_probability,
    outage_threshold,
    snr_density,
)
from neuro_aolo.systems.aolo.rate_table import rate_table

M_RANGE, SNR_RANGE = (0.5, 12.0), (0.01, 600.0)
"""The box m in [0.5, 12], Omega in [0.1, 10], P in [0.1, 60] at a noise of 1 W."""


def exact_inverse_rate(m: float, snr_mean: float, outage: float) -> float:
    """Equation (14) at 30 digits, in the variable ln(beta gamma), written apart from the code under test."""
    with mpmath.workdps(30):
        shape, mean = mpmath.mpf(m), mpmath.mpf(snr_mean)
        low = (
            mpmath.mpf(-75) / min(shape, shape - 1)
            if outage == 0.0
            else mpmath.log(_threshold(shape, outage))
        )
        density = lambda u: mpmath.exp(shape * u - mpmath.exp(u)) / mpmath.gamma(shape)  # noqa: E731
        rate = lambda u: mpmath.log1p(mean / shape * mpmath.exp(u)) / mpmath.ln(2)  # noqa: E731
        cuts = [low + (mpmath.log(150) - low) * k / 10 for k in range(11)]
        return float(mpmath.quad(lambda u: density(u) / rate(u), cuts))


def _threshold(shape: mpmath.mpf, outage: float) -> mpmath.mpf:
    below = lambda log_x: mpmath.gammainc(shape, 0, mpmath.exp(log_x), regularized=True) - mpmath.mpf(outage)  # noqa: E731
    start = (mpmath.log(outage) + mpmath.loggamma(shape + 1)) / shape
    return mpmath.exp(mpmath.findroot(below, start))


def points(outage: float, count: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng(int(outage * 1e4) + 5)
    low = 1.02 if outage == 0.0 else 0.5
    random = zip(rng.uniform(low, 12.0, count), np.exp(rng.uniform(*np.log(SNR_RANGE), count)), strict=True)
    corners = [(m, s) for m in (max(low, 0.5), 12.0) for s in SNR_RANGE]
    near_one = (
        [] if outage == 0.0 else [(1.0, 3.0), (1.0 + 1e-9, 3.0), (1.0 - 1e-9, 0.02), (1.0 - 1e-4, 300.0)]
    )
    return [(float(m), float(s)) for m, s in [*random, *corners, *near_one]]


@pytest.mark.parametrize("outage", [0.0, 1e-4, 1e-2, 0.1])
def test_quadrature_and_table_agree_with_thirty_digits_over_the_box(outage):
    m, snr_mean = np.array(points(outage, 4)).T
    exact = np.array([exact_inverse_rate(*point, outage) for point in zip(m, snr_mean, strict=True)])
    table = rate_table(outage, (1.01, 12.0) if outage == 0.0 else M_RANGE, SNR_RANGE)
    assert np.abs(mean_inverse_rate(m, snr_mean, outage) / exact - 1.0).max() < 1e-9
    assert np.abs(table(m, snr_mean) / exact - 1.0).max() < 2e-8


@pytest.mark.parametrize(("m", "snr_mean"), [(1.5, 2.0), (3.0, 10.0), (7.25, 0.3)])
def test_tricomi_identity_without_outage(m, snr_mean):
    # E[1/ln(1+g)] = beta^m int_0^inf U(m, m+1-t, beta) dt, from 1/ln(1+g) = int_0^inf (1+g)^-t dt.
    with mpmath.workdps(20):
        beta = mpmath.mpf(m) / snr_mean
        tricomi = beta**m * mpmath.quad(
            lambda t: mpmath.hyperu(m, m + 1 - t, beta), [0, 1, 4, 16, 64, mpmath.inf]
        )
    assert mean_inverse_rate(np.array(m), np.array(snr_mean), 0.0) == pytest.approx(
        float(tricomi * mpmath.ln(2)), rel=1e-8
    )


def test_table_is_accurate_everywhere_in_the_box():
    rng = np.random.default_rng(3)
    m, snr_mean = rng.uniform(*M_RANGE, 20_000), np.exp(rng.uniform(*np.log(SNR_RANGE), 20_000))
    for outage in (1e-4, 1e-2, 0.1):
        table = rate_table(outage, M_RANGE, SNR_RANGE)
        assert np.abs(table(m, snr_mean) / mean_inverse_rate(m, snr_mean, outage) - 1.0).max() < 2e-8


def test_density_integrates_to_the_outage_probability_and_the_threshold_inverts_it():
    for m, snr_mean, snr in ((0.5, 2.0, 0.7), (3.0, 10.0, 4.0), (12.0, 0.05, 0.06)):
        below, _ = integrate.quad(
            lambda g, m=m, mean=snr_mean: float(snr_density(g, m, mean)), 0.0, snr, limit=200
        )
        assert float(outage_probability(snr, m, snr_mean)) == pytest.approx(below, rel=1e-6)
        for outage in (1e-4, 0.01, 0.5):
            threshold = outage_threshold(np.array(m), np.array(snr_mean), outage)
            assert float(outage_probability(threshold, m, snr_mean)) == pytest.approx(outage, rel=1e-10)
    assert outage_threshold(np.array(3.0), np.array(10.0), 0.0) == 0.0


def test_truncation_removes_and_never_renormalises():
    # The mean above a threshold is smaller than the whole mean, by the part below it.
    m, snr_mean, outage = 3.0, 10.0, 0.1
    threshold = float(outage_threshold(np.array(m), np.array(snr_mean), outage))
    below, _ = integrate.quad(
        lambda g: float(snr_density(g, m, snr_mean)) / np.log2(1.0 + g), 1e-12, threshold
    )
    whole, above = (float(mean_inverse_rate(np.array(m), np.array(snr_mean), e)) for e in (0.0, outage))
    assert whole - above == pytest.approx(below, rel=1e-6)


def test_torch_gives_the_numpy_values_and_the_right_gradient():
    rng = np.random.default_rng(1)
    m, snr_mean = rng.uniform(2.0, 12.0, 200), np.exp(rng.uniform(*np.log(SNR_RANGE), 200))
    table = rate_table(0.01, (2.0, 12.0), SNR_RANGE)
    tensors = torch.from_numpy(m).requires_grad_(), torch.from_numpy(snr_mean).requires_grad_()
    value = table(*tensors)
    np.testing.assert_allclose(value.detach().numpy(), table(m, snr_mean), rtol=1e-13)
    exact = mean_inverse_rate(tensors[0].detach(), tensors[1], 0.01)
    np.testing.assert_allclose(exact.detach().numpy(), mean_inverse_rate(m, snr_mean, 0.01), rtol=1e-13)
    by_table, by_quadrature = (torch.autograd.grad(v.sum(), tensors[1])[0].numpy() for v in (value, exact))
    np.testing.assert_allclose(by_table, by_quadrature, rtol=1e-5)
    by_m = torch.autograd.grad(table(*tensors).sum(), tensors[0])[0].numpy()
    step = 1e-5
    slope = (mean_inverse_rate(m + step, snr_mean, 0.01) - mean_inverse_rate(m - step, snr_mean, 0.01)) / (
        2 * step
    )
    np.testing.assert_allclose(by_m, slope, rtol=1e-4, atol=1e-6)


def test_requests_outside_the_table_are_exact_all_the_same():
    table = rate_table(0.01, (2.0, 12.0), SNR_RANGE)
    m, snr_mean = np.array([1.2, 3.0, 15.0, 3.0]), np.array([10.0, 10.0, 10.0, 5000.0])
    np.testing.assert_allclose(table(m, snr_mean), mean_inverse_rate(m, snr_mean, 0.01), rtol=1e-8)
    inside = torch.tensor([3.0, 15.0]), torch.tensor([10.0, 10.0], requires_grad=True)
    table(*inside).sum().backward()
    assert torch.isfinite(inside[1].grad).all()


@pytest.mark.parametrize(
    ("m", "snr_mean", "outage", "message"),
    [
        (1.0, 10.0, 0.0, "diverges"),
        (0.7, 10.0, 0.0, "diverges"),
        (0.4, 10.0, 0.01, "at least 0.5"),
        (3.0, 0.0, 0.01, "must be positive"),
        (3.0, np.nan, 0.01, "must be positive"),
        (np.nan, 1.0, 0.01, "at least 0.5"),
        (3.0, 10.0, -0.1, r"\[0, 0.5\]"),
        (3.0, 10.0, 0.9, r"\[0, 0.5\]"),
    ],
)
def test_what_the_channel_cannot_answer_is_refused(m, snr_mean, outage, message):
    with pytest.raises(ServiceError, match=message):
        mean_inverse_rate(np.array([m, 3.0]), np.array([snr_mean, 1.0]), outage)
    with pytest.raises(ServiceError, match=message):
        rate_table(outage, (m, 12.0), (snr_mean, 600.0))
