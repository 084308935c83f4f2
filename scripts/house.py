"""The house: its layers in order, the files of each, and imports that go the wrong way.

    python scripts/house.py      prints them; exit code 1 where an import goes upwards

A package imports from itself and from layers further up in the list below. Packages of one line do not import
each other. Above ``systems`` nothing imports a concrete system: only what the folder's own files offer.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAYERS: tuple[tuple[str, ...], ...] = (
    ("text", "units", "files", "errors", "interrupt"),
    ("systems",),
    ("neuro_aolo_export", "hardware_profiles"),
    ("agent",),
    ("energy",),
    ("carbon",),
    ("runs", "workers"),
    ("report",),
    ("comparison",),
    ("cli",),
)
"""From the ground up; names without a folder of their own are packages of ``neuro_aolo``."""

ALONE = ("neuro_aolo_export", "hardware_profiles")
"""These stand beside: they import nothing of ours."""

FOLDERS = {"neuro_aolo_export": "export/neuro_aolo_export", "hardware_profiles": "hardware_profiles"}
SYSTEMS = "neuro_aolo.systems"


@dataclass(frozen=True)
class Module:
    """A file, and the modules of ours that it imports."""

    name: str
    file: Path
    imports: frozenset[str]

    @property
    def layer(self) -> str:
        """Its package among :data:`LAYERS`; empty for ``neuro_aolo`` itself."""
        return layer_of(self.name)


def modules() -> Iterator[Module]:
    """Every module of the product."""
    folders = {"neuro_aolo": "neuro_aolo", **FOLDERS}
    for package, folder in folders.items():
        for file in sorted((ROOT / folder).rglob("*.py")):
            inside = file.relative_to(ROOT / folder).with_suffix("").parts
            parts = inside[:-1] if inside[-1] == "__init__" else inside
            yield Module(".".join((package, *parts)), file, frozenset(_imports(file)))


def layer_of(module: str) -> str:
    """The package of :data:`LAYERS` that ``module`` belongs to."""
    parts = module.split(".")
    return "".join(parts[1:2]) if parts[0] == "neuro_aolo" else parts[0]


def upward(module: Module) -> list[str]:
    """What a module imports that it must not."""
    ranks = {name: rank for rank, names in enumerate(LAYERS) for name in names}
    own = module.layer
    found = []
    for name in sorted(module.imports):
        other = layer_of(name)
        if other not in ranks or other == own or own in ("", "__main__"):
            continue
        if own in ALONE or ranks[other] >= ranks.get(own, len(LAYERS)) or is_concrete(name):
            found.append(name)
    if own == "systems":
        found += [
            name for name in sorted(module.imports) if is_concrete(name) and not _same_system(module, name)
        ]
    return found


def is_concrete(module: str) -> bool:
    """Whether a module belongs to one system; the shared files and ``grid`` do not."""
    parts = module.split(".")
    folder = ROOT / "neuro_aolo" / "systems" / (parts[2] if len(parts) > 2 else "")
    return module.startswith(f"{SYSTEMS}.") and parts[2] != "grid" and folder.is_dir()


def _same_system(module: Module, name: str) -> bool:
    return module.name.split(".")[2:3] == name.split(".")[2:3]


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return {name for name in found if name.split(".")[0] in ("neuro_aolo", *FOLDERS)}


def main() -> int:
    """Print the layers, their files, and what goes upwards."""
    everything = list(modules())
    for names in LAYERS:
        for name in names:
            own = [module for module in everything if module.layer == name]
            lines = sum(len(module.file.read_text(encoding="utf-8").splitlines()) for module in own)
            print(f"{name:<20}{len(own):>4} files{lines:>8,} lines")
    wrong = [(module.name, name) for module in everything for name in upward(module)]
    for module, name in wrong:
        print(f"upwards: {module} imports {name}")
    print(f"{len(wrong)} imports go upwards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
