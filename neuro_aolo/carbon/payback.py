"""Does the agent pay: what it saves of the service's carbon, less what it emits itself.

    (1) saving = mean over requests of (C_baseline - C_agent)         the service's carbon, request by request
    (2) net = saving - (A - A_baseline)                               less what deciding emits
    (3) requests until paid back = (M - M_baseline) / net
    (4) f* = (W - W_baseline) I / (saving - (B - B_baseline))         below it static power eats the saving
    (5) P* = E / (L I)                                                parity power

``A`` is the carbon of a decision at the request rate: ``B`` of its work and its host's, and that of static
power ``W``. ``M`` is what making the devices and training emitted, ``E`` the making alone, ``L`` a lifetime
and ``I`` the intensity at the agent's site. A baseline that computes nothing has none of these. The saving is
over the requests in which both keep every constraint: what breaks one is no service.

Figures of one device err together, wherever they stand; those of two devices do not.

References:
    ISO/IEC 21031:2024, Software Carbon Intensity (SCI) specification.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.carbon.ledger import Account
from neuro_aolo.carbon.lines import MG_PER_KG, Part
from neuro_aolo.errors import ServiceError
from neuro_aolo.pricing.hardware import Hardware
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.units import J_PER_KWH, MG_PER_G

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
        net_mg: saving less what deciding emits beyond the baseline's, in mgCO2e per request.
        whole_mg: the same, less making and training at their share of a request.
        verdict: ``pays`` where all of the interval of ``whole_mg`` is above 0, ``never`` where none of it is,
            else ``undecided``; also where the agent's figures lack a whole part.
        requests: until making and training are paid back; None where they never are. Where the agent does not
            pay, these are more than it serves before it is trained or made anew. Nothing at all within the
            boundary of work alone, where a device is no investment.
        lowest_rate_hz: requests a second below which static power eats the saving; None where it always does,
            and nothing at all likewise.
    """

    net_mg: Signed
    whole_mg: Signed
    verdict: Verdict
    requests: Reach | None
    lowest_rate_hz: Reach | None


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


def payback(saved: Saving, account: Account, baseline: Account | None = None) -> Payback:
    """Whether the agent of ``account`` pays.

    Args:
        saved: of the service.
        account: of the agent on its device.
        baseline: of what the baseline decides with, at the same rate; None where it computes nothing.
    """
    gain = Signed(saved.low, saved.nominal, saved.high)
    net = _less(gain, _excess(_lines(account, _RUNNING), _lines(baseline, _RUNNING)))
    whole = _less(gain, _excess(_lines(account, _EVERY), _lines(baseline, _EVERY)))
    verdict = _verdict(whole)
    if account.incomplete and verdict == "pays":
        verdict = "undecided"
    if account.boundary == "work":
        return Payback(net, whole, verdict, None, None)
    moving = _less(gain, _excess(_lines(account, _MOVING), _lines(baseline, _MOVING)))
    static = _excess(_per_second(account), _per_second(baseline))
    invested = _excess(account.invested_mg, baseline.invested_mg if baseline else {})
    return Payback(net, whole, verdict, _over(invested, net), _over(static, moving))


def parity_power_w(hardware: Hardware, intensity_g_per_kwh: float) -> Range | None:
    """Power at which running a device for its lifetime emits as much as making it; None at intensity 0.

    The intensity is that of the device's own energy: at the site, times the power usage effectiveness there.
    """
    if intensity_g_per_kwh <= 0.0:
        return None
    mg_per_j = intensity_g_per_kwh * MG_PER_G / J_PER_KWH
    return hardware.embodied_kg * (MG_PER_KG / (hardware.lifetime_s * mg_per_j))


Amounts = Mapping[Any, Range]
_MOVING: tuple[Part, ...] = ("dynamic", "host")
_RUNNING: tuple[Part, ...] = (*_MOVING, "static")
_EVERY: tuple[Part, ...] = (*_RUNNING, "embodied", "host embodied", "training")
_KIND = {"host": "dynamic", "host embodied": "embodied"}


def _lines(account: Account | None, parts: Sequence[Part]) -> Amounts:
    """Some lines of an account, by whose figures they are and of what kind."""
    lines = account.lines if account else ()
    return {
        (line.device, _KIND.get(line.part, line.part)): line.carbon_mg for line in lines if line.part in parts
    }


def _per_second(account: Account | None) -> Amounts:
    """Carbon of static power in mgCO2e per second, by device."""
    if account is None:
        return {}
    on_for_s = account.on_for_s
    return {
        key: Range(*sorted((mg.low / on_for_s.low, mg.nominal / on_for_s.nominal, mg.high / on_for_s.high)))
        for key, mg in _lines(account, ("static",)).items()
    }


def _excess(agent: Amounts, baseline: Amounts) -> Signed:
    """How much more the agent has; what both have differs value by value."""
    parts = []
    for key in {**agent, **baseline}:
        own, other = agent.get(key, NOTHING), baseline.get(key, NOTHING)
        if key in agent and key in baseline:
            differences = sorted((own.low - other.low, own.nominal - other.nominal, own.high - other.high))
            parts.append(Signed(differences[0], own.nominal - other.nominal, differences[2]))
        else:
            parts.append(Signed(own.low - other.high, own.nominal - other.nominal, own.high - other.low))
    return Signed(
        *(math.fsum(getattr(part, bound) for part in parts) for bound in ("low", "nominal", "high"))
    )


def _less(gain: Signed, cost: Signed) -> Signed:
    return Signed(gain.low - cost.high, gain.nominal - cost.nominal, gain.high - cost.low)


def _over(amount: Signed, gain: Signed) -> Reach:
    """``amount`` over ``gain``: the least amount over the most gain first; None where nothing is gained."""
    return Reach(
        _quotient(amount.low, gain.high),
        _quotient(amount.nominal, gain.nominal),
        _quotient(amount.high, gain.low),
    )


def _quotient(amount: float, gain: float) -> float | None:
    if gain <= 0.0:
        return None
    quotient = max(amount, 0.0) / gain
    return quotient if math.isfinite(quotient) else None


def _verdict(whole: Signed) -> Verdict:
    if whole.low > 0.0:
        return "pays"
    return "never" if whole.high <= 0.0 else "undecided"
