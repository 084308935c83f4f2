"""Malformed files: each is refused in one line that names the file, the place and the fix."""

import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.service.qoe_fit import read_scores
from neuro_aolo.service.scenario import Scenario
from neuro_aolo.service.trace_csv import read_trace

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
        "time,carbon intensity [kgCO2/MWh]\n2020-01-01 00:00,100\n",
        "row 1: .*another unit: convert",
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
    "short row": (
        HEAD + "2020-01-01 00:00,100\n2020-01-01 01:00\n",
        "row 3: 1 columns where the header has 2",
    ),
}

SCORES = {
    "empty": ("", "the file is empty: give a header 'words,score'"),
    "other header": ("length,score\n10,3\n", "row 1: the header must name"),
    "no number": ("words,score\n10,3\n20,good\n", "row 3: '20,good' is no pair of numbers"),
    "short row": ("words,score\n10\n", "row 2: '10' is no pair"),
    "no words": ("words,score\n0,3\n", "row 2: words = 0, score = 3 is not allowed"),
    "negative score": ("words,score\n5,-3\n", "row 2: words = 5, score = -3 is not allowed"),
}


def assert_one_line(error: pytest.ExceptionInfo[ScenarioError], name: str) -> None:
    assert "\n" not in str(error.value)
    assert name in str(error.value)


@pytest.mark.parametrize("case", SCENARIOS)
def test_malformed_scenario(case, tmp_path):
    text, message = SCENARIOS[case]
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message) as error:
        Scenario.load(path)
    assert_one_line(error, "none.csv" if "none.csv" in text else "bad.toml")


@pytest.mark.parametrize("case", TRACES)
def test_malformed_trace(case, tmp_path):
    text, message = TRACES[case]
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message) as error:
        read_trace(path)
    assert_one_line(error, "bad.csv")


@pytest.mark.parametrize("case", SCORES)
def test_malformed_scores(case, tmp_path):
    text, message = SCORES[case]
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message) as error:
        read_scores(path)
    assert_one_line(error, "bad.csv")


def test_files_that_are_no_text_or_not_there(tmp_path):
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00time")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ScenarioError, match=r"bad.csv: not a text file in UTF-8"):
        read_trace(tmp_path / "bad.csv")
    with pytest.raises(ScenarioError, match=r"bad.toml: not a text file in UTF-8: save it"):
        Scenario.load(tmp_path / "bad.toml")
    with pytest.raises(ScenarioError, match=r"no carbon-intensity file .*none.csv': check the path"):
        read_trace(tmp_path / "none.csv")
    with pytest.raises(ScenarioError, match="fill = 'guess' is not allowed: give one of hold, linear"):
        read_trace(tmp_path / "bad.csv", "guess")
    with pytest.raises(ScenarioError, match="no scenario file"):
        Scenario.load(tmp_path / "none.toml")
    with pytest.raises(ScenarioError, match="no scores file"):
        read_scores(tmp_path / "none.csv")
