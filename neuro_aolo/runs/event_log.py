"""The learning curve for TensorBoard, under the names that the field gives its parts.

References:
    S. Huang et al. (2022), CleanRL, JMLR 23(274):1-18: ``charts/``, ``losses/``, ``rollout/``.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from neuro_aolo.agent.learner import Metrics
from neuro_aolo.errors import RunError
from neuro_aolo.runs.folder import event_files


def scalars(row: Metrics, previous: Metrics | None) -> dict[str, float]:
    """What is drawn of a row, by tag; ``previous`` is the row before it, if there is one."""
    requests, seconds = (previous.requests, previous.seconds) if previous else (0, 0.0)
    return {
        "charts/requests_per_second": (row.requests - requests) / (row.seconds - seconds),
        "charts/noise": row.noise,
        "losses/critic": row.critic_loss,
        "rollout/reward": row.training_reward,
        "rollout/cost": row.cost,
        "rollout/regret": row.regret,
        "rollout/violation_rate": row.violation_rate,
    }


def check_tensorboard() -> None:
    """Refuse to begin where event files cannot be written.

    Raises:
        RunError: TensorBoard is not installed.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError:
        raise RunError(
            '--tensorboard needs TensorBoard, which is not installed: pip install "tensorboard>=2.20"'
        ) from None


@contextmanager
def event_log(folder: Path, rows: Sequence[Metrics]) -> Iterator[Callable[[Metrics], None]]:
    """Write event files into ``folder``; what is yielded adds a row, drawn over the requests served.

    Args:
        folder: event files in it give way.
        rows: the learning curve so far, written first.
    """
    from torch.utils.tensorboard import SummaryWriter

    for file in event_files(folder):
        file.unlink()
    previous = None

    def add(row: Metrics) -> None:
        nonlocal previous
        for tag, value in scalars(row, previous).items():
            writer.add_scalar(tag, value, row.requests)
        writer.flush()
        previous = row

    with SummaryWriter(str(folder)) as writer:
        for row in rows:
            add(row)
        yield add
