"""Which columns of a file hold time and carbon intensity, by their headers and by what stands below them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.csv_file import Table
from neuro_aolo.systems.grid.intensity_unit import NO_UNIT, USUAL, Unit, unit_in
from neuro_aolo.systems.grid.time_cell import kind_of
from neuro_aolo.systems.grid.time_zone import FIX, NO_ZONE, Zone, zone_in, zone_of
from neuro_aolo.systems.wording import listed, shown

_GAS = r"(?:carbon|co2\w*|ghg|emissions?)"
_INTENSITY = re.compile(
    rf"\b(?:{_GAS}|grid|marginal|average|avg|mean|hourly|actual|forecast)(?: \w+){{0,3}} ?intensit(?:y|ies)"
    rf"\b|^intensity\b|\bci\b|\b{_GAS} (?:\w+ )?(?:rate|factor)s?\b|\b[ma]oer\b|\btaux (?:de )?co2\b"
    r"|intensit[äa]t\b|emissionsfaktor"
)
_NO_INTENSITY = re.compile(
    r"\b(?:index|idx|percent\w*|perc|pct|rank|rating|level|categor\w+|class|label|band|type|source|method"
    r"|version|name|id|flag|status|price|cost|tax|eur|usd|nox|so2|sox|ch4|n2o|pm\d*|hg|target|limit|threshold"
    r"|change|delta|diff\w*|ratio|relative|score|anomal\w*|error|deviation|std\w*|varian\w*|count|saving\w*|saved"
    r"|reduction|cumul\w*|cumsum|lag\w*|shift\w*|rolling|smooth\w*|ma ?\d+|ppm|x ?10+|norm"
    r"|normali[sz]ed|scaled|log|z ?score|share)\b|%"
)
_UNITS = re.compile(r"\b(?:units?|uom|einheit)\b")
_MARGINAL = re.compile(r"\bmarginal\b|\bmoer\b")
_PREFERENCES = (
    # What is kept where some have it, and what is left out where some lack it.
    (re.compile(r"\blife ?cycle\b|\blca\b"), True),
    (_MARGINAL, False),
    (re.compile(r"\b(?:forecast\w*|predict\w*|day ahead|expected)\b"), False),
    (re.compile(r"\b(?:min|max|minimum|maximum|lower|upper|low|high|median|p\d+|q\d+)\b"), False),
    (re.compile(r"\b(?:direct|production|discharge|imports?|exports?|storage)\b"), False),
    (re.compile(r"\b(?:rate|factor)s?\b"), False),
)
_TIME = re.compile(
    r"\b(?:date ?times?|time ?stamps?|times?|date|day|mtu|datum|zeit\w*|uhrzeit|horodat\w+|fecha|hora|heures?"
    r"|hours?|epoch|unix|utc|gmt)\b"
    r"|^(?:start|from|begin|von|hr|period|interval|he|stunde|anfang|beginn|ts|ds|opr|valid)\b"
)
_NO_TIME = re.compile(
    r"\b(?:zone|tz|offset|created|updated|modified|published|retrieved|fetched|issued?|generated|download\w*"
    r"|duration|horizon|lead|run|resolution|frequency|real time|version|id|type|granularity|step|last|dst"
    r"|count|season|week\w*|month|year|index)\b"
)
_END = re.compile(r"\b(?:end|ends|ending|until|bis|ende|he|stop|through)\b|\bto$")
_HOUR = re.compile(
    r"\b(?:hours?|hr|he|times?|uhrzeit|zeitraum|zeit|stunde|heures?|hora|interval|from|von|start|anfang|period)\b"
)
_TIME_ZONE = re.compile(r"\b(?:time ?zone|tz|(?:utc|gmt|zone) offset|zeitzone)\b|^offset$")
_AREA = re.compile(
    r"\b(?:zone|(?:dno)?region|country|area|location|territory|balancing authority|ba|respondent|grid|iso"
    r"|market|node|province)(?: ?(?:name|id|code|key|abbreviation))?$"
)
_LONGEST_NAME = 1000
_RANKS = {"zoned": 0, "epoch": 2, "naive": 3, "date": 7, "none": 8, "clock": 9}


@dataclass(frozen=True)
class Columns:
    """Where the file's figures stand, and what they are in.

    Attributes:
        table: The file, without the row of units that may stand below its header.
        time: Column of the time, or of the day.
        hour: Column of the hour of that day, where it has one of its own.
        ends: Whether each time is the end of its interval.
        zone: What a time without a zone is in; none is UTC.
        zone_column: Column that says it row by row.
        value: Column of the intensity.
        name: What its header calls it, as words in lower case.
        unit: Its unit.
        notes: What else was decided, for the reader.
    """

    table: Table
    time: int
    hour: int | None
    ends: bool
    zone: Zone
    zone_column: int | None
    value: int
    name: str
    unit: Unit
    notes: tuple[str, ...] = ()


def columns_of(table: Table) -> Columns:
    """The columns of a file.

    Raises:
        ScenarioError: If there is no column of either, or several, or a unit or a zone is not understood, or
            the file holds several areas.
    """
    table = _with_units(table)
    number, header = table.header
    where = f"{table.path}, row {number}"
    names = [_name(text) for text in header]
    times = [i for i, name in enumerate(names) if _TIME.search(name) and not _NO_TIME.search(name)]
    units = {i: unit_in(header[i]) for i in times}
    times = [i for i in times if not (_INTENSITY.search(names[i]) or units[i].is_known)]
    if not times:
        raise ScenarioError(f"{where}: no time column among {listed(header)}: name one 'time' or 'datetime'")
    _check_one_area(table, names, times)
    value, notes = _value(table, names, times)
    time, hour = _time(table, names, times)
    zone, zone_column = _zone(table, names, [time] if hour is None else [time, hour])
    unit = _unit(table, names, value)
    ends = any(_END.search(names[i]) for i in (time, hour) if i is not None)
    return Columns(table, time, hour, ends, zone, zone_column, value, names[value], unit, notes)


def _name(header: str) -> str:
    """A column's name as words in lower case: ``carbonIntensity``, ``carbon_intensity`` are one."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header[:_LONGEST_NAME].replace("\u2082", "2"))
    return " ".join(re.findall(r"\w+|%", text.replace("_", " "))).lower()


def _with_units(table: Table) -> Table:
    """The table with the row of units below its header, if there is one, put into the header."""
    if not table.rows:
        return table
    number, header = table.header
    below = table.rows[0][1]
    names = [_name(text) for text in header]
    figures = [i for i, name in enumerate(names) if _INTENSITY.search(name) or unit_in(header[i]).is_known]
    if any(kind_of(cell) != "none" for cell in below) or not any(unit_in(below[i]).text for i in figures):
        return table
    joined = [f"{name} ({unit})" if unit else name for name, unit in zip(header, below, strict=True)]
    return replace(table, header=(number, joined), rows=table.rows[1:])


def _check_one_area(table: Table, names: Sequence[str], times: Sequence[int]) -> None:
    for column, name in enumerate(names):
        if column in times or not _AREA.search(name) or _TIME_ZONE.search(name):
            continue
        areas = dict.fromkeys(cells[column] for _, cells in table.rows if cells[column])
        if len(areas) > 1 and not (name == "zone" and _are_zones(areas)):
            raise ScenarioError(
                f"{table.path}: column {shown(table.header[1][column])} holds {len(areas)} areas, "
                f"{listed(list(areas))}: keep the rows of one"
            )


def _value(table: Table, names: Sequence[str], times: Iterable[int]) -> tuple[int, tuple[str, ...]]:
    """The column of the intensity; of several the one that is preferred, with a note."""
    number, header = table.header
    where = f"{table.path}, row {number}"
    own = [i for i in range(len(names)) if i not in times and not _UNITS.search(names[i])]
    units = {i: unit_in(header[i]) for i in own}
    plausible = [i for i in own if not _NO_INTENSITY.search(names[i])]
    candidates = [i for i in plausible if _INTENSITY.search(names[i]) or units[i].is_known]
    candidates = [i for i in candidates if units[i].factor is not None] or candidates
    # Carbon Aware SDK calls it a rating; others have a plain value with its unit beside it.
    candidates = candidates or [
        i for i in own if names[i] == "rating" and {"location", "duration"} <= set(names)
    ]
    candidates = candidates or [i for i in own if names[i] == "value" and any(map(_UNITS.search, names))]
    # Great Britain's history names neither: its three columns together say what they are.
    british = {"forecast", "actual", "index"} <= set(names)
    candidates = candidates or [i for i in own if british and names[i] in ("forecast", "actual")]
    candidates = candidates or [i for i in plausible if units[i].text and re.search(_GAS, names[i])]
    if not candidates:
        for i in own:
            if _INTENSITY.search(names[i]):
                raise ScenarioError(
                    f"{where}: {shown(header[i])} is no intensity but an index, a label or the like of one: "
                    f"give a column in {USUAL}"
                )
        raise ScenarioError(
            f"{where}: no column of carbon intensity among {listed(header)}: name one "
            "'carbon_intensity_g_per_kwh'"
        )
    left = candidates
    for pattern, kept in _PREFERENCES:
        matching = [i for i in left if bool(pattern.search(names[i])) == kept]
        left = matching or left
    if len(left) > 1:
        raise ScenarioError(
            f"{where}: several columns of carbon intensity among {listed(header)}: name one "
            "'carbon_intensity_g_per_kwh', and leave the others out"
        )
    note = (f"column {shown(header[left[0]])} taken of {len(candidates)}",) if len(candidates) > 1 else ()
    return left[0], note


def _unit(table: Table, names: Sequence[str], value: int) -> Unit:
    """The unit of the intensity, of its header or of a column of its own."""
    number, header = table.header
    named, column = unit_in(header[value]), _unit_column(table, names, value)
    cells = [] if column is None else list(dict.fromkeys(cells[column] for _, cells in table.rows))
    below = [unit_in(cell) for cell in cells if cell]
    if column is not None and len({unit.factor if unit.text else None for unit in below}) > 1:
        raise ScenarioError(
            f"{table.path}: column {shown(header[column])} names several units, {listed(cells)}: convert "
            f"all rows to {USUAL}"
        )
    if below and not below[0].text:
        below = [Unit(cells[0], None, "no mass of CO2 per energy that is known")]
    for unit in (named, *below[:1]):
        if unit.factor is None:
            raise ScenarioError(
                f"{table.path}, row {number}: the intensity is in {shown(unit.text)}, another unit: convert "
                f"it to {USUAL} ({unit.reason})"
            )
    if named.text and below and below[0].factor != named.factor:
        raise ScenarioError(
            f"{table.path}, row {number}: {shown(header[value])} names another unit than its column of "
            f"units, {shown(below[0].text)}: correct one of them"
        )
    unit = named if named.text else below[0] if below else NO_UNIT
    if not unit.text and (rate := re.search(r"\b[ma]oer\b", names[value])):
        return replace(unit_in("lb/MWh"), text=f"lb/MWh, as WattTime gives {rate.group().upper()}")
    return unit


def _unit_column(table: Table, names: Sequence[str], value: int) -> int | None:
    """The column of units that belongs to the intensity: the next after it, or one that fits."""
    others = {name for i, name in enumerate(names) if i != value and not _UNITS.search(name)}
    columns = [i for i, name in enumerate(names) if _UNITS.search(name) and i != value]
    columns = [i for i in columns if " ".join(_UNITS.sub(" ", names[i]).split()) not in others]
    after = [i for i in columns if i > value]
    if after:
        return after[0]
    first = table.rows[0][1] if table.rows else []
    fitting = [i for i, cell in enumerate(first) if i != value and unit_in(cell).is_known]
    called = [i for i in fitting if i in columns]
    if not (called or unit_in(table.header[1][value]).text):
        called = sorted((i for i in fitting if not _UNITS.search(names[i])), key=lambda i: i < value)
    return next(iter(called), None)


def _time(table: Table, names: Sequence[str], times: Sequence[int]) -> tuple[int, int | None]:
    """The column of the time, and that of the hour where the first has days alone.

    A time that says its zone comes first, then seconds since 1970, then others; the start of an interval
    comes before its end.
    """
    kinds = {i: _kind(table, i) for i in times}

    def hour_beside(column: int) -> int | None:
        hours = [i for i in times if i != column and kinds[i] == "clock" and _HOUR.search(names[i])]
        return next(iter(hours), None)

    def rank(column: int) -> tuple[bool, int, int]:
        zone, level = zone_in(table.header[1][column]), _RANKS[kinds[column]]
        if kinds[column] == "naive":
            level = 1 if zone.info else 5 if zone.is_refused else 3
        elif kinds[column] == "date" and hour_beside(column) is not None:
            level = 4 if zone.info else 6
        return bool(_END.search(names[column])), level, column

    best = min(times, key=rank)
    hour = hour_beside(best)
    if kinds[best] == "date" or (hour is not None and _is_same_time(table, best)):
        return best, hour
    if kinds[best] == "clock":
        raise ScenarioError(
            f"{table.path}, row {table.header[0]}: {shown(table.header[1][best])} holds no whole time: "
            "give day and hour, as 2020-12-31 23:00"
        )
    return best, None


def _kind(table: Table, column: int) -> str:
    return next((kind_of(cells[column]) for _, cells in table.rows[:10] if cells[column]), "none")


def _is_same_time(table: Table, column: int) -> bool:
    """Whether the first rows have one midnight, so that the hour stands in another column."""
    first = {cells[column] for _, cells in table.rows[:2]}
    return len(first) == 1 and len(table.rows) > 1 and bool(re.search(r"[ T]0?0:00", first.pop()))


def _zone(table: Table, names: Sequence[str], columns: Sequence[int]) -> tuple[Zone, int | None]:
    """What times without a zone are in: as the header says, else as a column says row by row."""
    number, header = table.header
    zones = [zone_in(header[i]) for i in columns]
    named = next((zone for zone in zones if zone.text), zones[0])
    refused = next((zone for zone in zones if zone.is_refused), None)
    if _kind(table, columns[0]) in ("zoned", "epoch"):
        return NO_ZONE, None
    if named.info is not None and refused is None:
        return named, None
    for column, name in enumerate(names):
        cells = list(dict.fromkeys(cells[column] for _, cells in table.rows if cells[column]))
        if not (_TIME_ZONE.search(name) or (name == "zone" and _are_zones(cells))) or not cells:
            continue
        wrong = next((cell for cell in cells if zone_of(cell).info is None), None)
        if wrong is None:
            return NO_ZONE, column
        if wrong[0] in "+-0123456789":
            raise ScenarioError(
                f"{table.path}: column {shown(header[column])} has {shown(wrong)}, which is no offset in "
                "hours and minutes: write it as +01:00"
            )
        raise ScenarioError(
            f"{table.path}: column {shown(header[column])} has {shown(wrong)}, local time, ambiguous when "
            f"clocks change: {FIX}"
        )
    if refused is not None:
        place = next(i for i, zone in zip(columns, zones, strict=True) if zone.is_refused)
        raise ScenarioError(
            f"{table.path}, row {number}: {shown(header[place])} is local time, ambiguous when clocks change "
            f"({refused.reason}): {FIX}"
        )
    return named, None


def _are_zones(cells: Iterable[str]) -> bool:
    """Whether cells of a column ``zone`` are time zones and no areas, such as ``DE``."""
    zones = {cell: zone_of(cell) for cell in cells}
    return all(
        zone.info is not None or (bool(zone.text) and re.fullmatch("[A-Z]{3,4}", cell) is not None)
        for cell, zone in zones.items()
    )
