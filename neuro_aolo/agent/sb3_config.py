"""Settings of Stable-Baselines3's SAC, TD3 and PPO, and the best of those that were tried."""

import math
from dataclasses import dataclass, fields
from typing import Literal

from neuro_aolo.agent.sdrl_config import Learnt, SDRLConfig
from neuro_aolo.agent.sizes import check_between, check_widths
from neuro_aolo.errors import AgentError

Algorithm = Literal["sac", "td3", "ppo"]

_COUNTS = (
    ("num_envs", 1, 10**6),
    ("rounds", 1, 10**6),
    ("passes", 1, 10**6),
    ("batch_size", 2, 10**6),
    ("buffer_size", 1, 10**7),
    ("learning_starts", 0, 10**12),
    ("policy_delay", 1, 10**6),
    ("validation_requests", 1, 10**7),
)


@dataclass(frozen=True)
class SB3Config:
    """Settings of one algorithm; what is not here is the library's default.

    What has a start and an end falls geometrically with the processor time that is spent.

    Attributes:
        num_envs: requests served at a time.
        rounds: of them, between two times of learning.
        passes: what is learnt from then. SAC and TD3: so many batches of the replay. PPO: so many passes over
            the requests since the last time.
        batch_size: requests of a batch.
        buffer_size: requests that the replay of SAC and TD3 keeps.
        learning_starts: requests that SAC and TD3 decide at random before they learn.
        policy_delay: updates of TD3's critics for one of its actor.
        hidden: neurons of each hidden layer, of actor and critics.
        lr: Adam's step at the start.
        lr_end: the same at the end.
        exploration: at the start. TD3: standard deviation of the noise on its actions. PPO: that of its
            policy, which is set and not learnt. SAC: weight of the entropy in its reward.
        exploration_end: the same at the end.
        objective: ``constraints`` for the reward of :mod:`neuro_aolo.agent.shaping`, which says of costs and
            slacks what our own learner is told; ``reward`` for the task's own over its scale.
        discount: weight of the next request's value, in [0, 1); with 0 the largest of the objectives' own,
            which is 0 where requests stand alone.
        penalty_weight: lambda of the shaped reward; the margins are our own learner's.
        margin_start: its delta at the start.
        margin_max: the largest delta.
        margin_aim: share of the task's violation limit that each constraint's margin is steered towards.
        validation_requests: requests of a noise-free evaluation, drawn apart from all others.
        checkpoint_share: share of the task's violation limit that the checkpoint kept may use up on them.
    """

    num_envs: int = 64
    rounds: int = 1
    passes: int = 1
    batch_size: int = 256
    buffer_size: int = SDRLConfig.buffer_size
    learning_starts: int = SDRLConfig.learning_starts
    policy_delay: int = 2
    hidden: tuple[int, ...] = (256, 256)
    lr: float = 1e-3
    lr_end: float = 1e-5
    exploration: float = 0.3
    exploration_end: float = 0.01
    objective: Learnt = "constraints"
    discount: float = 0.0
    penalty_weight: float = SDRLConfig.penalty_weight
    margin_start: float = SDRLConfig.margin_start
    margin_max: float = SDRLConfig.margin_max
    margin_aim: float = SDRLConfig.margin_aim
    validation_requests: int = SDRLConfig.validation_requests
    checkpoint_share: float = SDRLConfig.checkpoint_share

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        for name, least, most in _COUNTS:
            check_between(name, getattr(self, name), least, most)
        check_widths("hidden", self.hidden)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not 0.0 <= value < math.inf:
                raise AgentError(
                    f"{field.name} = {value:g} is not allowed: give a finite number of 0 or above"
                )
        for name in ("lr", "exploration"):
            start, end = getattr(self, name), getattr(self, f"{name}_end")
            if not 0.0 < end <= start:
                raise AgentError(
                    f"{name} = {start:g}, {name}_end = {end:g}: 0 < {name}_end <= {name} is needed"
                )
        if not self.discount < 1.0:
            raise AgentError(f"discount = {self.discount:g} must lie in [0, 1): lower it below 1")


TUNED: dict[str, SB3Config] = {
    "sac": SB3Config(
        batch_size=64, penalty_weight=10.0, lr=3e-3, lr_end=3e-5, exploration=0.1, exploration_end=1e-4
    ),
    "td3": SB3Config(batch_size=128, penalty_weight=10.0),
    "ppo": SB3Config(
        rounds=32,
        passes=10,
        hidden=(64, 64),
        penalty_weight=10.0,
        exploration=0.2,
        exploration_end=0.01,
    ),
}
"""Settings by algorithm: the best of the eight each that ``scripts/tune_rivals.py`` tried on ``mixed``, with
one seed and 120 s of processor time, on requests that no comparison sees:

========= ============== ======= ==========
algorithm setting        regret  violations
========= ============== ======= ==========
SAC       large steps    0.68 %  0.435 %
TD3       batches of 128 1.73 %  0.355 %
PPO       less noise     2.62 %  0.120 %
========= ============== ======= ==========

All 24 are in results/tuning."""
