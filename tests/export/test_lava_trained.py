"""A trained actor's decisions on real Lava, all of them."""

from pathlib import Path

import numpy as np
import pytest

from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, lava_version, run_network, write_network
from neuro_aolo_export.population import needed
from neuro_aolo_export.simulate import simulate_integer
from neuro_aolo_export.verify import compare_spikes

DECISIONS = 10_000


@pytest.mark.slow
@pytest.mark.skipif(lava_version() is None, reason=f"Lava is not installed: {LAVA_INSTALL}")
def test_ten_thousand_decisions_of_a_trained_actor_agree_with_lava(  # type: ignore[no-untyped-def]
    cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from neuro_aolo.runs.analysis import Analysis

    from neuro_aolo.runs.folder import RunFolder

    # Past the step from which the actor learns too.
    done = cli("run", "--steps", "16000", "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    qgraph = Analysis(RunFolder.open(tmp_path / "run")).quantized
    size = needed(qgraph.encoder).input_size
    observations = np.random.default_rng(5).uniform(-1, 1, (DECISIONS, size))
    activity = simulate_integer(qgraph, observations)
    path = tmp_path / "actor.net"
    write_network(qgraph, path)
    spikes = run_network(path, activity.input_spikes, qgraph.steps, timeout_s=3600.0)
    found = compare_spikes(activity, spikes)
    with capsys.disabled():
        told = f"{found.slots:,} slots, {found.spikes:,} spikes, {found.mismatches:,} mismatches"
        print(f"\n{DECISIONS:,} decisions: {told}")
    assert found.mismatches == 0
    assert found.spikes > 100 * DECISIONS
    np.testing.assert_array_equal(needed(qgraph.decoder).decode(spikes[-1]), activity.actions)
