"""What stands for the shipped systems fits what their tasks serve: whose ledger has both boundaries."""

import numpy as np
import pytest

from neuro_aolo.systems.names import load
from neuro_aolo.systems.scenario_file import scenario_names

PROVISIONED = [name for name in scenario_names() if not name.startswith("emissions-per-bit")]


@pytest.mark.parametrize("name", PROVISIONED)
def test_other_parameters_are_served_as_a_step_serves_its_own(name: str) -> None:
    loaded = load(name)
    task, rng = loaded.system.task(loaded.scenario), np.random.default_rng(0)
    states = task.reset(50, rng)
    actions = rng.uniform(-1.0, 1.0, (50 * task.spec.agents, len(task.spec.action_names)))
    stepped = task.step(states, actions, np.random.default_rng(1)).served
    emitted = loaded.system.emits(loaded.scenario, states, actions)  # type: ignore[attr-defined]
    for column in ("carbon_g", "energy_j", "units", "busy_s"):
        assert getattr(emitted, column) == pytest.approx(getattr(stepped, column), rel=1e-12), column


@pytest.mark.parametrize("name", PROVISIONED)
def test_making_by_work_is_that_of_the_time_that_a_machine_is_busy(name: str) -> None:
    """So that work and waiting together are the making of all the time that it stands there."""
    loaded = load(name)
    task, rng = loaded.system.task(loaded.scenario), np.random.default_rng(0)
    states = task.reset(50, rng)
    actions = rng.uniform(-1.0, 1.0, (50 * task.spec.agents, len(task.spec.action_names)))
    served = task.step(states, actions, rng).served
    machines = loaded.system.machines(loaded.scenario)  # type: ignore[attr-defined]
    assert served.busy_s is not None
    assert served.busy_s.shape == (50, len(machines))
    embodied = [index for index, entry in enumerate(task.spec.entries) if entry.kind == "embodied"]
    making_g = served.busy_s * [machine.making_g_per_s for machine in machines]
    assert served.carbon_g[:, embodied] == pytest.approx(making_g, rel=1e-12)
    sites = [task.spec.entries[index].site for index in embodied]
    assert [machine.site for machine in machines] == sites


@pytest.mark.parametrize("name", PROVISIONED)
def test_every_site_has_its_pue(name: str) -> None:
    loaded = load(name)
    sites = loaded.system.pue(loaded.scenario)  # type: ignore[attr-defined]
    assert set(sites) == set(loaded.system.task(loaded.scenario).spec.sites)
    assert min(sites.values()) >= 1.0


@pytest.mark.parametrize("name", PROVISIONED)
def test_shipped_scenarios_have_ranges_of_their_own_values(name: str) -> None:
    """A scenario that sets a value anew does not keep the range of another."""
    scenario = load(name).scenario
    for key, given in scenario.ranges.items():
        section, _, parameter = key.partition(".")
        assert given.holds(getattr(getattr(scenario, section), parameter)), key
