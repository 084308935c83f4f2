"""AOLO-v0 for a batch of requests: the same equations, evaluated at once."""

from pathlib import Path

from neuro_aolo.systems.aolo.env import requests_of, resolve
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.request_env import RequestVectorEnv, check_agent_carbon


class AoloVectorEnv(RequestVectorEnv):
    """``num_envs`` copies of AOLO-v0 (see :class:`neuro_aolo.systems.aolo.env.AoloEnv`) served in one batch.

    Arguments are those of the single environment. All copies truncate together, after ``episode_length``
    requests, and reset within the same step: the returned observation opens the next episode, the last one
    of the old is in ``info["final_obs"]`` ``(num_envs, S)``. The values of ``info`` are arrays over the
    batch; they tell of the requests that the step served, at an episode's end too, where
    ``info["final_info"]`` repeats them. Resetting a part of the copies (``options["reset_mask"]``) is
    refused: requests are independent, so there is nothing to gain by it.
    """

    def __init__(
        self,
        num_envs: int = 1,
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
        requests = requests_of(self.scenario, agent_carbon_mg, oracle)
        super().__init__(requests, num_envs, episode_length, render_mode)
