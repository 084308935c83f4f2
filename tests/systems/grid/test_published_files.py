"""Files as they are published: each of 48 hours from 1 March 2023, in the words of its publisher."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from neuro_aolo.systems.grid.trace_csv import read_trace

FIRST = datetime(2023, 3, 1, tzinfo=UTC)
LB = 0.45359237
Row = Callable[[datetime, int], str]


def iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def later(time: datetime, hours: float = 1.0) -> datetime:
    return time + timedelta(hours=hours)


def local(time: datetime, zone: str) -> datetime:
    return time.astimezone(ZoneInfo(zone))


EM = (
    "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),"
    "Carbon intensity gCO₂eq/kWh (Life cycle),Carbon-free energy percentage (CFE%),"
    "Renewable energy percentage (RE%),Data source,Data estimated,Data estimation method"
)
FILES: dict[str, tuple[str, Row, float, str | None]] = {
    # The header, a row of an hour whose figure is v, gCO2/kWh in one of its unit, and what the note says.
    "Electricity Maps": (
        EM,
        lambda t, v: f"{plain(t)},France,France,FR,1,{v},90,20,rte.fr,false,",
        1.0,
        "column 'Carbon intensity gCO₂eq/kWh (Life cycle)' taken of 2",
    ),
    "Electricity Maps, API": (
        "zone,carbonIntensity,datetime,updatedAt,createdAt,emissionFactorType,isEstimated",
        lambda t, v: f"DE,{v},{iso(t)},{iso(later(t))},{iso(later(t))},lifecycle,false",
        1.0,
        None,
    ),
    "Electricity Maps, epoch first": (
        "timestamp,datetime,zone_name,carbon_intensity_avg,carbon_intensity_production_avg,carbon_rate_avg",
        lambda t, v: f"{int(t.timestamp())},{plain(t)},DE,{v},1,2",
        1.0,
        "column 'carbon_intensity_avg' taken of 3",
    ),
    "WattTime": (
        "timestamp,MOER,MOER version,frequency",
        lambda t, v: f"{iso(t)},{v},3.2,300",
        LB,
        "as WattTime gives MOER, times 0.45359237 gives gCO2/kWh; these are marginal intensities",
    ),
    "WattTime, in g": (
        "point_time,MOER (gCO2/kWh)",
        lambda t, v: f"{iso(t)},{v}",
        1.0,
        "these are marginal intensities",
    ),
    "WattTime, value and units": (
        "point_time,value,units",
        lambda t, v: f"{iso(t)},{v},lbs_co2_per_mwh",
        LB,
        "lbs_co2/mwh, times 0.45359237 gives gCO2/kWh",
    ),
    "carbonintensity.org.uk": (
        "from,to,intensity.forecast,intensity.actual,intensity.index",
        lambda t, v: f"{t:%Y-%m-%dT%H:%MZ},{later(t):%Y-%m-%dT%H:%MZ},1,{v},moderate",
        1.0,
        "column 'intensity.actual' taken of 2",
    ),
    "NESO, forecast and actual": (
        "datetime,forecast,actual,index",
        lambda t, v: f"{plain(t)},1,{v},moderate",
        1.0,
        "column 'actual' taken of 2",
    ),
    "NESO": (
        "DATETIME,GAS,COAL,CARBON_INTENSITY,LOW_CARBON_perc",
        lambda t, v: f"{plain(t)},1,2,{v},50",
        1.0,
        None,
    ),
    "RTE": (
        "Date;Heures;Consommation;Taux de Co2",
        lambda t, v: f"{t:%Y-%m-%d};{t:%H:%M};50000;{v}",
        1.0,
        None,
    ),
    "EIA": (
        "Region,UTC Time at End of Hour,Local Time at End of Hour,"
        "CO2 Emissions Intensity for Generated Electricity (lbs/MWh)",
        lambda t, v: f"CAL,{plain(later(t))},{plain(later(t, -7))},{v}",
        LB,
        "lbs/MWh, times 0.45359237 gives gCO2/kWh; each time taken as the end of its interval",
    ),
    "PJM": (
        "datetime_beginning_utc,datetime_beginning_ept,co2_rate (lb/MWh)",
        lambda t, v: f"{plain(t)},{plain(later(t, -5))},{v}",
        LB,
        "lb/MWh, times 0.45359237 gives gCO2/kWh",
    ),
    "SustainDC": ("timestamp,wind,solar,avg_CI", lambda t, v: f"{plain(t)}+00:00,1,2,{v}", 1.0, None),
    "Carbon Aware SDK": (
        "location,time,rating,duration",
        lambda t, v: f"DE,{iso(t)},{v},01:00:00",
        1.0,
        None,
    ),
    "ENTSO-E": (
        '"MTU (UTC)","Carbon Intensity [gCO2/kWh]"',
        lambda t, v: f"{t:%d/%m/%Y %H:%M:%S} - {later(t):%d/%m/%Y %H:%M:%S},{v}",
        1.0,
        None,
    ),
    "German, in semicolons": (
        "Datum;Uhrzeit;CO2-Intensität [kg/MWh]",
        lambda t, v: f"{t:%d.%m.%Y};{t:%H:%M};{v},0",
        1.0,
        None,
    ),
    "date and hour": ("date,hour,carbon_intensity", lambda t, v: f"{t:%Y-%m-%d},{t.hour},{v}", 1.0, None),
    "date and hour, as pandas writes days": (
        "date,hour,carbon_intensity",
        lambda t, v: f"{t:%Y-%m-%d} 00:00:00,{t.hour},{v}",
        1.0,
        None,
    ),
    "hour ending": (
        "Date,Hour Ending,co2_intensity",
        lambda t, v: f"{t:%Y-%m-%d},HE{t.hour + 1:02},{v}",
        1.0,
        "each time taken as the end of its interval",
    ),
    "hours from 1 to 24": (
        "Date,Hour,co2_intensity",
        lambda t, v: f"{t:%Y/%m/%d},{t.hour + 1},{v}",
        1.0,
        "each time taken as the end of its interval",
    ),
    "from 01:00 to 24:00": (
        "Date,Time,co2_intensity",
        lambda t, v: f"{t:%Y-%m-%d},{t.hour + 1:02}:00,{v}",
        1.0,
        "each time taken as the end of its interval",
    ),
    "spans": (
        "Date,Hour,CI",
        lambda t, v: f"{t:%Y-%m-%d},{t:%H:%M} - {later(t):%H:%M},{v}",
        1.0,
        None,
    ),
    "half days": ("Date,Time,CI", lambda t, v: f"{t:%Y-%m-%d},{t:%I:%M %p},{v}", 1.0, None),
    "hours of a zone": (
        "Date,Hour (Europe/Berlin),CI",
        lambda t, v: f"{local(t, 'Europe/Berlin'):%Y-%m-%d,%H},{v}",
        1.0,
        "times of Europe/Berlin put into UTC",
    ),
    "seconds since 1970": ("timestamp,carbon_intensity", lambda t, v: f"{int(t.timestamp())},{v}", 1.0, None),
    "milliseconds": ("ts,carbon_intensity", lambda t, v: f"{int(t.timestamp())}000,{v}", 1.0, None),
    "digits alone": ("datetime,carbon_intensity", lambda t, v: f"{t:%Y%m%d%H%M},{v}", 1.0, None),
    "local and UTC": (
        "local_time,datetime_utc,carbon_intensity",
        lambda t, v: f"{plain(local(t, 'US/Pacific'))},{plain(t)},{v}",
        1.0,
        None,
    ),
    "local with offsets": (
        "local_time,carbon_intensity",
        lambda t, v: f"{local(t, 'US/Pacific').isoformat()},{v}",
        1.0,
        None,
    ),
    "an offset in the header": (
        "Time (UTC+05:30),carbon_intensity",
        lambda t, v: f"{plain(later(t, 5.5))},{v}",
        1.0,
        "times of UTC+05:30 put into UTC",
    ),
    "a column of zones": (
        "local_time,timezone,carbon_intensity",
        lambda t, v: f"{plain(local(t, 'Asia/Tokyo'))},Asia/Tokyo,{v}",
        1.0,
        "times put into UTC by column 'timezone'",
    ),
    "a zone in each cell": (
        "time,carbon_intensity",
        lambda t, v: f"{local(t, 'Europe/Berlin').isoformat()}[Europe/Berlin],{v}",
        1.0,
        None,
    ),
    "offsets after a blank": ("time,carbon_intensity", lambda t, v: f"{plain(t)} +0000,{v}", 1.0, None),
    "period_start": ("period_start,period_end,CI", lambda t, v: f"{iso(t)},{iso(later(t))},{v}", 1.0, None),
    "the end alone": (
        "interval_end_utc,emission_rate",
        lambda t, v: f"{plain(later(t))},{v}",
        1.0,
        "each time taken as the end of its interval",
    ),
    "min, avg, max": (
        "time,carbon_intensity_min,carbon_intensity_avg,carbon_intensity_max",
        lambda t, v: f"{iso(t)},1,{v},3",
        1.0,
        "column 'carbon_intensity_avg' taken of 3",
    ),
    "average and marginal": (
        "time,marginal_carbon_intensity,average_carbon_intensity",
        lambda t, v: f"{iso(t)},1,{v}",
        1.0,
        "column 'average_carbon_intensity' taken of 2",
    ),
    "an index beside": ("time,intensity index,intensity", lambda t, v: f"{iso(t)},3,{v}", 1.0, None),
    "a price beside": ("time,price EUR/MWh,CO2 (g/kWh)", lambda t, v: f"{iso(t)},3,{v}", 1.0, None),
    "tonnes per GWh by row": (
        "time,carbon_intensity,unit",
        lambda t, v: f"{iso(t)},{v},{'tCO2/GWh' if t.hour % 2 else 'kg/MWh'}",
        1.0,
        None,
    ),
    "Energi Data Service": (
        "HourUTC;HourDK;PriceArea;CO2Emission (g/kWh)",
        lambda t, v: f"{plain(t)};{plain(later(t))};DK1;{v},0",
        1.0,
        None,
    ),
    "Agora": (
        "sep=;\nDatum;CO₂-Emissionsfaktor des Strommix (g CO₂-Äq./kWh)",
        lambda t, v: f"{t:%d.%m.%Y %H:%M};{v}",
        1.0,
        None,
    ),
    "CAISO": (
        "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,CI (lb/MWh)",
        lambda t, v: (
            f"{plain(t)}-00:00,{plain(later(t))}-00:00,{later(t, -8):%Y-%m-%d},{later(t, -8).hour + 1},{v}"
        ),
        LB,
        "lb/MWh, times 0.45359237 gives gCO2/kWh",
    ),
    "other gases beside": (
        "time,NOx (lb/MWh),SO2 (lb/MWh),CO2 (lb/MWh)",
        lambda t, v: f"{iso(t)},1,2,{v}",
        LB,
        "lb/MWh, times 0.45359237 gives gCO2/kWh",
    ),
    "seconds beside local times": (
        "timestamp,datetime,CI",
        lambda t, v: f"{int(t.timestamp())},{plain(later(t, -8))},{v}",
        1.0,
        None,
    ),
    "a column of offsets": (
        "time,utc_offset,CI",
        lambda t, v: f"{plain(later(t, -5))},-5,{v}",
        1.0,
        "times put into UTC by column 'utc_offset'",
    ),
    "EirGrid": ("DATE & TIME,CO2 INTENSITY", lambda t, v: f"{t:%d %B %Y %H:%M},{v}", 1.0, None),
    "months in letters": ("EffectiveTime,CI", lambda t, v: f"{t:%d-%b-%Y %H:%M:%S},{v}", 1.0, None),
    "American words": ("time,CI", lambda t, v: f'"{t:%B %d, %Y %I:%M %p}",{v}', 1.0, None),
    "as in mails": ("time,CI", lambda t, v: f'"{t:%a, %d %b %Y %H:%M:%S} GMT",{v}', 1.0, None),
    "half days after ISO days": ("time,CI", lambda t, v: f"{t:%Y-%m-%d %I:%M:%S %p},{v}", 1.0, None),
    "years first": ("time,CI", lambda t, v: f"{t.year}.{t.month}.{t.day} {t:%H:%M},{v}", 1.0, None),
    "four digits of a clock": ("date,time,CI", lambda t, v: f"{t:%Y-%m-%d,%H%M},{v}", 1.0, None),
    "whole times from 01:00 to 24:00": (
        "time,CI",
        lambda t, v: f"{t:%Y-%m-%d} {t.hour + 1:02}:00:00,{v}",
        1.0,
        "each time taken as the end of its interval",
    ),
    "whole ends to 24:00": (
        "Hour ending (UTC+01:00),CI",
        lambda t, v: f"{later(t):%Y-%m-%d} {later(t).hour + 1:02}:00,{v}",
        1.0,
        "times of UTC+01:00 put into UTC; each time taken as the end of its interval",
    ),
    "quarters of offsets": (
        "local time,UTC offset,CI",
        lambda t, v: f"{plain(later(t, 5.5))},+5.50,{v}",
        1.0,
        "times put into UTC by column 'UTC offset'",
    ),
    "differences and means beside": (
        "time,carbon_intensity,carbon_intensity_lag1,carbon_intensity_diff,carbon_intensity_rolling_24",
        lambda t, v: f"{iso(t)},{v},1,2,3",
        1.0,
        None,
    ),
    "spans of a day": (
        "Datum;Zeitraum;CO2 [g/kWh]",
        lambda t, v: f"{t:%d.%m.%Y};{t:%H:%M} - {later(t):%H:%M};{v}",
        1.0,
        None,
    ),
    "commas in a header of semicolons": (
        "Zeit;CO2-Intensität, Strommix, Deutschland [g/kWh]",
        lambda t, v: f"{t:%d.%m.%Y %H:%M};{v},0",
        1.0,
        None,
    ),
    "as many commas as semicolons": (
        "Zeit;CO2-Intensität, Mittel [g/kWh]",
        lambda t, v: f"{t:%d.%m.%Y %H:%M};{v},0",
        1.0,
        None,
    ),
    "semicolons in a header of commas": (
        "time,CI (g/kWh; mean; LCA)",
        lambda t, v: f"{iso(t)},{v}",
        1.0,
        None,
    ),
    "intervals as in ISO 8601": ("interval,CI", lambda t, v: f"{iso(t)}/{iso(later(t))},{v}", 1.0, None),
    "intervals in words": ("period,CI", lambda t, v: f"{plain(t)} to {plain(later(t))},{v}", 1.0, None),
    "clocks of ends, with their own days": (
        "Date,Time end,TZ,CI",
        lambda t, v: f"{local(later(t), 'Europe/Berlin'):%Y-%m-%d,%H:%M},Europe/Berlin,{v}",
        1.0,
        "each time taken as the end of its interval",
    ),
    "a unit in a column of another name": (
        "time,CI,measure",
        lambda t, v: f"{iso(t)},{v},lb CO2/MWh",
        LB,
        "lb CO2/MWh, times 0.45359237 gives gCO2/kWh",
    ),
    "WattTime's average": (
        "timestamp,co2_aoer",
        lambda t, v: f"{iso(t)},{v}",
        LB,
        "lb/MWh, as WattTime gives AOER, times 0.45359237 gives gCO2/kWh",
    ),
    "a unit of another column": (
        "time,carbon_intensity,temperature,temperature_unit",
        lambda t, v: f"{iso(t)},{v},20,degC",
        1.0,
        None,
    ),
    "separators after the last column": ("time,CI", lambda t, v: f"{iso(t)},{v},,", 1.0, None),
    "g/MJ": (
        "time,carbon_intensity g/MJ",
        lambda t, v: f"{iso(t)},{v}",
        3.6,
        "g/MJ, times 3.6 gives gCO2/kWh",
    ),
}


def written(folder: Path, header: str, row: Row, first: datetime = FIRST, hours: int = 48) -> Path:
    path = folder / "trace.csv"
    rows = [row(first + timedelta(hours=hour), 100 + hour) for hour in range(hours)]
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FILES)
def test_the_hours_of_a_published_file(name: str, tmp_path: Path) -> None:
    header, row, factor, note = FILES[name]
    trace = read_trace(written(tmp_path, header, row))
    assert trace.start == FIRST
    assert trace.g_per_kwh == pytest.approx([factor * (100.0 + hour) for hour in range(48)], rel=1e-14)
    assert trace.note is None if note is None else note in (trace.note or "")


@pytest.mark.parametrize(
    ("below", "factor"), [(",gCO2/kWh", 1.0), ("(UTC),lb/MWh", LB), ("UTC,[kg/GJ]", 3.6)]
)
def test_a_row_of_units_stands_below_the_header(below: str, factor: float, tmp_path: Path) -> None:
    path = written(tmp_path, f"time,carbon_intensity\n{below}", lambda t, v: f"{plain(t)},{v}")
    trace = read_trace(path)
    assert trace.start == FIRST
    assert trace.g_per_kwh[0] == pytest.approx(100.0 * factor)


@pytest.mark.parametrize("first", [datetime(2023, 10, 28, tzinfo=UTC), datetime(2023, 3, 25, tzinfo=UTC)])
@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("time (Europe/Berlin),CI", "%Y-%m-%d %H:%M:%S"),
        ("local_time,tz,CI", "%Y-%m-%d %H:%M:%S,Europe/Berlin"),
        ("date (Europe/Berlin),hour,CI", "%Y-%m-%d,%H"),
        ("time,CI", "%Y-%m-%d %H:%M Europe/Berlin"),
    ],
)
def test_a_named_zone_is_read_where_its_clocks_change(
    header: str, form: str, first: datetime, tmp_path: Path
) -> None:
    path = written(tmp_path, header, lambda t, v: f"{local(t, 'Europe/Berlin'):{form}},{v}", first)
    trace = read_trace(path)
    assert trace.start == first
    assert trace.g_per_kwh == tuple(100.0 + hour for hour in range(48))


def test_half_hours_that_end_are_taken_to_the_hour_that_they_are_of(tmp_path: Path) -> None:
    rows = ("00:30,100", "01:00,200", "01:30,300", "02:00,500")
    path = tmp_path / "trace.csv"
    path.write_text("interval_end_utc,CI\n" + "".join(f"2023-03-01 {row}\n" for row in rows))
    assert read_trace(path).g_per_kwh == (150.0, 400.0)


def test_old_line_ends_and_marks_of_byte_order_are_read(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes("\ufefftime,CI\r2023-03-01 00:00,100\r2023-03-01 01:00,200\r".encode())
    assert read_trace(path).g_per_kwh == (100.0, 200.0)


@pytest.mark.parametrize("mark", ["#N/A", "<NA>", "n.a.", "--", "missing", "NULL", ""])
def test_cells_that_stand_for_no_figure_are_filled_when_asked(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(f"time,CI\n2023-03-01 00:00,100\n2023-03-01 01:00,{mark}\n2023-03-01 02:00,300\n")
    assert read_trace(path, "linear").g_per_kwh == (100.0, 200.0, 300.0)
