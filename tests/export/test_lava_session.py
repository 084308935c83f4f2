"""One decision at a time on real Lava: the same spikes, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, LavaSession, lava_version
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import integer_spikes, simulate_integer

pytestmark = pytest.mark.skipif(lava_version() is None, reason=f"Lava is not installed: {LAVA_INSTALL}")


@pytest.fixture
def qgraph(make_graph) -> QuantizedGraph:  # type: ignore[no-untyped-def]
    return quantize(make_graph(np.random.default_rng(7), (20, 16)))


def _inputs(qgraph: QuantizedGraph, decisions: int, seed: int = 0) -> np.ndarray:
    return qgraph.input_spikes(np.random.default_rng(seed).uniform(-1, 1, (decisions, 3)))


def _descendants(session: int) -> list[int]:
    """Processes of a session, zombies left out."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def _all_end(session: int) -> bool:
    deadline = time.monotonic() + 20
    while _descendants(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not _descendants(session)


def test_decisions_are_the_simulators_and_independent_of_each_other(qgraph: QuantizedGraph) -> None:
    inputs = _inputs(qgraph, 6)
    wanted = integer_spikes(qgraph.layers, inputs)
    rng = np.random.default_rng(1)
    observations = rng.uniform(-1, 1, (3, 3))
    actions = simulate_integer(qgraph, observations).actions
    with LavaSession(qgraph) as session:
        assert session._process is not None
        pid = session._process.pid
        # Twice each, in another order: what came before leaves no trace.
        for decision in (0, 1, 2, 3, 4, 5, 5, 2, 0, 0):
            spikes = session.decide(inputs[:, decision])
            for mine, other in zip(wanted, spikes, strict=True):
                np.testing.assert_array_equal(mine[:, decision], other)
        for observation, action in zip(observations, actions, strict=True):
            np.testing.assert_array_equal(session.act(observation), action)
        with pytest.raises(ExportError, match=r"have shape \(4, 13\): give \(5, 13\)"):
            session.decide(inputs[:4, 0])
        with pytest.raises(ExportError, match="values other than 0 and 1"):
            session.decide(2 * inputs[:, 0])
        # A refused input ends nothing.
        session.decide(inputs[:, 0])
        assert len(_descendants(pid)) > 5
    assert all(layer.sum() > 0 for layer in wanted)
    assert _all_end(pid)
    with pytest.raises(ExportError, match="not under way"):
        session.decide(inputs[:, 0])


def test_a_stuck_lava_is_ended_in_time(qgraph: QuantizedGraph) -> None:
    inputs = _inputs(qgraph, 1)[:, 0]
    with LavaSession(qgraph, timeout_s=1.0) as session:
        assert session._process is not None
        assert session._folder is not None
        pid, folder = session._process.pid, Path(session._folder.name)
        os.killpg(pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(ExportError, match=r"took more than 1 s for a decision.*start another session"):
            session.decide(inputs)
        assert time.monotonic() - began < 10
        assert _all_end(pid)
        assert not folder.exists()
        with pytest.raises(ExportError, match="not under way"):
            session.decide(inputs)


def test_a_lava_that_dies_is_told_and_one_that_does_not_start_too(
    qgraph: QuantizedGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LavaSession(qgraph) as session:
        assert session._process is not None
        pid = session._process.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ExportError, match="Lava ended during a decision"):
            session.decide(_inputs(qgraph, 1)[:, 0])
        assert _all_end(pid)
    with (
        pytest.raises(ExportError, match=r"took more than 0\.1 s for its start"),
        LavaSession(qgraph, start_timeout_s=0.1),
    ):
        pass
    # The last line of what a failed process said is the reason.
    failing = [sys.executable, "-c", "raise RuntimeError('no compiler')"]
    monkeypatch.setattr("neuro_aolo_export.loihi2.lava_session.child_command", lambda *_: failing)
    with (
        pytest.raises(ExportError, match=r"ended during its start \(RuntimeError: no compiler\)"),
        LavaSession(qgraph),
    ):
        pass


def test_lava_ends_with_a_caller_that_is_killed(qgraph: QuantizedGraph, tmp_path: Path) -> None:
    caller = """
import sys, time
import numpy as np
from neuro_aolo_export.loihi2.integers import QuantizedGraph, QuantizedLayer
from neuro_aolo_export.loihi2.lava import LavaSession
layer = QuantizedLayer(np.array([[2, 4, -6]]), np.array([0]), 2048, 1024, 64)
session = LavaSession(QuantizedGraph(None, (layer,), None, 5))
session.__enter__()
session.decide(np.ones((5, 3)))
print(session._process.pid, flush=True)
time.sleep(60)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", caller], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert len(_descendants(pid)) > 3
        process.send_signal(signal.SIGKILL)
    assert _all_end(pid)


def test_requests_of_the_real_environment_are_decided_in_turn(make_graph) -> None:  # type: ignore[no-untyped-def]
    import gymnasium

    import neuro_aolo  # noqa: F401

    environment = gymnasium.make("AOLO-v0")
    size = environment.observation_space.shape
    assert size is not None
    rng = np.random.default_rng(4)
    qgraph = quantize(make_graph(rng, (24, 24), observations=size[0], steps=8))
    observation, _ = environment.reset(seed=1)
    seen, done = [], []
    with LavaSession(qgraph) as session:
        for _ in range(20):
            action = session.act(observation)
            seen.append(observation)
            done.append(action)
            observation, _, terminated, truncated, _ = environment.step(action)
            if terminated or truncated:
                observation, _ = environment.reset()
    np.testing.assert_array_equal(np.stack(done), simulate_integer(qgraph, np.stack(seen)).actions)
    assert len(np.unique(np.stack(done), axis=0)) > 5
