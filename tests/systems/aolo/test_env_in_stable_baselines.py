import gymnasium as gym
import numpy as np
import pytest


def test_sac_trains_on_the_registered_environment_unchanged():
    sac = pytest.importorskip("stable_baselines3").SAC
    env = gym.make("neuro_aolo:AOLO-v0", scenario="paper")
    model = sac(
        "MlpPolicy", env, seed=0, learning_starts=1_000, train_freq=8, policy_kwargs={"net_arch": [32, 32]}
    )
    before = [parameter.detach().clone() for parameter in model.actor.parameters()]
    model.learn(2_000)
    assert model.num_timesteps == 2_000
    assert any((a != b).any() for a, b in zip(before, model.actor.parameters(), strict=True))
    action, _ = model.predict(env.reset(seed=0)[0], deterministic=True)
    assert np.isfinite(action).all()
    assert env.action_space.contains(action)
