"""EcoLogits, whose method and model list are used offline: an extra, imported where it is first needed."""

from importlib import import_module
from typing import Any

from neuro_aolo.errors import ScenarioError


def ecologits(module: str) -> Any:
    """A module of EcoLogits, as ``impacts.llm``.

    Raises:
        ScenarioError: it is not installed.
    """
    return _imported(f"ecologits.{module}")


def version() -> str:
    """Of EcoLogits.

    Raises:
        ScenarioError: it is not installed.
    """
    return str(_imported("ecologits").__version__)


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        reason = " ".join(str(error).split())[:200]
        raise ScenarioError(
            f"ecologits cannot be imported ({reason}): run python -m pip install 'neuro-aolo[ecologits]'"
        ) from error
