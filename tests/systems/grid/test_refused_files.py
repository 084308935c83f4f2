"""Files that cannot be read right: refused by what is really wrong, never by advice that damages them."""

import os
import time as clock
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.csv_file import MAX_BYTES
from neuro_aolo.systems.grid.trace_csv import read_trace


def two(header: str, first: str, second: str) -> str:
    return f"{header}\n{first}\n{second}\n"


HOURS = ("2020-01-01 00:00,100", "2020-01-01 01:00,100")
FILES = {
    "tons": (two("time,CI (tons/MWh)", *HOURS), r"'tons/MWh', another unit: convert it to gCO2/kWh"),
    "metric or mega": (two("time,CI MTCO2/MWh", *HOURS), "metric tons or megatonnes"),
    "fuel": (two("time,CI lb/MMBtu", *HOURS), "MMBtu is no electric energy"),
    "mass an hour": (two("time,carbon emissions kgCO2/h", *HOURS), "'kgCO2/h', another unit"),
    "mass": (two("time,carbon_intensity_kg", *HOURS), "'kg', another unit"),
    "index": (two("time,intensity index", *HOURS), "'intensity index' is no intensity but an index"),
    "percentage": (two("time,carbon intensity (%)", *HOURS), "is no intensity but an index, a label"),
    "renewable": (two("time,renewable %", *HOURS), "no column of carbon intensity among"),
    "price": (two("time,price EUR/MWh", *HOURS), "no column of carbon intensity among"),
    "index in words": (
        two("time,carbon intensity", "2020-01-01 00:00,low", "2020-01-01 01:00,high"),
        "row 2: 'low' is no number",
    ),
    "AEMO's index": (
        two("settlement date,REGIONID,CO2E_INTENSITY_INDEX", "2020/01/01 00:05:00,NSW1,0.7", ""),
        "'CO2E_INTENSITY_INDEX' is no intensity but an index",
    ),
    "two units": (
        two("time,CI,unit", f"{HOURS[0]},lb/MWh", f"{HOURS[1]},g/kWh"),
        "column 'unit' names several units, 'lb/MWh', 'g/kWh': convert all rows",
    ),
    "a unit unheard of": (
        two("time,CI,unit", f"{HOURS[0]},stone", f"{HOURS[1]},stone"),
        "'stone', another unit: convert it to gCO2/kWh",
    ),
    "units at odds": (
        two("time,CI (g/kWh),unit", f"{HOURS[0]},lb/MWh", f"{HOURS[1]},lb/MWh"),
        "names another unit than its column of units, 'lb/MWh': correct one",
    ),
    "two areas": (
        two("time,zone,CI", "2020-01-01 00:00,DE,100", "2020-01-01 00:00,FR,50"),
        "column 'zone' holds 2 areas, 'DE', 'FR': keep the rows of one",
    ),
    "two areas, one of them called as a zone": (
        two("time,country,CI", "2020-01-01 00:00,GB,100", "2020-01-01 00:00,EST,50"),
        "column 'country' holds 2 areas, 'GB', 'EST'",
    ),
    "local header": (two("Time (PST),CI", *HOURS), "'Time \\(PST\\)' is local time.*Europe/Berlin"),
    "local cells": (
        two("time,CI", "2020-01-01 00:00 CET,100", "2020-01-01 01:00 CET,100"),
        "row 2: '2020-01-01 00:00 CET' is local time",
    ),
    "local column": (
        two("time,timezone,CI", "2020-01-01 00:00,CET,100", "2020-01-01 01:00,CET,100"),
        "column 'timezone' has 'CET', local time",
    ),
    "local column that is called a zone": (
        two("time,zone,CI", "2020-01-01 00:00,EST,100", "2020-01-01 01:00,EST,100"),
        "column 'zone' has 'EST', local time",
    ),
    "local row of units": (two("time,CI", "CET,lb/MWh", HOURS[0]), "'time \\(CET\\)' is local time"),
    "an abbreviation first": (two("est_time,CI", *HOURS), "'est_time' is local time"),
    "POSIX names": (two("time (EST5EDT),CI", *HOURS), "is local time"),
    "several series": (
        two("time,state,CI", "2020-01-01 00:00,NSW,100", "2020-01-01 00:00,VIC,50"),
        "row 3: '2020-01-01 00:00' repeats the time of row 2: column 'state' holds 2 series, 'NSW', 'VIC'",
    ),
    "several series, one after the other": (
        "time,CI,signal\n" + "".join(f"2020-01-01 0{h}:00,9,{s}\n" for s in ("ab", "cd") for h in range(3)),
        "row 5: '2020-01-01 00:00' is earlier than the row before: column 'signal' holds 2 series",
    ),
    "a row twice, of which a label differs": (
        "time,CI,label\n"
        + "".join(f"2020-01-01 0{h}:00,9,low\n" for h in range(9))
        + "2020-01-01 08:00,9,high",
        "row 11: '2020-01-01 08:00' repeats the time of row 10: keep",
    ),
    "both midnights": (
        two("time,CI", "2020-01-01 00:00,100", "2020-01-01 24:00,100"),
        "column 'time' has 00:00 beside 24:00: count from 00:00 to 23:00, or from 01:00 to 24:00",
    ),
    "day or month, with dashes": (
        two("time,CI", "01-02-2020 00:00,100", "01-02-2020 01:00,100"),
        "day and month may be swapped",
    ),
    "a remark first": (
        two("# of the grid", "time,CI", HOURS[0]),
        "row 1: '# of the grid' is no header, as row 2 has 2 columns: begin the file with the row that names",
    ),
    "bars between columns": (
        two("time|CI", "2020-01-01 00:00|100", "2020-01-01 01:00|100"),
        "row 1: one column, 'time|CI': separate columns with commas, semicolons or tabs",
    ),
    "a normed intensity": (two("time,carbon_intensity_norm", *HOURS), "is no intensity but an index"),
    **{
        word: (two(f"time,carbon_intensity_{word}", *HOURS), f"'carbon_intensity_{word}' is no intensity but")
        for word in ("std", "variance", "ratio", "score", "diff", "anomaly", "lag1", "ma24", "ppm", "count")
    },
    "an offset in seconds": (
        two("time,utc_offset,CI", "2020-01-01 00:00,3600,100", "2020-01-01 01:00,3600,100"),
        "column 'utc_offset' has '3600', which is no offset in hours and minutes: write it as \\+01:00",
    ),
    "halves of days in a column": (
        "date,time,ampm,CI\n"
        + "".join(f"2020-01-01,{h % 12 or 12}:00,{'AM' if h < 12 else 'PM'},9\n" for h in range(24)),
        "column 'ampm' has the halves of days: write them after the times, as 11:00 PM",
    ),
    "JSON": ('[{"time": "2020-01-01T00:00Z", "carbonIntensity": 100}]', "this is JSON: export it as CSV"),
    "HTML": ("<!DOCTYPE html><html></html>", "this is HTML or XML: export it as CSV"),
    "parts of a second since 1601": (
        two("time,CI", "133221024000000000,100", "133221060000000000,100"),
        "'133221024000000000' is no time",
    ),
    "thousands of pounds": (two("time,CI (1000 lb/MWh)", *HOURS), "it is counted in multiples"),
    "an hour that is skipped": (
        two("time (Europe/Berlin),CI", "2023-03-26 01:30,100", "2023-03-26 02:30,100"),
        "row 3: '2023-03-26 02:30': clocks of Europe/Berlin never show it",
    ),
    "hours of either kind": (
        two("date,hour,CI", "2020-01-01,5,100", "2020-01-01,6,100"),
        "neither an hour 0 nor an hour 24",
    ),
    "hours of both kinds": (
        two("date,hour,CI", "2020-01-01,0,100", "2020-01-01,24,100"),
        "an hour 0 beside an hour 24: count from 0 to 23, or from 1 to 24",
    ),
    "an hour too many": (
        two("date,hour,CI", "2020-01-01,24,100", "2020-01-01,25,100"),
        "an hour 25: the times look local",
    ),
    "no hour": (two("date,hour,CI", "2020-01-01,1,100", "2020-01-01,x,100"), "'x' is no hour of a day"),
    "hours without days": (two("hour,CI", "1,100", "2,100"), "'hour' holds no whole time: give day and hour"),
    "days alone": (
        two("date,settlement_period,CI", "2020-01-01,1,100", "2020-01-01,2,100"),
        "row 3: '2020-01-01' repeats the time of row 2: give the time of day, too",
    ),
    "day or month": (
        two("date,hour,CI", "01/02/2020,0,100", "01/02/2020,1,100"),
        "'01/02/2020' is no time that is clear, as day and month may be swapped: write",
    ),
    "a date or seconds": (two("time,CI", "2033030100,100", "2033030101,100"), "'2033030100' is no time"),
    "other digits": (two("time,CI", "２０２０-01-01 00:00,100", HOURS[1]), "is no time: write"),
    "underscore": (two("time,CI", "2020-01-01 00:00,3_50", HOURS[1]), "row 2: '3_50' is no number"),
    "full width": (two("time,CI", "2020-01-01 00:00,３５０", HOURS[1]), "is no number: give one as 350.5"),
    "Arabic-Indic": (two("time,CI", "2020-01-01 00:00,٣٥٠", HOURS[1]), "is no number: give one as 350.5"),
    "beyond every float": (
        two("time,CI", "2020-01-01 00:00,1e400", HOURS[1]),
        "1e400 gCO2/kWh is not allowed",
    ),
    "thousands": (
        two("time,CI", '2020-01-01 00:00,"1,234.5"', HOURS[1]),
        "'1,234.5' has separators of thousands: write 1234.5",
    ),
    "thousands or decimals": (
        two("time,CI", '2020-01-01 00:00,"1,234"', HOURS[1]),
        "'1,234' is a decimal comma or a separator of thousands: write a decimal point",
    ),
    "decimal commas in commas": (
        two("time,CI", "2020-01-01 00:00,350,5", HOURS[1]),
        "row 2: 3 columns where the header has 2: write decimal points, not commas, or separate",
    ),
    "German thousands": (
        two("time;CI", "2020-01-01 00:00;1.023", "2020-01-01 01:00;998,5"),
        "row 3: numbers have decimal commas here and points elsewhere",
    ),
    "too much after the conversion": (
        two("time,CI (kg/kWh)", "2020-01-01 00:00,100", HOURS[1]),
        r"row 2: 100 \(100000 gCO2/kWh\) is not allowed",
    ),
    "columns without end": (",".join(["c"] * 100_000), "row 1: 100,000 columns: give at most 10,000"),
    "a row without end": (two("time,CI", "," * 100_000, ""), "row 2: 100,001 columns: give at most 10,000"),
    "a cell without end": (two("time,CI", "9" * 200_000 + ",1", ""), "row 2: field larger than field limit"),
    "a quote left open at the end": (
        two("time,CI,note", '2020-01-01 00:00,100,"x', "2020-01-01 01:00,100,x"),
        "row 2: unexpected end of data: is a quote left open there",
    ),
    "nothing": (two("time,CI", "2020-01-01 00:00,100\0", ""), "not a text file in UTF-8"),
    "UTF-16": (
        two("time,CI", *HOURS).encode("utf-16"),
        "not a text file in UTF-8: export it as CSV in UTF-8",
    ),
}


def refused(path: Path, **options: object) -> str:
    with pytest.raises(ScenarioError) as error:
        read_trace(path, **options)  # type: ignore[arg-type]
    line = str(error.value)
    assert "\n" not in line
    assert len(line) < 400 + len(str(path))
    return line


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_refused_by_what_is_wrong_with_it(name: str, tmp_path: Path) -> None:
    content, message = FILES[name]
    path = tmp_path / "trace.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ScenarioError, match=message):
        read_trace(path)
    assert ("keep one of them" in refused(path)) == ("twice" in name)


@pytest.mark.parametrize("fill", [None, "hold", "linear"])
@pytest.mark.parametrize("step_min", [30, 60])
@pytest.mark.parametrize("header", ["time,CI", "date,hour,CI"])
@pytest.mark.parametrize(
    ("zone", "first", "said"),
    [
        (
            "Europe/Berlin",
            datetime(2023, 10, 28),
            "show twice at the end of summer time, as in Europe/Berlin",
        ),
        (
            "Europe/London",
            datetime(2023, 10, 28),
            "show twice at the end of summer time, as in Europe/London",
        ),
        ("America/New_York", datetime(2023, 11, 4), "show twice at the end of summer time, as in America"),
        ("Australia/Sydney", datetime(2023, 4, 1), "show twice at the end of summer time, as in Australia"),
        (
            "Europe/Berlin",
            datetime(2023, 3, 25),
            "never show at the start of summer time, as in Europe/Berlin",
        ),
        ("America/New_York", datetime(2023, 3, 11), "never show at the start of summer time, as in America"),
    ],
)
def test_local_times_without_a_zone_are_called_so(
    zone: str, first: datetime, said: str, header: str, step_min: int, fill: str | None, tmp_path: Path
) -> None:
    form = "%Y-%m-%d,%H:%M" if "hour" in header else "%Y-%m-%d %H:%M"
    start = first.replace(tzinfo=UTC)
    times = [start + timedelta(minutes=step_min * step) for step in range(48 * 60 // step_min)]
    path = tmp_path / "trace.csv"
    path.write_text(header + "\n" + "".join(f"{t.astimezone(ZoneInfo(zone)):{form}},100\n" for t in times))
    line = refused(path, fill=fill)
    assert said in line
    assert "the times look local; give UTC or offsets" in line
    assert not {"keep one", "supply", "sort"} & set(line.split(": ")[-1].split("; "))


def test_an_hour_that_is_missing_in_utc_is_one_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    rows = "2023-03-26 01:00,100\n2023-03-26 03:00,300\n"
    path.write_text(f"time (UTC),CI\n{rows}")
    assert "1 hour without a sample" in refused(path)
    assert read_trace(path, "linear").g_per_kwh == (100.0, 200.0, 300.0)


def test_what_is_no_regular_file_of_bounded_size_is_refused_at_once(tmp_path: Path) -> None:
    fifo, large = tmp_path / "fifo.csv", tmp_path / "large.csv"
    os.mkfifo(fifo)
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    began = clock.monotonic()
    for path, message in (
        (fifo, "a device or a pipe"),
        (Path("/dev/zero"), "a device or a pipe"),
        (tmp_path, "a folder"),
        (large, "bytes, of which at most 67,108,864 are read"),
    ):
        assert message in refused(path)
    assert clock.monotonic() - began < 5.0
