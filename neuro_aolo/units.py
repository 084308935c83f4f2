"""Units: SI inside, kWh, mg and kg only where people read."""

J_PER_KWH = 3.6e6
MG_PER_G = 1e3
G_PER_KG = 1e3
S_PER_YEAR = 365 * 24 * 3600.0
"""A year is 365 days, the convention of the AOLO model."""


def kwh(energy_j: float) -> float:
    """Energy in kWh of ``energy_j`` joules."""
    return energy_j / J_PER_KWH


def operational_carbon_g(energy_j: float, intensity_g_per_kwh: float) -> float:
    """Carbon in gCO2e of ``energy_j`` joules drawn at ``intensity_g_per_kwh``."""
    return kwh(energy_j) * intensity_g_per_kwh
