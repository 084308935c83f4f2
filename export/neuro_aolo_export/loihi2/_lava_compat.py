"""The only module that imports Lava, and what its last release needs to run here.

lava-nc 0.10.0 and lava-dl 0.6.0 declare Python < 3.11 and are archived. Three things stand in their way:

* ``lava.magma.compiler.var_model`` has dataclass instances as field defaults, which Python 3.11 refuses
  where they are not hashable: they are made hashable while that module is imported.
* lava-dl's ``slayer`` imports its object detection, and with it OpenCV: an empty module stands in.
* ``netx`` imports PyTorch for parts that are not used here. PyTorch's thread pools do not survive the
  forks of Lava's runtime, so a process that runs a network goes without PyTorch altogether.
"""

import dataclasses
import importlib
import importlib.metadata
import importlib.util
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

import numpy as np

from neuro_aolo_export.errors import ExportError

LAVA_INSTALL = (
    'python -m pip install "asteval>=1.0" "h5py>=3.11" "networkx>=3.2" && '
    "python -m pip install --no-deps --ignore-requires-python lava-nc==0.10.0 lava-dl==0.6.0"
)
_DISTRIBUTIONS = ("lava-nc", "lava-dl")
_COMPANIONS = ("asteval", "h5py", "networkx")


class Runtime(NamedTuple):
    """What it takes to run a network: Lava's classes, and files in place of their buffers.

    Attributes:
        network: ``netx.hdf5.Network``.
        source: a process that sends one vector per step.
        sink: a process that receives, one vector per step.
        attach: ``attach(process, path)`` makes a source or sink go round the rows of an ``.npy`` file
            ``(steps, N)``, uint8.
        steps: run condition, a number of steps.
        config: run configuration, fixed-point models on the CPU.
    """

    network: Any
    source: Any
    sink: Any
    attach: Callable[[Any, Path], None]
    steps: Any
    config: Any


def lava_version() -> str | None:
    """The versions of lava-nc and lava-dl, or None where they or a package they import are missing."""
    if _missing():
        return None
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _DISTRIBUTIONS)


def require_lava() -> None:
    """Raise ExportError, with what is missing and the command that installs it, where Lava cannot run."""
    missing = _missing()
    if missing:
        raise ExportError(
            f"Lava is not installed ({', '.join(missing)} missing): install it with  {LAVA_INSTALL}"
        )


def _missing() -> list[str]:
    missing = [name for name in _COMPANIONS if importlib.util.find_spec(name) is None]
    for name in _DISTRIBUTIONS:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    return missing


def load_dense_block() -> Any:
    """lava-dl's ``slayer.block.cuba.Dense``; imports PyTorch.

    Raises:
        ExportError: Lava is missing or does not import.
    """
    require_lava()
    # slayer alone: lava.magma would fix this process's multiprocessing start method.
    with _importing(), _stand_ins("lava.lib.dl.slayer.object_detection"):
        return importlib.import_module("lava.lib.dl.slayer.block.cuba").Dense


def load_runtime() -> Runtime:
    """Lava's runtime and lava-dl's network loader, without PyTorch.

    It bars PyTorch from the whole process, and a failing part of a network ends the whole process group,
    so it is for a process and a group of its own.

    Raises:
        ExportError: Lava is missing or does not import.
    """
    require_lava()
    with _importing():
        sys.meta_path.insert(0, _NoTorch())
        _import_var_model()
        package = importlib.util.find_spec("lava.lib.dl.netx")
        if package is None or package.origin is None:
            raise ImportError("there is no lava.lib.dl.netx")
        # Lava's compiler asks every module beside a process for its file.
        modules = _stand_in("lava.lib.dl.netx.sequential_modules")
        modules.__file__ = str(Path(package.origin).with_name("sequential_modules.py"))
        sys.modules[modules.__name__] = modules
        resonate_and_fire = "lava.lib.dl.slayer.neuron.rf"
        with _stand_ins("lava.lib.dl.slayer", "lava.lib.dl.slayer.neuron", resonate_and_fire):
            sys.modules[resonate_and_fire].__dict__["neuron_params"] = None
            network = importlib.import_module("lava.lib.dl.netx.hdf5").Network
        sink = importlib.import_module("lava.proc.io.sink")
        source = importlib.import_module("lava.proc.io.source")
        configs = importlib.import_module("lava.magma.core.run_configs")
        _end_on_failure(
            importlib.import_module("lava.magma.runtime.message_infrastructure.multiprocessing").SystemProcess
        )
        models = {source.RingBuffer: _feeder(source), sink.RingBuffer: _recorder(sink)}
        return Runtime(
            network=network,
            source=source.RingBuffer,
            sink=sink.RingBuffer,
            attach=_attach,
            steps=importlib.import_module("lava.magma.core.run_conditions").RunSteps,
            config=configs.Loihi2SimCfg(select_tag="fixed_pt", exception_proc_model_map=models),
        )


def _end_on_failure(system_process: Any) -> None:
    """Where a part of a network fails, Lava keeps the reason to itself and waits: tell it, and end all."""

    def run(self: Any) -> None:
        try:
            multiprocessing.Process.run(self)
            self._cconn.send(None)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os.killpg(0, signal.SIGTERM)

    system_process.run = run


# A Var is set and read back one element at a time, 40 us each: whence the files.
def _attach(process: Any, path: Path) -> None:
    process.proc_params["rows"] = str(path)


def _rows(proc_params: Any, mode: Literal["r", "r+"]) -> Any:
    return np.load(proc_params["rows"], mmap_mode=mode, allow_pickle=False)


def _feeder(source: ModuleType) -> Any:
    """A model of Lava's source that reads a file."""

    class Feeder(source.PySendModelFixed):  # type: ignore[misc, name-defined]
        def __init__(self, proc_params: Any) -> None:
            super().__init__(proc_params)
            self.rows = _rows(proc_params, "r")

        def run_spk(self) -> None:
            self.s_out.send(self.rows[(self.time_step - 1) % len(self.rows)].astype(np.int32))

    return Feeder


def _recorder(sink: ModuleType) -> Any:
    """A model of Lava's sink that writes to a file."""

    class Recorder(sink.PyReceiveModelFixed):  # type: ignore[misc, name-defined]
        def __init__(self, proc_params: Any) -> None:
            super().__init__(proc_params)
            self.rows = _rows(proc_params, "r+")

        def run_spk(self) -> None:
            self.rows[(self.time_step - 1) % len(self.rows)] = self.a_in.recv() != 0

    return Recorder


class _NoTorch:
    """An import finder that refuses PyTorch."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("PyTorch is kept out of the process that runs Lava", name=name)


def _import_var_model() -> None:
    plain = dataclasses.dataclass

    def hashable(cls: type | None = None, /, **options: Any) -> Any:
        options.setdefault("unsafe_hash", True)
        return plain(**options) if cls is None else plain(**options)(cls)

    dataclasses.dataclass = hashable
    try:
        importlib.import_module("lava.magma.compiler.var_model")
    finally:
        dataclasses.dataclass = plain


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = []
    return module


@contextmanager
def _stand_ins(*names: str) -> Iterator[None]:
    """Empty modules under ``names`` for a while, except where the real ones are loaded."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update({name: _stand_in(name) for name in absent})
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextmanager
def _importing() -> Iterator[None]:
    """Keep Lava's deprecation warnings to itself, and say what to do where it does not import."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImportError as error:
        raise ExportError(f"Lava does not import ({error}): reinstall it with  {LAVA_INSTALL}") from error
