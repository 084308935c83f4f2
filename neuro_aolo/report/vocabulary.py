"""What the terms of a page mean, in a few plain words."""

from collections.abc import Sequence

from neuro_aolo.report.facts import knows_optimum
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.feasibility import INFEASIBLE
from neuro_aolo.text.numbers import finite, percent


def vocabulary(summaries: Sequence[Summary]) -> list[tuple[str, str]]:
    """Terms of a page and what they mean, as far as its runs use them."""
    kinds = {summary.run.kind for summary in summaries}
    decisions = {summary.wording.decisions for summary in summaries}
    many = decisions.pop() if len(decisions) == 1 else "decisions"
    known = any(knows_optimum(summary.decided) for summary in summaries)
    limits = {
        str(percent(limit)) for summary in summaries if finite(limit := summary.decided.violation_limit)
    }
    devices = {
        account.device for summary in summaries for account in summary.ledger.provisioned.accounts.values()
    }
    terms = [
        ("held-out", f"{many} that training did not see, the same for every policy."),
        ("CO₂e", "carbon dioxide equivalent: all greenhouse gases as the carbon dioxide that warms as much."),
        ("agent", "the network that decides, with the device it runs on; the service is what it controls."),
        ("always on", "the device also draws power between decisions, and the agent is charged for that."),
        ("work", "of service and agent: what works for a decision, as long as it works."),
        ("provisioned", "likewise: also what waits for the next decision, its idle power and its making."),
        ("making", "the carbon of producing a device, shared over the decisions of its life."),
    ]
    if known:
        regret = ("regret", "cost above that of the best possible decisions, relative to it.")
        terms.insert(1, regret)
    if limits:
        allowed = f"the {' or '.join(sorted(limits))} that the task allows"
        means = f"breaks a constraint in a larger share of held-out {many} than {allowed}"
        terms.insert(2, (INFEASIBLE, f"{means}; the share is an estimate, compared as it is."))
    if "spiking" in kinds:
        terms += [
            (
                "spiking network",
                "a neural network whose neurons send each other brief pulses (spikes) or nothing.",
            ),
            (
                "dense network, MLP",
                "a usual neural network, in which every neuron computes at every decision.",
            ),
            ("firing rate", "share of the moments (neuron × time step) at which a neuron spikes."),
        ]
    if any("Loihi" in device for device in devices):
        terms.append(
            (
                "Loihi",
                "research chips for spiking networks, open to members of Intel's research community (INRC).",
            )
        )
    return terms
