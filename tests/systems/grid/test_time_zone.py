from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from neuro_aolo.systems.grid.time_zone import in_utc, never_shown, shown_twice, zone_in, zone_of

KNOWN = {
    **dict.fromkeys(
        ("timestamp_utc", "Datetime (UTC)", "timeUTC", "time GMT", "timestamp (Z)", "interval_start_utc"), 0.0
    ),
    **dict.fromkeys(("Time (UTC±0)", "UTC Time at End of Hour", "datetime_beginning_utc"), 0.0),
    "Time (UTC+01:00)": 1.0,
    "time (+01:00)": 1.0,
    "timeUTC+1": 1.0,
    "time_utc_plus_1": 1.0,
    "local time (UTC+1)": 1.0,
    "EST (UTC-5)": -5.0,
    "time (GMT−5)": -5.0,
    "time (UTC+5:30)": 5.5,
    # Winter: the offsets of 1 January.
    "Time (Europe/Berlin)": 1.0,
    "time_europe_berlin": 1.0,
    "america/new_york": -5.0,
    "time [US/Pacific]": -8.0,
    "Time (America/Argentina/Buenos_Aires)": -3.0,
    "time (Etc/GMT+5)": -5.0,
}
REFUSED = (
    *("Time (PST)", "time [Pacific]", "time (MEZ)", "Time (AEST)", "MTU (CET/CEST)", "Datetime (CET)"),
    *("local_time", "localTime", "datetime_local", "time_est", "EST time", "Eastern time", "Hour (IST)"),
    *("time (Berlin)", "berlin_time", "time (New York)", "datetime_beginning_ept", "hour_ending_cpt"),
    *(
        "time (XYZ)",
        "time (UTC+1/+2)",
        "time (UTC+5.5)",
        "time (utc1)",
        "timestamp (GMT/BST)",
        "Zeit (MEZ/MESZ)",
    ),
    *("time in Central European Time", "time (UTC+15)", "UK time"),
)
NONE = (
    *(
        "time",
        "Date",
        "timestamp [ms]",
        "time (yyyy-mm-dd hh:mm)",
        "date et heure",
        "Datum von",
        "MTU",
        "from",
    ),
    *("time (hour beginning)", "point_time", "Start date", "timestamp"),
)


@pytest.mark.parametrize(("header", "hours"), KNOWN.items())
def test_a_zone_that_fixes_every_hour_is_read(header: str, hours: float) -> None:
    zone = zone_in(header)
    assert zone.info is not None
    assert datetime(2020, 1, 1, tzinfo=zone.info).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("header", REFUSED)
def test_a_zone_that_does_not_is_refused_and_never_utc(header: str) -> None:
    assert zone_in(header).is_refused
    assert zone_in(header).reason


@pytest.mark.parametrize("header", NONE)
def test_other_words_name_no_zone(header: str) -> None:
    assert zone_in(header).text == ""


def test_cells_name_zones_and_areas_do_not() -> None:
    assert zone_of("+01:00").info == timezone(timedelta(hours=1))
    assert zone_of("Europe/Berlin").info == ZoneInfo("Europe/Berlin")
    assert zone_of("CET").is_refused
    assert [zone_of(area).text for area in ("DE", "US-CAL-CISO", "AT", "Germany")] == [""] * 4


@pytest.mark.parametrize("step_min", [15, 30, 60])
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Pacific/Auckland"]
)
@pytest.mark.parametrize("first", [datetime(2023, 3, 1), datetime(2023, 9, 20), datetime(2023, 11, 1)])
def test_local_times_in_order_give_back_the_hours_that_they_were_of(
    zone: str, first: datetime, step_min: int
) -> None:
    info, previous = ZoneInfo(zone), None
    for step in range(35 * 24 * 60 // step_min):
        utc = first.replace(tzinfo=UTC) + timedelta(minutes=step * step_min)
        previous = in_utc(utc.astimezone(info).replace(tzinfo=None, fold=0), info, previous)
        assert previous == utc


def test_hours_that_clocks_skip_and_repeat() -> None:
    with pytest.raises(ValueError, match="clocks of Europe/Berlin never show it"):
        in_utc(datetime(2023, 3, 26, 2, 30), ZoneInfo("Europe/Berlin"), None)
    assert shown_twice(datetime(2023, 10, 29, 2, 30)) == "Europe/Berlin"
    assert shown_twice(datetime(2023, 11, 5, 1)) == "America/New_York"
    assert shown_twice(datetime(2023, 10, 29, 5)) is None
    assert never_shown(datetime(2023, 3, 26, 2), datetime(2023, 3, 26, 3)) == "Europe/Berlin"
    assert never_shown(datetime(2023, 3, 26, 2), datetime(2023, 3, 26, 4)) is None
    assert never_shown(datetime(2023, 3, 25, 2), datetime(2023, 3, 25, 3)) is None
