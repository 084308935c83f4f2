"""How actors are called where people read."""

from collections.abc import Mapping

from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.systems.names import SYSTEMS

SPIKING = "spiking actor"
TWIN = "MLP"
"""The dense actor of the same size that stands beside a spiking one."""

_DENSE = {"mlp": "MLP", "diffusion": "diffusion actor"}


def actor_name(run: RunFacts) -> str:
    """The run's own actor."""
    return SPIKING if run.kind == "spiking" else _DENSE.get(run.actor, "dense actor")


def ships(run: RunFacts) -> bool:
    """Whether the run's system comes with this package, so that the command line knows it."""
    return run.system in SYSTEMS


def priced_actors(run: RunFacts) -> Mapping[ActorKind, str]:
    """The actors whose bills a run has: a spiking one beside its twin, or a dense one alone."""
    return {"spiking": SPIKING, "dense": TWIN} if run.kind == "spiking" else {"dense": actor_name(run)}
