"""Opening the folder of a run."""

from pathlib import Path
from typing import TYPE_CHECKING

from neuro_aolo.agent.actor_files import DESCRIPTION, WEIGHTS
from neuro_aolo.api.errors import speaks_python
from neuro_aolo.api.run import Run
from neuro_aolo.runs.files import CONFIG

if TYPE_CHECKING:
    from neuro_aolo.systems.system import System


@speaks_python
def load(path: "str | Path", *, system: "System | None" = None) -> "Run":
    """Open the folder of a run.

    Args:
        path: that :func:`~neuro_aolo.train`, ``neuro-aolo train`` or ``neuro-aolo run`` wrote.
        system: what is controlled, where that does not come with this package: the module that the run was
            trained with, or what :func:`~neuro_aolo.as_task` gave.

    Raises:
        RunError: there is no such folder, or it lacks its files.

    Example:
        >>> import neuro_aolo as na
        >>> run = na.load("demo")
        >>> run.evaluate().decisions
        20000
    """
    folder = Path(path)
    if not all((folder / name).is_file() for name in (CONFIG, DESCRIPTION, WEIGHTS)):
        from neuro_aolo.runs.folder import RunFolder

        RunFolder.open(folder)
    return Run(folder, getattr(system, "system", system))
