"""What requests served and emitted, for ledgers and people, and what stands for them beyond its work."""

from collections.abc import Mapping

import numpy as np

from neuro_aolo.systems.aolo.footprint import BIT_PER_MBIT
from neuro_aolo.systems.aolo.request import Outcome, outcome, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.system import Machine
from neuro_aolo.systems.task import Entry, Floats, Served
from neuro_aolo.units import G_PER_KG, S_PER_YEAR

_REFERENCE = "arXiv:2503.04418"
ENTRIES = (
    Entry(
        "inference_operational",
        "inference, operational",
        "operational",
        "dc",
        f"AOLO, equation (4), {_REFERENCE}",
    ),
    Entry("inference_embodied", "inference, embodied", "embodied", "dc", f"AOLO, equation (5), {_REFERENCE}"),
    Entry(
        "wireless_operational",
        "wireless, operational",
        "operational",
        "bs",
        f"AOLO, equations (8) and (15), {_REFERENCE}",
    ),
    Entry("wireless_embodied", "wireless, embodied", "embodied", "bs", f"AOLO, equation (9), {_REFERENCE}"),
)
"""Lines of what a request emits."""


def served(scenario: Scenario, result: Outcome, words: Floats, power_w: Floats) -> Served:
    """Figures of requests whose outcome is known."""
    inference, radio, terms = scenario.inference, scenario.radio, result.terms
    # Requests that are served at once share the GPUs evenly.
    gpus_busy_s = terms.inference_time_s / inference.batch_size
    gpus_w = inference.gpus * inference.gpu_power_w * inference.pue
    inference_j = terms.inference_time_s * (gpus_w / inference.batch_size)
    sending_s_per_word = radio.bits_per_word / (radio.downlink_mbit_per_s * BIT_PER_MBIT)
    supplied_w = scenario.supplied_w(power_w)
    wireless_j = supplied_w * terms.transmission_time_s + words * (sending_s_per_word * radio.fixed_power_w)
    return Served(
        carbon_g=np.stack([getattr(terms, f"{entry.key}_g") for entry in ENTRIES], axis=1),
        energy_j=np.stack([inference_j, wireless_j], axis=1),
        units=np.stack([words, terms.bits], axis=1),
        margins=np.stack(list(result.margins.values()), axis=1),
        busy_s=np.stack([gpus_busy_s, words * sending_s_per_word], axis=1),
    )


def emits(scenario: Scenario, states: Floats, actions: Floats) -> Served:
    """What decisions serve and emit under parameters that the task was not made for, as at a range's end.

    Args:
        scenario: with those parameters.
        states: ``(B, S)`` in physical units.
        actions: ``(B, 2)`` in [-1, 1].
    """
    words, power_w = to_physical(scenario, actions)
    return served(scenario, outcome(scenario, states, words, power_w), words, power_w)


def machines(scenario: Scenario) -> tuple[Machine, ...]:
    """The GPUs, which are the service's own, and the base station, which others use too."""
    inference, radio, provision = scenario.inference, scenario.radio, scenario.provision
    return (
        Machine(
            key="gpus",
            name="GPUs",
            site="dc",
            idle_w=inference.gpus * provision.gpu_idle_power_w * inference.pue,
            making_g_per_s=inference.gpus
            * inference.gpu_embodied_kg
            * G_PER_KG
            / (inference.gpu_lifetime_years * S_PER_YEAR),
            utilisation=provision.gpu_utilisation,
            shared=False,
            source="provision.gpu_idle_power_w, provision.gpu_utilisation",
            kind="gpu",
            pieces=inference.gpus,
        ),
        Machine(
            key="station",
            name="base station",
            site="bs",
            idle_w=radio.fixed_power_w,
            making_g_per_s=radio.bs_embodied_kg * G_PER_KG / (radio.bs_lifetime_years * S_PER_YEAR),
            utilisation=provision.bs_utilisation,
            shared=True,
            source="radio.fixed_power_w, provision.bs_utilisation",
        ),
    )


def pue(scenario: Scenario) -> Mapping[str, float]:
    """Power usage effectiveness of each site."""
    return {"dc": scenario.inference.pue, "bs": 1.0}
