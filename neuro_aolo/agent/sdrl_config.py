"""Settings of SDRL: the presets ``tuned`` and ``paper``; see :mod:`neuro_aolo.agent.sdrl`."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from neuro_aolo.agent.learner import Pace
from neuro_aolo.agent.sizes import check_between, check_widths
from neuro_aolo.errors import AgentError

Learnt = Literal["constraints", "reward"]
ActorBatch = Literal["served", "replayed"]
Decayed = Literal["spikes", "all"]

_COUNTS = (
    ("total_steps", 1, 10**12),
    ("num_envs", 1, 10**6),
    ("batch_size", 1, 10**6),
    ("buffer_size", 1, 10**7),
    ("learning_starts", 0, 10**12),
    ("actor_starts", 0, 10**12),
    ("evaluate_every", 1, 10**12),
    ("validation_requests", 1, 10**7),
)
"""Settings that count something, the least and the most of each: nothing else is allocated."""


@dataclass(frozen=True)
class SDRLConfig:
    """Settings of the loop; the defaults are the preset ``tuned``.

    Attributes:
        total_steps: requests served in training, rounded up to a batch.
        num_envs: requests served between two updates.
        batch_size: replayed requests per update.
        buffer_size: requests that the replay keeps. A short memory keeps the critics' data as close to the
            policy as the exploration noise, which is what resolves a constraint's edge.
        learning_starts: requests served before the critics' first update, at most half of those below.
        actor_starts: requests decided uniformly at random before the actor's first update, at most a tenth of
            all.
        bias_share: share of the training until which the actor moves its output bias alone. The best
            constant action first: on the way there a spiking population would be driven into silence or
            saturation, where no gradient reaches it.
        objective: ``constraints`` for (37'), ``reward`` for AOLO's regression of the reward.
        logits: explore on the scale of ``atanh(action)``, and show it to the critics. Else noise is added to
            the actions, which are then clipped.
        discount: weight of the next request's value, in [0, 1); with 0 each objective has its own. The usual
            value is 0.99; where the next request does not depend on the action, as in AOLO, 0 has the same
            optimum without the variance.
        penalty_weight: lambda of (37'), with costs in units of the objectives' scales. Any value above the
            cost's slope over the slack's has the same optimum.
        margin_start: delta of (37') at the start, in units of the task's slack.
        margin_max: the largest delta.
        margin_aim: share of the task's violation limit that each constraint's margin is steered towards;
            where an action names one of several things at most its part of the checkpoint's share.
        checkpoint_share: share of that limit which a checkpoint may use up on the validation requests: what
            is left covers that they are a sample, and that the best of many was taken.
        tau: soft update of the target networks.
        actor_lr: Adam's step for the actor at the start.
        actor_lr_end: the same at the end; in between it falls geometrically, as the noise does.
        actor_batch: ``served``: the actor learns from the requests that it has just served, and from the
            slacks measured of them, where these are ``batch_size`` or more; ``replayed``: from replayed ones,
            by the critics alone.
        averaged: share of the training that a mean of the last weights spans, which decides without noise and
            jitters less than any of them; with 0 the last ones do.
        output_decay: decoupled weight decay of the actor's output weights, in units of its step. A weight
            that no steady gradient holds up fades: it carries nothing but jitter into the decisions.
        decayed: ``spikes``: those weights fade where they read spikes, whose gradients scatter, and not in
            an MLP, which would decide worse close to the ends of a range; ``all``: in both.
        bias_lr: Adam's step while the output bias moves alone; with 0 the actor stands still meanwhile.
        critic_lr: Adam's step for the critics at the start.
        critic_lr_end: the same at the end.
        critic_hidden: neurons of each hidden layer of a critic.
        noise_start: standard deviation of the exploration noise at the start.
        noise_end: the same at the end; in between it falls geometrically.
        evaluate_every: rounds between two noise-free evaluations.
        validation_requests: requests of such an evaluation; drawn apart from all others.
    """

    total_steps: int = 800_000
    num_envs: int = 128
    batch_size: int = 64
    buffer_size: int = 60_000
    learning_starts: int = 2_560
    actor_starts: int = 12_800
    bias_share: float = 0.12
    objective: Learnt = "constraints"
    logits: bool = True
    discount: float = 0.0
    penalty_weight: float = 20.0
    margin_start: float = 0.02
    margin_max: float = 0.1
    margin_aim: float = 0.3
    checkpoint_share: float = 0.6
    tau: float = 0.005
    actor_lr: float = 2e-3
    actor_lr_end: float = 3e-5
    actor_batch: ActorBatch = "served"
    averaged: float = 0.04
    output_decay: float = 3.0
    decayed: Decayed = "spikes"
    bias_lr: float = 0.02
    critic_lr: float = 3e-3
    critic_lr_end: float = 1e-4
    critic_hidden: tuple[int, ...] = (128, 128)
    noise_start: float = 0.5
    noise_end: float = 0.003
    evaluate_every: int = 100
    validation_requests: int = 8_000

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        for name, least, most in _COUNTS:
            check_between(name, getattr(self, name), least, most)
        check_widths("critic_hidden", self.critic_hidden)
        for name, value in asdict(self).items():
            if isinstance(value, float) and not 0.0 <= value < math.inf:
                raise AgentError(f"{name} = {value} is not allowed: give a finite number of 0 or above")
        if self.buffer_size < self.num_envs:
            raise AgentError(
                f"buffer_size = {self.buffer_size} is below num_envs = {self.num_envs}: raise it to that"
            )
        if not 0.0 < self.noise_end <= self.noise_start:
            raise AgentError(
                f"noise_start = {self.noise_start}, noise_end = {self.noise_end}: "
                "0 < noise_end <= noise_start is needed"
            )
        for name in ("discount", "bias_share", "averaged"):
            value = getattr(self, name)
            if not 0.0 <= value < 1.0:
                raise AgentError(f"{name} = {value} must lie in [0, 1): lower it below 1")

    @property
    def random_requests(self) -> int:
        """Requests decided at random, before the actor learns."""
        return min(self.actor_starts, self.total_steps // 10)

    @property
    def critic_starts(self) -> int:
        """Requests served before the critics learn."""
        return min(self.learning_starts, self.random_requests // 2)

    @property
    def rounds(self) -> int:
        """Batches of requests served."""
        return -(-self.total_steps // self.num_envs)

    @property
    def learns_from_served(self) -> bool:
        """Whether what a round serves is what the actor learns from."""
        return self.actor_batch == "served" and self.num_envs >= self.batch_size

    @property
    def following(self) -> float:
        """Share of the way to the last weights that their mean moves at each update."""
        return 1.0 / max(self.averaged * self.rounds, 1.0)

    @property
    def updates(self) -> int:
        """Batches learnt from: there is one in every round but the first."""
        return self.rounds - self.critic_starts // self.num_envs

    @property
    def pace(self) -> Pace:
        """What the loop is told."""
        return Pace(
            rounds=self.rounds,
            num_envs=self.num_envs,
            evaluate_every=self.evaluate_every,
            validation_requests=self.validation_requests,
            checkpoint_share=self.checkpoint_share,
        )


PAPER = SDRLConfig(
    total_steps=10_000,
    num_envs=1,
    batch_size=256,
    buffer_size=1_000_000,
    bias_share=0.0,
    objective="reward",
    logits=False,
    discount=0.99,
    penalty_weight=10.0,
    actor_batch="replayed",
    averaged=0.0,
    output_decay=0.0,
    decayed="all",
    actor_lr=1e-4,
    actor_lr_end=1e-4,
    critic_lr=1e-3,
    critic_lr_end=1e-3,
    critic_hidden=(256, 256),
    evaluate_every=200,
    margin_aim=0.4,
    noise_start=0.1,
    noise_end=0.1,
)
"""The paper's settings as far as it prints them, else PopSAN's; its length of training is not printed."""
