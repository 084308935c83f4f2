"""One ledger: the carbon of the service and of the agent that controls it, per request and per year.

    (1) C_request = sum_k C_service,k + E_decision PUE I + M t_on / L + C_training / N

with one decision per request, ``E_decision`` the energy of a decision in kWh, ``I`` the carbon intensity and
``PUE`` the power usage effectiveness at the agent's site, ``M`` the carbon of making the device, ``L`` its
lifetime, ``t_on`` the time that a decision has it for itself, and the carbon of training shared over ``N``
requests. Over the requests of a year each line is as many times as large.

Two boundaries, the same for service and agent:

- ``work``: a request bears what works for it, as long as it works: ``t_on`` is the time of the decision.
- ``provisioned``: also what waits for it: idle power and making from one request to the next, of the
  service's machines as of the agent's device, which is always on.

The Software Carbon Intensity is ``(E I + M) / R``: the same sum per functional unit ``R``, be it a request, a
word or a bit.

The agent's network is not in it.

References:
    ISO/IEC 21031:2024, Software Carbon Intensity (SCI) specification.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equation (3).
"""

import math
from dataclasses import dataclass
from typing import Literal

from neuro_aolo.carbon.lines import MG_PER_KG, Boundary, LedgerLine, Part, exactly
from neuro_aolo.errors import ServiceError
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.hardware import Hardware
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.units import MG_PER_G, S_PER_YEAR

_SECOND = Range(1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Gap:
    """What has no figure, and so no line on an account.

    Attributes:
        kind: the ``price`` of some work, a whole ``part`` (static power, the host's work), or the ``making``
            of a device.
        text: what it is, in words.
    """

    kind: Literal["price", "part", "making"]
    text: str


@dataclass(frozen=True)
class Account:
    """Service and agent, with the agent on one device.

    Attributes:
        lines: of the service, then of the agent; they sum to the totals.
        requests_per_year: that are decided.
        lower_bound: what has no figure: the totals lack it.
        hardware: the devices that decide, one of each kind.
        on_for_s: time that a decision has them for itself.
        training_g: carbon of the whole training in gCO2e.
        boundary: what the lines hold, of service and agent alike.
        service: carbon of the service in mgCO2e per request, where not all of its lines are at their low
            ends at once; the sum of its lines where None.
    """

    lines: tuple[LedgerLine, ...]
    requests_per_year: float
    lower_bound: tuple[Gap, ...] = ()
    hardware: tuple[Hardware, ...] = ()
    on_for_s: Range = _SECOND
    training_g: float = 0.0
    boundary: Boundary = "provisioned"
    service: Range | None = None

    @property
    def incomplete(self) -> bool:
        """Whether more is lacking than the price of some work."""
        return any(gap.kind != "price" for gap in self.lower_bound)

    @property
    def devices(self) -> Range:
        """How many of each kind it takes: more than one where they are slower than the requests come."""
        rate_hz = self.requests_per_year / S_PER_YEAR
        needed = self.on_for_s * rate_hz
        return Range(max(needed.low, 1.0), max(needed.nominal, 1.0), max(needed.high, 1.0))

    def total_mg(self, *parts: Part) -> Range:
        """Sum of the lines of ``parts`` in mgCO2e per request, rounded once; of all where none is named."""
        if not parts and self.service is not None:
            return self.service + self.agent_mg
        return Range.total(line.carbon_mg for line in self.lines if not parts or line.part in parts)

    @property
    def service_mg(self) -> Range:
        """The service in mgCO2e per request."""
        return self.total_mg("service") if self.service is None else self.service

    @property
    def agent_mg(self) -> Range:
        """The agent's lines in mgCO2e per request."""
        return Range.total(line.carbon_mg for line in self.lines if line.part != "service")

    @property
    def invested_mg(self) -> dict[str, Range]:
        """What making the devices and training emitted before the first request, in mgCO2e."""
        training = exactly(self.training_g * MG_PER_G)
        made = {device.name: device.embodied_kg * self.devices * MG_PER_KG for device in self.hardware}
        return made | {"training": training}

    @property
    def running_mg(self) -> Range:
        """Of these what deciding emits, neither making nor training."""
        return self.total_mg("dynamic", "host", "static")

    def per_year_kg(self, carbon_mg: Range) -> Range:
        """An amount per request as kgCO2e over the requests of a year."""
        return carbon_mg * (self.requests_per_year / MG_PER_KG)

    def sci_mg(self, units_per_request: float) -> Range:
        """Software Carbon Intensity in mgCO2e per functional unit.

        Args:
            units_per_request: how many of them a request has: 1, its words or its bits.

        Raises:
            ServiceError: none, or not a number.
        """
        if not 0.0 < units_per_request < math.inf:
            raise ServiceError(
                f"{units_per_request!r} functional units a request; a finite number above 0 is needed"
            )
        return self.total_mg() * (1.0 / units_per_request)


def requests_per_year(request_rate_hz: float) -> float:
    """Requests of a year of 365 days.

    Raises:
        ServiceError: a rate that is not above 0.
    """
    if not 0.0 < request_rate_hz < math.inf:
        raise ServiceError(f"{request_rate_hz!r} requests a second; a finite number above 0 is needed")
    return request_rate_hz * S_PER_YEAR


def on_for_s(bill: Bill, request_rate_hz: float | None) -> Range:
    """Time that a decision has a device for itself: until the next one, or its own where that is longer.

    Its own alone where no rate is given: 0 where no figure tells it.
    """
    period_s = 0.0 if request_rate_hz is None else 1.0 / request_rate_hz
    own = bill.latency_s or exactly(0.0)
    return Range(*(max(period_s, time_s) for time_s in (own.low, own.nominal, own.high)))
