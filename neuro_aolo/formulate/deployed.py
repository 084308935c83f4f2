"""The words for how an agent runs, the table ``[deployment]`` that the scenarios of every system have."""

from neuro_aolo.systems.phrases import Words

DEPLOYED = {
    "deployment.agent_carbon": Words("agent carbon", ("carbon agent", "carbon decision_maker")),
    "deployment.spiking_profile": Words("chip of the spiking network", ("spiking", "agent|decision|decide|decider")),
    "deployment.dense_profile": Words("chip of the dense network", ("dense_network", "mlp")),
    "deployment.host_profile": Words("host of the chip", ("host_profile", "encode decode")),
    "deployment.request_rate_hz": Words(
        "request rate", ("request|task|decision|decide|query", "arrive|arrival", "load", "traffic", "")
    ),
    "deployment.retrained_years": Words("years between trainings", ("retrain",)),
}

DEVICES = {
    "deployment.agent_carbon": {
        "none": ("agent carbon none", "carbon of the agent is not counted", "without the agent's own carbon"),
        "marginal": ("agent carbon marginal", "marginal carbon"),
        "full": ("agent carbon full", "full carbon"),
    },
}
