"""Actions that name one of several things by the largest of their scores, as a learner meets them.

What scores lead to is flat, but for cliffs where another becomes the largest: no gradient leads across. But
critics can be asked what each thing would come to, at the numbers that the action holds for it. So each of
the M things has critics of its own; its numbers descend what these estimate, and the scores follow it:

    cross entropy of softmax(-L(s, m) / alpha) and softmax(2 atanh(scores)),

with L of equation (37'), in units of the objectives' scales, and the worst of what constraints are short by,
in shares of their margins, in the place of the sum: where two conflict, as quality and time do, both give way
before either is broken. What is wanted of a score is smooth in the state, and the thing of the least loss is
named. A share of the requests is served by a thing
drawn evenly, so that critics know what is not chosen; what a thing's numbers lose counts as often as it is
served.

References:
    P. Christodoulou (2019), Soft actor-critic for discrete action settings, arXiv:1910.07207: a sum over
    choices in the place of a draw.
"""

import numpy as np
import torch
from torch import Tensor

from neuro_aolo.systems.task import Floats

Choice = tuple[tuple[int, ...], ...]
"""Of each thing the places of its score and its numbers in an action."""

_ALPHA = 0.05
"""Loss, in units of the objectives' scales, by which chances differ e-fold."""
_DRAWN = 0.2
"""Share of the requests that are served by a thing drawn evenly."""
_BARRIER = 10.0
"""What a thing counts that comes too close to a constraint: it is named where all do. A penalty in proportion
would not do, as what another thing saves is no small step."""
_EDGE = 1e-4


def scores(actions: Tensor, choice: Choice) -> Tensor:
    """Scores ``(n, M)`` in actions ``(n, A)``."""
    return actions[:, [places[0] for places in choice]]


def named(actions: Tensor, choice: Choice) -> Tensor:
    """The place among the M things of what actions ``(n, A)`` name, ``(n,)``."""
    return scores(actions, choice).argmax(dim=-1)


def taken(actions: Tensor, choice: Choice) -> Tensor:
    """Which of the M things actions ``(n, A)`` name, ``(M, n)``."""
    things = torch.arange(len(choice), device=actions.device)
    return named(actions, choice) == things[:, None]


def numbers(actions: Tensor, choice: Choice) -> Tensor:
    """What actions ``(n, A)`` hold for each thing, ``(M, n, P)``: its own numbers, then those of no thing."""
    own = [places[1:] for places in choice]
    taken = {place for places in choice for place in places}
    others = [place for place in range(actions.shape[-1]) if place not in taken]
    return torch.stack([actions[:, [*places, *others]] for places in own])


def worst(short: Tensor, margins: Tensor) -> Tensor:
    """What constraints are short by ``(..., C)``, at the worst share of a margin ``(C,)``: ``(...)``."""
    if not len(margins):
        return short.sum(-1)
    return (short / margins).amax(-1) * margins.max()


def misled(actions: Tensor, choice: Choice, lost: Tensor, breaks: Tensor) -> Tensor:
    """What scores and numbers in actions ``(n, A)`` are to lower.

    Args:
        actions: of a policy.
        choice: what they may name.
        lost: of each thing, ``(M, n)``.
        breaks: whether it comes too close to a constraint, ``(M, n)``.
    """
    wanted = torch.softmax(-(lost.detach() + _BARRIER * breaks) / _ALPHA, dim=0)
    said = torch.log_softmax(_logits(actions, choice), dim=-1)
    served = (1.0 - _DRAWN) * wanted + _DRAWN / len(choice)
    return (served * lost - wanted * said.T).sum(0).mean()


def by_chances(actions: Tensor, choice: Choice, generator: torch.Generator) -> Tensor:
    """Actions ``(n, A)`` that name what is drawn by the chances that their scores give, softmax(2 atanh)."""
    chances = torch.softmax(_logits(actions, choice), dim=-1)
    which = torch.multinomial(chances, 1, generator=generator)
    places = torch.tensor([places[0] for places in choice])
    named_ones = torch.full_like(chances, -1.0).scatter_(1, which, 1.0)
    found = actions.clone()
    found[:, places] = named_ones
    return found


def _logits(actions: Tensor, choice: Choice) -> Tensor:
    return 2.0 * torch.atanh(scores(actions, choice).clamp(_EDGE - 1.0, 1.0 - _EDGE))


def drawn(actions: Floats, choice: Choice, rng: np.random.Generator) -> Floats:
    """Actions ``(n, A)`` of which a share names what is drawn evenly, at the numbers they hold for it."""
    if not choice:
        return actions
    rows = np.flatnonzero(rng.random(len(actions)) < _DRAWN)
    places = np.array([places[0] for places in choice])
    which = rng.integers(len(choice), size=(len(rows), 1))
    found = actions.copy()
    found[rows[:, None], places] = np.where(which == np.arange(len(choice)), 1.0, -1.0)
    return found
