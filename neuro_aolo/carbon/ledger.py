"""One ledger: the carbon of the service and of the agent that controls it, per request.

    (1) C_request = sum_k C_service,k + E_decision I + C_training / N

with one decision per request, ``E_decision`` the energy of a decision on one device in kWh, ``I`` the carbon
intensity at the agent's site, and the carbon of training shared over ``N`` requests. The division follows the
Software Carbon Intensity: carbon per functional unit, here one served request. Neither cooling (PUE) nor the
making of the agent's device is in it; the service's own terms hold theirs.

References:
    ISO/IEC 21031:2024, Software Carbon Intensity (SCI) specification.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equation (3).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from neuro_aolo.energy.ranges import Range
from neuro_aolo.errors import ServiceError
from neuro_aolo.units import MG_PER_G, operational_carbon_g


@dataclass(frozen=True)
class Entry:
    """One line of the ledger, in mgCO2e per request."""

    name: str
    carbon_mg: Range

    @property
    def carbon_g(self) -> Range:
        """The same in gCO2e per request."""
        return self.carbon_mg * (1.0 / MG_PER_G)


@dataclass(frozen=True)
class Ledger:
    """Carbon per request, with the agent on each of several devices; a request is decided on one of them.

    Attributes:
        service: the service's terms.
        agent: inference of the agent, one entry per hardware profile that can run it.
        training: training of the agent, shared over ``amortised_over`` requests.
        training_g: carbon of the whole training in gCO2e.
        amortised_over: requests N that share the training.
        intensity_g_per_kwh: carbon intensity at the agent's site.
    """

    service: tuple[Entry, ...]
    agent: tuple[Entry, ...]
    training: Entry
    training_g: float
    amortised_over: int
    intensity_g_per_kwh: float

    @property
    def service_mg(self) -> Range:
        """Carbon of the service alone in mgCO2e per request."""
        return Range.total(entry.carbon_mg for entry in self.service)

    def lines(self, profile: str) -> tuple[Entry, ...]:
        """Every line of a request that is decided on ``profile``: service, inference, training.

        Raises:
            ServiceError: no entry of that name, as where the device cannot run the agent.
        """
        chosen = tuple(entry for entry in self.agent if entry.name == profile)
        if not chosen:
            names = ", ".join(entry.name for entry in self.agent) or "none"
            raise ServiceError(f"the ledger has no agent on {profile!r}; devices that run it: {names}")
        return (*self.service, *chosen, self.training)

    def total_mg(self, profile: str) -> Range:
        """The sum of :meth:`lines` in mgCO2e per request."""
        return Range.total(entry.carbon_mg for entry in self.lines(profile))

    def total_g(self, profile: str) -> Range:
        """The sum of :meth:`lines` in gCO2e per request."""
        return self.total_mg(profile) * (1.0 / MG_PER_G)


def agent_carbon_mg(energy_j: Range, intensity_g_per_kwh: float) -> Range:
    """Carbon in mgCO2e of ``energy_j`` joules drawn at ``intensity_g_per_kwh``.

    Raises:
        ServiceError: a negative or non-finite intensity.
    """
    per_joule = (
        operational_carbon_g(1.0, _amount("carbon intensity", intensity_g_per_kwh, "g/kWh")) * MG_PER_G
    )
    return energy_j * per_joule


def ledger(
    service_mg: Mapping[str, float],
    agent_energy_j: Mapping[str, Range | None],
    intensity_g_per_kwh: float,
    training_g: float,
    amortised_over: int,
) -> Ledger:
    """The ledger of one request.

    Args:
        service_mg: the service's terms in mgCO2e per request, by name (inference and wireless, each
            operational and embodied).
        agent_energy_j: energy of one decision in J, by hardware profile; None where the device cannot run it.
        intensity_g_per_kwh: carbon intensity at the agent's site.
        training_g: carbon of training the agent in gCO2e, as measured.
        amortised_over: requests that the trained agent is taken to serve.

    Raises:
        ServiceError: a negative or non-finite amount, or fewer than one request.
    """
    if amortised_over < 1:
        raise ServiceError(f"training shared over {amortised_over} requests; give 1 or more")
    total_training_g = _amount("training", training_g, "g")
    per_request_mg = total_training_g * MG_PER_G / amortised_over
    return Ledger(
        service=tuple(Entry(name, _exactly(_amount(name, mg, "mg"))) for name, mg in service_mg.items()),
        agent=tuple(
            Entry(profile, agent_carbon_mg(energy_j, intensity_g_per_kwh))
            for profile, energy_j in agent_energy_j.items()
            if energy_j is not None
        ),
        training=Entry(f"training, shared over {amortised_over:,} requests", _exactly(per_request_mg)),
        training_g=total_training_g,
        amortised_over=amortised_over,
        intensity_g_per_kwh=_amount("carbon intensity", intensity_g_per_kwh, "g/kWh"),
    )


def _exactly(amount: float) -> Range:
    return Range(amount, amount, amount)


def _amount(name: str, value: float, unit: str) -> float:
    if not 0.0 <= value < math.inf:
        raise ServiceError(f"{name} is {value!r} {unit}; a finite amount of 0 or more is needed")
    return float(value)
