"""AIGCOffload-v0 for a batch of tasks: the same equations, evaluated at once."""

from pathlib import Path

from neuro_aolo.systems.offload.env import requests_of, resolve
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.request_env import RequestVectorEnv, check_agent_carbon


class AIGCOffloadVectorEnv(RequestVectorEnv):
    """``num_envs`` copies of AIGCOffload-v0, :class:`neuro_aolo.systems.offload.env.AIGCOffloadEnv`, in one.

    Arguments are those of the single environment. All copies truncate together, after ``episode_length``
    tasks, and reset within the same step: the returned observation opens the next episode, the last one of
    the old is in ``info["final_obs"]`` ``(num_envs, S)``. The values of ``info`` are arrays over the batch;
    they tell of the tasks that the step served, at an episode's end too, where ``info["final_info"]`` repeats
    them. Resetting a part of the copies (``options["reset_mask"]``) is refused: tasks are independent.
    """

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Scenario = "offload",
        countries: dict[str, str] | None = None,
        episode_length: int = 100,
        agent_carbon_mg: float = 0.0,
        optimum: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.scenario = resolve(scenario, countries)
        self.agent_carbon_mg = check_agent_carbon(agent_carbon_mg)
        requests = requests_of(self.scenario, agent_carbon_mg, optimum)
        super().__init__(requests, num_envs, episode_length, render_mode)
