"""What the extra ``formulate`` brings, imported where it is first needed."""

from importlib import import_module
from types import ModuleType

from neuro_aolo.errors import FormulationError

INSTALL = 'pip install "pint>=0.25" "bm25s>=0.3"'


def extra(name: str) -> ModuleType:
    """A module of the extra.

    Raises:
        FormulationError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise FormulationError(f"formulate needs {name}, which is not installed: {INSTALL}") from None
