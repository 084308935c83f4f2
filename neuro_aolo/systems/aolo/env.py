"""AOLO-v0: one request at a time."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import Outcome, observe, outcome, sample_states, scored, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.grid.trace import Walk
from neuro_aolo.systems.wording import shown

NDArray = np.ndarray[Any, np.dtype[np.float64]]
Observation = np.ndarray[Any, np.dtype[np.float32]]


class AoloEnv(gym.Env[Observation, Observation]):
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

    metadata = {"render_modes": []}  # noqa: RUF012 - the name and form are Gymnasium's

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
        self.observation_space, self.action_space = request_spaces(self.scenario)
        self.episode_length = check_episode_length(episode_length)
        self.agent_carbon_mg = check_agent_carbon(agent_carbon_mg)
        self.render_mode = render_mode
        self._with_oracle = oracle
        self._served = 0
        self._state: NDArray | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Draw the first request, or take it from ``options["state"]`` ``(S,)`` in physical units."""
        super().reset(seed=seed)
        self._served = 0
        self._walk = Walk(self.scenario.traces, 1, self.np_random)
        self._state = given_states(self.scenario, options, 1)
        if self._state is None:
            self._state = self._draw()
        return observe(self.scenario, self._state)[0], {"state": self._state[0].copy()}

    def step(self, action: Observation) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Serve the request with ``action`` ``(2,)`` in [-1, 1], and draw the next."""
        if self._state is None:
            raise ServiceError("step() before reset(): call reset() first")
        action = np.asarray(action)[None]
        charge, oracle = self.agent_carbon_mg, self._with_oracle
        served, info = serve(self.scenario, self._state, action, charge, oracle, self.np_random)
        single = {key: unbatched(value) for key, value in info.items()}
        self._served += 1
        self._state = self._draw()
        truncated = self._served >= self.episode_length
        return observe(self.scenario, self._state)[0], float(served.reward[0]), False, truncated, single

    def _draw(self) -> NDArray:
        return sample_states(self.scenario, 1, self.np_random, self._walk.next())


def resolve(scenario: str | Path | Scenario, dc: str | None, bs: str | None) -> Scenario:
    """The scenario itself, or the one of that name or file, with countries fixed where given."""
    loaded = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    return loaded.with_countries(dc, bs) if dc or bs else loaded


def request_spaces(scenario: Scenario) -> tuple[spaces.Space[Observation], spaces.Space[Observation]]:
    """Observation and action space of one request."""
    observation = spaces.Box(-1.0, 1.0, (len(scenario.state_names),), dtype=np.float32)
    return observation, spaces.Box(-1.0, 1.0, (2,), dtype=np.float32)


def check_episode_length(episode_length: int) -> int:
    """``episode_length`` itself, if an episode can have it."""
    if episode_length < 1:
        raise ServiceError(f"episode_length = {episode_length} is not allowed: it must be at least 1")
    return episode_length


def check_agent_carbon(agent_carbon_mg: float) -> float:
    """``agent_carbon_mg`` itself, if deciding can emit it."""
    if not 0.0 <= agent_carbon_mg < np.inf:
        raise ServiceError(
            f"agent_carbon_mg = {agent_carbon_mg:g} is not allowed: it must be finite and at least 0"
        )
    return agent_carbon_mg


def given_states(scenario: Scenario, options: dict[str, Any] | None, n: int) -> NDArray | None:
    """States ``(n, S)`` of ``options["state"]``, given as ``(S,)`` for all or ``(n, S)``; else None."""
    if not options or "state" not in options:
        return None
    names = scenario.state_names
    try:
        states = np.array(options["state"], dtype=np.float64)
    except (TypeError, ValueError):
        states = np.array(np.nan)
    if states.shape not in ((len(names),), (n, len(names))) or not np.isfinite(states).all():
        raise ServiceError(
            f'options["state"] = {shown(options["state"])} is not allowed: give finite numbers, '
            f"({len(names)},) or ({n}, {len(names)}): {', '.join(names)}"
        )
    states = np.array(np.broadcast_to(states, (n, len(names))))
    outcome(scenario, states, np.ones(n), np.ones(n))
    return states


def serve(
    scenario: Scenario,
    states: NDArray,
    actions: Any,
    agent_carbon_mg: float,
    with_oracle: bool,
    rng: np.random.Generator,
) -> tuple[Outcome, dict[str, Any]]:
    """Outcome of ``actions`` ``(n, 2)`` on ``states`` ``(n, S)``, and the ``info`` that tells of it."""
    if np.shape(actions) != (len(states), 2):
        raise ServiceError(
            f"actions of shape {np.shape(actions)} are not allowed: give {(len(states), 2)}, length and power"
        )
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
    if with_oracle:
        info["oracle_mg"] = oracle(scenario, states).cost_mg
    return served, info


def unbatched(value: Any) -> Any:
    """The first entry of a batched ``info`` value, as a plain number where it is one."""
    if isinstance(value, dict):
        return {key: unbatched(inner) for key, inner in value.items()}
    return value[0].item() if value.ndim == 1 else value[0]
