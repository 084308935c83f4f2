"""Settings of the learner of several objectives; see :mod:`neuro_aolo.agent.dime`."""

from dataclasses import asdict, dataclass, field
from typing import Literal

from neuro_aolo.agent.learner import Pace
from neuro_aolo.agent.preference import check_preference
from neuro_aolo.agent.sizes import check_settings, check_widths
from neuro_aolo.errors import AgentError

Combined = Literal["scalarised", "dime", "mo-mpo"]

_COUNTS = (
    ("total_steps", 1, 10**12),
    ("num_envs", 1, 10**6),
    ("batch_size", 1, 10**6),
    ("buffer_size", 1, 10**7),
    ("candidates", 2, 1_000),
    ("critic_updates", 1, 1_000),
    ("actor_batch_size", 1, 10**6),
    ("returns", 1, 1_000),
    ("warm_start", 0, 10**9),
    ("evaluate_every", 1, 10**12),
    ("validation_requests", 1, 10**7),
)
"""Settings that count something, the least and the most of each."""


@dataclass(frozen=True)
class DimeConfig:
    """Settings of the loop.

    Attributes:
        total_steps: states served in training, rounded up to a batch.
        num_envs: states served between two rounds of updates.
        combine: how the objectives' wishes become one policy. ``scalarised`` adds their costs by preference
            and takes what is best; ``dime`` takes what is best for each and mixes these by preference;
            ``mo-mpo`` mixes them evenly and lets each differ from uniform as far as its preference says.
        preference: weight of each objective, in units of their scales; the task's own where empty.
        candidates: K, evenly spaced, of each number of an action.
        returns: steps n whose costs are added up before an estimate follows, as far as no decision in between
            was drawn at random.
        exploration: shares of an action's numbers that are drawn uniformly; the copies of the task take
            turns. More at the beginning.
        batch_size: replayed decisions per update of the critic.
        buffer_size: decisions that the replay keeps.
        critic_updates: in a round.
        critic_hidden: neurons of each hidden layer of the critic's networks.
        critic_lr: Adam's step for the critic at the start.
        critic_lr_end: the same at the end; in between it falls geometrically.
        tau: soft update of the target network.
        divergence: how far, in nats, an objective's policy is from uniform in the mean at most; its
            temperature follows. At ``log(candidates)`` or above it becomes greedy.
        warm_start: updates in which the actor imitates the task's reference before all else; with 0 it
            learns by itself.
        actor_starts: share of the training before the actor's first update.
        actor_batch_size: replayed observations per update of the actor, one a round.
        actor_lr: Adam's step for the actor at the start.
        actor_lr_end: the same at the end.
        stake: what an actor's number costs beyond the best, in units of the objectives' scales, from where
            its likelihood counts in full; of the scalarised form alone. Where nothing is at stake nothing
            pulls.
        slope_weight: of what the actor's own decision costs by the critic, beside the likelihood of what is
            best; of the scalarised form alone, where a cost is one number.
        evaluate_every: rounds between two noise-free evaluations.
        validation_requests: starts of such an evaluation; drawn apart from all others.
        checkpoint_share: share of the task's violation limit that a checkpoint may use up.
    """

    total_steps: int = 786_432
    num_envs: int = 256
    combine: Combined = "dime"
    preference: tuple[float, ...] = field(default=())
    candidates: int = 21
    returns: int = 4
    exploration: tuple[float, ...] = (1.0, 0.2, 0.05, 0.05)
    batch_size: int = 1_024
    buffer_size: int = 600_000
    critic_updates: int = 2
    critic_hidden: tuple[int, ...] = (96, 96)
    critic_lr: float = 3e-3
    critic_lr_end: float = 4e-5
    tau: float = 0.02
    divergence: float = 3.0
    warm_start: int = 0
    actor_starts: float = 0.5
    actor_batch_size: int = 512
    actor_lr: float = 2e-3
    actor_lr_end: float = 4e-5
    stake: float = 0.3
    slope_weight: float = 1.0
    evaluate_every: int = 256
    validation_requests: int = 16
    checkpoint_share: float = 0.6

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        above_0 = ("critic_lr", "critic_lr_end", "actor_lr", "actor_lr_end", "tau", "stake")
        check_settings(asdict(self), _COUNTS, above_0, ("actor_starts",))
        check_widths("critic_hidden", self.critic_hidden)
        if not self.exploration or not all(0.0 <= share <= 1.0 for share in self.exploration):
            raise AgentError(
                f"exploration = {list(self.exploration)} is not allowed: give shares from 0 to 1"
            )
        check_preference(self.preference)
        if self.combine not in ("scalarised", "dime", "mo-mpo"):
            raise AgentError(f"combine = {self.combine!r} is none of scalarised, dime, mo-mpo")

    @property
    def rounds(self) -> int:
        """Batches of states served."""
        return -(-self.total_steps // self.num_envs)

    @property
    def updates(self) -> int:
        """Batches that the critic learns from."""
        return self.rounds * self.critic_updates

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
