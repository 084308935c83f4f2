"""Quantisation-aware fine-tuning: a trained spiking actor trained on, with the weights of a chip.

Every weight and bias of a spiking layer is rounded to the chip's grid in the forward pass, and learns by the
gradient that its rounded value gets (the straight-through estimator). The scale of the grid is fixed at the
start. The loop is :func:`neuro_aolo.agent.train.train_actor` with gentle settings: fresh critics learn while
the actor stands still, then it takes small steps, and the checkpoint that does best on validation requests
is kept, the actor as it was among them.

References:
    Y. Bengio, N. Leonard, A. Courville (2013), Estimating or propagating gradients through stochastic neurons
    for conditional computation, arXiv:1308.3432.
    B. Jacob et al. (2018), Quantization and training of neural networks for efficient
    integer-arithmetic-only inference, CVPR, doi:10.1109/CVPR.2018.00286.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from neuro_aolo.agent.checkpoint import Actor, ActorSpec, SavedActor
from neuro_aolo.agent.evaluate import Evaluation
from neuro_aolo.agent.layers import GradedLayer
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Task

FINETUNING = SDRLConfig(
    total_steps=128_000,
    num_envs=64,
    decayed="all",
    penalty_weight=10.0,
    margin_aim=0.4,
    actor_batch="replayed",
    averaged=0.0,
    critic_hidden=(256, 256),
    noise_end=0.008,
    learning_starts=1_280,
    actor_starts=2_560,
    bias_share=0.5,
    bias_lr=0.0,
    margin_start=0.005,
    actor_lr=5e-5,
    actor_lr_end=1e-5,
    noise_start=0.05,
    evaluate_every=50,
)
"""Gentle settings: for half of the training only the critics learn (``bias_lr`` 0), then the actor does too,
from replayed requests, with steps and noise as near the end of its first training. They are those of the
objective ``constraints``, whatever the actor was trained with."""

_ROUNDED = ("weight", "bias")


class Grid(Protocol):
    """What a layer's weights and biases are rounded to: ``k / scale``, k a multiple of ``step``.

    :func:`neuro_aolo_export.loihi2.quantize.grids` gives them.
    """

    @property
    def scale(self) -> float:
        """Integer units per unit of the membrane potential."""
        ...

    @property
    def step(self) -> int:
        """Distance of neighbouring integers k."""
        ...

    @property
    def low(self) -> int:
        """The least k."""
        ...

    @property
    def high(self) -> int:
        """The largest k."""
        ...

    @property
    def current_decay(self) -> float:
        """d_c of eq. (29) as the chip keeps it, per step."""
        ...

    @property
    def voltage_decay(self) -> float:
        """d_v of eq. (30) as the chip keeps it, per step."""
        ...


@dataclass(frozen=True)
class Finetuning:
    """What a fine-tuning left behind.

    Attributes:
        actor: the network and what it is, as :func:`neuro_aolo.agent.checkpoint.save_actor` takes it. With
            grids its weights lie on them, so that quantising it again changes none.
        best: its evaluation on the validation requests, with the chip's weights and decays.
        metrics: the learning curve.
        config: settings of the loop.
        interrupted: whether it was stopped before its end.
    """

    actor: SavedActor
    best: Evaluation
    metrics: list[Metrics]
    config: SDRLConfig
    interrupted: bool


def finetune(
    saved: SavedActor,
    task: Task,
    grids: Sequence[Grid] | None,
    seed: int,
    config: SDRLConfig = FINETUNING,
    on_metrics: Callable[[Metrics], None] | None = None,
) -> Finetuning:
    """Train a trained PopSAN on, with its weights rounded; what was given stays as it was.

    Args:
        saved: the trained actor.
        task: what it controls.
        grids: one for each layer; None for the control without rounding, which draws the same requests.
        seed: one seed for everything drawn at random.
        config: settings of the loop.
        on_metrics: called with every row of the learning curve.

    Raises:
        AgentError: the actor is no PopSAN, has other observations or actions than the task, or another
            number of layers than there are grids.
    """
    network = saved.network
    if not isinstance(network, PopSAN):
        raise AgentError(f"a {type(network).__name__} has no spiking layers to be fine-tuned: give a PopSAN")
    for name in ("observation_names", "action_names"):
        own, theirs = tuple(getattr(saved.spec, name)), tuple(getattr(task.spec, name))
        if own != theirs:
            raise AgentError(
                f"{name} are {', '.join(own)} of the actor, {', '.join(theirs)} of the task: "
                "fine-tune it on the task that it was trained on"
            )
    if grids is not None and len(grids) != len(network.layers):
        raise AgentError(f"{len(grids)} grids for {len(network.layers)} spiking layers: give one for each")
    result = train_actor(
        task, lambda generator: _rounded(saved, network.config, grids), config, seed, on_metrics=on_metrics
    )
    spec = saved.spec
    actor = SavedActor(
        _plain(result.actor, spec), spec, {**saved.training, "finetuned_requests": result.requests}
    )
    return Finetuning(actor, result.best, result.metrics, config, result.interrupted)


class _Rounding(nn.Module):
    """Rounds a parameter to its grid; the gradient passes as if it were not there."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.per_unit = grid.scale / grid.step
        self.low, self.high = grid.low / grid.step, grid.high / grid.step

    def forward(self, parameter: Tensor) -> Tensor:
        """The nearest values on the grid, of the same shape."""
        with torch.no_grad():
            # In float64: the exporter rounds there, and both must agree where a weight is halfway.
            steps = torch.round(parameter.double() * self.per_unit).clamp(self.low, self.high)
            rounded = (steps / self.per_unit).to(parameter)
        # The difference is 0: it carries the gradient.
        return rounded + (parameter - parameter.detach())


def _rounded(saved: SavedActor, config: PopSANConfig, grids: Sequence[Grid] | None) -> Actor:
    """A copy of the actor that decides with the weights and decays of its grids, and learns through them."""
    if grids is None:
        return _copy(saved.network, saved.spec)
    # The layers of a PopSAN share their decays, and so do their grids.
    kept = replace(config, current_decay=grids[0].current_decay, voltage_decay=grids[0].voltage_decay)
    actor = _copy(saved.network, replace(saved.spec, config=kept))
    layers = actor.get_submodule("layers").children()
    for layer, grid in zip(layers, grids, strict=True):
        if isinstance(layer, GradedLayer):
            layer.rounding = _Rounding(grid)
            continue
        for name in _ROUNDED:
            parametrize.register_parametrization(layer, name, _Rounding(grid))
    return actor


def _plain(actor: nn.Module, spec: ActorSpec) -> Actor:
    """The actor with the weights that it decided with, and no rounding."""
    for layer in actor.get_submodule("layers").children():
        if isinstance(layer, GradedLayer) and layer.rounding is not None:
            layer.settle()
        if parametrize.is_parametrized(layer):
            for name in _ROUNDED:
                parametrize.remove_parametrizations(layer, name, leave_parametrized=True)
    return _copy(actor, spec).eval()


def _copy(network: nn.Module, spec: ActorSpec) -> Actor:
    copy = spec.build(torch.Generator())
    copy.load_state_dict(network.state_dict())
    return copy
