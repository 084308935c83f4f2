"""Imports run one way: cli, report, carbon, energy, agent, service; `export` and profiles import none."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAYERS = ["service", "agent", "energy", "carbon", "report"]
ABOVE = {path.stem for path in (ROOT / "neuro_aolo").iterdir()} - {*LAYERS, "__init__", "errors", "units"}
COMMANDS = {"neuro_aolo.cli"}
MAY_IMPORT_EXPORT = {
    "neuro_aolo.agent.freeze",
    "neuro_aolo.energy",
    "neuro_aolo.analysis",
    "neuro_aolo.deployment",
    "neuro_aolo.pictures",
    "neuro_aolo.summary",
    *COMMANDS,
}
MAY_IMPORT_PROFILES = {
    "neuro_aolo.energy",
    "neuro_aolo.accounts",
    "neuro_aolo.analysis",
    "neuro_aolo.deployment",
    "neuro_aolo.pictures",
    "neuro_aolo.summary",
    *COMMANDS,
}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def modules(package: str) -> list[tuple[str, set[str]]]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    return [(".".join(f.relative_to(ROOT).with_suffix("").parts), imports(f)) for f in files]


def test_export_and_profiles_stand_alone() -> None:
    for package, others in [
        ("export/neuro_aolo_export", ("neuro_aolo", "hardware_profiles")),
        ("hardware_profiles", ("neuro_aolo", "neuro_aolo_export")),
    ]:
        for module, found in modules(package):
            assert not [name for name in found if name.split(".")[0] in others], module


def test_layers_import_downwards_only() -> None:
    for rank, layer in enumerate(LAYERS):
        above = {*LAYERS[rank + 1 :], *ABOVE}
        for module, found in modules(f"neuro_aolo/{layer}"):
            parts = [name.split(".") for name in found]
            assert not [p for p in parts if p[0] == "neuro_aolo" and len(p) > 1 and p[1] in above], module


def test_the_hinge_is_crossed_where_it_should_be() -> None:
    for module, found in modules("neuro_aolo"):
        for package, allowed in [
            ("neuro_aolo_export", MAY_IMPORT_EXPORT),
            ("hardware_profiles", MAY_IMPORT_PROFILES),
        ]:
            if any(name.split(".")[0] == package for name in found):
                assert any(module == a or module.startswith(a + ".") for a in allowed), (module, package)


def test_only_one_module_imports_lava() -> None:
    users = {
        module
        for package in ("neuro_aolo", "export/neuro_aolo_export", "hardware_profiles")
        for module, found in modules(package)
        if any(name.split(".")[0] == "lava" for name in found)
    }
    assert users <= {"export.neuro_aolo_export.loihi2._lava_compat"}
