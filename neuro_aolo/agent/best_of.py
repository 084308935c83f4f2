"""Decide by search: the best of many candidates under what the critics of a training expect.

A control for actors that decide at once. Where the best action jumps as the state changes, a network that is
continuous crosses bad actions on the way; a search among candidates does not. It costs a pass of the critics
for every candidate.
"""

import numpy as np
import torch
from torch import Tensor

from neuro_aolo.agent.sdrl import SDRL
from neuro_aolo.systems.task import Floats, Observations, Policy

CANDIDATES, ROUNDS = 64, 3
"""Candidates of a round, and rounds: the first is drawn evenly, the others around the best so far."""
_ELITES = 8
_NARROWER = 0.2
"""Spread of the candidates of a round, beside that of the round before; the first is 1."""
_TOGETHER = 512
"""Requests that are searched at once."""


def best_of(learner: SDRL, seed: int, candidates: int = CANDIDATES, rounds: int = ROUNDS) -> Policy:
    """The policy that takes the candidate of least loss; what the actor decides is one of them.

    Args:
        learner: after its training.
        seed: of the candidates; the same batch is decided alike each time.
        candidates: of a round, for each observation.
        rounds: those after the first draw around the best eight of the round before.
    """

    def decide(observations: Observations) -> Floats:
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            chosen = [
                _searched(
                    learner,
                    torch.from_numpy(observations[at : at + _TOGETHER]),
                    candidates,
                    rounds,
                    generator,
                )
                for at in range(0, len(observations), _TOGETHER)
            ]
        return np.concatenate(chosen)

    return decide


def _searched(
    learner: SDRL, observations: Tensor, candidates: int, rounds: int, generator: torch.Generator
) -> Floats:
    own = learner.actor(observations)
    shape = (candidates, *own.shape)
    kept = own[None]
    drawn = 2.0 * torch.rand(shape, generator=generator) - 1.0
    for index in range(rounds):
        if index:
            spread = _NARROWER**index
            centres = kept[torch.arange(candidates) % len(kept)]
            drawn = (centres + spread * torch.randn(shape, generator=generator)).clamp(-1.0, 1.0)
        kept = _best(learner, observations, torch.cat([kept, drawn]))
    chosen: Floats = kept[0].double().numpy()
    return chosen


def _best(learner: SDRL, observations: Tensor, actions: Tensor) -> Tensor:
    """The best eight of actions ``(K, n, A)``, best first, each observation apart."""
    seen = observations.expand(len(actions), -1, -1)
    lost = learner.losses(seen.flatten(0, 1), actions.flatten(0, 1)).unflatten(0, actions.shape[:2])
    order = lost.topk(min(_ELITES, len(actions)), dim=0, largest=False).indices
    return actions.gather(0, order[..., None].expand(-1, -1, actions.shape[-1]))
