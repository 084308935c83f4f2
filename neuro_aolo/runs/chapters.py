"""Sections of the page that a run's system adds, of the held-out episodes by actor, reference and rules."""

from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.runs.decided import Decisions
from neuro_aolo.systems.chapter import ACTOR, Chapter, Episodes


def chapters(decisions: Decisions) -> tuple[Chapter, ...]:
    """What the system adds; nothing where it offers none."""
    requests, run = decisions.held_out.requests, decisions.held_out.run
    of_system = getattr(run.config.system, "chapters", None)
    if of_system is None:
        return ()
    with run.timed("chapters"):
        reached = {ACTOR: decisions.rolled.reached}
        if requests.reached is not None:
            reached[run.task.spec.optimum] = requests.reached
        for name, policy in run.config.system.policies(run.config.scenario).items():
            reached[name] = requests.rollout(policy).reached
        actor = noise_free(run.saved.network)
        return tuple(of_system(run.task, Episodes(requests.states, requests.draws, actor, reached)))
