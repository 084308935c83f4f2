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
    wrong = [
        (module.name, name)
        for module in house.modules()
        for name in house.upward(module)
        if module.layer in ("neuro_aolo_export", "hardware_profiles")
    ]
    assert wrong == []


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
