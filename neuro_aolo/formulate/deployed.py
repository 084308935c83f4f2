"""The words for how an agent runs, the table ``[deployment]`` that the scenarios of every system have."""

from hardware_profiles.profile import load_profile
from neuro_aolo.formulate.clauses import Clauses
from neuro_aolo.systems.phrases import Naming

PROFILE = "_profile"
"""Ending of the keys of devices."""

_AGENT = (
    "agent",
    "decision",
    "decide",
    "spiking",
    "controller",
    "policy",
    "scheduler",
    "neuromorphic",
    "actor",
)
_HOST = ("host", "encode", "decode")

DEPLOYED = {
    "deployment.agent_carbon": Naming("agent carbon", ("carbon agent", "carbon decision_maker")),
    "deployment.spiking_profile": Naming(
        "chip of the spiking network", ("spiking", "agent|decision|decide|decider")
    ),
    "deployment.dense_profile": Naming("chip of the dense network", ("dense_network", "mlp")),
    "deployment.host_profile": Naming("host of the chip", ("host_profile", "encode decode")),
    "deployment.request_rate_hz": Naming(
        "request rate", ("request|task|decision|decide|query", "arrive|arrival", "load", "traffic", "")
    ),
    "deployment.retrained_years": Naming("years between trainings", ("retrain",)),
}

DEVICES = {
    "deployment.agent_carbon": {
        "none": ("agent carbon none", "carbon of the agent is not counted", "without the agent's own carbon"),
        "work": (
            "agent carbon work",
            "carbon of the agent's work",
            "agent carbon marginal",
            "marginal carbon",
        ),
        "provisioned": ("agent carbon provisioned", "provisioned carbon", "agent carbon full", "full carbon"),
    },
}


def is_of_agent(key: str, profile: str, clauses: Clauses, quote: str) -> bool:
    """Whether a device that a text names is the agent's, and in the part that a key stands for.

    A service has its own devices: the sentence has to speak of what decides. A chip that runs spiking
    networks runs the spiking one, unless the sentence speaks of a host.
    """
    sentence = clauses.sentence_at(clauses.text.find(quote))
    stems = [
        word for name in (*_AGENT, *_HOST) for word in clauses.places_of(name) if word.sentence == sentence
    ]
    if not stems:
        return False
    hosts = any(word.sentence == sentence for name in _HOST for word in clauses.places_of(name))
    executes = load_profile(profile).executes
    part = "host" if hosts else "spiking" if "snn" in executes else "dense"
    return key == f"deployment.{part}{PROFILE}"
