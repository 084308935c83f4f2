"""One's own Gymnasium environment, from training to energy and carbon: a pendulum with weak bearings.

The environment is Gymnasium's ``Pendulum-v1``. A wrapper adds one constraint: the bearings take a torque of
1.5 N m, and the motor could give 2. The wrapper says in ``info["margins"]`` what is left of it, at least 0
where the bearings hold; that is all an environment has to do to have constraints.

    python examples/own_environment.py OUT            # 4,000 steps, a minute: it has begun to swing
    python examples/own_environment.py OUT 12000      # three minutes: it swings up and stays up

As the environment is registered here, under this file's name, the command line opens the run, too:
``PYTHONPATH=examples neuro-aolo energy OUT``.
"""

import sys
from pathlib import Path
from typing import Any

import gymnasium as gym

import neuro_aolo as na

BEARINGS_N_M = 1.5

# The preset is tuned for requests that stand alone. Where what follows counts, more updates a step, noise on
# the action itself and an actor that learns from the start serve better; small networks are quicker.
SETTINGS = {
    "actor.hidden": [64, 64],
    "training.num_envs": 2,
    "training.batch_size": 128,
    "training.critic_hidden": [128, 128],
    "training.bias_share": 0.0,
    "training.output_decay": 0.0,
    "training.logits": False,
    "training.noise_start": 0.3,
    "training.noise_end": 0.1,
    "training.evaluate_every": 500,
}


class WeakBearings(gym.Wrapper[Any, Any, Any, Any]):
    """A pendulum that says how much torque its bearings could still take."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Turn the pendulum with ``action``, a torque in N m."""
        observation, reward, terminated, truncated, info = super().step(action)
        info["margins"] = {"bearings": BEARINGS_N_M - abs(float(action[0]))}
        return observation, reward, terminated, truncated, info


def weak_pendulum(**kwargs: Any) -> gym.Env[Any, Any]:
    """The environment, as it is registered."""
    return WeakBearings(gym.make("Pendulum-v1", **kwargs))


ID = "WeakPendulum-v0"
if ID not in gym.registry:
    gym.register(ID, entry_point=weak_pendulum, max_episode_steps=200)


def main(out: Path, steps: int = 4_000, horizon: int = 200, starts: int = 20) -> na.Run:
    """Train, export, price and report into the folder ``out``."""
    pendulum = na.as_task(
        f"own_environment:{ID}",
        horizon=horizon,
        starts=starts,
        discount=0.95,
        margins=[
            {
                "name": "bearings",
                "unit": "N m",
                "limit": BEARINGS_N_M,
                "scale": BEARINGS_N_M,
                "title": "torque on the bearings",
            }
        ],
        observation_names=["cos_angle", "sin_angle", "angular_velocity"],
        action_names=["torque"],
        country="DEU",
    )
    run = na.train(pendulum, out=out, steps=steps, settings=SETTINGS)
    for file, check in run.export(["nir", "onnx"]).checks.items():
        print(f"{file}: {check.mismatches} of {check.slots:,} spikes differ when it is run back")
    report = run.report()
    on_chip = report.summary.deployed
    assert on_chip is not None
    print(f"mean return on Loihi 2's integers: {-horizon * on_chip.cost_per_decision:.0f}")
    print(f"steps that break the bearings: {on_chip.violation_rate:.2%}")
    bill = run.energy(profiles=["loihi2", "mcu_m33_u575"])
    for device, joules in bill.nominal_j.items():
        print(f"energy of a decision on {device}: {joules:.3g} J")
    print(f"the page: {report.path}")
    return run


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
