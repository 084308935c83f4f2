"""Imports run one way, by the one list of layers in scripts/house.py."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def house() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house", ROOT / "scripts" / "house.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["house"] = module
    spec.loader.exec_module(module)
    return module


def test_imports_run_one_way(house: ModuleType) -> None:
    assert [(module.name, name) for module in house.modules() for name in house.upward(module)] == []


def test_every_package_has_its_layer(house: ModuleType) -> None:
    known = {name for names in house.LAYERS for name in names}
    assert {module.layer for module in house.modules()} - known <= {"", "__main__"}


def test_an_import_upwards_is_seen(house: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text("from neuro_aolo.runs.run import Run\nfrom neuro_aolo.systems.aolo import task\n")
    imports = frozenset({"neuro_aolo.runs.run.Run", "neuro_aolo.systems.aolo.task"})
    assert set(house.upward(house.Module("neuro_aolo.agent.task", file, imports))) == imports


def test_no_file_is_long_and_few_lie_loose(house: ModuleType) -> None:
    assert house.long_files(list(house.modules())) == []
    assert len(house.loose_files()) <= house.MOST_LOOSE_FILES


def test_terms_of_one_system_stay_in_its_folder(house: ModuleType, tmp_path: Path) -> None:
    assert house.terms_of_one_system(list(house.modules())) == []
    file = tmp_path / "page.py"
    file.write_text("def per_oracle(summary, maxWatts):\n    return summary['words'], summary.oracle_mg\n")
    seen = house.terms_of_one_system([house.Module("neuro_aolo.report.page", file, frozenset())])
    assert [line.split(": ")[1] for line in seen] == ["maxWatts", "oracle_mg", "per_oracle", "words"]


def test_only_one_module_imports_lava() -> None:
    users = {
        file.relative_to(ROOT).as_posix()
        for package in ("neuro_aolo", "export", "hardware_profiles")
        for file in (ROOT / package).rglob("*.py")
        if any(
            line.split()[:1] in (["import"], ["from"]) and line.split()[1].split(".")[0] == "lava"
            for line in file.read_text(encoding="utf-8").splitlines()
            if line.strip()
        )
    }
    assert users <= {"export/neuro_aolo_export/loihi2/_lava_compat.py"}
