"""All that is public in neuro-aolo, cell by cell: open it as a notebook, or run it whole.

It trains for a few thousand requests, far too short for a good actor: the point is what can be asked.
"""

# %% What is there
import torch

import neuro_aolo as na

print("neuro-aolo", na.__version__)
print(na.scenarios())
print(na.profiles().to_dataframe()[["device", "boundary"]])

# %% A scenario is a frozen object: look at it, change it, hand it on
campus = na.Scenario.load("mixed").with_countries(dc="POL").with_values({"limits.inference_time_s": 0.5})
print(campus.to_dataframe().loc[["limits.inference_time_s", "state.dc_intensity_g_per_kwh"], "value"])

# %% Its task: a batched control problem, with an exact optimum
task = na.make_task(campus)
print([quantity.name for quantity in task.spec.observations], "->", [each.name for each in task.spec.actions])

# %% Train, with a setting of one's own; the folder is all that is kept
run = na.train(campus, out="tour", steps=3_000, settings={"training.actor_lr": 1e-3}, overwrite=True)
print(run.metrics.to_dataframe()[["requests", "regret", "violation_rate"]])

# %% The same run in another session
run = na.load("tour")
print(run.evaluate(requests=2_000))
print(run.energy(profiles=["loihi2", "mcu_m33_u575"]))
print(run.ledger(baselines=["random", "constant"]))
print(run.simulate(decisions=64).spikes_by_layer)
print(run.export(["nir", "onnx"]).to_dataframe())
print(run.report().path)
assert isinstance(run, na.Run)

# %% Others beside it
print(na.compare("paper", ["constant", "random"], seeds=1, out="tour/beside"))

# %% A network of one's own on the same devices
layers = torch.nn.Linear(5, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2), torch.nn.Tanh()
print(na.energy(torch.nn.Sequential(*layers), torch.rand(16, 5).numpy(), profiles=["mcu_m33_u575"]))

# %% An environment of one's own
pendulum = na.as_task("Pendulum-v1")
swinging = na.train(pendulum, out="tour/pendulum", steps=1_000, overwrite=True)
print(swinging.energy(profiles=["loihi2"]).nominal_j)

# %% What is wrong is said in one line
try:
    na.train("mixd", out="nowhere")
except na.NeuroAoloError as error:
    print(error)
