"""What is kept in results/llm is what the code makes of it."""

import csv
import importlib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from neuro_aolo.systems.aolo.llm.spread import SPREADS
from neuro_aolo.systems.aolo.scenario import Scenario

pytest.importorskip("ecologits", reason="needs the extra ecologits")
ROOT = Path(__file__).parents[2]
KEPT = ROOT / "results" / "llm"


@pytest.fixture(scope="module")
def parts() -> Iterator[dict[str, ModuleType]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        names = ("llm_energy", "llm_costs.measured", "llm_costs.published", "llm_costs.page")
        yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name)


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((KEPT / name).read_text(encoding="utf-8").splitlines()))


def test_the_ranges_of_the_product_are_those_of_the_kept_runs(parts) -> None:
    measured = parts["llm_costs.measured"]
    runs = measured.from_csv(KEPT / "measured.csv")
    for batch in measured.KEPT:
        assert measured.spread(measured.of_the_spread(runs, batch)) == SPREADS[batch]
    assert set(SPREADS) == set(measured.BATCHES)


def test_the_range_on_other_hardware_is_as_wide_as_the_runs_on_it(parts) -> None:
    runs = [
        run
        for run in parts["llm_costs.measured"].from_csv(KEPT / "measured.csv")
        if (run.hardware, run.bits) == ("b200", 16)
    ]
    assert len(runs) == 39
    for run in runs:
        low, high = SPREADS[run.batch].energy
        assert low / 3.0 <= run.energy_ratio <= max(1.0, 3.0 * high), run


def test_kept_runs_come_with_their_licence_and_are_few() -> None:
    text = (KEPT / "measured.csv").read_text(encoding="utf-8")
    assert text.startswith("# GPU energy of the ML.ENERGY Benchmark v3")
    assert "CC BY 4.0" in text.splitlines()[0]
    assert len(text) < 10_000


def test_the_published_figures_stand_where_the_page_says(parts) -> None:
    published = parts["llm_costs.published"]
    runs = parts["llm_costs.measured"].from_csv(KEPT / "measured.csv")
    made = parts["llm_costs.page"].published_rows([*published.of_runs(runs), *published.of_others()])
    assert [{key: str(value) for key, value in row.items()} for row in made] == rows("published.csv")
    page = (KEPT / "README.md").read_text(encoding="utf-8")
    free = [row for row in made if not row["range_made_of_it"]]
    inside = sum(row["verdict"] == "inside" for row in free)
    assert f"Of {len(free)} published figures that our range was not made of, {inside} lie in it" in page
    for row in made:
        assert str(row["what"]) in page
        assert float(row["our_low"]) <= float(row["our_value"]) <= float(row["our_high"])


def test_the_page_of_documentation_repeats_its_figures() -> None:
    page = (ROOT / "docs" / "llm.md").read_text(encoding="utf-8")
    free = [row for row in rows("published.csv") if row["range_made_of_it"] == "False"]
    outside = [row["verdict"] for row in free if row["verdict"] != "inside"]
    assert (len(free), len(free) - len(outside)) == (9, 3)
    assert "Of nine published figures that our ranges were not made of, three lie in them" in page
    times = sorted(float(verdict.split(", ")[1].split(" ")[0]) for verdict in outside)
    assert f"{times[0]:.3g} to {times[-1]:.3g} times" in page


def test_the_kept_scenarios_are_what_the_command_makes(parts) -> None:
    from neuro_aolo.systems.aolo.llm.scenario_of import from_llm

    for name, (model, *options) in parts["llm_energy"].MODELS.items():
        kept = KEPT / f"{name}.toml"
        made = from_llm(model, name, parameters=(options or [None])[-1])
        assert tomllib.loads(kept.read_text(encoding="utf-8")) == tomllib.loads(made.toml)
        assert Scenario.load(kept).name == name


def test_the_page_tells_of_every_run() -> None:
    page = (KEPT / "README.md").read_text(encoding="utf-8")
    for row in rows("runs.csv"):
        regret = f"{float(row['spiking_mg']):.4g} mg, {100 * float(row['spiking_regret']):.3g} %"
        assert f"[{row['scenario']}]({row['scenario']}.toml) | {int(row['requests']):,} |" in page
        assert regret in page
        carbon, optimum = float(row["spiking_mg"]), float(row["optimum_mg"])
        assert carbon / optimum - 1.0 == pytest.approx(float(row["spiking_regret"]), rel=1e-6)
