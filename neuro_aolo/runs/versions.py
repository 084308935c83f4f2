"""Versions of Python and of the packages that figures depend on."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version


def installed(packages: Sequence[str]) -> dict[str, str | None]:
    """Python's version and that of each package; None where one is not installed."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return versions


def present(packages: Sequence[str]) -> dict[str, str]:
    """The same without what is not installed."""
    return {name: found for name, found in installed(packages).items() if found is not None}
