"""AOLO-v0: one request at a time."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.systems.aolo.oracle import oracle as exact
from neuro_aolo.systems.aolo.request import observe, outcome, sample_states, scored, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.request_env import RequestEnv, Requests, check_agent_carbon

NDArray = np.ndarray[Any, np.dtype[np.float64]]


class AoloEnv(RequestEnv):
    """Choose the length and the transmit power of a language model's answers, at the least carbon.

    ## Description

    A wireless service answers requests with a large language model: GPUs in a data centre generate the
    answer, a base station sends it over a Nakagami-m fading channel. For each request the agent chooses the
    length of the answer and the transmit power, so that the request emits as little carbon as possible while
    the answer is good enough, in time, and within the energy limit. The model is that of
    ["AOLO: Analysis and Optimization For Low-Carbon Oriented Wireless Large Language Model
    Services"](https://arxiv.org/abs/2503.04418).

    ## Action Space

    The action is a `ndarray` with shape `(2,)` which takes values in `[-1, 1]`, mapped affinely onto the
    scenario's box (values outside are clipped). For the `paper` scenario:

    | Num | Action           | Min       | Max          |
    |-----|------------------|-----------|--------------|
    | 0   | Length of answer | -1 (1 word) | 1 (1000 words) |
    | 1   | Transmit power   | -1 (0.1 W)  | 1 (60 W)       |

    ## Observation Space

    The observation is a `ndarray` with one value in `[-1, 1]` per component of the state, affine between the
    scenario's observed bounds. States are drawn from ranges inside these bounds. For the `paper` scenario:

    | Num | Observation                         | Min (-1)   | Max (1)      | Drawn from   |
    |-----|-------------------------------------|------------|--------------|--------------|
    | 0   | Nakagami shape m                    | 2          | 12           | 2 to 12      |
    | 1   | Nakagami spread Omega = E[h^2]      | 0.1        | 10           | 0.1 to 10    |
    | 2   | Bandwidth                           | 15 MHz     | 25 MHz       | 15 to 25 MHz |
    | 3   | Carbon intensity of the data centre | 0 g/kWh    | 1400 g/kWh   | 100 to 300   |
    | 4   | Carbon intensity at the station     | 0 g/kWh    | 1400 g/kWh   | 200 to 600   |

    The number of components belongs to the scenario (`scenario.state_names`).

    ## Rewards

    Minus the request's carbon in mg CO2e, less the scenario's price of quality and `agent_carbon_mg`, where
    every constraint holds: quality, energy, inference time, mean transmission time, power. Where one is
    broken, minus the scenario's penalty (100 mg in `paper`). In scenarios with `prompts` quality is no
    constraint, and reward, `cost_mg` and `score` are those of one noisy score.

    `info` holds `carbon_mg` (of infeasible actions too), `cost_mg`, `feasible`, `margins` (each constraint's
    slack, at least 0 exactly where it holds), the answer's `score`, the applied `words` and `power_w`, the
    `state` that was served
    and, with `oracle=True`, `oracle_mg`: the cost of the exact optimum, NaN where no action is feasible.

    ## Starting State

    The state is drawn from the scenario's ranges. `reset(options={"state": [m, Omega, B_hz, CI_DC, CI_L]})`
    sets it, in physical units. Where the scenario has traces of carbon intensity, the episode starts at a
    random hour and walks through the hours from there, `traces.requests_per_hour` requests each.

    ## Episode End

    The next request is drawn independently of the action.

    1. Termination: never
    2. Truncation: after `episode_length` requests

    ## Arguments

    | Parameter         | Type                        | Default   | Description                        |
    |-------------------|-----------------------------|-----------|------------------------------------|
    | `scenario`        | **str**, **Path**, Scenario | `"paper"` | Name, `.toml` file, or Scenario    |
    | `dc_country`      | **str**                     | `None`    | Fixes the data centre's carbon     |
    | `bs_country`      | **str**                     | `None`    | Fixes the base station's carbon    |
    | `episode_length`  | **int**                     | `100`     | Requests per episode               |
    | `agent_carbon_mg` | **float**                   | `0.0`     | Of deciding; taken off each reward |
    | `oracle`          | **bool**                    | `False`   | Put `oracle_mg` in `info`          |

    Countries are ISO 3166 alpha-3 codes. `agent_carbon_mg` is the caller's: the environment knows no device,
    and does not read the scenario's `deployment`.

    ```python
    >>> import gymnasium as gym
    >>> env = gym.make("neuro_aolo:AOLO-v0", dc_country="DEU", bs_country="FRA")
    ```

    ## Vectorized environment

    ```python
    >>> envs = gym.make_vec("neuro_aolo:AOLO-v0", num_envs=64)
    ```

    ## Version History

    * v0: Initial version.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario = "paper",
        dc_country: str | None = None,
        bs_country: str | None = None,
        episode_length: int = 100,
        agent_carbon_mg: float = 0.0,
        oracle: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.scenario = resolve(scenario, dc_country, bs_country)
        self.agent_carbon_mg = check_agent_carbon(agent_carbon_mg)
        super().__init__(requests_of(self.scenario, agent_carbon_mg, oracle), episode_length, render_mode)


def resolve(scenario: str | Path | Scenario, dc: str | None, bs: str | None) -> Scenario:
    """The scenario itself, or the one of that name or file, with countries fixed where given."""
    loaded = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    return loaded.with_countries(dc, bs) if dc or bs else loaded


def requests_of(scenario: Scenario, agent_carbon_mg: float, oracle: bool) -> Requests:
    """What the environments serve; arguments as of :class:`AoloEnv`."""

    def check(states: NDArray) -> None:
        outcome(scenario, states, np.ones(len(states)), np.ones(len(states)))

    def serve(states: NDArray, actions: Any, rng: np.random.Generator) -> tuple[NDArray, dict[str, Any]]:
        words, power_w = to_physical(scenario, actions)
        expected = outcome(scenario, states, words, power_w, agent_carbon_mg)
        served = scored(scenario, expected, words, rng)
        info: dict[str, Any] = {
            "carbon_mg": served.carbon_mg,
            "cost_mg": served.cost_mg,
            "feasible": served.feasible,
            "margins": served.margins,
            "score": served.score,
            "words": words,
            "power_w": power_w,
            "state": states.copy(),
        }
        if oracle:
            info["oracle_mg"] = exact(scenario, states).cost_mg
        return served.reward, info

    return Requests(
        names=scenario.state_names,
        numbers=2,
        decided="length and power",
        traces=scenario.traces,
        draw=partial(sample_states, scenario),
        observe=partial(observe, scenario),
        check=check,
        serve=serve,
    )
