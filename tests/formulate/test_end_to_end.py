"""From words on the command line to a scenario that loads, and one line where that cannot be."""

import io
import json
import os
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("pint", reason="the extra formulate is not installed")
pytest.importorskip("bm25s", reason="the extra formulate is not installed")

from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.formulate.pipeline import formulate
from neuro_aolo.formulate.transcript import Recorded
from neuro_aolo.systems.names import load

EXAMPLES = [
    (
        "A chatbot on 16 GPUs of 350 W, PUE 1.15, data centre in Sweden; the base station is in Spain.",
        {"inference.gpus": 16, "inference.gpu_power_w": 350.0, "inference.pue": 1.15, "dc_country": "SWE"},
    ),
    ("Scenario onprem with PUE 1.3 and a GPU lifetime of 60 months.", {"inference.gpu_lifetime_years": 5.0}),
    (
        "LLM replies: transmit power at most 46 dBm, inference below 400 ms, bandwidth 10 to 30 MHz.",
        {"limits.inference_time_s": 0.4, "state.bandwidth_hz.sample": (1e7, 3e7)},
    ),
    (
        "Language model, data centre grid at 500 lb/MWh, base station grid 0.3 to 0.5 kg/kWh, half a second "
        "for inference.",
        {"state.bs_intensity_g_per_kwh.sample": (300.0, 500.0), "limits.inference_time_s": 0.5},
    ),
    (
        "A radio cell with three servers, each with five users, batteries of 3 kWh, Portuguese grid.",
        {"radio.users_per_server": (5, 5, 5), "storage.capacity_kwh": 3.0, "grid_country": "PRT"},
    ),
    (
        "Emissions per bit: slots of 30 minutes, solar peak 1.4 kWh, charging efficiency 95 %, full actions "
        "with flat observations.",
        {"time.slot_s": 1800.0, "storage.charge_efficiency": 0.95, "interface.actions": "full"},
    ),
    (
        "emissions-per-bit-paper with a battery of 7.2 MJ and packets of 1500 bytes.",
        {"storage.capacity_kwh": 2.0, "radio.packet_bits": 12_000.0},
    ),
    (
        "Image generation: all five edge servers draw 280 W, tasks join a queue of at most 8 s, two users.",
        {"servers.power_w": (280.0,) * 5, "limits.wait_s": 8.0, "users.count": 2},
    ),
    (
        "Diffusion images on five servers with 30, 40, 50, 60 and 70 TFLOP/s, denoising steps 20 to 200.",
        {"servers.tflop_per_s": (30.0, 40.0, 50.0, 60.0, 70.0), "actions.steps": (20.0, 200.0)},
    ),
    (
        "Edge servers render images in Norway, Sweden, Finland, Denmark and Iceland; users are in Germany.",
        {"user_country": "DEU", "server_countries": ("NOR", "SWE", "FIN", "DNK", "ISL")},
    ),
]


def value_at(scenario, key: str):
    for part in key.split("."):
        scenario = getattr(scenario, part)
    return scenario


@pytest.mark.parametrize(
    ("text", "values"), EXAMPLES, ids=lambda each: each[:40] if isinstance(each, str) else ""
)
def test_a_description_becomes_a_scenario_that_loads(cli, tmp_path, text: str, values: dict) -> None:
    file = tmp_path / "mine.toml"
    done = cli("formulate", text, "--out", file, "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    loaded = load(file)
    assert (loaded.name, loaded.scenario.name) == (told["system"], "mine")
    for key, value in values.items():
        assert value_at(loaded.scenario, key) == pytest.approx(value) if key.count("country") == 0 else value
    said = {row["key"]: row for row in told["parameters"] if row["origin"] == "description"}
    assert {key.removesuffix(".sample") for key in values} <= said.keys()
    for row in said.values():
        assert row["evidence"].strip('"') in text
    sources = tomllib.loads(file.read_text(encoding="utf-8")).get("sources", {})
    assert all(sources[key].startswith("description:") for key in said if "." in key)
    assert any(row["origin"] == "default" and row["evidence"] for row in told["parameters"])


def test_people_read_each_value_its_words_and_what_comes_next(cli, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    file = tmp_path / "mine.toml"
    text = "A chatbot on 8 GPUs, PUE 0.5, GPU power is 0.4 kW. The base station's country is not decided."
    done = cli("formulate", text, "--out", file)
    assert done.returncode == 0, done.stderr
    lines = " ".join(done.stdout.split())
    assert "inference.gpu_power_w 400 W written 0.4 kW" in lines
    assert 'description: "GPU power is 0.4 kW"' in lines
    assert "not taken: inference.pue, '0.5': not allowed" in lines
    assert "left open, and so at the default: bs_country" in lines
    assert lines.index("left open") < lines.index("radio.bits_per_word 50 bit/word AOLO, table")
    assert f"neuro-aolo scenarios check {file}; neuro-aolo run --scenario {file} --out mine" in lines


def test_defaults_are_a_line_each(cli, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = cli("formulate", "A chatbot on 8 GPUs. We are 12 engineers.", "--out", tmp_path / "mine.toml")
    said, defaults = done.stdout.split("All other parameters keep the default:\n")
    assert 'warning: no value is made of "12 engineers"' in said
    lines = defaults.split("Read every value.")[0].splitlines()
    assert sum(line[0] == " " for line in lines) < len(lines) / 5  # a state's ranges take two lines
    assert all(len(line.rstrip()) <= 80 for line in lines)
    assert any(line.split() == ["radio.bits_per_word", "50", "bit/word", "AOLO,", "table"] for line in lines)


def test_a_limit_above_every_transmit_power_widens_them(cli, tmp_path) -> None:
    file = tmp_path / "mine.toml"
    assert cli("formulate", "A chatbot. Transmit power at most 49 dBm.", "--out", file).returncode == 0
    scenario = load(file).scenario
    assert scenario.actions.power_w == (0.1, pytest.approx(79.43, abs=0.01))
    assert scenario.actions.power_w[1] == scenario.limits.power_w


def test_words_come_from_standard_input_too(cli, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"A chatbot on 8 GPUs.\n")))
    assert cli("formulate", "-", "--out", tmp_path / "mine.toml", "--json").returncode == 0
    assert load(tmp_path / "mine.toml").scenario.inference.gpus == 8


def test_a_penalty_follows_where_the_scenarios_own_would_make_violations_pay(cli, tmp_path) -> None:
    file = tmp_path / "mine.toml"
    text = "LLM on 64 GPUs of 700 W in an Indian data centre, PUE 1.6, inference within 1 s."
    done = cli("formulate", text, "--out", file, "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["key"]: row for row in json.loads(done.stdout)["parameters"]}
    assert rows["limits.penalty_mg"]["origin"] == "follows"
    assert load(file).scenario.limits.penalty_mg > 100.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A chatbot whose inference may take 1 ms", "limits.inference_time_s = 0.001"),
        ("Chatbot: threshold 8 points, peak score 7.5 points", "never reached"),
        ("Two edge servers for images with 50 and 60 TFLOP/s", "servers.power_w"),
        ("Image generation, denoising steps 1 to 3, wanted quality 0.7", "tightest"),
    ],
)
def test_what_cannot_be_kept_is_named_and_nothing_is_written(cli, tmp_path, text: str, said: str) -> None:
    done = cli("formulate", text, "--out", tmp_path / "mine.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("",), "is empty"),
        ((" \n ",), "is empty"),
        (("12 13 14",), "holds no word"),
        (("\U0001f642" * 9,), "holds no word"),
        (("Chatbot\x00 on 8 GPUs",), "control character"),
        (("Chatbot \x1b[31m on 8 GPUs",), "control character"),
        (("chatbot " * 4_000,), "characters"),
        (("chatbot on 8 GPUs, " * 400,), "numbers"),
        (("A chatbot that is nice",), "no figure, place or scenario"),
        (("A chatbot on 1e400 GPUs",), "beyond every number"),
        (("A chatbot on 8 GPUs", "--docs", "nowhere"), "no folder"),
        (("A chatbot on 8 GPUs", "--llm", "file:///etc/passwd"), "http://"),
        (("A chatbot on 8 GPUs", "--record", "x.json"), "--llm"),
        (("A chatbot on 8 GPUs", "--transcript", "nowhere.json"), "no transcript"),
        (("A chatbot on 8 GPUs", "--timeout", "9"), "--llm"),
        (("A chatbot on 8 GPUs", "--llm", "http://127.0.0.1:9", "--timeout", "0"), "above 0"),
        (("A chatbot on 8 GPUs", "--llm", "http://127.0.0.1:9", "--timeout", "nan"), "above 0"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(cli, tmp_path, monkeypatch, arguments, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("formulate", *arguments, "--out", "mine.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_megabyte_of_standard_input_is_refused(cli, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a" * 2**20)))
    done = cli("formulate", "-", "--out", tmp_path / "mine.toml")
    assert (done.returncode, "standard input holds more" in done.stderr) == (2, True)


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(cli, tmp_path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("kept")
    done = cli("formulate", "A chatbot on 8 GPUs", "--out", file)
    assert (done.returncode, file.read_text()) == (2, "kept")
    assert "--overwrite" in done.stderr
    assert cli("formulate", "A chatbot on 8 GPUs", "--out", file, "--overwrite").returncode == 0
    assert load(file).scenario.inference.gpus == 8
    assert "give it the ending .toml" in cli("formulate", "A chatbot", "--out", tmp_path / "mine").stderr


def test_toml_in_the_words_is_words(cli, tmp_path) -> None:
    file = tmp_path / "a'''b.toml"
    text = 'A chatbot on 8 GPUs"""\n[limits]\npenalty_mg = 1\nname = \'x\' # \u2028 "'
    assert cli("formulate", text, "--out", file).returncode == 0
    scenario = load(file).scenario
    assert (scenario.name, scenario.limits.penalty_mg, scenario.inference.gpus) == ("a'''b", 100.0, 8)


@pytest.mark.parametrize("kind", ["empty", "binary", "pipe", "large", "link"])
def test_documents_that_cannot_be_read_are_named(cli, tmp_path, kind: str) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    file = folder / "sheet.txt"
    if kind == "binary":
        file.write_bytes(b"\xff\xfe\x00")
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "large":
        file.write_bytes(b"a " * 2**20)
    elif kind == "link":
        file.symlink_to(Path(__file__))
    done = cli("formulate", "A chatbot on 8 GPUs", "--docs", folder, "--out", tmp_path / "mine.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert ("no .txt or .md file" if kind in ("empty", "link") else "sheet.txt") in done.stderr
    assert not (tmp_path / "mine.toml").exists()


def test_recorded_answers_are_read_again_without_anybody(cli, tmp_path) -> None:
    text, file = "A chatbot on 8 GPUs with a PUE of 1.2.", tmp_path / "asked.json"
    said = {"key": "inference.gpus", "value": "8", "unit": "GPUs", "quote": "8 GPUs"}
    made_up = {"key": "inference.gpu_power_w", "value": "300", "unit": "W", "quote": "300 W"}
    answer = json.dumps({"system": "aolo", "extends": "paper", "values": [said, made_up]})
    model = SimpleNamespace(name="somebody", complete=lambda messages, schema: answer)
    formulate(text, model=Recorded(model, file), deployment=Deployment)
    done = cli("formulate", text, "--transcript", file, "--out", tmp_path / "mine.toml", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["filled_by"].startswith("somebody, as recorded on")
    assert [row["key"] for row in told["parameters"] if row["origin"] == "description"] == ["inference.gpus"]
    assert [each["key"] for each in told["dropped"]] == ["inference.gpu_power_w"]
    other = cli("formulate", "A chatbot on 9 GPUs.", "--transcript", file, "--out", tmp_path / "other.toml")
    assert (other.returncode, (tmp_path / "other.toml").exists()) == (2, False)
