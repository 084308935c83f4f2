"""Settings of the learner that learns from what its own policy meets; see :mod:`neuro_aolo.agent.ppo`."""

from dataclasses import asdict, dataclass, field

from neuro_aolo.agent.learner import Pace
from neuro_aolo.agent.preference import check_preference
from neuro_aolo.agent.sizes import check_settings, check_widths

_COUNTS = (
    ("total_steps", 1, 10**12),
    ("num_envs", 1, 10**6),
    ("rollout", 1, 100_000),
    ("epochs", 1, 1_000),
    ("batch_size", 1, 10**6),
    ("warm_start", 0, 10**9),
    ("evaluate_every", 1, 10**12),
    ("validation_requests", 1, 10**7),
)
"""Settings that count something, the least and the most of each."""


@dataclass(frozen=True)
class PPOConfig:
    """Settings of the loop.

    Attributes:
        total_steps: states served in training, rounded up to a batch.
        num_envs: states served side by side.
        rollout: batches of states between two rounds of updates.
        epochs: how often an update goes through them.
        batch_size: states per step of Adam.
        clip: how far the likelihood of a decision may move from its ratio of 1 and still be rewarded.
        gae_lambda: how much of what was met counts, against what the critic expects; 1 is all.
        preference: weight of each objective, in units of their scales; the task's own where empty.
        std: standard deviation of the exploration noise at the start, of actions in [-1, 1].
        std_end: the same at the end; in between it falls geometrically.
        critic_hidden: neurons of each hidden layer of the critic.
        critic_lr: Adam's step for the critic at the start.
        critic_lr_end: the same at the end; in between it falls geometrically.
        actor_lr: Adam's step for the actor at the start.
        actor_lr_end: the same at the end.
        warm_start: updates in which the actor imitates the task's reference before all else; with 0 it
            learns by itself.
        actor_starts: share of the training in which the critic learns alone.
        evaluate_every: batches between two noise-free evaluations.
        validation_requests: starts of such an evaluation; drawn apart from all others.
        checkpoint_share: share of the task's violation limit that a checkpoint may use up.
    """

    total_steps: int = 1_572_864
    num_envs: int = 64
    rollout: int = 24
    epochs: int = 2
    batch_size: int = 512
    clip: float = 0.2
    gae_lambda: float = 0.8
    preference: tuple[float, ...] = field(default=())
    std: float = 0.5
    std_end: float = 0.08
    critic_hidden: tuple[int, ...] = (96, 96)
    critic_lr: float = 3e-3
    critic_lr_end: float = 5e-5
    actor_lr: float = 3e-3
    actor_lr_end: float = 5e-5
    warm_start: int = 0
    actor_starts: float = 0.0
    evaluate_every: int = 768
    validation_requests: int = 16
    checkpoint_share: float = 0.6

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        above_0 = ("critic_lr", "critic_lr_end", "actor_lr", "actor_lr_end", "std", "std_end", "clip")
        check_settings(asdict(self), _COUNTS, above_0, ("gae_lambda", "actor_starts"))
        check_widths("critic_hidden", self.critic_hidden)
        check_preference(self.preference)

    @property
    def rounds(self) -> int:
        """Batches of states served."""
        return -(-self.total_steps // self.num_envs)

    @property
    def updates(self) -> int:
        """Steps of Adam of the critic."""
        batches = -(-self.rollout * self.num_envs // self.batch_size)
        return self.rounds // self.rollout * self.epochs * batches

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
