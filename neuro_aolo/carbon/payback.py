"""Does the agent pay: what it saves of the service's carbon, less what it emits itself.

    (1) saving = mean over requests of (C_baseline - C_agent)         the service's carbon, request by request
    (2) net = saving + A_baseline - A                                 less what deciding emits
    (3) requests until paid back = (M + C_training) / net
    (4) f* = W I / (saving + A_baseline - A_dynamic)                  below it static power eats the saving
    (5) P* = M / (L I)                                                parity power

``A`` is the carbon of a decision at the request rate (own work, host, static power), ``M`` that of making
the devices, ``W`` their static power, ``L`` their lifetime and ``I`` the intensity at the agent's site. The
saving is over the requests in which the baseline keeps every constraint: what breaks one is no service.

References:
    ISO/IEC 21031:2024, Software Carbon Intensity (SCI) specification.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.carbon.ledger import MG_PER_KG, Account
from neuro_aolo.energy.hardware import Hardware
from neuro_aolo.energy.ranges import Range
from neuro_aolo.errors import ServiceError
from neuro_aolo.units import J_PER_KWH, MG_PER_G, S_PER_YEAR

Verdict = Literal["pays", "never", "undecided"]
Floats = NDArray[np.float64]

NOTHING = Range(0.0, 0.0, 0.0)
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Signed:
    """An amount of either sign."""

    low: float
    nominal: float
    high: float


@dataclass(frozen=True)
class Reach:
    """How much of something it takes; None: no amount is enough."""

    low: float | None
    nominal: float | None
    high: float | None


@dataclass(frozen=True)
class Saving:
    """What one policy saves of the service's carbon against another, in mgCO2e per request.

    Attributes:
        requests: that it was seen on.
        low: end of the 95 % interval of the mean over requests.
        nominal: the mean.
        high: the other end.
    """

    requests: int
    low: float
    nominal: float
    high: float


@dataclass(frozen=True)
class Payback:
    """Whether an agent on one device pays against a baseline.

    Attributes:
        net_mg: saving less the difference of what deciding emits, in mgCO2e per request.
        whole_mg: the same, less making and training at their share of a request.
        verdict: ``pays`` where all of the interval of ``whole_mg`` is above 0, ``never`` where none of it is,
            else ``undecided``.
        requests: until making and training are paid back; None where they never are. Where the agent does not
            pay, these are more than it serves before it is trained or made anew.
        lowest_rate_hz: requests a second below which static power eats the saving; None where it always does.
    """

    net_mg: Signed
    whole_mg: Signed
    verdict: Verdict
    requests: Reach
    lowest_rate_hz: Reach


def saving(baseline_mg: Floats, agent_mg: Floats) -> Saving:
    """Mean difference of the carbon of the same requests under two policies.

    Args:
        baseline_mg: under the baseline, ``(n,)``.
        agent_mg: under the agent, ``(n,)``.

    Raises:
        ServiceError: no request, or not the same number.
    """
    if baseline_mg.shape != agent_mg.shape or not baseline_mg.size:
        raise ServiceError(
            f"{baseline_mg.size} requests of the baseline and {agent_mg.size} of the agent: give the same, "
            "one or more"
        )
    difference = baseline_mg - agent_mg
    mean, count = float(difference.mean()), difference.size
    half = _NORMAL_95 * float(difference.std(ddof=1)) / math.sqrt(count) if count > 1 else math.inf
    return Saving(count, mean - half, mean, mean + half)


def of_means(baseline_mg: float, agent_mg: Floats) -> Saving:
    """The same where the baseline is known by its mean alone, over as many requests.

    The interval is as wide as if the baseline's carbon scattered as the agent's does, and independently.
    """
    half = _NORMAL_95 * math.sqrt(2.0) * float(agent_mg.std(ddof=1)) / math.sqrt(agent_mg.size)
    mean = baseline_mg - float(agent_mg.mean())
    return Saving(agent_mg.size, mean - half, mean, mean + half)


def payback(
    saved: Saving,
    account: Account,
    hardware: Sequence[Hardware],
    training_g: float,
    baseline_mg: Range = NOTHING,
) -> Payback:
    """Whether the agent of ``account`` pays.

    Args:
        saved: of the service.
        account: of the agent on its device.
        hardware: the devices that it takes.
        training_g: carbon of the whole training in gCO2e.
        baseline_mg: what the baseline's own deciding emits, in mgCO2e per request, making and training
            included.
    """
    baseline = baseline_mg
    gain = Signed(saved.low + baseline.low, saved.nominal + baseline.nominal, saved.high + baseline.high)
    net = _less(gain, account.running_mg)
    whole = _less(gain, account.agent_mg)
    moving = account.total_mg("dynamic", "host")
    per_second = account.total_mg("static") * (account.requests_per_year / S_PER_YEAR)
    training = training_g * MG_PER_G
    made = [device.embodied_kg * MG_PER_KG for device in hardware]
    invested = Range.total([*made, Range(training, training, training)])
    return Payback(
        net_mg=net,
        whole_mg=whole,
        verdict=_verdict(whole),
        requests=_over(invested, net),
        lowest_rate_hz=_over(per_second, _less(gain, moving)),
    )


def parity_power_w(hardware: Hardware, intensity_g_per_kwh: float) -> Range | None:
    """Power at which running a device for its lifetime emits as much as making it; None at intensity 0."""
    if intensity_g_per_kwh <= 0.0:
        return None
    mg_per_j = intensity_g_per_kwh * MG_PER_G / J_PER_KWH
    return hardware.embodied_kg * (MG_PER_KG / (hardware.lifetime_s * mg_per_j))


def _less(gain: Signed, cost: Range) -> Signed:
    return Signed(gain.low - cost.high, gain.nominal - cost.nominal, gain.high - cost.low)


def _over(amount: Range, gain: Signed) -> Reach:
    """``amount`` over ``gain``: the least amount over the most gain first; None where nothing is gained."""
    return Reach(
        _quotient(amount.low, gain.high),
        _quotient(amount.nominal, gain.nominal),
        _quotient(amount.high, gain.low),
    )


def _quotient(amount: float, gain: float) -> float | None:
    if gain <= 0.0:
        return None
    quotient = amount / gain
    return quotient if math.isfinite(quotient) else None


def _verdict(whole: Signed) -> Verdict:
    if whole.low > 0.0:
        return "pays"
    return "never" if whole.high <= 0.0 else "undecided"
