"""What the figures do not say, and how to make them again."""

import json
import shlex
from itertools import pairwise

from neuro_aolo.report.facts import knows_optimum
from neuro_aolo.report.ledgers import rate
from neuro_aolo.report.naming import TWIN, actor_name, ships
from neuro_aolo.runs.summary.decided import ConstantFigures
from neuro_aolo.runs.summary.ledger import LedgerPart
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import finite, percent

_NUMBERS = ("time_steps", "spike_weight")


def limits(summary: Summary) -> list[str]:
    """The limits of a run, with its own numbers; what the system says of its own first."""
    first, rest = summary.wording.limits[:1], summary.wording.limits[1:]
    constant = summary.decided.constant
    judged = "regret that" if knows_optimum(summary.decided) else "decisions those"
    dense = TWIN if summary.run.kind == "spiking" else actor_name(summary.run)
    return [
        *first,
        _agent_limit(summary),
        *([_constant_limit(constant)] if constant is not None and _is_told(constant) else []),
        "Energy figures are modelled: operation counts times published prices, not measured on a chip. Each "
        "bill names its evidence, what has no price and what lies outside its boundary. Where work has no "
        "price, the total is a lower bound.",
        "Energies at different boundaries (a chip, a module, with or without static power or the host's "
        "share) are not compared: no ratio crosses a boundary.",
        _ledger_limit(summary),
        *rest,
        f"A metered price was metered on its benchmark's network, not on this one. The {dense}'s energy on a "
        f"microcontroller is that of 8-bit integers, its {judged} of floats.",
        "One training seed. Another seed gives another actor.",
    ]


def reproduce(summary: Summary) -> str:
    """What makes this run again: a command line, or a call where the command line knows no such system."""
    run = summary.run
    if not ships(run):
        return _call(summary)
    options = {"--seed": run.seed, "--steps": run.steps, **run.options}
    arguments = [str(argument) for option in options.items() for argument in option]
    given = [shlex.quote(argument) for argument in (*summary.wording.command, *arguments)]
    command = "train" if "--actor" in run.options else "run"
    return " ".join([f"neuro-aolo {command}", *given, "--out DIR"])


def _call(summary: Summary) -> str:
    """The call in Python that trains on a module; what the summary does not hold stands as ``...``."""
    run = summary.run
    chosen = pairwise(summary.wording.command)
    site = {name: value for name, value in chosen if name == "--agent-site"}
    by_option = {"--config": "config_file"}
    typed = {
        by_option.get(name, name.removeprefix("--").replace("-", "_")): text
        for name, text in (site | run.options).items()
    }
    arguments = {
        "system": run.system,
        "scenario": "...",
        **({"deployment": "..."} if run.agent_carbon != "none" else {}),
        "seed": str(run.seed),
        "steps": str(run.steps),
        **{name: text if name in _NUMBERS else json.dumps(text) for name, text in typed.items()},
    }
    given = ", ".join(f"{name}={value}" for name, value in arguments.items())
    imported = f"import {run.system}\n" if run.system.replace(".", "").isidentifier() else ""
    return f'{imported}from neuro_aolo.runs.training import train\n\ntrain("DIR", {given})'


def _constant_limit(constant: ConstantFigures) -> str:
    return (
        f"One constant action has a regret of {percent(constant.regret)} here. Where that is small, the task "
        "tests how finely an actor settles at the edge of a constraint, not whether it adapts."
    )


def _is_told(constant: ConstantFigures) -> bool:
    """Whether the regret of the best constant action says anything."""
    return finite(constant.regret) and constant.feasible is not False


def _agent_limit(part: LedgerPart) -> str:
    work, standing = part.ledger.work, part.ledger.provisioned
    work_mg, standing_mg = work.service_mg.nominal, standing.service_mg.nominal
    if not standing.accounts or not work_mg or not standing_mg:
        return f"The {actor_name(part.run)} has no carbon figure beside the service's here."
    own_mg = max(
        (line.mg.high for each in work.accounts.values() for line in each.lines if line.part == "dynamic"),
        default=0.0,
    )
    whole_mg = max(account.agent_mg.high for account in standing.accounts.values())
    return (
        f"The agent's own work is at most {percent(own_mg / work_mg)} of the carbon of the service's work on "
        "these devices at their high prices; provisioned, with static power, making and training, the agent "
        f"is at most {percent(whole_mg / standing_mg)} of the service provisioned."
    )


def _ledger_limit(part: LedgerPart) -> str:
    return (
        f"The ledger has two boundaries, {rate(part)}: what works for a {part.wording.decision}, as long as "
        "it works; and what is provisioned, service and agent always on for these alone, with idle power and "
        "making until the next. The agent's network, and the board where the boundary of its figures is the "
        "chip, are in neither. The bills of one decision have the device on for that decision alone."
    )
