"""SDRL: off-policy deterministic policy gradients, one loop for every actor.

Requests are served with exploration noise that shrinks from start to end, remembered, and learnt from
(:mod:`neuro_aolo.agent.learner`); the checkpoint that does best without noise on requests of its own is kept.

References:
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, section V.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.critic import TwinCritic
from neuro_aolo.agent.evaluate import Evaluation, Requests, noise_free
from neuro_aolo.agent.learner import PAPER, Learner, SDRLConfig, geometric
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.snapshot import Snapshot, learner_state, restore_learner
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Task

__all__ = ["PAPER", "Metrics", "SDRLConfig", "Training", "train"]


@dataclass(frozen=True)
class Metrics:
    """One row of the learning curve.

    Attributes:
        requests: requests served so far.
        seconds: wall time so far.
        noise: standard deviation of the exploration noise.
        critic_loss: mean squared error of the critics since the last row, summed over what they estimate.
        training_reward: mean reward of the requests served since the last row, noise included.
        cost: mean noise-free cost on the validation requests.
        optimal_cost: mean optimum of the same.
        regret: regret on the same.
        violation_rate: violation rate on the same.
        best: whether this checkpoint is the best so far.
    """

    requests: int
    seconds: float
    noise: float
    critic_loss: float
    training_reward: float
    cost: float
    optimal_cost: float
    regret: float
    violation_rate: float
    best: bool


@dataclass
class Training:
    """What a training left behind.

    Attributes:
        actor: the best checkpoint, on the CPU.
        best: its evaluation on the validation requests.
        metrics: the learning curve.
        requests: requests served.
        interrupted: whether it was stopped before its end.
    """

    actor: nn.Module
    best: Evaluation
    metrics: list[Metrics]
    requests: int
    interrupted: bool


def train(
    task: Task,
    make_actor: Callable[[torch.Generator], nn.Module],
    config: SDRLConfig,
    seed: int,
    device: str = "cpu",
    on_metrics: Callable[[Metrics], None] | None = None,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    resume: Snapshot | None = None,
    toll: SpikeToll | None = None,
) -> Training:
    """Train an actor on ``task``; an interrupt from the keyboard ends it early with what there is.

    Args:
        task: what to control.
        make_actor: builds the untrained actor, drawing its weights from the generator.
        config: settings of the loop.
        seed: one seed for everything drawn at random.
        device: where the networks live, ``"cpu"`` or ``"cuda"``.
        on_metrics: called with every row of the learning curve.
        on_snapshot: called after it with the training as it stands.
        resume: a snapshot of a training with the same arguments, to go on from.
        toll: what spikes cost; checkpoints are then judged with it.

    Raises:
        AgentError: ``resume`` is of a training of another shape.
    """
    networks, exploration, replay, requests, validation = np.random.SeedSequence(seed).spawn(5)
    weights = _torch_generator(networks)
    actor = make_actor(weights).to(device)
    observations, actions = len(task.observation_names), len(task.action_names)
    constraints = len(task.constraint_names) if config.objective == "constraints" else 0
    columns = {"observation": observations, "action": actions, "outcome": 1 + constraints}
    if config.discount > 0.0:
        columns["next_observation"] = observations
    learner = Learner(
        actor=actor,
        critic=TwinCritic(
            observations, actions, config.critic_hidden, 1 + constraints, config.logits, weights
        ).to(device),
        replay=Replay(
            min(config.buffer_size, config.rounds * config.num_envs), columns, torch.device(device)
        ),
        config=config,
        generator=_torch_generator(replay),
        margins=torch.full((constraints,), config.margin_start, device=device),
        cost_scale=task.reward_scale,
        toll=toll,
    )
    rng = np.random.default_rng(requests)
    loop = _Loop(
        task=task,
        learner=learner,
        validation=Requests(task, config.validation_requests, validation),
        rng=rng,
        noise_rng=np.random.default_rng(exploration),
        states=task.reset(config.num_envs, rng),
        on_metrics=on_metrics or (lambda row: None),
        on_snapshot=on_snapshot or (lambda snapshot: None),
    )
    if resume is not None:
        loop.restore(resume)
    return loop.run()


@dataclass
class _Loop:
    """Serve requests, learn from them, keep the best checkpoint."""

    task: Task
    learner: Learner
    validation: Requests
    rng: np.random.Generator
    noise_rng: np.random.Generator
    states: Floats
    on_metrics: Callable[[Metrics], None]
    on_snapshot: Callable[[Snapshot], None]
    metrics: list[Metrics] = field(default_factory=list)
    best: Evaluation | None = None
    best_toll: float = 0.0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    rounds: int = 0
    served: int = 0
    seconds_before: float = 0.0
    losses: list[float] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)

    def run(self) -> Training:
        interrupted = False
        self.began = time.perf_counter()
        try:
            while self.rounds < self.learner.config.rounds:
                self._round()
        except KeyboardInterrupt:
            interrupted = True
        if self.best is None:
            self._checkpoint(self.learner.config.noise_start)
        assert self.best is not None
        actor = self.learner.actor
        actor.load_state_dict(self.best_weights)
        return Training(actor.cpu(), self.best, self.metrics, self.served, interrupted)

    def _round(self) -> None:
        config = self.learner.config
        progress = self.rounds / max(config.rounds - 1, 1)
        noise = geometric(config.noise_start, config.noise_end, progress)
        self._serve(noise)
        if self.served > config.critic_starts:
            self.losses.append(self.learner.update(progress, self.served))
        self.rounds += 1
        if self.rounds % config.evaluate_every == 0 or self.rounds == config.rounds:
            self._checkpoint(noise)
            self.on_snapshot(self.snapshot())

    def _serve(self, noise: float) -> None:
        """Decide a batch of requests with exploration and remember what came of it."""
        config, observations = self.learner.config, self.task.observe(self.states)
        shape = (len(self.states), len(self.task.action_names))
        if self.served < config.random_requests:
            actions = self.noise_rng.uniform(-1.0, 1.0, shape)
        else:
            actions = noise_free(self.learner.actor)(observations)
            actions = _explore(actions, noise * self.noise_rng.standard_normal(shape), config.logits)
        transition = self.task.step(self.states, actions, self.rng)
        if config.objective == "constraints":
            outcome = np.column_stack([transition.cost / self.task.reward_scale, transition.slack])
        else:
            outcome = -transition.reward[:, None] / self.task.reward_scale
        rows = {"observation": observations, "action": actions, "outcome": outcome}
        if config.discount > 0.0:
            rows["next_observation"] = self.task.observe(transition.next_states)
        self.learner.replay.add(**{name: torch.from_numpy(row) for name, row in rows.items()})
        self.states = transition.next_states
        self.served += len(self.states)
        self.rewards.append(float(transition.reward.mean()))

    def _checkpoint(self, noise: float) -> None:
        limit = self.learner.config.checkpoint_share * self.task.violation_limit
        actions = noise_free(self.learner.actor)(self.validation.observations)
        result = self.validation.evaluate(lambda observations: actions)
        toll = self._toll()
        better = self.best is None or _score(result, toll, limit) < _score(self.best, self.best_toll, limit)
        if better:
            self.best, self.best_toll = result, toll
            self.best_weights = copy.deepcopy(self.learner.actor.state_dict())
        row = Metrics(
            requests=self.served,
            seconds=self._seconds(),
            noise=noise,
            critic_loss=float(np.mean(self.losses)) if self.losses else float("nan"),
            training_reward=float(np.mean(self.rewards)) if self.rewards else float("nan"),
            cost=result.cost,
            optimal_cost=result.optimal_cost,
            regret=result.regret,
            violation_rate=result.violation_rate,
            best=better,
        )
        self.losses, self.rewards = [], []
        if len(self.learner.margins):
            # The next states are not used: any generator serves.
            slack = self.task.step(self.validation.states, actions, np.random.default_rng(0)).slack
            broken = torch.from_numpy((slack < 0.0).mean(axis=0))
            aim = self.learner.config.margin_aim * self.task.violation_limit
            self.learner.steer_margins(broken, aim)
        self.metrics.append(row)
        self.on_metrics(row)

    def _toll(self) -> float:
        """What the spikes of a noise-free validation pay, in units of the task's cost."""
        toll, actor = self.learner.toll, self.learner.actor
        if toll is None:
            return 0.0
        device = next(actor.parameters()).device
        return toll.cost(actor, torch.from_numpy(self.validation.observations[:_TOLLED]).to(device))

    def _seconds(self) -> float:
        return self.seconds_before + time.perf_counter() - self.began

    def snapshot(self) -> Snapshot:
        """The training as it stands, right after a checkpoint."""
        assert self.best is not None
        learner = learner_state(self.learner)
        best = {f"best.{name}": value for name, value in self.best_weights.items()}
        values = {
            "learner": learner.values,
            "metrics": [asdict(row) for row in self.metrics],
            "best": asdict(self.best),
            "best_toll": self.best_toll,
            "rounds": self.rounds,
            "served": self.served,
            "seconds": self._seconds(),
            "requests_rng": self.rng.bit_generator.state,
            "noise_rng": self.noise_rng.bit_generator.state,
        }
        return Snapshot({**learner.tensors, **best, "states": torch.from_numpy(self.states)}, values)

    def restore(self, snapshot: Snapshot) -> None:
        """Stand where a snapshot was taken.

        Raises:
            AgentError: it is of a training of another shape, or lacks something.
        """
        try:
            self._restore(snapshot)
        except (KeyError, ValueError, TypeError) as error:
            raise AgentError(f"the training in progress lacks a part ({error!r}): train anew") from None

    def _restore(self, snapshot: Snapshot) -> None:
        tensors, values = snapshot.tensors, snapshot.values
        restore_learner(self.learner, Snapshot(tensors, values["learner"]))
        self.best_weights = {
            name: tensors[f"best.{name}"].to(value) for name, value in self.learner.actor.state_dict().items()
        }
        self.states = tensors["states"].numpy()
        self.metrics = [Metrics(**row) for row in values["metrics"]]
        self.best = Evaluation(**values["best"])
        self.best_toll = values["best_toll"]
        self.rounds, self.served = values["rounds"], values["served"]
        self.seconds_before = values["seconds"]
        self.rng.bit_generator.state = values["requests_rng"]
        self.noise_rng.bit_generator.state = values["noise_rng"]


def _explore(actions: Floats, noise: Floats, logits: bool) -> Floats:
    """Noisy actions in [-1, 1]: on the scale of ``atanh`` with ``logits``, else clipped."""
    if not logits:
        return np.clip(actions + noise, -1.0, 1.0)
    return np.tanh(np.arctanh(np.clip(actions, -_LARGEST, _LARGEST)) + noise)


def _score(result: Evaluation, toll: float, violation_limit: float) -> tuple[float, float]:
    """The evaluation's own sort key, with the toll as a part of the cost."""
    excess, regret = result.score(violation_limit)
    return excess, regret + toll / result.optimal_cost if toll else regret


_LARGEST = 1.0 - 1e-6
_TOLLED = 1_024
"""Validation requests whose spikes are counted."""


def _torch_generator(sequence: np.random.SeedSequence) -> torch.Generator:
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0] >> 1))
