"""Names of the files in a run's folder; importing them does not import torch."""

from neuro_aolo.agent.actor_files import DESCRIPTION, SNAPSHOT, WEIGHTS

CONFIG = "config.toml"
METRICS = "metrics.csv"
EVENTS = "tensorboard"
"""Subfolder of TensorBoard's event files."""
SUMMARY = "summary.json"
EMISSIONS = "emissions.csv"
"""What was measured, the training, as CodeCarbon writes it: its column of emissions adds up."""
EMISSIONS_MODELLED = "emissions_modelled.csv"
"""A year of the service and of each device as modelled, in the same columns: the devices are alternatives."""
PAGE = "report.html"
NETWORK = "actor.net"
GRAPH = "actor.graph"
NIR = "actor.nir"
STEP, DECISION = "actor_step.onnx", "actor_decision.onnx"
DENSE, DENSE_INT8 = "actor_dense.onnx", "actor_dense_int8.onnx"
EXPORTS = "exports.json"
"""What was exported from which graph, and how it ran when it was run back."""
TWIN = "mlp"
"""Subfolder of a run with the dense twin, itself a run folder."""
ANSWERS = "answers"
"""Subfolder of what was asked of the run before."""

EXPORTED = (NETWORK, GRAPH, NIR, STEP, DECISION, DENSE, DENSE_INT8, EXPORTS)
EMITTED = (EMISSIONS, EMISSIONS_MODELLED)
MADE = (CONFIG, METRICS, SNAPSHOT, SUMMARY, *EMITTED, WEIGHTS, DESCRIPTION, PAGE, *EXPORTED)
ANSWERED_FROM = (CONFIG, METRICS, WEIGHTS, DESCRIPTION, EXPORTS)
"""What the figures of a run come from."""
