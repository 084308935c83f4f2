"""Serve, remember, learn, validate, keep, resume: one loop for every learner.

A batch of states is decided with exploration, what comes of it is remembered, and the learner updates; from
time to time the actor decides without noise from starts of its own, and the checkpoint that does best there
is kept. Where episodes end the next one begins; each batch is one decision of each.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor

from neuro_aolo.agent.evaluate import Evaluation, Requests, noise_free
from neuro_aolo.agent.learner import Learner, Metrics, Pace, Seeds, Training
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Task


def learn(
    task: Task,
    learner: Learner,
    pace: Pace,
    seeds: Seeds,
    on_metrics: Callable[[Metrics], None] | None = None,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    resume: Snapshot | None = None,
    is_due: Callable[[], bool] | None = None,
) -> Training:
    """Let ``learner`` learn ``task``; an interrupt from the keyboard ends it early with what there is.

    Args:
        task: what to control.
        learner: what learns; its actor is left with the best weights.
        pace: how long, and how it is judged.
        seeds: of requests, exploration and validation.
        on_metrics: called with every row of the learning curve.
        on_snapshot: called after it, and whenever ``is_due``, with the training as it stands.
        resume: a snapshot of a training with the same arguments, to go on from.
        is_due: asked after every round whether a snapshot is wanted.

    Raises:
        AgentError: ``resume`` is of a training of another shape, or the task's episodes do not end.
    """
    rng = np.random.default_rng(seeds.requests)
    loop = _Loop(
        task=task,
        learner=learner,
        pace=pace,
        validation=Requests(task, task.spec.starts(pace.validation_requests), seeds.validation),
        rng=rng,
        noise_rng=np.random.default_rng(seeds.exploration),
        states=task.reset(pace.num_envs, rng),
        on_metrics=on_metrics or (lambda row: None),
        on_snapshot=on_snapshot or (lambda snapshot: None),
        is_due=is_due or (lambda: False),
    )
    if resume is not None:
        loop.restore(resume)
    return loop.run()


def learning_curve(snapshot: Snapshot) -> list[Metrics]:
    """The rows so far of a training in progress.

    Raises:
        AgentError: it has none.
    """
    try:
        return [Metrics(**row) for row in snapshot.values["metrics"]]
    except (KeyError, TypeError) as error:
        raise AgentError(f"the training in progress has no learning curve ({error!r}): train anew") from None


@dataclass
class _Loop:
    """Serve states, learn from them, keep the best checkpoint."""

    task: Task
    learner: Learner
    pace: Pace
    validation: Requests
    rng: np.random.Generator
    noise_rng: np.random.Generator
    states: Floats
    on_metrics: Callable[[Metrics], None]
    on_snapshot: Callable[[Snapshot], None]
    is_due: Callable[[], bool]
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
        self.observations = self.task.observe(self.states)
        try:
            while self.rounds < self.pace.rounds:
                self._round()
        except KeyboardInterrupt:
            interrupted = True
        if self.best is None:
            self._checkpoint(0.0)
        assert self.best is not None
        actor = self.learner.actor
        actor.load_state_dict(self.best_weights)
        return Training(actor.cpu(), self.best, self.metrics, self.served, interrupted)

    def _round(self) -> None:
        progress = self.rounds / max(self.pace.rounds - 1, 1)
        self._serve(progress)
        loss = self.learner.update(progress, self.served)
        if loss is not None:
            self.losses.append(loss)
        self.rounds += 1
        is_evaluated = self.rounds % self.pace.evaluate_every == 0 or self.rounds == self.pace.rounds
        if is_evaluated:
            self._checkpoint(progress)
        is_due = self.is_due()
        if is_evaluated or is_due:
            self.on_snapshot(self.snapshot())

    def _serve(self, progress: float) -> None:
        """Decide a batch of states with exploration, remember what came of it, and go on from there."""
        actions = self.learner.explore(self.observations, progress, self.served, self.noise_rng)
        transition = self.task.step(self.states, actions, self.rng)
        states, ended = transition.next_states, transition.ended
        following = self.task.observe(states)
        self.learner.remember(self.observations, actions, transition, following)
        self.served += len(states)
        self.rewards.append(float(transition.reward.mean()))
        if ended.any():
            states = states.copy()
            states[ended] = self.task.reset(int(ended.sum()), self.rng)
            following = self.task.observe(states)
        self.states, self.observations = states, following

    def _checkpoint(self, progress: float) -> None:
        limit = self.pace.checkpoint_share * self.task.spec.violation_limit
        decided = self.validation.rollout(noise_free(self.learner.actor))
        result = self.validation.measure(decided)
        toll = self.learner.judge(decided)
        better = self.best is None or result.score(limit, toll) < self.best.score(limit, self.best_toll)
        if better:
            self.best, self.best_toll = result, toll
            self.best_weights = copy.deepcopy(self.learner.actor.state_dict())
        row = Metrics(
            requests=self.served,
            seconds=self._seconds(),
            noise=self.learner.noise(progress),
            critic_loss=float(np.mean(self.losses)) if self.losses else float("nan"),
            training_reward=float(np.mean(self.rewards)) if self.rewards else float("nan"),
            cost=result.cost,
            optimal_cost=result.optimal_cost,
            regret=result.regret,
            violation_rate=result.violation_rate,
            best=better,
        )
        self.losses, self.rewards = [], []
        self.metrics.append(row)
        self.on_metrics(row)

    def _seconds(self) -> float:
        return self.seconds_before + time.perf_counter() - self.began

    def snapshot(self) -> Snapshot:
        """The training as it stands between two rounds."""
        learner = self.learner.state()
        best = {f"best.{name}": value for name, value in self.best_weights.items()}
        values = {
            "learner": learner.values,
            "metrics": [asdict(row) for row in self.metrics],
            "best": None if self.best is None else asdict(self.best),
            "best_toll": self.best_toll,
            "rounds": self.rounds,
            "served": self.served,
            "seconds": self._seconds(),
            "losses": list(self.losses),
            "rewards": list(self.rewards),
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
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RuntimeError) as error:
            reason = " ".join(repr(error).split())[:200]
            raise AgentError(f"the training in progress lacks a part ({reason}): train anew") from None

    def _restore(self, snapshot: Snapshot) -> None:
        tensors, values = snapshot.tensors, snapshot.values
        self.learner.restore(Snapshot(tensors, values["learner"]))
        self.states = tensors["states"].numpy()
        self.metrics = learning_curve(snapshot)
        if values["best"] is not None:
            self.best = Evaluation(**values["best"])
            self.best_weights = {
                name: tensors[f"best.{name}"].to(value)
                for name, value in self.learner.actor.state_dict().items()
            }
        self.best_toll = values["best_toll"]
        self.rounds, self.served = values["rounds"], values["served"]
        self.seconds_before = values["seconds"]
        # 0.1 wrote snapshots right after an evaluation alone, where there are none.
        self.losses, self.rewards = list(values.get("losses", [])), list(values.get("rewards", []))
        self.rng.bit_generator.state = values["requests_rng"]
        self.noise_rng.bit_generator.state = values["noise_rng"]
