import copy

from neuro_aolo.report.electricity import electricity
from neuro_aolo.report.html import render
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

FACTOR = {
    "country": "FRA",
    "name": "France",
    "g_per_kwh": 56.039,
    "year": 2023,
    "basis": "average, location-based",
    "of": "average of 2023, location-based",
    "source": "a_file.json of a package 1.2",
}
TRACE = {
    "source": "gb.csv",
    "start": "2020-01-01T00:00:00+00:00",
    "hours": 48,
    "mean_g_per_kwh": 180.0,
    "of": "48 hours from a day to another; average or marginal: not stated",
}


def test_year_basis_and_file_stand_beside_each_intensity(data, metrics) -> None:
    data = copy.deepcopy(data)
    data["wording"]["factors"] = {"bs": FACTOR}
    data["run"]["traces"] = {"dc": TRACE}
    summary = Summary.model_validate(data)
    rows = [[plain(str(cell)) for cell in row] for row in electricity(summary).rows]
    assert rows == [
        ["bs", "France", "56.04", FACTOR["of"], FACTOR["source"]],
        ["dc", "hour by hour", "180.0", TRACE["of"], "gb.csv"],
    ]
    page = render(summary, metrics)
    for text in (FACTOR["of"], FACTOR["source"], TRACE["of"]):
        assert text in page


def test_where_all_intensities_are_drawn_there_is_no_table(data, metrics) -> None:
    """An older summary holds no factors either."""
    summary = Summary.model_validate(data)
    assert electricity(summary).rows == []
    assert "Carbon intensity of electricity" not in render(summary, metrics)
