"""What other libraries make of our NIR files, and we of theirs: the tables of export/NIR.md.

Each library gets a throw-away environment of its own, and nir_reader.py runs there, with the library's own
importer or exporter. The same input spikes go through it and through our float simulator, and the spikes of
every layer are compared: ``python scripts/check_nir_readers.py``. About 1 GB per library; where there is an
environment, name its Python: ``--python snntorch=/path/to/python``.
"""

import argparse
import importlib.metadata
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationDecoder, PopulationEncoder, SpikingGraph, SpikingLayer
from neuro_aolo_export.nir.convert import NOMINAL_DT_S, read_nir, write_nir
from neuro_aolo_export.simulate import simulate_float

READER = Path(__file__).with_name("nir_reader.py")
# The one release of torch here that pip finds without gigabytes of CUDA, as in constraints.txt.
CONSTRAINTS = "torch==2.13.0\ntorchvision==0.28.0\n"
LIBRARIES = ("snntorch", "norse", "rockpool", "sinabs")
NEURONS = {"CubaLIF": (0.5, 0.75), "LIF": (0.0, 0.75), "IF": (0.0, 1.0)}
TIMEOUT_S = 1800
SIZES = (50, 64, 64, 20)
DECISIONS = 200
STEPS = 8
# sinabs counts time in steps, whatever the file says.
READ_STEP_S = {"sinabs": 1.0}
# snnTorch's is fixed; Norse's exporter mixes up units unless a step is the unit of time.
WRITTEN_STEP_S = {"snntorch": NOMINAL_DT_S, "norse": 1.0, "rockpool": 1e-3, "sinabs": 1.0}


class FailedError(Exception):
    """A library could not be installed, or did not take the file."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    library: str
    neurons: str
    loads: str
    spikes: str

    def __str__(self) -> str:
        """Markdown."""
        return f"| {self.library} | {self.neurons} | {self.loads} | {self.spikes} |"


def actor(decays: tuple[float, float], step_s: float | None) -> SpikingGraph:
    """A random actor; its weights have few binary places, so that the order of a sum moves no spike."""
    rng = np.random.default_rng(0)
    layers = []
    for inputs, outputs in pairwise(SIZES):
        weight = np.round(rng.uniform(-1, 1, (outputs, inputs)) * 2 / inputs**0.5 * 256) / 256
        bias = np.round(rng.uniform(-0.1, 0.1, outputs) * 256) / 256
        layers.append(SpikingLayer(weight, bias, *decays, 0.53))
    return SpikingGraph(_encoder(), tuple(layers), _decoder(SIZES[-1]), STEPS, step_s)


def _encoder() -> PopulationEncoder:
    mean = np.tile(np.linspace(-1, 1, 10), (SIZES[0] // 10, 1))
    return PopulationEncoder(mean, np.full(mean.shape, 0.15**0.5))


def _decoder(neurons: int) -> PopulationDecoder:
    return PopulationDecoder(np.ones((1, neurons)), [0.0])


def observations() -> np.ndarray:
    """Observations ``(B, D)``, always the same."""
    return np.random.default_rng(1).uniform(-1, 1, (DECISIONS, SIZES[0] // 10))


def environment(library: str, folder: Path) -> Path:
    """Python of a new environment with the library, and with the nir and nirtorch that we have."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    (folder / "constraints.txt").write_text(CONSTRAINTS)
    install = [str(python), "-m", "pip", "install", "-q", "-c", str(folder / "constraints.txt")]
    ours = [f"{name}=={importlib.metadata.version(name)}" for name in ("nir", "nirtorch")]
    newest = {"sinabs": "sinabs>=3"}.get(library, library)
    _call([*install, "torch", newest, "nir", "nirtorch"])
    _call([*install, "--no-deps", *ours])
    return python


def _call(command: list[str]) -> str:
    """Standard output of a command; its last line of standard error, where it fails."""
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
    )
    if ran.returncode:
        lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
        raise FailedError(lines[-1] if lines else f"exit status {ran.returncode}")
    return ran.stdout


def theirs(python: Path, action: str, library: str, file: Path, dt_s: float) -> tuple[str, list[np.ndarray]]:
    """Version of the library, and its spikes per layer ``(T, B, n)``."""
    folder = file.parent
    command = [str(python), str(READER), action, library, str(file), str(folder / "input.npy"), str(dt_s)]
    version = _call([*command, str(folder / "out.npz")]).splitlines()[-1]
    with np.load(folder / "out.npz") as saved:
        return version, [saved[f"layer{index}"] for index in range(len(saved.files))]


def compared(ours: tuple[SpikeArray, ...], other: list[np.ndarray]) -> str:
    """How many of how many spike slots differ, over all layers, and in the first one."""
    if [layer.shape for layer in ours] != [layer.shape for layer in other]:
        return f"no: shapes {[layer.shape for layer in other]}"
    differing = [int((a != b).sum()) for a, b in zip(ours, other, strict=True)]
    slots = sum(layer.size for layer in ours)
    if not any(differing):
        return f"equal, all {slots:,}"
    largest = max(float(layer.max()) for layer in other)
    several = f", up to {largest:g} spikes per step" if largest > 1 else ""
    return f"{sum(differing):,} of {slots:,} differ ({differing[0]:,} in the first layer{several})"


def reading(library: str, python: Path, folder: Path) -> list[Row]:
    """Our files in their importer."""
    rows = []
    for neurons, decays in NEURONS.items():
        graph = actor(decays, READ_STEP_S.get(library))
        activity = simulate_float(graph, observations())
        file = folder / "ours.nir"
        write_nir(graph, file)
        np.save(folder / "input.npy", activity.input_spikes)
        try:
            version, spikes = theirs(python, "read", library, file, graph.step_s or NOMINAL_DT_S)
            rows.append(Row(f"{library} {version}", neurons, "yes", compared(activity.layer_spikes, spikes)))
        except FailedError as error:
            rows.append(Row(library, neurons, f"no: `{error}`", "-"))
    return rows


def writing(library: str, python: Path, folder: Path) -> Row:
    """Their file in our reader."""
    encoder = _encoder()
    np.save(folder / "input.npy", encoder.encode(observations(), STEPS))
    file = folder / "theirs.nir"
    dt_s = WRITTEN_STEP_S[library]
    try:
        version, spikes = theirs(python, "write", library, file, dt_s)
    except FailedError as error:
        return Row(library, "-", f"not written: `{error}`", "-")
    try:
        graph = read_nir(file, STEPS, dt_s)
    except ExportError as error:
        told = str(error).replace(str(file), "theirs.nir")
        return Row(f"{library} {version}", "-", f"no: `{told}`", "-")
    graph = replace(graph, encoder=encoder, decoder=_decoder(graph.layers[-1].neurons))
    ours = simulate_float(graph, observations()).layer_spikes
    kind = "CubaLIF" if graph.layers[0].current_decay else "LIF"
    return Row(f"{library} {version}", kind, "yes", compared(ours, spikes))


def main() -> None:
    """Read the arguments, make the environments and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--python", action="append", default=[], metavar="LIBRARY=PATH")
    parser.add_argument("--only", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    arguments = parser.parse_args()
    given = dict(pair.partition("=")[::2] for pair in arguments.python)
    if unknown := set(given) - set(LIBRARIES):
        parser.error(f"--python {unknown.pop()}: name one of {', '.join(LIBRARIES)}")
    read: list[Row] = []
    written: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for library in arguments.only:
            folder = Path(name) / library
            folder.mkdir()
            try:
                python = Path(given[library]) if library in given else environment(library, folder / "venv")
            except FailedError as error:
                read.append(Row(library, "-", f"not installed: `{error}`", "-"))
                continue
            read += reading(library, python, folder)
            written.append(writing(library, python, folder))
            print(f"{library}: done", file=sys.stderr)
    print(f"nir {importlib.metadata.version('nir')}, nirtorch {importlib.metadata.version('nirtorch')}\n")
    for title, rows in (("Reader of our file", read), ("Writer of the file we read", written)):
        print(f"| {title} | Neurons | Loads | Spikes |\n| --- | --- | --- | --- |")
        print(*rows, "", sep="\n")


if __name__ == "__main__":
    main()
