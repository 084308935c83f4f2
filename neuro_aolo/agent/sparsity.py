"""A toll on spikes: what makes a spiking actor learn to decide with fewer of them.

    (37'') (37') + w mean over requests of sum_l (n_l e_spike + m_l e_event)

with ``n_l`` the spikes that the encoder and each layer send in a decision, ``m_l`` the synaptic events that
they cause (spikes times non-zero fan-out), and the joules of a device for both. The gradient reaches a spike
as it does from the action, and the encoder's too. The joules come as plain numbers: this package knows no
device.

The weight ``w`` rises during the training. A population that is tolled before its spikes carry a decision may
fall silent, and no gradient brings it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neuro_aolo.agent.layers import GradedLayer
from neuro_aolo.agent.popsan import PopSAN
from neuro_aolo.errors import AgentError

_BEGINS, _WHOLE = 0.3, 0.6
"""Shares of a training until which nothing is paid, and from which all is."""


@dataclass(frozen=True)
class SpikeToll:
    """What spikes cost in training.

    Attributes:
        profile: device whose joules they are.
        event_uj: energy of one synaptic event, in uJ.
        spike_uj: energy of one spike beyond its events, in uJ.
        cost_per_uj: what a microjoule of a decision counts as, in units of the task's cost: w of (37'').
    """

    profile: str
    event_uj: float
    spike_uj: float
    cost_per_uj: float

    def __post_init__(self) -> None:
        """Refuse a toll without a meaning."""
        prices = (self.event_uj, self.spike_uj, self.cost_per_uj)
        if not all(0.0 <= price < float("inf") for price in prices) or not any(prices[:2]):
            raise AgentError(
                f"spike toll of {self.event_uj:g} uJ an event, {self.spike_uj:g} uJ a spike, weight "
                f"{self.cost_per_uj:g}: give finite numbers of 0 or more, and a device that has a price"
            )

    @staticmethod
    def share(progress: float) -> float:
        """Share of the toll that is paid; ``progress`` of the training runs from 0 to 1."""
        return min(max((progress - _BEGINS) / (_WHOLE - _BEGINS), 0.0), 1.0)

    def energy_uj(self, actor: nn.Module, record: Sequence[Tensor]) -> Tensor:
        """Energy of spikes in uJ, the mean over a batch.

        Args:
            actor: a PopSAN.
            record: what its :meth:`~neuro_aolo.agent.popsan.PopSAN.spikes` returned.
        """
        layers = list(actor.get_submodule("layers").children())
        total = self.spike_uj * record[-1].sum()
        for layer, sent in zip(layers, record, strict=False):
            # A graded spike pays once, whatever it carries, and no gradient changes what is observed.
            spikes = (sent > 0.0).to(sent) if isinstance(layer, GradedLayer) else sent
            fan_out = (layer.get_parameter("weight") != 0.0).sum(dim=0)
            total = total + (spikes * (self.spike_uj + self.event_uj * fan_out)).sum()
        return total / record[0].shape[1]

    def cost(self, actor: nn.Module, observations: Tensor) -> float:
        """What the decisions of observations ``(B, D)`` pay, in units of the task's cost."""
        spiking = _spiking(actor)
        with torch.no_grad():
            energy_uj = self.energy_uj(actor, spiking.spikes(observations))
        return self.cost_per_uj * float(energy_uj)

    def decide(self, actor: nn.Module, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Actions ``(B, A)``, and what they pay in the mean, in units of the task's cost."""
        spiking = _spiking(actor)
        record = spiking.spikes(observations)
        actions: Tensor = spiking.decoder(record[-1])
        return actions, self.cost_per_uj * self.energy_uj(actor, record)


def _spiking(actor: nn.Module) -> PopSAN:
    if not isinstance(actor, PopSAN):
        raise AgentError(
            f"a {type(actor).__name__} has no spikes to be tolled: train a popsan, or without toll"
        )
    return actor
