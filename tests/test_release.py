"""The papers of a release: they name the version that is released."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, re.MULTILINE) == [VERSION]
    for work in ("2503.04418", "2010.09635", "10.5281/zenodo.4422025", "10.5281/zenodo.4658424"):
        assert work in citation
        assert work in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == VERSION


def test_the_wheel_makes_nothing_importable_but_the_product() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    packages = build["targets"]["wheel"]["packages"]
    assert [Path(package).name for package in packages] == [
        "neuro_aolo",
        "neuro_aolo_export",
        "hardware_profiles",
    ]
    assert all((ROOT / package / "__init__.py").is_file() for package in packages)
    assert not list((ROOT / "export").glob("*.py"))
