"""What release 0.1 wrote opens still, and who read its JSON finds every key.

``golden/0.1/run`` is a run folder of 0.1, ``golden/0.1/cells`` two cells of its comparison. Beside them lie
the leaves of the JSON that its commands printed about that run, ``json-keys.json``, and the run's summary as
``neuro-aolo report`` writes it now, ``summary-schema-3.json``, with the times of 0.1 in place of its own.
"""

import csv
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from neuro_aolo.agent.checkpoint import kind_of
from neuro_aolo.carbon.deployment import OLD_AGENT_CARBON, Deployment
from neuro_aolo.cli.options import TrainOptions
from neuro_aolo.cli.terminal import with_old_keys
from neuro_aolo.errors import RunError
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.systems.aolo.old_keys import OLD_KEYS, old_keys
from neuro_aolo.systems.names import load, name_of
from neuro_aolo_export.graph import SpikingGraph
from neuro_aolo_export.graph_file import graph_digest, load_graph
from neuro_aolo_export.loihi2.lava import lava_version

Cli = Callable[..., "subprocess.CompletedProcess[str]"]
Keys = tuple[str, ...]

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1"
KEYS: dict[str, list[str]] = json.loads((GOLDEN / "json-keys.json").read_text("utf-8"))
SCENARIO = """extends = "grid"
name = "campus"
[deployment]
agent_carbon = "full"
request_rate_hz = 0.5
[sources]
"deployment.request_rate_hz" = "counted: last year's"
"quality.threshold" = "chosen"
"""

ADDED_UP_ANEW = {"bits_per_request", "bit", "service_energy_j"}
"""Figures of the ledger that may differ in their last place; ``bit`` is of ``sci``.

The bits of 0.1 were the mean of the words times the bits of one, and are now a mean of their own. The energy
of the service was its carbon over one intensity at every site, and is a sum of joules.
"""

PRICED_ANEW = {
    *("energy_j", "bills", "pairs", "nearest_pairs", "priced", "agent_mg_per_request"),
    *("published_conditions", "spikes_per_synapse", "payback", "assumptions"),
    *("devices", "accounts"),
}
"""Parts of a summary that follow from prices, or from what is priced: profiles are corrected, and what was
printed by 0.1 stays its record. ``devices`` and ``accounts`` are of the ledger. Their keys are all there."""

MAY_BE_EMPTY = {"unpriced", "lower_bound"}
"""Lists of what has no price: a calibration stands for all of it on Loihi."""

DECIDING = {"deciding_mg_per_request", "deciding_mg_per_decision"}
"""What deciding emits where it counts: what ``marginal`` held, and static power and making while it works."""

WITH_WAITING = {"total_mg", "total_kg_per_year", "sci"}
"""Totals of the ledger that hold what waits as well, added here to those of 0.1, and so rounded otherwise."""

RENAMED = {
    "agent, static power until the next request": "agent, static power",
    "the same-size MLP on mcu_m33_u575": "the dense twin on mcu_m33_u575",
}
"""What has other words since."""

MACHINE = {"version", "versions", "timings_s"}
"""Parts of a summary that say where and when it was written."""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the run of 0.1."""
    return Path(shutil.copytree(GOLDEN / "run", tmp_path / "run"))


@pytest.fixture(scope="module")
def reported(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The run of 0.1 as ``report`` prints and writes it."""
    folder = Path(shutil.copytree(GOLDEN / "run", tmp_path_factory.mktemp("reported") / "run"))
    done = cli("report", folder, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), read(folder / "summary.json")


def read(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return data


def leaves(data: Any, path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Every value that holds no other, with the keys and indices that lead to it."""
    if isinstance(data, Mapping | list) and data:
        inner = data.items() if isinstance(data, Mapping) else enumerate(data)
        for key, value in inner:
            yield from leaves(value, (*path, str(key)))
    else:
        yield path, data


def named(data: Mapping[str, Any]) -> dict[str, Any]:
    """Lists whose rows have names as tables of them: new rows move no others."""
    standing = {
        profile: {row["baseline"]: row for row in rows if row.get("boundary", "provisioned") == "provisioned"}
        for profile, rows in data["payback"].items()
    }
    assumptions = {
        row.get("what") or ": ".join(filter(None, (row["profile"], row["key"]))): row
        for row in data["assumptions"]
    }
    return {**data, "payback": standing, "assumptions": assumptions}


def retold(before: dict[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """What 0.1 wrote, in today's words, and with what waits for the system in its totals.

    They had the agent always on, and of the system its work alone.
    """
    ledger = kept["ledger"]
    work, provisioned = (ledger["boundaries"][name]["service_mg"] for name in ("work", "provisioned"))
    waiting_mg = provisioned["nominal"] - work["nominal"]
    assert waiting_mg > 0.0
    assert work["low"] == work["high"]
    units = {"request": 1.0, **ledger["units_per_decision"]}
    for account in before["ledger"]["devices"].values():
        totals = {"total_mg": 1.0, "total_kg_per_year": ledger["decisions_per_year"] / 1e6}
        for amounts, scale in [
            *((account[key], scale) for key, scale in totals.items()),
            *((amounts, 1.0 / units[unit]) for unit, amounts in account["sci"].items()),
        ]:
            for bound in amounts:
                amounts[bound] += waiting_mg * scale
        for line in account["lines"]:
            line["name"] = RENAMED.get(line["name"], line["name"])
            if line["part"] == "training":
                line["source"] += f"; {ledger['trained_where']}"
    before["no_service"] = [RENAMED.get(title, title) for title in before["no_service"]]
    return before


def shapes(data: Any, path: Keys = ()) -> Iterator[str]:
    """Dotted paths of all that is in it, ``*`` for any index."""
    yield ".".join(path)
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from shapes(value, (*path, key))
    elif isinstance(data, list):
        for value in data:
            yield from shapes(value, (*path, "*"))


def without(data: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in keys}


def of_lava() -> set[str]:
    """What only Lava can tell, where it is missing."""
    return set() if lava_version() else {"lava"}


def test_a_run_opens(copied: Path) -> None:
    run = Run.open(RunFolder.open(copied))
    assert name_of(run.config.system) == "aolo"
    assert run.config.spike_weight == pytest.approx(0.15, rel=1e-9)
    assert run.config.deployment == Deployment(agent_carbon="work", request_rate_hz=0.5)
    assert (run.config.seed, kind_of(run.config.actor), run.kind) == (3, "popsan", "spiking")
    assert run.config.scenario.name == "campus"
    assert len(run.folder.metrics()) > 0


def test_its_settings_are_kept_when_they_are_written_anew(copied: Path) -> None:
    for folder in (copied, copied / "mlp"):
        config = RunFolder.open(folder).config()
        text = config.to_toml()
        assert 'system = "aolo"' in text
        assert "[scenario.deployment]" not in text
        again = RunConfig.from_toml(text)
        assert again == config
        assert again.to_toml() == text


def test_its_graphs_open_and_are_those_that_it_exported(copied: Path) -> None:
    told = {name: entry["graph_sha256"] for name, entry in read(copied / "exports.json").items()}
    run = Run.open(RunFolder.open(copied))
    kept = load_graph(copied / "actor.graph")
    assert isinstance(kept, SpikingGraph)
    assert graph_digest(kept) == graph_digest(run.graph) == told["actor.graph"]
    assert run.twin is not None
    assert run.twin.kind == "dense"
    assert graph_digest(run.twin.graph) == told["actor_dense.onnx"]
    assert Run.open(RunFolder.open(copied / "mlp")).kind == "dense"


def test_the_mapping_of_the_first_golden_summary() -> None:
    """Every leaf of 0.1 is there, with its value; its totals with what waits beside."""
    kept = read(GOLDEN / "summary-schema-3.json")
    Summary.of(kept, "summary-schema-3.json")
    found = dict(leaves(named(with_old_keys(kept, "aolo"))))
    renamed = dict(leaves(named(old_keys(kept))))
    for path, before in leaves(named(retold(read(GOLDEN / "run" / "summary.json"), kept))):
        of_ledger = path[0] == "ledger"
        rounded = of_ledger and not (ADDED_UP_ANEW | WITH_WAITING).isdisjoint(path)
        rel = 1e-15 if WITH_WAITING.isdisjoint(path) else 1e-9
        for now in (found[path], renamed.get(path, found[path])):
            assert isinstance(now, bool) == isinstance(before, bool), path
            assert now == (pytest.approx(before, rel=rel, abs=0.0) if rounded else before), path


def test_every_old_key_leads_somewhere() -> None:
    """Those of a year and a reward apart, which only other commands tell."""
    kept, old = read(GOLDEN / "summary-schema-3.json"), read(GOLDEN / "run" / "summary.json")
    mapped = old_keys(kept)
    assert {key.split(".")[0] for key, _ in OLD_KEYS} - set(mapped) == {"year", "reward_mg"}
    assert set(mapped) <= set(old)


def test_the_run_is_summarised_as_it_was(reported: tuple[dict[str, Any], dict[str, Any]]) -> None:
    left_out = MACHINE | of_lava()
    for written, kept in (
        (reported[0], retold(read(GOLDEN / "run" / "summary.json"), reported[1])),
        (reported[1], read(GOLDEN / "summary-schema-3.json")),
    ):
        found = dict(leaves(named(without(written, left_out))))
        for path, value in leaves(named(without(kept, left_out))):
            if path[:2] == ("deployed", "lava") and of_lava():
                continue
            if not PRICED_ANEW.isdisjoint(path[:4]):
                continue
            if path[-1] in DECIDING:
                assert found[path] > 100.0 * value > 0.0
            elif isinstance(value, float):
                assert found[path] == pytest.approx(value, rel=1e-4), path
            elif isinstance(value, str) and value in OLD_AGENT_CARBON:
                assert found[path] == OLD_AGENT_CARBON[value]
            elif str(value).startswith("CodeCarbon's figure for"):
                # The year of the figure, its basis and its file were not told.
                assert found[path].startswith(f"{value}: average of 2023, location-based; ")
            else:
                assert found[path] == value, path
    assert set(reported[1]) == set(read(GOLDEN / "summary-schema-3.json"))


def test_an_old_summary_is_refused_with_the_command_that_mends_it() -> None:
    with pytest.raises(RunError, match=r"summary\.json has the form that of 0\.1.*neuro-aolo report RUN"):
        Summary.read(GOLDEN / "run" / "summary.json")


def test_cells_serve_a_new_table_and_nothing_is_made_again(cli: Cli, tmp_path: Path) -> None:
    cells = Path(shutil.copytree(GOLDEN / "cells", tmp_path / "cells"))
    before = {file.name: file.read_bytes() for file in cells.iterdir()}
    options = ("--scenario", "paper", "--learners", "oracle,random", "--seeds", "1")
    done = cli("compare", *options, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["cells"], said["trained"], said["failed"]) == (2, 0, {})
    assert {file.name: file.read_bytes() for file in cells.iterdir()} == before
    kept = {cell.learner: cell for cell in map(Cell.load, cells.iterdir())}
    with (tmp_path / "cells.csv").open(newline="", encoding="utf-8") as stream:
        told = {
            row["learner"]: (float(row["regret"]), float(row["cost_mg"])) for row in csv.DictReader(stream)
        }
    assert told == {name: (cell.regret, cell.cost_mg) for name, cell in kept.items()}


def test_a_scenario_file_with_a_deployment_still_gives_it(cli: Cli, tmp_path: Path) -> None:
    file, child = tmp_path / "campus.toml", tmp_path / "child.toml"
    file.write_text(SCENARIO, "utf-8")
    child.write_text('extends = "campus.toml"\n[deployment]\nhost_profile = "gap9"\n', "utf-8")
    source = {"deployment.request_rate_hz": "counted: last year's"}
    expected = Deployment(agent_carbon="provisioned", request_rate_hz=0.5, sources=source)
    config = TrainOptions(scenario=str(file)).training("popsan").config()
    assert config.deployment == expected
    assert config.scenario.sources["quality.threshold"] == "chosen"
    assert RunConfig.from_toml(config.to_toml()) == config
    inherited = Deployment.of(load(child).deployment, str(child))
    assert inherited == expected.model_copy(update={"host_profile": "gap9"})
    done = cli("scenarios", "show", file, "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["key"]: row for row in json.loads(done.stdout)["parameters"]}
    assert rows["deployment.agent_carbon"]["value"] == "provisioned"
    assert rows["deployment.request_rate_hz"]["value"] == "0.5"
    assert rows["deployment.request_rate_hz"]["source"] == "counted: last year's"


def test_report_prints_every_key_of_0_1(reported: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert missing("report RUN", reported[0]) == set()


@pytest.mark.parametrize("command", [command for command in KEYS if command != "report RUN"])
def test_json_has_every_key_of_0_1(
    cli: Cli, copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("campus.toml").write_text(SCENARIO, "utf-8")
    done = cli(*command.replace("RUN", copied.name).split(), "--json")
    assert done.returncode == 0, done.stderr
    assert missing(command, json.loads(done.stdout)) == set()


def missing(command: str, printed: Any) -> set[str]:
    """Keys of 0.1 that a command no longer prints, those that only Lava can tell apart."""
    gone = set(KEYS[command]) - set(shapes(printed))
    listed = {key for key in gone if key.endswith(".*") and key.split(".")[-2] in MAY_BE_EMPTY}
    return {key for key in gone - listed if key.split(".")[0] not in of_lava()}
