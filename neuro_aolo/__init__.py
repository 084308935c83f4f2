"""neuro-aolo: spiking actors for low-carbon networked AI, from training to the carbon ledger.

    >>> import neuro_aolo as na
    >>> run = na.load("demo")           # doctest: +SKIP
    >>> run.evaluate().regret           # doctest: +SKIP

What is public is in ``__all__``; each name is imported when it is first used, so that importing the package
loads neither torch nor NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from neuro_aolo import interrupt
from neuro_aolo.systems import environments

if TYPE_CHECKING:
    from neuro_aolo.api.compare import compare
    from neuro_aolo.api.energy import energy
    from neuro_aolo.api.load import load
    from neuro_aolo.api.run import Run
    from neuro_aolo.api.scenario import Scenario, make_task, profiles, scenarios
    from neuro_aolo.api.train import train
    from neuro_aolo.errors import NeuroAoloError
    from neuro_aolo.systems.environment.as_task import as_task

# Half of a command's start goes by in the imports that follow, before its own code has a say.
if interrupt.starts_a_command():
    interrupt.ends_at_once()

environments.register()

_WHERE = {
    "NeuroAoloError": "neuro_aolo.errors",
    "Run": "neuro_aolo.api.run",
    "Scenario": "neuro_aolo.api.scenario",
    "as_task": "neuro_aolo.systems.environment.as_task",
    "compare": "neuro_aolo.api.compare",
    "energy": "neuro_aolo.api.energy",
    "load": "neuro_aolo.api.load",
    "make_task": "neuro_aolo.api.scenario",
    "profiles": "neuro_aolo.api.scenario",
    "scenarios": "neuro_aolo.api.scenario",
    "train": "neuro_aolo.api.train",
}
"""The module of each public name."""

__all__ = [
    "NeuroAoloError",
    "Run",
    "Scenario",
    "__version__",
    "as_task",
    "compare",
    "energy",
    "load",
    "make_task",
    "profiles",
    "scenarios",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("neuro-aolo")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
