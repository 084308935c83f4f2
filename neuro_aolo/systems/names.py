"""The systems by name, and scenarios by name or file."""

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.scenario_file import find_scenario, read_scenario
from neuro_aolo.systems.system import System
from neuro_aolo.systems.wording import shown

SYSTEMS = {
    "aolo": "neuro_aolo.systems.aolo.system",
    "emissions_per_bit": "neuro_aolo.systems.emissions_per_bit.system",
    "environment": "neuro_aolo.systems.environment.system",
    "offload": "neuro_aolo.systems.offload.system",
}
"""The shipped systems: the module that offers what :class:`~neuro_aolo.systems.system.System` asks for."""


_OFFERED = ("Scenario", "task", "policies", "tell")
"""What every system offers."""


@dataclass(frozen=True)
class Loaded:
    """A scenario, the system that it is of, and what its file says about the agent's deployment.

    Attributes:
        name: of the system.
        system: what is controlled.
        scenario: of it.
        deployment: the file's table of that name.
        where: the file.
    """

    name: str
    system: System
    scenario: Any
    deployment: dict[str, Any]
    where: str


def load(name_or_path: str | Path) -> Loaded:
    """A shipped scenario by name, or one from a ``.toml`` file, with its system.

    Raises:
        ScenarioError: there is no such scenario or system, or a key or value in it is not allowed.
    """
    file = read_scenario(find_scenario(str(name_or_path), Path()))
    found = system(file.system, str(file.path))
    return Loaded(file.system, found, found.Scenario.of(file), file.deployment, str(file.path))


def system(name: str, where: str = "") -> System:
    """The shipped system of that name.

    Args:
        name: one of :data:`SYSTEMS`.
        where: the file that names it, for the reader of an error.

    Raises:
        ScenarioError: there is none.
    """
    if name not in SYSTEMS:
        prefix = f"{where}: " if where else ""
        raise ScenarioError(f"{prefix}unknown system {shown(name)}: name one of {', '.join(SYSTEMS)}")
    return cast("System", import_module(SYSTEMS[name]))


def checked(system: System) -> System:
    """The same system, where it offers all that :class:`~neuro_aolo.systems.system.System` asks for.

    Raises:
        ScenarioError: something is missing, or its scenarios are of no class that can be read.
    """
    name = name_of(system)
    missing = [what for what in _OFFERED if not callable(getattr(system, what, None))]
    if missing:
        raise ScenarioError(
            f"the system {name!r} has no {' and no '.join(missing)}: it has to offer {', '.join(_OFFERED)}"
        )
    kind = system.Scenario
    if not isinstance(kind, type) or not (is_dataclass(kind) or issubclass(kind, BaseModel)):
        raise ScenarioError(
            f"Scenario of the system {name!r} is {shown(kind)}: make it a frozen dataclass or "
            "a pydantic model"
        )
    try:
        TypeAdapter(kind)
    except (PydanticUserError, NameError) as error:
        reason = str(error).splitlines()[0]
        raise ScenarioError(
            f"Scenario of the system {name!r} cannot be read: {reason}; give its fields types that pydantic "
            "knows, such as numbers, text, tuples and dataclasses"
        ) from None
    return system


def name_of(system: System) -> str:
    """The name under which a run keeps its system: of a shipped one its own, else that of its module."""
    module = str(getattr(system, "__name__", type(system).__name__))
    return next((name for name, path in SYSTEMS.items() if path == module), module)


def offered(system: System, what: str) -> Callable[..., Any]:
    """What a system offers beside what every system does, such as ``fit``.

    Raises:
        ScenarioError: it does not.
    """
    found: Callable[..., Any] | None = getattr(system, what, None)
    if found is None:
        raise ScenarioError(
            f"the system {name_of(system)!r} has no {what!r}: name a scenario of another system"
        )
    return found
