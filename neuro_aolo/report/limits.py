"""What the figures do not say, and how to make them again."""

import shlex

from neuro_aolo.report.facts import Summary, service_sum_mg, wireless_share
from neuro_aolo.report.ledgers import rate
from neuro_aolo.text.numbers import percent


def limits(summary: Summary) -> list[str]:
    """The limits of a run, with its own numbers."""
    return [
        f"The wireless phase is {percent(wireless_share(summary))} of the service's carbon in this run, and "
        "about 0.004 % at the parameters of the AOLO paper: there, power control saves next to nothing.",
        _agent_limit(summary),
        f"One constant action has a regret of {percent(summary['constant_regret'])} here. Where that is "
        "small, as in the paper's scenario, the task tests how finely an actor settles at the edge of a "
        "constraint, not whether it adapts.",
        "Energy figures are modelled: operation counts times published prices, not measured on a chip. Each "
        "bill names its evidence, what has no price and what lies outside its boundary. Where work has no "
        "price, the total is a lower bound.",
        "Energies at different boundaries (a chip, a module, with or without static power or the host's "
        "share) are not compared: no ratio crosses a boundary.",
        _ledger_limit(summary),
        "The service's carbon is modelled by the AOLO equations. Its quality curve and carbon ranges are "
        "chosen, so ratios and rankings carry further than milligrams.",
        "A metered price was metered on its benchmark's network, not on this one. The MLP's energy on a "
        "microcontroller is that of 8-bit integers, its regret that of floats.",
        "One training seed. Another seed gives another actor.",
    ]


def reproduce(summary: Summary) -> str:
    """The command line that makes this run again."""
    traces = summary.get("traces") or {}
    options = {
        "--scenario": summary["scenario"] if summary.get("scenario_shipped", True) else "FILE.toml",
        "--dc-country": None if "dc" in traces else summary.get("dc_country"),
        "--bs-country": None if "bs" in traces else summary.get("bs_country"),
        "--dc-trace": traces.get("dc"),
        "--bs-trace": traces.get("bs"),
        "--agent-site": summary["agent_site"] if summary["agent_site"] != "bs" else None,
        "--seed": summary["seed"],
        "--steps": summary["steps"],
        **summary.get("options", {}),
    }
    given = [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    return " ".join(["neuro-aolo run", *given, "--out DIR"])


def _agent_limit(summary: Summary) -> str:
    devices, service = summary["ledger"]["devices"].values(), service_sum_mg(summary)
    if not devices or not service:
        return "The spiking actor has no carbon figure beside the service's here."
    own = max(
        (line["mg"]["high"] for device in devices for line in device["lines"] if line["part"] == "dynamic"),
        default=0.0,
    )
    whole = max(device["agent_mg"]["high"] for device in devices)
    return (
        f"The agent's own work is at most {percent(own / service)} of the service's carbon on these devices "
        "at their high prices; with static power, making and training the agent is at most "
        f"{percent(whole / service)}."
    )


def _ledger_limit(summary: Summary) -> str:
    return (
        f"The ledger has each device always on and deciding {rate(summary)}, for this service alone: its "
        "static power between decisions, its making and the host's, and the training are in it. Cooling at "
        "the agent's site, the network, and the board where the boundary is the chip are not. The bills of "
        "one decision have the device on for that decision alone."
    )
