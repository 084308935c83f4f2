"""What the tests of several packages share."""

import contextlib
import copy
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo_export.graph import (
    DenseGraph,
    DenseLayer,
    PopulationDecoder,
    PopulationEncoder,
    SpikingGraph,
    SpikingLayer,
)

# Several processes run tests at a time: threads inside them would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Below nohup and in the background of a script signals are ignored, and would be in all that tests start.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

Cli = Callable[..., "subprocess.CompletedProcess[str]"]
Untrained = Callable[..., Path]
RUN = Path(__file__).parent / "report" / "run"


@pytest.fixture(scope="session", autouse=True)
def _no_lines_on_a_slow_machine() -> Iterator[None]:
    """What commands say every ten seconds would make their output a matter of the machine."""
    with patch("neuro_aolo.runs.progress.EVERY_S", 3_600.0):
        yield


@pytest.fixture(scope="session")
def cli() -> Cli:
    """The command line as its entry point runs it, in this process."""
    from neuro_aolo.cli.app import main

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = ["neuro-aolo", *map(str, arguments)]
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.object(sys, "argv", command),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        code = ended.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def small_run(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`neuro-aolo run --steps 200 --quiet`, with its defaults otherwise."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    done = cli("run", "--steps", "200", "--out", folder, "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder


def seal_again(folder: Path, **training: Any) -> None:
    """Let ``actor.json`` say that what lies in the folder now belongs to the actor, and other facts."""
    from neuro_aolo.files import digest, read_text, sealed

    file = folder / "actor.json"
    data = json.loads(file.read_text())
    del data["sha256"]
    data["training"].update(training)
    for name in data["files"]:
        data["files"][name] = (
            digest(read_text(folder / name))
            if name.endswith((".toml", ".csv"))
            else hashlib.sha256((folder / name).read_bytes()).hexdigest()
        )
    file.write_text(json.dumps(sealed(data)))


@pytest.fixture(scope="session")
def belongs() -> Callable[..., None]:
    """What makes a changed folder one that was trained so."""
    return seal_again


@pytest.fixture(scope="session")
def recorded() -> dict[str, Any]:
    """Not to be changed by a test."""
    loaded: dict[str, Any] = json.loads((RUN / "summary.json").read_text("utf-8"))
    return loaded


@pytest.fixture
def data(recorded: dict[str, Any]) -> dict[str, Any]:
    """Shaped like a short run of `paper` in Germany and France; a test may change it.

    What Lava, timings, export checks and savings say is made up; the ledger is that of the bills.
    """
    return copy.deepcopy(recorded)


@pytest.fixture(scope="session")
def summary(recorded: dict[str, Any]) -> Summary:
    """The same as it is."""
    return Summary.of(recorded, "summary.json")


class Actors:
    """Random actors of any size."""

    def spiking(
        self, rng: np.random.Generator, observations: int, hidden: Sequence[int], actions: int, steps: int = 5
    ) -> SpikingGraph:
        """A PopSAN of 10 neurons per dimension with about a tenth of its weights pruned."""
        sizes = [10 * observations, *hidden, 10 * actions]
        layers = tuple(
            SpikingLayer(
                rng.normal(0.0, 0.6 / np.sqrt(inputs), (outputs, inputs))
                * (rng.random((outputs, inputs)) > 0.1),
                rng.normal(0.05, 0.05, outputs),
                0.5,
                0.75,
                0.5,
            )
            for inputs, outputs in pairwise(sizes)
        )
        encoder = PopulationEncoder(
            np.tile(np.linspace(-1.0, 1.0, 10), (observations, 1)), np.full((observations, 10), 0.15**0.5)
        )
        decoder = PopulationDecoder(rng.normal(size=(actions, 10)), np.zeros(actions))
        return SpikingGraph(encoder, layers, decoder, steps)

    def dense(self, sizes: Sequence[int]) -> DenseGraph:
        """ReLU layers and a tanh at the end."""
        ends = ["relu"] * (len(sizes) - 2) + ["tanh"]
        return DenseGraph(
            tuple(
                DenseLayer(np.ones((outputs, inputs)), np.zeros(outputs), end)  # type: ignore[arg-type]
                for inputs, outputs, end in zip(sizes, sizes[1:], ends, strict=False)
            )
        )


@pytest.fixture(scope="session")
def actors() -> Actors:
    return Actors()


@pytest.fixture(scope="session")
def untrained() -> Untrained:
    """Makes run folders of untrained actors."""
    import torch

    from neuro_aolo.agent.checkpoint import ActorSpec, save_actor
    from neuro_aolo.agent.sdrl_config import SDRLConfig
    from neuro_aolo.runs.config import RunConfig
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.systems.names import load

    def make(
        folder: Path,
        actor: Any,
        seed: int = 0,
        toll: Any = None,
        *,
        spike_weight: float = 0.0,
        interrupted: bool = False,
    ) -> Path:
        loaded = load("paper")
        config = RunConfig(
            loaded.system,
            loaded.scenario,
            actor,
            SDRLConfig(),
            agent_site="bs",
            seed=seed,
            spike_weight=spike_weight,
            toll=toll,
        )
        spec = loaded.system.task(loaded.scenario).spec
        RunFolder.create(folder, config, overwrite=False)
        built = ActorSpec(spec.observation_names, spec.action_names, actor)
        network = built.build(torch.Generator().manual_seed(seed))
        facts = {
            "requests": 0,
            "interrupted": interrupted,
            "energy_kwh": 0.0,
            "seconds": 0.0,
            "measured_by": "",
        }
        save_actor(folder, network, built, facts)
        return folder

    return make
