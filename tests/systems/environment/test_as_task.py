"""One's own environment by id, instance or function: what is asked of it, refused in it, and opened again."""

import tomllib
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from worlds import WINDY, Careless, Changed, Forgetful, Rover, Spaced

from neuro_aolo.agent.evaluate import held_out, noise_free
from neuro_aolo.errors import AgentError, RunError, ScenarioError
from neuro_aolo.report.html import render
from neuro_aolo.report.limits import reproduce
from neuro_aolo.report.verdict import constraints, optimality
from neuro_aolo.runs.exports import export_run
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.options import Places
from neuro_aolo.runs.priced import Pricing
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import ledger_part, summarise, write_summary
from neuro_aolo.runs.training import train
from neuro_aolo.systems.environment.as_task import as_task
from neuro_aolo.systems.environment.scenario import WORLD_G_PER_KWH, Scenario
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh
from neuro_aolo.systems.names import load, name_of
from neuro_aolo.text.numbers import percent

MCU = "mcu_m33_u575"


def refusal(env: Any, **chosen: Any) -> str:
    with pytest.raises(ScenarioError) as refused:
        as_task(env, **chosen)
    text = str(refused.value)
    assert "\n" not in text
    return text


def box(low: float = -1.0, high: float = 1.0, size: int = 2, dtype: Any = np.float32) -> spaces.Box:
    return spaces.Box(dtype(low), dtype(high), (size,), dtype)


def test_an_id_is_asked_for_what_it_knows() -> None:
    scenario = as_task("Pendulum-v1").scenario
    assert (scenario.name, scenario.env_id, scenario.horizon) == ("Pendulum-v1", "Pendulum-v1", 200)
    assert (scenario.observation_low, scenario.observation_high) == ((-1.0, -1.0, -8.0), (1.0, 1.0, 8.0))
    assert (scenario.discount, scenario.starts) == (0.99, 50)
    # Random actions have a mean return of about -1,200 in 200 steps.
    assert scenario.reward_scale == pytest.approx(6.0, abs=1.0)
    assert scenario.intensity_g_per_kwh == WORLD_G_PER_KWH
    assert as_task("Pendulum-v1").scenario == scenario


def test_unbounded_observations_span_what_was_measured_and_more() -> None:
    scenario = as_task(Rover, horizon=6).scenario
    (place_low, speed_low), (place_high, speed_high) = scenario.observation_low, scenario.observation_high
    assert (speed_low, speed_high) == (-1.0, 1.0)
    # Starts lie in [-1, 1], and the last step of an episode goes beyond 2.
    assert -6.0 < place_low < -1.25
    assert 1.25 < place_high < 6.0
    assert scenario.sources["observation_low"] == "measured over " + scenario.sources["reward_scale"][14:]
    given = as_task(Rover, horizon=6, observation_low=[-3.0, -1.0], observation_high=[3.0, 1.0]).scenario
    assert (given.observation_low, given.observation_high) == ((-3.0, -1.0), (3.0, 1.0))
    assert "observation_low" not in given.sources


def test_instances_and_functions_give_the_same_task() -> None:
    tasks = [as_task(env, horizon=6) for env in (Rover, Rover(), lambda: Rover(), WINDY, gym.make(WINDY))]
    states = tasks[0].task.reset(3, np.random.default_rng(0))
    actions = np.full((3, 2), 0.2)
    first = tasks[0].task.step(states, actions, np.random.default_rng(0))
    for other in tasks[1:]:
        again = other.task.step(states, actions, np.random.default_rng(0))
        np.testing.assert_array_equal(again.next_states, first.next_states)
    names = [name_of(each.system) for each in tasks]
    assert names == ["as_task(Rover).system"] * 2 + ["as_task(function).system"] + ["environment"] * 2


def test_an_instance_keeps_what_it_was_made_with() -> None:
    pendulum = as_task(gym.make("Pendulum-v1", g=3.0, max_episode_steps=30), discount=0.0).scenario
    assert (pendulum.kwargs, pendulum.horizon, pendulum.discount) == ({"g": 3.0}, 30, 0.0)
    wrapped = gym.wrappers.RescaleAction(gym.make("Pendulum-v1"), np.float32(-0.5), np.float32(0.5))
    own = as_task(wrapped)
    assert own.scenario.env_id == ""
    assert [each.high for each in own.task.spec.actions] == [0.5]


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("CartPole-v1", "actions Discrete(2) are not continuous"),
        ("Pendulun-v1", "Did you mean: `Pendulum`"),
        ("no_such_module:Pendulum-v1", "cannot be made (No module named 'no_such_module'"),
        (gym.make_vec("Pendulum-v1", 2), "give a registered id, one gymnasium.Env"),
        (3, "as_task(3): give a registered id"),
        (int, "makes 0, which is no gymnasium.Env"),
        (Rover, "has no max_episode_steps: give horizon"),
        (lambda: Spaced(action=box(-np.inf, np.inf)), "are unbounded"),
        (lambda: Spaced(action=box(0.0, 0.0)), "have an empty range"),
        (lambda: Spaced(action=box(dtype=np.int64)), "are not continuous"),
        (lambda: Spaced(observation=spaces.Sequence(box())), "are not a fixed number of numbers"),
        (lambda: Spaced(observation=spaces.Text(5)), "are not a fixed number of numbers"),
        (lambda: Spaced(observation=box(size=513)), "observations have 513 numbers, and 1 to 512"),
    ],
)
def test_what_cannot_be_controlled_is_refused(env: Any, said: str) -> None:
    assert said in refusal(env)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (Careless, "Careless is not deterministic: step 1 of the episode with seed 0 led to another reward"),
        (
            Forgetful,
            "Forgetful is not deterministic: step 1 of the episode with seed 0 led to another reward",
        ),
        (lambda: Changed(Rover(), reward=np.nan), "step 1 of the episode with seed 0 gave reward = nan"),
        (lambda: Changed(Rover(), reward="much"), "gave reward = 'much': it has to be a finite number"),
        (
            lambda: Changed(Rover(), observation={"place": np.array([np.inf]), "speed": np.zeros(1)}),
            "step 1 of the episode with seed 0 observed inf as number 0",
        ),
        (lambda: Changed(Rover(), info={}), "has no info['margins']: put a dictionary with 'fuel' there"),
        (lambda: Changed(Rover(), info={"margins": {}}), "has no info['margins']['fuel']"),
        (lambda: Changed(Rover(), info={"margins": {"fuel": np.nan}}), "gave info['margins']['fuel'] = nan"),
    ],
)
def test_a_wrong_step_is_named(env: Any, said: str) -> None:
    assert said in refusal(env, horizon=6, margins=["fuel"])


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"horizon": 0}, "horizon = 0 is not allowed"),
        ({"discount": 1.0}, "discount = 1.0 is not allowed"),
        ({"horizon": 1, "discount": 0.9}, "discount = 0.9 with a horizon of 1, where nothing follows"),
        ({"country": "ATLANTIS"}, "unknown country 'ATLANTIS'"),
        ({"violation_limt": 0.1}, "unknown key 'violation_limt': did you mean 'violation_limit'?"),
        ({"observation_low": [0.0]}, "observation_low has 1 numbers and observation_high 0: give as many"),
        (
            {"observation_low": [0.0], "observation_high": [1.0]},
            "has 1 numbers, and WindyRover-v0 observes 2",
        ),
        ({"observation_low": [0.0] * 2, "observation_high": [0.0] * 2}, "observation 0 ranges from 0 to 0"),
        ({"action_names": ["push"]}, "action_names has 1 names, and WindyRover-v0 has 2 action numbers"),
        ({"margins": ["fuel", "fuel"]}, "margins has 'fuel' twice: give each a name of its own"),
        ({"margins": [{"name": "fuel", "scale": 0.0}]}, "scale = 0.0 is not allowed"),
        ({"kwargs": {"gust": None}}, "holds what no file keeps, such as None"),
        ({"kwargs": {"gusts": 1.0}}, "unexpected keyword argument 'gusts'"),
    ],
)
def test_a_wrong_value_is_refused(chosen: dict[str, Any], said: str) -> None:
    assert said in refusal(WINDY, **chosen)


def test_arguments_of_a_function_are_its_own() -> None:
    assert "let the function pass them on itself" in refusal(Rover, horizon=6, kwargs={"gust": 1.0})


def test_a_step_that_stands_alone_looks_no_further() -> None:
    task = as_task(Rover, horizon=1).task
    assert (task.spec.horizon, task.spec.objectives[0].discount) == (1, 0.0)
    states = task.reset(4, np.random.default_rng(0))
    assert task.step(states, np.zeros((4, 2)), np.random.default_rng(0)).ended.all()


def small(folder: Path, actor: str = "mlp", **chosen: Any) -> Run:
    own = as_task(WINDY, starts=8, **chosen)
    return train(folder, system=own.system, scenario=own.scenario, actor=actor, steps=640)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return small(tmp_path_factory.mktemp("plain") / "run")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One that tells all that it can: margins, carbon and energy."""
    making = {"name": "making", "kind": "embodied", "title": "making of the rover", "source": "guessed"}
    margin = {"name": "fuel", "unit": "l", "title": "fuel left", "scale": 1.5}
    return small(
        tmp_path_factory.mktemp("told") / "run",
        margins=[margin],
        carbon=["push", making],
        energy=True,
        country="fra",
        violation_limit=0.5,
        decision="move",
    )


def test_a_run_on_an_id_opens_again(plain: Run) -> None:
    again = Run.open(RunFolder.open(plain.folder.path))
    assert again.config.scenario == plain.config.scenario
    assert tomllib.loads((plain.folder.path / "config.toml").read_text())["system"] == "environment"
    placed = Places(countries={"grid": "DEU"}).put(again.config.system, again.config.scenario)
    assert placed.intensity_g_per_kwh == country_intensity_g_per_kwh("DEU")
    with pytest.raises(AgentError, match="site 'mars' is not grid"):
        Places(countries={"mars": "DEU"}).put(again.config.system, again.config.scenario)


def test_a_run_without_carbon_has_a_ledger_and_a_page(plain: Run) -> None:
    part = ledger_part(plain, Pricing((MCU,)), ["random"])
    for figures in (part.ledger.work, part.ledger.provisioned):
        assert figures.service == ()
        assert figures.service_mg.nominal == 0.0
        assert figures.accounts[MCU].agent_mg.nominal > 0.0
    assert [row.boundary for row in part.payback[MCU]] == ["provisioned", "work"]
    assert {(row.saving_mg.nominal, row.verdict) for row in part.payback[MCU]} == {(0.0, "never")}
    summary = summarise(plain)
    write_summary(plain, summary)
    page = render(summary, plain.folder.metrics())
    assert "WindyRover-v0: electricity as in the scenario" in page
    assert "The environment tells no carbon of its own" in page
    cost = held_out(plain.task).evaluate(noise_free(plain.saved.network)).cost
    assert summary.decided.cost_per_decision == pytest.approx(cost)
    assert optimality(summary) == f"On 8 held-out episodes the trained MLP costs {cost:.4g} reward per step."
    assert constraints(summary) == "It breaks a constraint in none of the 8."
    assert reproduce(summary) == (
        "neuro-aolo train --scenario FILE.toml --seed 0 --steps 640 --actor mlp --out DIR"
    )


def test_a_run_that_tells_all_is_booked_and_drawn(told: Run) -> None:
    part = ledger_part(told, Pricing((MCU,)), ["random", "0.5,1.5"])
    assert part.ledger.work.service == part.ledger.provisioned.service
    lines = {line.key: line for line in part.ledger.work.service}
    assert lines["making"].mg.nominal == pytest.approx(1_000.0)
    assert lines["making"].name == "making of the rover"
    assert part.ledger.intensity_g_per_kwh == country_intensity_g_per_kwh("FRA")
    assert set(part.ledger.provisioned.accounts[MCU].sci) == {"move"}
    push_j = part.ledger.work.service_energy_j
    assert lines["push"].mg.nominal == pytest.approx(push_j / 10.0 * 1e3)
    summary = summarise(told)
    (margin,) = summary.decided.margins
    assert (margin.title, margin.unit) == ("fuel left", "l")
    page = render(summary, told.folder.metrics())
    assert "WindyRover-v0: electricity of FRA" in page
    assert "fuel left" in page
    assert " mg CO₂e per move" in optimality(summary)
    rate = summary.decided.violation_rate
    assert rate == 0.0 or f"in {percent(rate)} of their moves; " in constraints(summary)


def test_a_spiking_actor_is_exported(tmp_path: Path) -> None:
    run = small(tmp_path / "run", "popsan")
    exported = export_run(run, ("nir", "onnx"), tmp_path / "run")
    assert {check.mismatches for check in exported.checks.values()} == {0}
    assert run.graph.actions == run.task.spec.actions


def test_a_run_on_a_function_opens_with_the_function_alone(tmp_path: Path) -> None:
    own = as_task(Rover, horizon=6, starts=8)
    run = train(tmp_path / "run", system=own.system, scenario=own.scenario, actor="mlp", steps=64)
    with pytest.raises(RunError, match=r"'as_task\(Rover\)\.system', which does not come with this package"):
        Run.open(RunFolder.open(run.folder.path))
    again = Run.open(RunFolder.open(run.folder.path, system=as_task(Rover, horizon=6).system))
    assert again.config.scenario == own.scenario
    assert "as_task(Rover).system" in reproduce(summarise(run))
    other = as_task("Pendulum-v1").system
    with pytest.raises(RunError, match="'environment' was given"):
        Run.open(RunFolder.open(run.folder.path, system=other))


def test_another_environment_under_the_same_name_is_refused() -> None:
    own = as_task(lambda: Rover(), horizon=6)
    other = as_task(lambda: gym.make("Pendulum-v1")).system
    with pytest.raises(ScenarioError, match="observes 3 numbers, and its scenario has 2"):
        other.task(own.scenario)


FILE = """
system = "environment"
env_id = "Pendulum-v1"
horizon = 5
starts = 4
grid_country = "DEU"

[kwargs]
g = 5.0
"""


def test_the_command_line_trains_on_a_file(tmp_path: Path, cli: Any) -> None:
    file, out = tmp_path / "pendulum.toml", tmp_path / "run"
    file.write_text(FILE)
    done = cli("train", "--scenario", file, "--actor", "mlp", "--steps", "200", "--out", out, "-q")
    assert (done.returncode, done.stderr) == (0, "")
    run = Run.open(RunFolder.open(out))
    assert run.config.scenario.kwargs == {"g": 5.0}
    assert run.config.scenario.intensity_g_per_kwh == country_intensity_g_per_kwh("DEU")
    for command in ("evaluate", "ledger"):
        done = cli(command, out)
        assert (done.returncode, done.stderr) == (0, "")
    again = tmp_path / "again.toml"
    again.write_text(run.config.scenario.to_toml())
    assert load(again).scenario == run.config.scenario


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('env_id = "Pendulum-v1"\nhorizn = 5', "unknown key 'horizn': did you mean 'horizon'?"),
        ("horizon = 5", 'env_id is missing: give a registered id, as env_id = "Pendulum-v1"'),
        ('env_id = "CartPole-v1"', "actions Discrete(2) are not continuous"),
        ('env_id = "Pendulum-v1"\ngrid_country = "XXX"', "grid_country: unknown country 'XXX'"),
        ('env_id = "Pendulum-v1"\nintensity_g_per_kwh = -1.0', "intensity_g_per_kwh = -1.0 is not allowed"),
        ('env_id = "Pendulum-v1"\nkwargs = {g = [1, "a"]}', "fails when it is run (TypeError: "),
        ('env_id = "Pendulum-v1"\nkwargs = {gravity = 1}', "cannot be made"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, cli: Any, line: str, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(f'system = "environment"\n{line}\n')
    done = cli("train", "--scenario", file, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert said in done.stderr
    assert str(file) in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_scenario_that_leaves_things_out_is_filled_in_alike() -> None:
    bare, whole = Scenario(env_id=WINDY), as_task(WINDY)
    assert whole.system.task(bare).spec == whole.task.spec  # type: ignore[arg-type]
