"""AIGCOffload-v0: one image-generation task, or one round of them, at a time."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.offload.optimum import best
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import CONSTRAINTS, decode, observe, outcome, sample_states
from neuro_aolo.systems.offload.task import OffloadTask
from neuro_aolo.systems.request_env import RequestEnv, Requests, check_agent_carbon
from neuro_aolo.systems.task import Floats, Observations


class AIGCOffloadEnv(RequestEnv):
    """Choose the edge server, the denoising steps and the transmit power of an image, at the least carbon.

    ## Description

    A user uploads data over a radio link, one of several edge servers runs a diffusion model on it for so
    many denoising steps, and the image goes back. The servers differ in speed, power, cooling, in how good
    their models are after so many steps, in the carbon intensity of their grids and in the queues before
    them. For each task the agent chooses server, steps and transmit power, so that the task emits as little
    carbon as possible while the image is good enough, in time, and no long queue is joined.

    This is our reconstruction of a case that ["Generative AI for Low-Carbon Artificial Intelligence of
    Things with Large Language Models"](https://arxiv.org/abs/2404.18077) describes in words. None of its
    equations, parameters or results is known here, and nothing here reproduces them.

    ## Action Space

    The action is a `ndarray` which takes values in `[-1, 1]`, mapped affinely onto the scenario's box (values
    outside are clipped). In `offload` its shape is `(15,)`: three numbers for each of five servers, of which
    the one with the largest score serves, with its own steps and power.

    | Num       | Action                   | Min            | Max            |
    |-----------|--------------------------|----------------|----------------|
    | 0, 3, ... | Score of server 1, 2, ... | -1            | 1              |
    | 1, 4, ... | Its denoising steps      | -1 (1 step)    | 1 (250 steps)  |
    | 2, 5, ... | Its transmit power       | -1 (0.1 W)     | 1 (10 W)       |

    In `offload-selector` its shape is `(3,)`: one number in five equal bins names the server, and steps and
    power follow. With K users (`offload-shared`: 3) the actions of all stand side by side.

    ## Observation Space

    The observation is a `ndarray` with one value in `[-1, 1]` per component of the state, affine between the
    scenario's observed bounds: in `offload` 16 of them.

    | Num      | Observation                           | Min (-1) | Max (1)    | Drawn from |
    |----------|---------------------------------------|----------|------------|------------|
    | 0        | Data to upload                        | 4 Mbit   | 30 Mbit    | 4 to 30    |
    | 1        | Data to download                      | 5 Mbit   | 40 Mbit    | 5 to 40    |
    | 2        | Channel gain                          | 0.5      | 10         | 0.5 to 10  |
    | 3        | Deadline                              | 11 s     | 25 s       | 11 to 25   |
    | 4        | Wanted quality                        | 0.45     | 0.8        | 0.45 to 0.8 |
    | 5        | Carbon intensity at the user          | 0 g/kWh  | 1000 g/kWh | 100 to 500 |
    | 6 to 10  | Carbon intensity of each server       | 0 g/kWh  | 1000 g/kWh | 200 to 450 |
    | 11 to 15 | Queue in front of each server         | 0 s      | 8 s        | 0 to 8     |

    ## Rewards

    Minus the task's carbon in mg CO2e, less `agent_carbon_mg`, where quality, deadline and the longest queue
    are kept; else minus the scenario's penalty (1000 mg in `offload`). Of several users the sum: those who
    chose the same server share its time.

    `info` holds `carbon_mg` (also where a constraint is broken), `kept`, `margins` (each constraint's slack,
    at least 0 exactly where it holds, of the task that keeps it worst), each user's `server` (counted from
    0), `steps`, `power_w`, `quality` and `total_s`, the `state` that was served and, with `optimum=True`,
    `optimum_mg`: the carbon of the exact optimum, NaN where nothing keeps every constraint.

    ## Starting State

    The state is drawn from the scenario's ranges. `reset(options={"state": [...]})` sets it, in physical
    units. Where the scenario has traces of carbon intensity, the episode starts at a random hour and walks
    through the hours from there, `traces.requests_per_hour` tasks each.

    ## Episode End

    The next task is drawn independently of the action.

    1. Termination: never
    2. Truncation: after `episode_length` tasks

    ## Arguments

    | Parameter         | Type                        | Default     | Description                       |
    |-------------------|-----------------------------|-------------|-----------------------------------|
    | `scenario`        | **str**, **Path**, Scenario | `"offload"` | Name, `.toml` file, or Scenario   |
    | `countries`       | **dict**                    | `None`      | Countries by site                 |
    | `episode_length`  | **int**                     | `100`       | Tasks, or rounds, per episode     |
    | `agent_carbon_mg` | **float**                   | `0.0`       | Of deciding; off each task's reward |
    | `optimum`         | **bool**                    | `False`     | Put `optimum_mg` in `info`        |

    Countries are ISO 3166 alpha-3 codes by site: `server1` and on, and `user`.

    ```python
    >>> import gymnasium as gym
    >>> env = gym.make("neuro_aolo:AIGCOffload-v0", countries={"server1": "FRA", "user": "DEU"})
    ```

    ## Vectorized environment

    ```python
    >>> envs = gym.make_vec("neuro_aolo:AIGCOffload-v0", num_envs=64)
    ```

    ## Version History

    * v0: Initial version.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario = "offload",
        countries: dict[str, str] | None = None,
        episode_length: int = 100,
        agent_carbon_mg: float = 0.0,
        optimum: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.scenario = resolve(scenario, countries)
        self.agent_carbon_mg = check_agent_carbon(agent_carbon_mg)
        super().__init__(requests_of(self.scenario, agent_carbon_mg, optimum), episode_length, render_mode)


def resolve(scenario: str | Path | Scenario, countries: dict[str, str] | None) -> Scenario:
    """The scenario itself, or the one of that name or file, with countries fixed where given."""
    loaded = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    return loaded.with_countries(**countries) if countries else loaded


def requests_of(scenario: Scenario, agent_carbon_mg: float, optimum: bool) -> Requests:
    """What the environments serve; arguments as of :class:`AIGCOffloadEnv`."""
    spec, users = OffloadTask(scenario).spec, scenario.users.count
    numbers = len(spec.actions)

    def seen(states: Floats) -> Observations:
        return observe(scenario, states)[::users]

    def check(states: Floats) -> None:
        bounds = scenario.bounds
        for name, column, low, high in zip(
            scenario.state_names, states.T, bounds.domain_low, bounds.domain_high, strict=True
        ):
            wrong = column[(column < low) | (column > high)]
            if wrong.size:
                raise ServiceError(
                    f"{name} = {wrong[0]:g} is not allowed: it must lie in [{low:g}, {high:g}]"
                )

    def serve(states: Floats, actions: Any, rng: np.random.Generator) -> tuple[Floats, dict[str, Any]]:
        choice = decode(scenario, np.reshape(actions, (-1, numbers)))
        served = outcome(scenario, states, choice)
        paid = np.where(served.kept, served.carbon_mg + agent_carbon_mg, scenario.limits.penalty_mg)
        info: dict[str, Any] = {
            "carbon_mg": served.carbon_mg.sum(axis=1),
            "kept": served.kept.all(axis=1),
            "margins": dict(zip(CONSTRAINTS, served.margins.min(axis=1).T, strict=True)),
            "server": choice.server,
            "steps": choice.steps,
            "power_w": choice.power_w,
            "quality": served.quality,
            "total_s": served.total_s,
            "state": states.copy(),
        }
        if optimum:
            info["optimum_mg"] = best(scenario, states).carbon_mg
        return -paid.sum(axis=1), info

    return Requests(
        names=scenario.state_names,
        numbers=users * numbers,
        decided="the numbers of each user side by side",
        traces=scenario.traces,
        draw=partial(sample_states, scenario),
        observe=seen,
        check=check,
        serve=serve,
    )
