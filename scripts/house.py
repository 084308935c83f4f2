"""The house: its layers in order, the files of each, and imports that go the wrong way.

A package imports from itself and from layers further up in the list below. Packages of one line do not import
each other. Above ``systems`` nothing imports a concrete system: only what the folder's own files offer. The
exit code is 1 where an import goes upwards, a file is too long, too many lie loose in ``neuro_aolo``, or a
term of one system stands outside its folder.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAYERS: tuple[tuple[str, ...], ...] = (
    ("neuro_aolo_export", "hardware_profiles"),
    ("text", "units", "files", "errors", "interrupt"),
    ("systems",),
    ("agent", "formulate"),
    ("pricing",),
    ("carbon",),
    ("runs", "workers"),
    ("report",),
    ("comparison",),
    ("cli", "api"),
)
"""From the ground up; names without a folder of their own are packages of ``neuro_aolo``."""

ALONE = ("neuro_aolo_export", "hardware_profiles")
"""These stand beside: they import nothing of ours."""

FOLDERS = {"neuro_aolo_export": "export/neuro_aolo_export", "hardware_profiles": "hardware_profiles"}
SYSTEMS = "neuro_aolo.systems"
MOST_LINES = 320
MOST_LOOSE_FILES = 6
OF_ONE_SYSTEM = {
    f"{SYSTEMS}.aolo": frozenset({"words", "watts", "oracle"}),
    f"{SYSTEMS}.environment": frozenset({"terminated"}),
    f"{SYSTEMS}.offload": frozenset({"aigc", "upload"}),
}
"""Parts of identifiers and keys that belong to one system: none above it, beside it or below it has them."""


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


def long_files(everything: Sequence[Module]) -> list[str]:
    """Files that hold too much to be read at one go."""
    sizes = {module.name: _lines(module) for module in everything}
    return [f"{name}, {lines} lines" for name, lines in sizes.items() if lines > MOST_LINES]


def loose_files() -> list[str]:
    """Files of ``neuro_aolo`` that lie in no package."""
    return sorted(file.name for file in (ROOT / "neuro_aolo").glob("*.py"))


def terms_of_one_system(everything: Sequence[Module]) -> list[str]:
    """Identifiers and keys with a word of one system's, in a module of ``neuro_aolo`` that is not its own."""
    return [
        f"{module.name}: {name}"
        for module in everything
        if module.name.split(".")[0] == "neuro_aolo"
        for system, terms in OF_ONE_SYSTEM.items()
        if not f"{module.name}.".startswith(f"{system}.")
        for name in sorted(_names(ast.parse(module.file.read_text(encoding="utf-8"))))
        if terms & _parts(name)
    ]


def _lines(module: Module) -> int:
    return len(module.file.read_text(encoding="utf-8").splitlines())


def _parts(name: str) -> set[str]:
    """The words that an identifier, a key or an option is made of."""
    return set(re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()))


def _names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name):
                names.add(name)
            case ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                names.add(name)
            case ast.alias(name=name, asname=alias):
                names |= {name, alias or ""}
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.*-]+", text):
                names.add(text)
    return names


def main() -> int:
    """Print the layers and their files; exit code 1 where something does not belong where it stands."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    everything = list(modules())
    for names in LAYERS:
        for name in names:
            own = [module for module in everything if module.layer == name]
            print(f"{name:<20}{len(own):>4} files{sum(map(_lines, own)):>8,} lines")
    upwards = [f"{module.name} imports {name}" for module in everything for name in upward(module)]
    loose, most = loose_files(), max(map(_lines, everything))
    print(f"loose files of neuro_aolo: {len(loose)} ({', '.join(loose)}); longest file: {most} lines")
    wrong = [
        *upwards,
        *(f"{name} is too long" for name in long_files(everything)),
        *(f"{name} is a term of one system" for name in terms_of_one_system(everything)),
        *(loose if len(loose) > MOST_LOOSE_FILES else ()),
    ]
    for line in wrong:
        print(f"wrong: {line}")
    print(f"{len(upwards)} imports go upwards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
