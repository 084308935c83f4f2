"""EmissionsPerBit-v0: one cell, hour by hour through a week."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.task import Decided, EmissionsPerBitTask
from neuro_aolo.systems.task import Floats, Observations, Transition


class EmissionsPerBitEnv(gym.Env[Observations, Observations]):
    """Run the servers of a radio cell on solar power, batteries and the grid, at the least carbon per bit.

    ## Description

    The users of a radio cell send bits to four servers, which process each with millions of operations. Each
    hour the agent decides how fast the servers compute, and whether their batteries are charged from the
    grid, left alone, or discharged; the sun serves all loads alike, and its surplus fills the batteries.
    Carbon, energy and delay are to be small. The model is that of ["Next-Generation Sustainable Wireless
    Systems: Energy Efficiency Meets Environmental Impact"](https://arxiv.org/abs/2509.02395), with batteries
    that keep account of the carbon that came in with their energy.

    ## Action Space

    The action is a `ndarray` with shape `(8,)` which takes values in `[-1, 1]` (values outside are clipped):
    two numbers of each server, one server after the other.

    | Num  | Action  | Min                                    | Max                                         |
    |------|---------|----------------------------------------|---------------------------------------------|
    | 2k   | Storage | -1 (discharge all that the load needs) | 1 (fill the battery's room from the grid)   |
    | 2k+1 | Effort  | -1 to 0 (GPU at 10 GHz)                | 1 (GPU at 12 GHz, and the CPU beside it)    |

    With `interface.actions = "storage"` it is the first of each, shape `(4,)`, and the effort is the one at
    which energy and delay cost least in the slot.

    With `scenario="emissions-per-bit-full"` it is every freedom of the paper, shape `(39,)`: seven numbers of
    each server, a share of each user, and the level of transmit power.

    | Num   | Action                                               | Min (-1) | Max (1) |
    |-------|------------------------------------------------------|----------|---------|
    | 7k    | Share of the sun, scaled down where all exceed it    | 0        | 1       |
    | 7k+1  | Share of that for the battery                        | 0        | 1       |
    | 7k+2  | Share of the battery's room, charged from the grid   | 0        | 1       |
    | 7k+3  | Share of the battery discharged, as the load needs   | 0        | 1       |
    | 7k+4  | Clock of the CPU                                     | 2 GHz    | 3 GHz   |
    | 7k+5  | Clock of the GPU                                     | 10 GHz   | 12 GHz  |
    | 7k+6  | Part of the work that the CPU does                   | 0        | 1       |
    | 28-37 | Transmit power of each user, of all                  | 0        | 1       |
    | 38    | Level of transmit power                              | 0        | 1 W     |

    ## Observation Space

    The observation is a `ndarray` with shape `(48,)` and values in `[-1, 1]`, affine between the bounds and
    clipped: twelve numbers of each server, one server after the other. The last six are the same for all.

    | Num    | Observation                                       | Min (-1)          | Max (1)         |
    |--------|---------------------------------------------------|-------------------|-----------------|
    | 12k    | Energy in the battery                             | 0 kWh             | 2 kWh           |
    | 12k+1  | Carbon of that energy                             | 0 g/kWh           | 2 x grid's mean |
    | 12k+2  | Packets of a user per second                      | 0                 | 30              |
    | 12k+3  | Operations per bit                                | 2.5 MFLOP         | 17.5 MFLOP      |
    | 12k+4  | Users                                             | 0                 | 4               |
    | 12k+5  | Load: work that arrives over what 10 GHz can do   | 0                 | 1.5             |
    | 12k+6  | What the sun offers                               | 0 kWh             | 1 kWh           |
    | 12k+7  | Carbon intensity of the grid                      | 2/3 of its mean   | 4/3 of its mean |
    | 12k+8  | Sine of the hour of the day                       | -1                | 1               |
    | 12k+9  | Cosine of the hour of the day                     | -1                | 1               |
    | 12k+10 | Mean energy in a battery                          | 0 kWh             | 2 kWh           |
    | 12k+11 | Mean load                                         | 0                 | 1               |

    With `interface.observations = "flat"` it is the first six of each server, the last six once, and the
    variance of each user's channel (0.8 to 1.2), shape `(40,)`; with `"paper"`, the carbon of each server's
    last slot and the channels, shape `(14,)`. With `interface.forecast_hours` the grid's intensity of the
    hours to come is added, as it will be, with the bounds of the present one: to each server's, or at the
    end.

    ## Rewards

    A vector, `reward_space` of shape `(3,)`, as [MO-Gymnasium](https://mo-gymnasium.farama.org) has it,
    larger is better; a scalar by `mo_gymnasium.wrappers.LinearReward(env, weight=...)`. Each is near -1:

    | Num | Reward | Minus                                                                            |
    |-----|--------|----------------------------------------------------------------------------------|
    | 0   | Carbon | What the slot's energy emitted at its source, over that of a typical slot on the |
    |     |        | grid; shaped: energy put into a battery is credited, energy taken out charged    |
    | 1   | Energy | Energy per offered bit over 200 uJ, and 2 x the share of packets that are lost   |
    | 2   | Delay  | Mean over the servers of their delay over 0.2 s, at most 10                      |

    Lost packets are charged in the first, too: 1000 g for a server's slot in which all are lost. Shaping
    leaves the best policy the best at a discount of 0.995. `interface.objective` puts the metric S of the
    paper in place of the first: `"avoided"` repaired, or `"printed"`, which rewards use of the grid;
    `"renewable"`, the share of the energy used that came from the sun, at once or through a battery.
    `interface.battery_carbon = "constant"`, the carbon of the paper's equation (11), not shaped.

    `info` holds, of each server, shape `(4,)`: `source_g`, emitted where the slot's energy came from;
    `carbon_g`, of what was used; `energy_j`, `delay_s`, `bits` and `drop_share` of the slot; `battery_j`,
    what is stored after it. `rewards` `(4, 3)` are the parts of the reward that each server's own decision
    causes: they add up to it. `state` is the row that was served.

    ## Starting State

    A midnight of the grid's clock, with batteries filled from the sun to 5 %. Demand, channels, work per bit
    and clouds of each slot are drawn whatever the actions are: the same seed gives the same week to every
    policy.

    ## Episode End

    1. Termination: never
    2. Truncation: after the scenario's `time.slots`, 168

    ## Arguments

    | Parameter      | Type                        | Default               | Description                     |
    |----------------|-----------------------------|-----------------------|---------------------------------|
    | `scenario`     | **str**, **Path**, Scenario | `"emissions-per-bit"` | Name, `.toml` file, or Scenario |
    | `grid_country` | **str**                     | `None`                | Fixes the grid's carbon         |

    Countries are ISO 3166 alpha-3 codes.

    ```python
    >>> import gymnasium as gym
    >>> env = gym.make("neuro_aolo:EmissionsPerBit-v0", grid_country="DEU")
    ```

    ## Vectorized environment

    ```python
    >>> envs = gym.make_vec("neuro_aolo:EmissionsPerBit-v0", num_envs=64)
    ```

    ## Version History

    * v0: Initial version.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - the name and form are Gymnasium's

    def __init__(
        self,
        scenario: str | Path | Scenario = "emissions-per-bit",
        grid_country: str | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.scenario = resolve(scenario, grid_country)
        self.task = EmissionsPerBitTask(self.scenario)
        self.observation_space, self.action_space, self.reward_space = cell_spaces(self.task)
        self.render_mode = render_mode
        self._states: Floats | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Begin a week; there are no ``options``."""
        super().reset(seed=seed)
        self._states = self.task.reset(1, self.np_random)
        return joint(self.task, self._states)[0], {"state": self._states[0].copy()}

    def step(self, action: Observations) -> tuple[Observations, Floats, bool, bool, dict[str, Any]]:
        """Decide a slot by ``action`` in [-1, 1], and draw the next; the reward is a vector ``(3,)``."""
        if self._states is None:
            raise ServiceError("step() before reset(): call reset() first")
        transition, reward, info = served(self.task, self._states, np.asarray(action)[None], self.np_random)
        self._states = transition.next_states
        single = {key: value[0] for key, value in info.items()}
        return joint(self.task, self._states)[0], reward[0], False, bool(transition.ended[0]), single


def resolve(scenario: str | Path | Scenario, grid_country: str | None) -> Scenario:
    """The scenario itself, or the one of that name or file, with the grid's country fixed where given."""
    loaded = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    return loaded.with_countries(grid_country) if grid_country else loaded


def cell_spaces(
    task: EmissionsPerBitTask,
) -> tuple[spaces.Space[Observations], spaces.Space[Observations], spaces.Box]:
    """Observations, actions and rewards of a whole cell."""
    spec = task.spec
    seen, decided = (spec.agents * len(each) for each in (spec.observations, spec.actions))
    rewards = spaces.Box(-np.inf, np.inf, (len(spec.objectives),), dtype=np.float64)
    observation: spaces.Space[Observations] = spaces.Box(-1.0, 1.0, (seen,), dtype=np.float32)
    action: spaces.Space[Observations] = spaces.Box(-1.0, 1.0, (decided,), dtype=np.float32)
    return observation, action, rewards


def joint(task: EmissionsPerBitTask, states: Floats) -> Observations:
    """What is seen of each cell, ``(N, D)``, all servers' numbers together."""
    return task.observe(states).reshape(len(states), -1)


def served(
    task: EmissionsPerBitTask, states: Floats, actions: Any, rng: np.random.Generator
) -> tuple[Transition, Floats, dict[str, Any]]:
    """What joint actions ``(N, A)`` lead to, the rewards ``(N, 3)``, and the ``info`` that tells of it.

    Raises:
        ServiceError: the actions are of another shape, or not finite.
    """
    spec = task.spec
    shape = (len(states), spec.agents * len(spec.actions))
    numbers = np.asarray(actions)
    if numbers.shape != shape or numbers.dtype.kind not in "fiu" or not np.isfinite(numbers).all():
        raise ServiceError(
            f"actions of shape {numbers.shape} are not allowed: give {shape} finite numbers in [-1, 1]"
        )
    decided = task.decide(states, numbers.reshape(-1, len(spec.actions)).astype(np.float64))
    transition = task.follow(states, decided, rng)
    scales = np.array([objective.scale for objective in spec.objectives])
    return transition, -transition.costs / scales, _told(decided, scales, states)


def _told(decided: Decided, scales: Floats, states: Floats) -> dict[str, Any]:
    service, sourced = decided.service, decided.sourced
    return {
        "source_g": sourced.source_g,
        "carbon_g": sourced.carbon_g,
        "energy_j": service.energy_j,
        "delay_s": service.delay_s,
        "bits": service.bits,
        "drop_share": service.drop_share,
        "battery_j": sourced.batteries.energy_j,
        "rewards": -decided.costs / scales,
        "state": states.copy(),
    }
