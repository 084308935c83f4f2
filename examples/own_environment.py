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

from neuro_aolo.report.html import render, write_page
from neuro_aolo.runs.decided import hold_out
from neuro_aolo.runs.deployed import deploy, evaluate_on_chip
from neuro_aolo.runs.exports import export_run
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import summarise, write_summary
from neuro_aolo.runs.training import train
from neuro_aolo.systems.environment.as_task import as_task

BEARINGS_N_M = 1.5

# The preset is tuned for requests that stand alone. Where what follows counts, more updates a step, noise on
# the action itself and an actor that learns from the start serve better; small networks are quicker.
TRAINING = {
    "num_envs": 2,
    "batch_size": 128,
    "critic_hidden": (128, 128),
    "bias_share": 0.0,
    "output_decay": 0.0,
    "logits": False,
    "noise_start": 0.3,
    "noise_end": 0.1,
    "evaluate_every": 500,
}
NETWORK = {"hidden": (64, 64)}


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


def main(out: Path, steps: int = 4_000, horizon: int = 200, starts: int = 20) -> Run:
    """Train, export, price and report into the folder ``out``."""
    pendulum = as_task(
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
    run = train(
        out,
        system=pendulum.system,
        scenario=pendulum.scenario,
        steps=steps,
        training=TRAINING,
        network=NETWORK,
    )
    exported = export_run(run, ("nir", "onnx"), out)
    for file, check in exported.checks.items():
        print(f"{file}: {check.mismatches} of {check.slots:,} spikes differ when it is run back")
    held_out = hold_out(run)
    on_chip = evaluate_on_chip(held_out, deploy(held_out))
    print(f"mean return on Loihi 2's integers: {-horizon * on_chip.cost:.0f}")
    print(f"steps that break the bearings: {on_chip.violation_rate:.2%}")
    summary = summarise(run)
    for device in ("loihi2", "mcu_m33_u575"):
        bill = summary.priced.devices[device].spiking
        assert bill is not None
        print(f"energy of a decision on {device}: {bill.total_j.nominal:.3g} J, {bill.boundary}")
    write_summary(run, summary)
    write_page(out / "report.html", render(summary, run.folder.metrics()))
    return run


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
