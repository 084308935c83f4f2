"""Malformed files: each is refused in one line that names the file, the place and the fix."""

from pathlib import Path

import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.qoe_fit import read_scores
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.grid.trace_csv import read_trace

SCENARIOS = {
    "not TOML": ("name = 'x'\nname = [\ny = 3", "not valid TOML: .*line 3.*correct it"),
    "no name": ("[channel]\nnoise_w = 1.0", "name is missing: add it"),
    "misspelt key": (
        "name = 'x'\n[channel]\nnoise = 1.0",
        "unknown key 'channel.noise': did you mean 'noise_w'",
    ),
    "misspelt section": (
        "name = 'x'\n[chanel]\nnoise_w = 1.0",
        "unknown key 'chanel': did you mean 'channel'",
    ),
    "foreign key": (
        "name = 'x'\n[radio]\ncolour = 1",
        "unknown key 'radio.colour': remove it; allowed here: bits",
    ),
    "negative power": (
        "name = 'x'\n[radio]\nfixed_power_w = -1.0",
        "radio.fixed_power_w = -1.0 .*equal to 0.*unit: W",
    ),
    "negative bandwidth": (
        "name = 'x'\n[state.bandwidth_hz]\nsample = [-1e6, 2e6]\nobserve = [-2e6, 3e6]",
        r"bandwidth_hz.sample = \[-1e\+06, 2e\+06\] must lie in .*move it inside",
    ),
    "PUE below one": (
        "name = 'x'\n[inference]\npue = 0.9",
        "inference.pue = 0.9 .*greater than or equal to 1",
    ),
    "text for a number": ("name = 'x'\n[inference]\ngpus = '8'", "inference.gpus = '8' .*valid integer"),
    "truth for a number": ("name = 'x'\n[inference]\ngpus = true", "inference.gpus = True .*valid integer"),
    "not a number": ("name = 'x'\n[channel]\nnoise_w = nan", "channel.noise_w = nan .*finite number"),
    "infinite": ("name = 'x'\n[limits]\nenergy = inf", "limits.energy = inf .*finite number"),
    "outage above a half": (
        "name = 'x'\n[channel]\noutage_probability = 0.6",
        "outage_probability = 0.6 .*0.5",
    ),
    "diverging mean": (
        "name = 'x'\n[channel]\noutage_probability = 0.0\n"
        "[state.nakagami_m]\nsample = [1.0, 2.0]\nobserve = [1.0, 2.0]",
        "diverges for m <= 1: raise",
    ),
    "falling sample": (
        "name = 'x'\n[state.omega]\nsample = [3.0, 1.0]\nobserve = [0.1, 10.0]",
        r"state.omega: sample = \[3, 1\] falls: give",
    ),
    "sample outside what is observed": (
        "name = 'x'\n[state.omega]\nsample = [0.1, 20.0]\nobserve = [0.1, 10.0]",
        "state.omega: sample .* leaves observe .*widen observe",
    ),
    "half a range": (
        "name = 'x'\n[state.omega]\nsample = [0.1]\nobserve = [0.1, 10.0]",
        r"state.omega.sample\[1\] is missing: give two numbers",
    ),
    "section for a number": ("name = 'x'\nchannel = 3", "channel = 3 is not allowed"),
    "empty action box": ("name = 'x'\n[actions]\nwords = [5.0, 5.0]", r"words = \[5, 5\] must rise"),
    "threshold above the peak": (
        "name = 'x'\n[quality]\nthreshold = 9.0",
        "threshold = 9 is never reached .*below",
    ),
    "unknown country": ("name = 'x'\ndc_country = 'GER'", "dc_country: unknown country 'GER'"),
    "country without data": ("name = 'x'\nbs_country = 'CAF'", "bs_country: .*no carbon intensity"),
    "unknown parent": ("extends = 'papr'", "extends: unknown scenario 'papr': did you mean 'paper'"),
    "its own parent": ("extends = 'bad.toml'", "extends leads back to itself"),
    "parent by number": ("extends = 3", "extends = 3 is not allowed: give"),
    "trace of a broken day": (
        "name = 'x'\n[traces.dc]\ng_per_kwh = [1.0, 2.0]",
        "2 figures and no start: give",
    ),
    "negative trace": (
        "name = 'x'\n[traces.dc]\ng_per_kwh = [-1.0]",
        r"traces.dc.g_per_kwh\[0\] = -1.0 is not allowed",
    ),
    "trace and country": (
        f"name = 'x'\ndc_country = 'FRA'\n[traces.dc]\ng_per_kwh = {[100.0] * 24}",
        "dc_country and traces.dc both give its intensity: remove one",
    ),
    "missing trace file": ("name = 'x'\n[traces.dc]\ncsv = 'none.csv'", "none.csv': check the path"),
    "trace file by number": ("name = 'x'\n[traces.dc]\ncsv = 3", "traces.dc.csv = 3 is not allowed: give"),
    "trace by file and by figures": (
        "name = 'x'\n[traces.dc]\ncsv = 'none.csv'\ng_per_kwh = [1.0]",
        "traces.dc has both csv and g_per_kwh: remove one",
    ),
    "trace from a folder": (
        "name = 'x'\n[traces.bs]\ncsv = '.'",
        "traces.bs: .*cannot be read: .*give a CSV",
    ),
    "trace without a zone": (
        "name = 'x'\n[traces.dc]\nstart = 2020-01-01T00:00:00\ng_per_kwh = [1.0]",
        "traces.dc.start = .*give the zone too",
    ),
    "trace between hours": (
        "name = 'x'\n[traces.dc]\nstart = 2020-01-01T00:00:00+05:30\ng_per_kwh = [1.0]",
        "not a whole hour in UTC: give the first",
    ),
    "trace at the end of time": (
        "name = 'x'\n[traces.dc]\nstart = 9999-12-31T23:00:00Z\ng_per_kwh = [1.0, 1.0]",
        "traces.dc: start = 9999.* is not in 1900 to 2199: correct the year",
    ),
    "traces of nothing": ("name = 'x'\n[traces]", "traces: neither dc nor bs has a trace: give one"),
    "no request an hour": (
        f"name = 'x'\n[traces]\nrequests_per_hour = 0\n[traces.dc]\ng_per_kwh = {[1.0] * 24}",
        "traces.requests_per_hour = 0 is not allowed: .*1/h",
    ),
    "figure in a trace": (
        "name = 'x'\n[traces.dc]\ng_per_kwh = [1.0, nan]",
        r"traces.dc.g_per_kwh\[1\] = nan is not allowed",
    ),
    "integer beyond every float": (
        "name = 'x'\n[channel]\nnoise_w = 1" + "0" * 400,
        r"channel.noise_w = 1000+\.\.\. is not allowed",
    ),
    "integer beyond reading": (
        "name = 'x'\n[inference]\ngpus = 1" + "0" * 5000,
        "a number has thousands of digits: shorten it",
    ),
    "nested without end": ("name = 'x'\na = " + "[" * 5000, "nested too deeply; correct"),
    "number beyond every float": ("name = 'x'\n[channel]\nnoise_w = 1e400", "channel.noise_w = inf .*finite"),
    "infinite end": (
        "name = 'x'\n[state.omega]\nsample = [0.1, inf]\nobserve = [0.1, 10.0]",
        r"state.omega.sample\[1\] = inf is not allowed: .*finite",
    ),
    "three ends": (
        "name = 'x'\n[state.omega]\nsample = [1.0, 2.0, 3.0]\nobserve = [0.1, 10.0]",
        r"state.omega.sample = \[1.0, 2.0, 3.0\] is not allowed: give two numbers, \[low, high\]",
    ),
    "state in brackets": ("name = 'x'\n[[state]]\nomega = 1", "state = .*not allowed: give a table"),
    "date for a name": ("name = 2020-01-01", r"name = datetime.date\(2020, 1, 1\) is not allowed: .*string"),
    "long country": (
        "name = 'x'\ndc_country = '" + "D" * 500 + "'",
        r"unknown country 'D+\.\.\.: .*ISO 3166",
    ),
    "no text": (b"\xff\xfen\x00a\x00", "not a text file in UTF-8: save it as UTF-8"),
    "source of nothing": ("name = 'x'\n[sources]\n'radio.colour' = 'here'", "sources names 'radio.colour'"),
}

HEAD = "time,g/kWh\n"
TRACES = {
    "empty": ("", "file is empty"),
    "no rows": (HEAD, "no row holds a carbon intensity"),
    "no header": ("2020-01-01 00:00,100\n2020-01-01 01:00,100\n", "row 1: no time column among"),
    "no intensity": (
        "time,wind\n2020-01-01 00:00,100\n",
        "row 1: no column of carbon intensity among 'time', 'wind'",
    ),
    "two intensities": (
        "time,g/kWh,carbon intensity\n2020-01-01 00:00,1,2\n",
        "row 1: several columns of carbon",
    ),
    "other unit": (
        "time,carbon intensity [tonsCO2/MWh]\n2020-01-01 00:00,100\n",
        "row 1: .*'tonsCO2/MWh', another unit: convert it to gCO2/kWh .*short tons",
    ),
    "local time": ("MTU (CET/CEST),g/kWh\n2020-01-01 00:00,100\n", "row 1: .*local time.*give UTC"),
    "gap": (
        HEAD + "2020-01-01 00:00,100\n2020-01-01 03:00,100\n",
        "row 3: 2 hours without a sample .*--fill hold",
    ),
    "daily": (HEAD + "2020-01-01,100\n2020-01-02,100\n", "row 3: 23 hours without a sample"),
    "duplicate": (
        HEAD + "2020-01-01 00:00,100\n2020-01-01 00:00,100\n",
        "row 3: '2020-01-01 00:00' repeats the time of row 2: keep one",
    ),
    "unsorted": (
        HEAD + "2020-01-01 01:00,100\n2020-01-01 00:00,100\n",
        "row 3: .*earlier than the row before: sort",
    ),
    "not a number": (HEAD + "2020-01-01 00:00,100\n2020-01-01 01:00,x\n", "row 3: 'x' is no number: give"),
    "missing": (
        HEAD + "2020-01-01 00:00,100\n2020-01-01 01:00,NaN\n",
        r"row 3: .*missing \('NaN'\): supply it",
    ),
    "infinite": (HEAD + "2020-01-01 00:00,inf\n", r"row 2: inf gCO2/kWh is not allowed: .*\[0, 3000\]"),
    "negative": (HEAD + "2020-01-01 00:00,-5\n", "row 2: -5 gCO2/kWh is not allowed"),
    "absurd": (
        HEAD + "2020-01-01 00:00,100\n2020-01-01 01:00,90000\n",
        "row 3: 90000 gCO2/kWh is not allowed",
    ),
    "kilograms": (
        HEAD + "2020-01-01 00:00,0.25\n2020-01-01 01:00,0.3\n",
        "largest intensity is 0.3, too small",
    ),
    "no time": (HEAD + "2020-01-01 00:00,100\nnoon,100\n", "row 3: 'noon' is no time: write"),
    "ambiguous date": (HEAD + "01/02/2020 00:00,100\n", "row 2: '01/02/2020 00:00' is no time"),
    "no time at all": (HEAD + "2021-02-29 00:00,100\n", "row 2: '2021-02-29 00:00' is no time"),
    "end of time": (
        HEAD + "2020-01-01 00:00,100\n9999-12-31 23:00,100\n",
        "row 3: '9999-12-31 23:00' is not in 1900 to 2199: correct the year",
    ),
    "before the beginning": (HEAD + "0001-01-01 00:00+05:00,100\n", "row 2: .* is no time: write"),
    "zones out of order": (
        HEAD + "2020-01-01 05:00,100\n2020-01-01T06:00+05:00,110\n",
        "row 3: '2020-01-01T06:00.05:00' is earlier than the row before: sort",
    ),
    "clocks set back": (
        HEAD + "2020-10-25 02:30,100\n2020-10-25 02:30,110\n",
        "row 3: '2020-10-25 02:30' repeats the time of row 2",
    ),
    "open quote": (
        HEAD + '"2020-01-01 00:00,100\n' + "2020-01-01 01:00,100\n" * 7000,
        "row 2: field larger .*is a quote left open there",
    ),
    "no text": (b"\xff\xfet\x00i\x00", "not a text file in UTF-8: export it"),
    "no text, unmarked": ("time,g/kWh".encode("utf-16-le"), "not a text file in UTF-8: export it"),
    "many columns": (
        ",".join(f"c{i}" for i in range(99)),
        r"no time column among 'c0', .*'c7', \.\.\.: name one",
    ),
    "short row": (
        HEAD + "2020-01-01 00:00,100\n2020-01-01 01:00\n",
        "row 3: 1 columns where the header has 2",
    ),
}

SCORES = {
    "empty": ("", "the file is empty: give a header 'words,score'"),
    "other header": ("length,score\n10,3\n", "row 1: the header must name"),
    "no number": ("words,score\n10,3\n20,good\n", "row 3: 'good' is no number: give one as 350.5"),
    "short row": ("words,score\n10\n", "row 2: 1 columns where the header has 2: repair it"),
    "no words": ("words,score\n0,3\n", "row 2: words = 0, score = 3 is not allowed"),
    "negative score": ("words,score\n5,-3\n", "row 2: words = 5, score = -3 is not allowed"),
    "not a number": ("words,score\n5,nan\n", "row 2: words = 5, score = nan is not allowed"),
    "infinite": ("words,score\ninf,5\n", r"row 2: words = inf, .*words must lie in \(0, 1e\+06\]"),
    "absurd score": ("words,score\n5,1e200\n", "row 2: words = 5, score = 1e.200 is not allowed"),
    "decimal commas": (
        "words,score\n20,1,2\n50,3,1\n",
        "row 2: 3 columns where the header has 2: write decimal points, not commas, or separate",
    ),
    "decimal comma in quotes": ('words,score\n20,"1,2"\n', "row 2: '1,2' is a decimal comma or a separator"),
    "thousands": ('words,score\n"1,234.5",3\n', "row 2: '1,234.5' has separators of thousands: write 1234.5"),
    "German thousands": ("words;score\n1.000;3,5\n", "row 2: numbers have decimal commas here and points"),
    "underscore": ("words,score\n3_50,3\n", "row 2: '3_50' is no number"),
    "full width": ("words,score\n20,３\n", "row 2: '３' is no number"),
    "Arabic-Indic": ("words,score\n٢٠,3\n", "row 2: '٢٠' is no number"),
    "beyond every float": ("words,score\n1e400,3\n", "row 2: words = inf, score = 3 is not allowed"),
    "wide row": ("words,score\n20,3.5,good\n", "row 2: 3 columns where the header has 2: repair it"),
    "a column twice": ("words,words,score\n5,6,7\n", "row 1: the header must name 'words' and 'score' once"),
    "no text": (b"\xff\xfew\x00o\x00", "not a text file in UTF-8: export it"),
}


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def assert_told(cli, read, path: Path, command: list[str], message: str) -> None:
    """Reading raises one line that names the file, and the command prints it and ends with code 2."""
    with pytest.raises(ScenarioError, match=message) as error:
        read(path)
    line = str(error.value)
    assert "\n" not in line
    assert len(line) < 400 + len(str(path)) * line.count(str(path))
    assert path.name in line
    done = cli(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {' '.join(line.split())}\n"


@pytest.mark.parametrize("case", SCENARIOS)
def test_malformed_scenario(cli, case, tmp_path):
    content, message = SCENARIOS[case]
    path = written(tmp_path / "bad.toml", content)
    assert_told(cli, Scenario.load, path, ["scenarios", "show", path], message)


@pytest.mark.parametrize("case", TRACES)
def test_malformed_trace(cli, case, tmp_path):
    content, message = TRACES[case]
    path = written(tmp_path / "bad.csv", content)
    assert_told(cli, read_trace, path, ["scenarios", "check", "grid", "--dc-trace", path], message)


@pytest.mark.parametrize("case", SCORES)
def test_malformed_scores(cli, case, tmp_path):
    content, message = SCORES[case]
    path, out = written(tmp_path / "bad.csv", content), tmp_path / "mine.toml"
    assert_told(cli, read_scores, path, ["scenarios", "fit", path, "--out", out], message)
    assert not out.exists()


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(ScenarioError, match=r"no carbon-intensity file .*none.csv': check the path"):
        read_trace(tmp_path / "none.csv")
    with pytest.raises(ScenarioError, match="fill = 'guess' is not allowed: give one of hold, linear"):
        read_trace(tmp_path / "bad.csv", "guess")
    with pytest.raises(ScenarioError, match="no scenario file"):
        Scenario.load(tmp_path / "none.toml")
    with pytest.raises(ScenarioError, match="no scores file"):
        read_scores(tmp_path / "none.csv")
