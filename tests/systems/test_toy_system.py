"""A system that does not come with the package goes the whole way: one module, handed over."""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from neuro_aolo.carbon.feedback import AgentCarbon
from neuro_aolo.errors import AgentError, RunError, ScenarioError
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.report.html import render
from neuro_aolo.report.limits import reproduce
from neuro_aolo.report.verdict import optimality
from neuro_aolo.runs.decided import decide, hold_out
from neuro_aolo.runs.deployed import deploy, evaluate_on_chip
from neuro_aolo.runs.exports import export_run
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.options import Places
from neuro_aolo.runs.priced import Pricing, price_run, priced_figures
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import ledger_part, summarise, write_summary
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.runs.training import train
from neuro_aolo.systems.charged import Charged, Overhead

MODULE = '''
"""Two pumps share a tank for five hours: energy is dirty at first, and a dry tank is a fault."""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.system import Telling
from neuro_aolo.systems.task import Constraint, Entry, Objective, Served, Spec, Transition, Unit
from neuro_aolo_export.quantity import Quantity

HOURS, PUMPS = 5, 2


@dataclass(frozen=True)
class Scenario:
    name: str = "tank"
    need_l: float = 1.0
    dirty_g_per_kwh: float = 600.0
    clean_g_per_kwh: float = 100.0


class Tank:
    """States: hour, level in litres, wind. Rows of actions: flow and effort of one pump."""

    hourly = None

    def __init__(self, scenario):
        self.scenario = scenario
        self.spec = Spec(
            observations=(
                Quantity("hour", "h", 0.0, HOURS), Quantity("level", "l", 0.0, 4.0),
                Quantity("pump", "-", 0.0, 1.0),
            ),
            actions=(Quantity("flow", "l/h", 0.0, 2.0), Quantity("effort", "-", 0.0, 1.0)),
            objectives=(
                Objective("carbon", "mg", scale=100.0, discount=0.9, per_mg=1.0),
                Objective("wear", "1"),
            ),
            constraints=(Constraint("level", "l", 0.0, "water left"),),
            entries=(Entry("pumping", "pumping", "operational", "grid", "made up"),),
            units=(Unit("litre", "litres"),),
            agents=PUMPS,
            horizon=HOURS,
            violation_limit=0.5,
            decision="hour",
        )

    def reset(self, count, rng):
        return np.column_stack([np.zeros(count), rng.uniform(1.0, 2.0, count)])

    def observe(self, states):
        hour, level = states[:, 0] / HOURS * 2.0 - 1.0, np.clip(states[:, 1] / 2.0 - 1.0, -1.0, 1.0)
        pumps = [np.full(len(states), 2.0 * pump - 1.0) for pump in range(PUMPS)]
        each = [np.column_stack([hour, level, pump]) for pump in pumps]
        return np.stack(each, axis=1).reshape(-1, 3).astype(np.float32)

    def intensity(self, states, site):
        return np.where(states[:, 0] < 2, self.scenario.dirty_g_per_kwh, self.scenario.clean_g_per_kwh)

    def step(self, states, actions, rng):
        unit = (np.clip(actions, -1.0, 1.0) + 1.0) / 2.0
        flow, effort = (unit[:, k].reshape(-1, PUMPS) * (2.0, 1.0)[k] for k in range(2))
        energy_j = flow * 1e3
        carbon_g = energy_j * self.intensity(states, "grid")[:, None] / 3.6e6
        agent_costs = np.stack([carbon_g * 1e3, effort**2], axis=2)
        level = states[:, 1] + flow.sum(axis=1) - self.scenario.need_l
        following = np.column_stack([states[:, 0] + 1.0, np.clip(level, 0.0, 4.0)])
        ended = following[:, 0] >= HOURS
        return Transition(
            next_states=following,
            costs=agent_costs.sum(axis=1),
            slack=np.clip(level, -1.0, 1.0)[:, None],
            reward=-agent_costs.sum(axis=(1, 2)),
            ended=ended,
            terminal=ended,
            served=Served(
                *(each.sum(axis=1)[:, None] for each in (carbon_g, energy_j, flow)), level[:, None],
            ),
            agent_costs=agent_costs,
        )

    def optimum(self, states):
        return None


def task(scenario):
    return Tank(scenario)


def policies(scenario):
    return {"half": lambda observations: np.zeros((len(observations), 2))}


def tell(figures):
    return Telling(title=f"{figures.scenario.name}: two pumps", limits=("Nobody has such a tank.",))
'''


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    file = tmp_path_factory.mktemp("toy") / "toy.py"
    file.write_text(MODULE)
    spec = importlib.util.spec_from_file_location("toy", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["toy"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["toy"]


@pytest.fixture(scope="module", params=["popsan", "mlp"])
def run(request: pytest.FixtureRequest, toy: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("tank") / request.param
    return train(folder, system=toy, scenario=toy.Scenario(), actor=request.param, steps=1_000, seed=1)


def test_the_module_is_a_short_one() -> None:
    assert len(MODULE.strip().splitlines()) <= 110


def test_its_decisions_are_evaluated(run: Run) -> None:
    held_out = hold_out(run, 200)
    decisions = decide(held_out)
    assert held_out.requests.observations.shape == (2 * 200, 3)
    assert decisions.evaluation.requests == 200
    assert np.isnan(decisions.evaluation.regret)
    assert decisions.terms_mg["pumping"] > 0.0
    if run.kind == "spiking":
        deployed = evaluate_on_chip(held_out, deploy(held_out))
        assert deployed.cost == pytest.approx(decisions.evaluation.cost, rel=0.2)


def test_it_is_exported_and_priced(run: Run, tmp_path: Path) -> None:
    exported = export_run(run, ("nir", "onnx"), tmp_path)
    assert exported.checks
    held_out = hold_out(run, 50)
    chip = deploy(held_out) if run.kind == "spiking" else None
    figures = priced_figures(price_run(run, chip, Pricing(("mcu_m33_u575", "loihi2"))), 100.0)
    bill = figures.devices["mcu_m33_u575"].bill(run.kind)
    assert bill is not None
    assert bill.total_j.nominal > 0.0


def test_it_has_a_ledger_and_a_page(run: Run) -> None:
    part = ledger_part(run, Pricing(), ["random", "half", "1,0.5"])
    account = part.ledger.provisioned.accounts["mcu_m33_u575"]
    assert set(account.sci) == {"hour", "litre"}
    # A system that tells of no machines waits for nothing: its lines are the same in both boundaries.
    assert {line.key for line in part.ledger.work.service} == {"pumping"}
    assert part.ledger.work.service == part.ledger.provisioned.service
    assert part.ledger.work.service_energy_j == part.ledger.provisioned.service_energy_j
    assert {row.baseline for row in part.payback["mcu_m33_u575"]} | set(part.no_service)
    summary = summarise(run)
    write_summary(run, summary)
    assert Summary.read(run.folder.path / "summary.json").run.system == "toy"
    page = render(summary, run.folder.metrics())
    decided = f" network ({'1024' if run.kind == 'spiking' else '2 × 256'} hidden neurons"
    for text in (
        "tank: two pumps",
        "per hour",
        "Nobody has such a tank.",
        decided,
        ") decided flow and effort of",
    ):
        assert text in page
    # The deployment's parameters are the package's own, and called alike on every page.
    page = re.sub(r'<section aria-labelledby="assumptions">.*?</section>', "", page, flags=re.DOTALL)
    for text in (
        "request",
        "oracle",
        "AOLO",
        "words",
        "wireless",
        "regret of",
        "The optimum",
        "neuro-aolo run",
    ):
        assert text not in page.lower() if text.islower() else text not in page


def test_a_page_says_what_it_costs_and_how_to_call_it_again(run: Run) -> None:
    summary = summarise(run)
    called = reproduce(summary)
    exec(called.split("train(")[0].rsplit("\n\n", 1)[0], {})
    actor = ', actor="mlp"' if run.kind == "dense" else ""
    assert f'train("DIR", system=toy, scenario=..., seed=1, steps={summary.run.steps}{actor})' in called
    assert " mg CO₂e per hour." in optimality(summary)
    assert "the trained" in optimality(summary)
    assert "regret" not in optimality(summary)


def test_a_missing_mlp_is_made_in_python(run: Run) -> None:
    with pytest.raises(RunError, match=r"train neuro_aolo\.runs\.training\.twin_config") as refused:
        ledger_part(run, Pricing(("mcu_m33_u575",)), ["mlp"])
    assert "neuro-aolo run" not in str(refused.value)


def test_two_copies_are_two_evaluations_of_the_network(run: Run) -> None:
    """Each has half of the time of a decision, and a device that is too slow is needed twice as often."""
    rate_hz = 10_000.0
    pricing = Pricing(("mcu_m33_u575",), request_rate_hz=rate_hz)
    account = ledger_part(run, pricing, ["random"]).ledger.provisioned.accounts["mcu_m33_u575"]
    prices = price_run(run, deploy(hold_out(run)) if run.kind == "spiking" else None, pricing)
    network = prices.of_actor(prices.always_on)["mcu_m33_u575"]
    assert isinstance(network, Bill)
    assert network.latency_s is not None
    assert account.boundary.endswith("; always on, 20000 evaluations of the network a second")
    assert account.devices_needed.nominal == pytest.approx(2 * network.latency_s.nominal * rate_hz)
    assert account.energy_j["dynamic"].nominal == pytest.approx(2 * network.parts_j["dynamic"].nominal)


def test_deciding_is_charged_as_it_is_accounted(toy: ModuleType) -> None:
    task, overhead = toy.task(toy.Scenario()), Overhead(toy.task(toy.Scenario()).spec.sites[0], 2.0, 0.25)
    states = task.reset(7, np.random.default_rng(0))
    actions = np.zeros((2 * 7, 2))
    plain, charged = (
        each.step(states, actions, np.random.default_rng(1)).costs for each in (task, Charged(task, overhead))
    )
    of_two = AgentCarbon(overhead, np.zeros(2 * 7), agents=2).mg(task.intensity(states, overhead.site))
    per_mg = [objective.per_mg for objective in task.spec.objectives]
    np.testing.assert_allclose(charged - plain, np.outer(of_two, per_mg))


def test_the_command_line_says_that_it_needs_the_module(run: Run, cli) -> None:
    for command in ("evaluate", "energy", "ledger", "report"):
        done = cli(command, run.folder.path)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "system 'toy', which does not come with this package" in done.stderr
        assert "with the module that it was trained with" in done.stderr


def test_it_opens_again_with_its_module_and_with_no_other(run: Run, toy: ModuleType) -> None:
    again = Run.open(RunFolder.open(run.folder.path, system=toy))
    assert again.config.scenario == toy.Scenario()
    assert json.loads((run.folder.path / "actor.json").read_text())["action_names"] == ["flow", "effort"]
    other = ModuleType("other")
    with pytest.raises(RunError, match="'other' was given: give the module"):
        RunFolder.open(run.folder.path, system=other).config()  # type: ignore[arg-type]


def test_its_scenario_has_no_places(toy: ModuleType, tmp_path: Path) -> None:
    site = toy.task(toy.Scenario()).spec.sites[0]
    refused = r"--country: Scenario has no with_countries.* leave the option out"
    with pytest.raises(ScenarioError, match=refused):
        train(tmp_path / "run", system=toy, scenario=toy.Scenario(), places=Places(countries={site: "FRA"}))
    with pytest.raises(AgentError, match="site 'mars' is not"):
        train(tmp_path / "run", system=toy, scenario=toy.Scenario(), places=Places(countries={"mars": "FRA"}))
    assert not (tmp_path / "run").exists()
