"""The two controls: a search under the critics, and a network that draws what it names."""

import numpy as np
import pytest
import torch
from torch import Tensor

from neuro_aolo.agent.best_of import best_of
from neuro_aolo.agent.categorical import Categorical
from neuro_aolo.agent.choice import by_chances, named
from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.agent.mlp import MLP, MLPConfig

THINGS = ((0,), (1,), (2,))


class Bowl:
    """Stands for a learner whose critics know the loss: the distance from a spot that the state gives."""

    def actor(self, observations: Tensor) -> Tensor:
        return torch.ones(len(observations), 2)

    def losses(self, observations: Tensor, actions: Tensor) -> Tensor:
        return (actions - observations).square().sum(-1)


def test_a_search_comes_close_and_is_the_same_each_time() -> None:
    spots = np.random.default_rng(0).uniform(-0.9, 0.9, (700, 2)).astype(np.float32)
    policy = best_of(Bowl(), seed=3)  # type: ignore[arg-type]
    chosen = policy(spots)
    assert np.abs(chosen - spots).mean() < 0.03  # the best of 64 drawn evenly is 0.08 away
    np.testing.assert_array_equal(chosen, policy(spots))


def test_a_search_is_never_worse_than_the_actor() -> None:
    spots = np.ones((50, 2), np.float32)
    np.testing.assert_array_equal(best_of(Bowl(), seed=0, candidates=4, rounds=1)(spots), spots)  # type: ignore[arg-type]


def test_what_is_drawn_follows_the_scores() -> None:
    scores = torch.tanh(0.5 * torch.log(torch.tensor([0.5, 0.3, 0.2]))).repeat(200_000, 1)
    drawn = by_chances(scores, THINGS, torch.Generator().manual_seed(0))
    shares = np.bincount(named(drawn, THINGS).numpy()) / len(drawn)
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=0.005)


def test_it_learns_by_its_scores_and_decides_by_draws() -> None:
    network = MLP(4, 3, MLPConfig((8,)), torch.Generator().manual_seed(0))
    actor = Categorical(network, THINGS)
    seen = torch.zeros(2_000, 4)
    assert torch.equal(actor(seen), network(seen))
    decided = noise_free(actor)(seen.numpy())
    assert len(np.unique(decided.argmax(axis=1))) == 3
    assert set(np.unique(decided)) == {-1.0, 1.0}
    np.testing.assert_array_equal(decided, noise_free(actor)(seen.numpy()))


@pytest.mark.parametrize("scenario", ["offload-shared", "offload-selector"])
def test_only_actions_that_name_something_are_drawn(scenario: str) -> None:
    from neuro_aolo.comparison.plan import Plan
    from neuro_aolo.comparison.table import all_learners
    from neuro_aolo.runs.presets import PRESETS

    offered = all_learners(Plan.of(scenario, "", 0, *PRESETS["tuned"], 1.0))
    assert ("categorical" in offered) is (scenario == "offload-shared")
    assert "best-of" in offered
