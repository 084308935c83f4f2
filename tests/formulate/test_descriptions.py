"""The labelled descriptions: complete, split by their rule, grounded in the text, allowed by the schemas."""

import re
import tomllib
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from pydantic import BaseModel

from hardware_profiles.profile import profile_names
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.grid.countries import country_code
from neuro_aolo.systems.names import SYSTEMS, Loaded, load, offered, system
from neuro_aolo.systems.scenario_file import scenario_names

FOLDER = Path(__file__).parent / "descriptions"
PARTS = {
    part: tomllib.loads((FOLDER / f"{part}.toml").read_text(encoding="utf-8"))["description"]
    for part in ("development", "held_out")
}
EVERY: list[dict[str, Any]] = [entry for part in PARTS.values() for entry in part]
DEFAULTS = {"aolo": "paper", "emissions_per_bit": "emissions-per-bit", "offload": "offload"}
KINDS = ("direct", "paraphrased", "units", "under-specified", "contradictory", "trap")
TABLES = ("text", "values", "grounds", "refused", "missing", "problems", "id", "kind", "system", "extends")

FACTORS = {
    ("kW", "W"): 1e3,
    ("mW", "W"): 1e-3,
    ("MHz", "Hz"): 1e6,
    ("MHz", "GHz"): 1e-3,
    ("ms", "s"): 1e-3,
    ("µs", "s"): 1e-6,
    ("min", "s"): 60.0,
    ("h", "s"): 3600.0,
    ("month", "year"): 1 / 12,
    ("t", "kgCO2"): 1e3,
    ("g", "mgCO2"): 1e3,
    ("kg/MWh", "gCO2/kWh"): 1.0,
    ("kg/kWh", "gCO2/kWh"): 1e3,
    ("t/MWh", "gCO2/kWh"): 1e3,
    ("g/MWh", "gCO2/kWh"): 1e-3,
    ("lb/MWh", "gCO2/kWh"): 0.45359237,  # the pound of 1959
    ("Wh", "kWh"): 1e-3,
    ("MJ", "kWh"): 1 / 3.6,
    ("Gbit/s", "Mbit/s"): 1e3,
    ("kB", "bit"): 8e3,
    ("byte", "bit"): 8.0,
    ("byte/word", "bit/word"): 8.0,
    ("MB", "Mbit"): 8.0,
    ("kB", "Mbit"): 8e-3,
    ("MFLOP/bit", "FLOP/bit"): 1e6,
    ("GFLOP", "TFLOP"): 1e-3,
    ("request/min", "request/s"): 1 / 60,
    ("%", "-"): 1e-2,
}
"""What one of the unit said is in the schema's unit."""

SPELT = {
    "one hundred and fifty": 150,
    "one and a half": 1.5,
    "eight hundred": 800,
    "twelve thousand": 12_000,
    "ninety-five": 95,
    "thirty-two": 32,
    "twenty-four": 24,
    "twenty-five": 25,
    "forty": 40,
    "twenty": 20,
    "fifteen": 15,
    "ten": 10,
    "eight": 8,
    "seven": 7,
    "six": 6,
    "five": 5,
    "four": 4,
    "three": 3,
    "two": 2,
    "once": 1,
    "one": 1,
    "all": 1,
    "half": 0.5,
    "quarter": 0.25,
    "fifth": 0.2,
}
"""Numbers in words that the descriptions have."""


def flat(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def field_of(owner: type[BaseModel], key: str) -> Any:
    """The field of a dotted key of a scenario; of a state's component where the key ends in ``sample``."""
    for part in key.removesuffix(".sample").split("."):
        assert part in owner.model_fields, f"no key {key!r}"
        found = owner.model_fields[part]
        kinds = [found.annotation, *getattr(found.annotation, "__args__", ())]
        owner = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), owner)
    assert not key.endswith(".sample") or "sample" in owner.model_fields
    return found


def schema_field(name: str, key: str) -> Any:
    section, _, rest = key.partition(".")
    return field_of(Deployment, rest) if section == "deployment" else field_of(system(name).Scenario, key)


def converted(number: float, said: str, unit: str) -> float:
    if said == unit:
        return number
    if (said, unit) == ("dBm", "W"):
        return float(10.0 ** (number / 10.0 - 3.0))
    return number * FACTORS[said, unit]


def numbers_in(span: str) -> set[float]:
    """Every reading of a number in a span: in digits, with a decimal comma too, and in words."""
    found = {float(digits) for digits in re.findall(r"-?\d+(?:\.\d+)?(?:e\d+)?", span)}
    found |= {-number for number in found}
    found |= {float(digits.replace(",", ".")) for digits in re.findall(r"\d+,\d+", span)}
    words = span.lower()
    return found | {float(number) for spelt, number in SPELT.items() if re.search(rf"\b{spelt}\b", words)}


def nested(values: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in values.items():
        *sections, name = key.split(".")
        table = result
        for section in sections:
            table = table.setdefault(section, {})
        table[name] = value
    return result


def built(entry: dict[str, Any], values: dict[str, Any], folder: Path) -> Loaded:
    """The scenario of an entry; ``observe`` is widened where a sample leaves it."""
    base = entry["extends"] or DEFAULTS[entry["system"]]
    usual = load(base).scenario
    table = nested(values)
    for name, component in table.get("state", {}).items():
        seen = getattr(getattr(usual.state, name), "observe", component["sample"])
        component["observe"] = [min(seen[0], component["sample"][0]), max(seen[1], component["sample"][1])]
    file = folder / "described.toml"
    text = tomli_w.dumps({"extends": base, "name": "described", **table})
    file.write_text(text, encoding="utf-8")
    loaded = load(file)
    Deployment.of(loaded.deployment, str(file))
    return loaded


def examined(entry: dict[str, Any], values: dict[str, Any], folder: Path) -> None:
    loaded = built(entry, values, folder)
    if not hasattr(loaded.system, "examine"):
        pytest.skip(f"nothing examines a scenario of {loaded.name!r} yet")
    offered(loaded.system, "examine")(loaded.scenario, np.random.default_rng(0), 1000)


def shipped(entry: dict[str, Any]) -> bool:
    return entry["system"] in SYSTEMS


def needs_system(entry: dict[str, Any]) -> None:
    if not shipped(entry):
        pytest.skip(f"no system {entry['system']!r} yet")


each = pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry["id"])
each_of_a_system = pytest.mark.parametrize(
    "entry", [entry for entry in EVERY if entry["system"]], ids=lambda entry: entry["id"]
)


def test_the_set_has_enough_of_each_kind_and_system():
    assert len(EVERY) >= 66
    assert len({entry["id"] for entry in EVERY}) == len({entry["text"] for entry in EVERY}) == len(EVERY)
    systems, kinds = (Counter(entry[key] for entry in EVERY) for key in ("system", "kind"))
    assert set(kinds) == set(KINDS)
    assert min(systems[name] for name in DEFAULTS) >= 22
    assert min(kinds["direct"], kinds["paraphrased"]) >= 22
    assert min(kinds["units"], kinds["trap"], kinds["under-specified"]) >= 9
    lengths = [len(entry["text"].split()) for entry in EVERY]
    assert min(lengths) <= 6
    assert max(lengths) >= 100


def test_the_held_out_third_is_that_of_the_rule():
    def rank(entry):
        drawn = sha256(f"2404.18077 {entry['id']}".encode()).hexdigest()
        return entry["system"], entry["kind"], drawn

    assert {e["id"] for e in sorted(EVERY, key=rank)[1::3]} == {e["id"] for e in PARTS["held_out"]}


@each
def test_an_entry_is_complete(entry):
    assert set(entry) <= set(TABLES)
    assert set(entry) >= set(TABLES) - {"values", "grounds", "refused"}
    assert entry["kind"] in KINDS
    assert entry["system"] in (*DEFAULTS, "")
    if not entry["system"]:
        assert (entry["missing"], entry["problems"], entry["extends"]) == (["system"], [], "")
    assert entry.get("values", {}).keys() == entry.get("grounds", {}).keys()
    if entry["extends"] and shipped(entry):
        assert entry["extends"] in scenario_names(entry["system"])
    codes = {key: code for code, _, key in (problem.partition(":") for problem in entry["problems"])}
    assert set(codes.values()) <= {"contradiction", "out-of-range", "infeasible", "unknown-quantity"}
    refused = {key for key, code in codes.items() if code == "out-of-range"}
    assert refused == entry.get("refused", {}).keys()
    unsettled = {*refused, *entry["missing"], *(key for key, c in codes.items() if c == "contradiction")}
    assert not {key.removesuffix(".sample") for key in entry.get("values", {})} & unsettled
    for what in (key for key, code in codes.items() if code == "unknown-quantity"):
        assert what in entry["text"]


@each_of_a_system
def test_every_key_is_one_of_its_system(entry):
    needs_system(entry)
    keys = [*entry.get("values", {}), *entry["missing"], *entry.get("refused", {})]
    keys += [
        problem.partition(":")[2] for problem in entry["problems"] if problem.startswith("contradiction")
    ]
    for key in keys:
        schema_field(entry["system"], key)


@each_of_a_system
def test_every_value_is_what_its_words_say(entry):
    needs_system(entry)
    for key, (span, *said) in entry.get("grounds", {}).items():
        value = entry["values"][key]
        assert span in entry["text"], key
        if not said:
            assert not any(map(is_number, flat(value))), key
            continue
        numbers, unit = said
        assert set(map(float, flat(numbers))) <= numbers_in(span), key
        schema = schema_field(entry["system"], key).json_schema_extra["unit"]
        assert flat(value) == pytest.approx([converted(n, unit, schema) for n in flat(numbers)], rel=1e-9), (
            key
        )


@each_of_a_system
def test_countries_and_profiles_are_known(entry):
    for key, value in entry.get("values", {}).items():
        if key.endswith(("country", "countries")):
            assert [country_code(code) for code in flat(value)] == flat(value)
        if key.endswith("_profile"):
            assert value in profile_names()


@each_of_a_system
def test_the_scenario_of_the_values_is_allowed_unless_the_label_says_otherwise(entry, tmp_path):
    needs_system(entry)
    if any(key.startswith("servers.") for key in entry["missing"]):
        pytest.skip("its lists of servers are not complete")
    values = entry.get("values", {})
    if "infeasible" in entry["problems"]:
        with pytest.raises(
            ScenarioError, match=r"feasible|never reached|are not: use|no server's full_quality"
        ):
            examined(entry, values, tmp_path)
        return
    built(entry, values, tmp_path)
    for key, value in entry.get("refused", {}).items():
        with pytest.raises(ScenarioError, match=key.rpartition(".")[2]):
            built(entry, {**values, key: value}, tmp_path)
