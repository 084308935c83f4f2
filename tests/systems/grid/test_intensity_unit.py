"""Units of carbon intensity: factors worked out by hand from the definitions of mass and energy."""

import pytest

from neuro_aolo.systems.grid.intensity_unit import unit_in

LB = 0.45359237
"""A pound is 453.59237 g by definition, a MWh 1000 kWh."""

FACTORS = {
    "Carbon intensity (lb CO2 per MWh)": LB,
    "lb_mwh": LB,
    "lbs/MWh": LB,
    "LBS/MWH": LB,
    "pounds/MWh": LB,
    "lb CO2-eq/MWh": LB,
    "lbs_co2_per_mwh": LB,
    "carbon_intensity_lb_per_mwh": LB,
    "lbs CO₂ / MWh": LB,
    "lb per MWh of CO2": LB,
    "pounds of CO2 emitted per megawatt-hour": LB,
    "carbonIntensityLbsPerMwh": LB,
    "lb/kWh": 453.59237,
    "lbs/GWh": 0.00045359237,
    "klb/GWh": LB,
    "oz/kWh": 28.349523125,
    "carbon_intensity g/MJ": 3.6,
    "gCO2/MJ": 3.6,
    "g/GJ": 0.0036,
    "kg/GJ": 3.6,
    "t/TJ": 3.6,
    "µg/J": 3.6,
    "mg/kWh": 0.001,
    "mg/Wh": 1.0,
    "ug/Wh": 0.001,
    "g/Wh": 1000.0,
    "kg/MWh": 1.0,
    "kgCO2eq/MWh": 1.0,
    "CO₂ kg/MWh": 1.0,
    "CO2 intensity (kg CO2/MW·h)": 1.0,
    "kg/kWh": 1000.0,
    "KG/KWH": 1000.0,
    "kgCO2e/kWhe": 1000.0,
    "kilogram CO2 / megawatthour": 1.0,
    "t/MWh": 1000.0,
    "T/MWH": 1000.0,
    "tCO2eq/GWh": 1.0,
    "carbon intensity (tCO2/MWh) of Great Britain": 1000.0,
    "tonnes CO2 per MWh": 1000.0,
    "metric tons per MWh": 1000.0,
    "Mg CO2/MWh": 1000.0,
    "ktCO2/TWh": 1.0,
    "MtCO2/TWh": 1000.0,
    "short tons CO2/MWh": 907.18474,
    "US tons CO2/MWh": 907.18474,
    "long tons/MWh": 1016.0469088,
    "g/kWh": 1.0,
    "G/KWH": 1.0,
    "g_co2_per_kwh": 1.0,
    "carbon_intensity_gco2_kwh": 1.0,
    "carbon_intensity_g_kwh_direct": 1.0,
    "gCO2perkWh": 1.0,
    "g CO2 kWh-1": 1.0,
    "gCO2 kWh⁻¹": 1.0,
    "g·kWh^{-1}": 1.0,
    "gCO2(eq)/kWh": 1.0,
    "g(CO2)/kWh": 1.0,
    "gCO2e/kWh_el": 1.0,
    "Intensity [g CO2 eq. / kWh]": 1.0,
    "gCO2eq per kilowatt-hour": 1.0,
    "Carbon intensity gCO₂eq/kWh (Life cycle)": 1.0,
    "Carbon Intensity in gCO2 per kWh, forecast": 1.0,
    "CO₂-Emissionsfaktor in g CO₂-Äq./kWh": 1.0,
    "g CO2,eq/kWh": 1.0,
    "g CO2‑eq⋅kWh⁻¹": 1.0,
    "Taux de CO2 (g/kWh)": 1.0,
    "CI (metric tonnes per MWh)": 1000.0,
    "g (CO2) / kWh": 1.0,
    "lb.CO2/MWh": LB,
    "CI (lb\u2044MWh)": LB,
    "CI (kg\u2215kWh)": 1000.0,
    "carbon_gkwh": 1.0,
    "CI (lbmwh)": LB,
    "tCO2MWh": 1000.0,
    "10 kW grid, g/kWh": 1.0,
}

REFUSED = {
    "MTCO2/MWh": "metric tons or megatonnes",
    "mtco2_per_mwh": "metric tons or megatonnes",
    "tons/MWh": "short tons, long tons or tonnes",
    "ton CO2 per MWh": "a short ton, a long ton or a tonne",
    "MG/KWH": "milligrams or megagrams",
    "gr/kWh": "grams or grains",
    "g/mWh": "a thousandth, not a million",
    "gC/kWh": "no mass of CO2",
    "g carbon/kWh": "no mass of CO2",
    "g CH4/kWh": "no mass of CO2",
    "CO2/kWh": "no mass of CO2",
    "carbon intensity per kWh": "no mass of CO2",
    "carbon intensity [€/MWh]": "no mass of CO2",
    "price EUR/MWh": "no mass of CO2",
    "stone/kWh": "no mass of CO2",
    "lb/MMBtu": "no electric energy",
    "g/km": "no electric energy",
    "kgCO2/h": "no electric energy",
    "gCO2eq/kW": "no electric energy",
    "kg CO2 / 100 kWh": "no electric energy",
    "kWh/kg": "no electric energy",
    "CI (1000 lb/MWh)": "counted in multiples",
    "CI (thousand lb/MWh)": "counted in multiples",
    "CI (10^3 g/kWh)": "counted in multiples",
    "CI (g/kWh x 1000)": "counted in multiples",
    "CI (gCO2/kWh_th)": "heat is no electric energy",
    "CI (kilogrammes CO2 par MWh)": "no mass of CO2 is named beside it",
    "carbon_intensity_kwh": "no mass of CO2",
    "carbon_intensity_kg": "no mass of CO2 per energy",
    "carbon intensity (t)": "no mass of CO2 per energy",
    "carbon intensity (MW)": "no mass of CO2 per energy",
    "carbon_intensity (%)": "no mass of CO2 per energy",
}

WITHOUT = (
    *("carbon_intensity", "carbonIntensity", "Carbon Intensity", "CI", "avg_CI", "CO2Intensity", "taux_co2"),
    *("carbon_intensity_avg", "carbon_intensity (direct/lifecycle)", "intensity.forecast", "average", "DE"),
    *("carbon_intensity DE/LU", "Carbon intensity MISO", "carbon intensity, Production", "emission_rate"),
)


@pytest.mark.parametrize(("text", "factor"), FACTORS.items())
def test_a_unit_is_known_by_mass_and_energy(text: str, factor: float) -> None:
    unit = unit_in(text)
    assert unit.is_known
    assert unit.factor == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_what_is_no_such_unit_is_named_with_the_reason(text: str, reason: str) -> None:
    unit = unit_in(text)
    assert unit.text
    assert unit.factor is None
    assert reason in unit.reason


@pytest.mark.parametrize("text", WITHOUT)
def test_other_words_are_no_unit(text: str) -> None:
    assert (unit_in(text).text, unit_in(text).factor) == ("", 1.0)
