"""The ledger and whether the agent pays, as plain rows for the page and the terminal."""

from collections.abc import Mapping
from typing import Any

from neuro_aolo.report.facts import Summary, of_service
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import (
    NBSP,
    Quantity,
    count,
    derived,
    percent,
    reach,
    significant,
    spread,
    with_prefix,
)
from neuro_aolo.units import G_PER_KG, MG_PER_G

S_PER_DAY = 86_400.0
VERDICTS = {"pays": "pays", "never": f"never{NBSP}pays", "undecided": "undecided"}


def rate(summary: Summary) -> str:
    """The rate at which the ledger's devices decide, in words."""
    hz = summary["ledger"]["request_rate_hz"]
    return f"{hz:g} request{'' if hz == 1 else 's'} per second"


def short(device: Mapping[str, Any]) -> str:
    """A device's name without what is said of it after a comma or in brackets."""
    return str(device["device"]).split(",")[0].split(" (")[0]


def grams(mg: Mapping[str, float], digits: int = 3) -> Quantity:
    """Milligrams as people read them, under the prefix that fits; the value stays in mg."""
    return spread(mg, "g", 1 / MG_PER_G, digits)


def service(summary: Summary) -> Grid:
    """What the service emits, term by term, and its sum."""
    rows: list[tuple[Cell, ...]] = [
        (line["name"], grams(line["mg"], 4), _year(line["kg_per_year"]), line["source"])
        for line in summary["ledger"]["service"]
    ]
    mg = summary["service_mg_per_request"]
    total = Quantity(mg, with_prefix(mg / MG_PER_G, "g", 4).text)
    year_g = mg / MG_PER_G * summary["ledger"]["requests_per_year"]
    rows.append(("service", total, derived(with_prefix(year_g, "g")), ""))
    columns = ("the service", "per request", "per year", "equation")
    return Grid("Carbon of the service", columns, rows, frozenset({len(rows) - 1}), stacks=True)


def devices(summary: Summary) -> Grid:
    """Agent and whole request on each device."""
    rows: list[tuple[Cell, ...]] = [
        (
            short(device),
            grams(device["agent_mg"]),
            derived(percent(of_service(summary, device["agent_mg"]["nominal"]))),
            _year(device["agent_kg_per_year"]),
            grams(device["total_mg"], 4),
        )
        for device in summary["ledger"]["devices"].values()
    ]
    columns = (
        "agent on",
        "agent, per request",
        "of the service",
        "agent, per year",
        "request, agent included",
    )
    return Grid(f"Carbon of the agent, always on at {rate(summary)}", columns, rows, stacks=True)


def account(summary: Summary, profile: str) -> Grid:
    """The agent's lines on one device, with its sum and that of the whole request."""
    device = summary["ledger"]["devices"][profile]
    rows: list[tuple[Cell, ...]] = [
        (line["name"], grams(line["mg"]), _year(line["kg_per_year"]), line["source"])
        for line in device["lines"]
    ]
    for name, key in (("agent", "agent"), ("request, service and agent", "total")):
        rows.append((name, grams(device[f"{key}_mg"], 4), _year(device[f"{key}_kg_per_year"], 4), ""))
    columns = ("line", "per request", "per year", "source")
    sums = frozenset({len(rows) - 2, len(rows) - 1})
    title = f"Ledger with the agent on {device['device']}{_bound(device)}"
    return Grid(title, columns, rows, sums, stacks=True)


def always_on(summary: Summary) -> Grid:
    """What static power adds to a decision of a device that waits for the next."""
    rows: list[tuple[Cell, ...]] = []
    for device in summary["ledger"]["devices"].values():
        energy = device["energy_j"]
        figures = [
            spread(energy[part], "J") if part in energy else "" for part in ("dynamic", "host", "static")
        ]
        times = static_times(device)
        rows.append((short(device), *figures, "" if times is None else _times(times)))
    columns = ("device", "own work", "encoder, decoder", "static power", "static, times own work")
    return Grid(f"Energy of a decision, always on at {rate(summary)}", columns, rows, stacks=True)


def static_times(device: Mapping[str, Any]) -> float | None:
    """Energy of static power over that of the device's own work; None where one has no figure."""
    energy = device["energy_j"]
    if "static" not in energy or "dynamic" not in energy or not energy["dynamic"]["nominal"]:
        return None
    return float(energy["static"]["nominal"] / energy["dynamic"]["nominal"])


def intensity(summary: Summary) -> Grid:
    """Software Carbon Intensity of service and agent, per functional unit, and parity power."""
    rows: list[tuple[Cell, ...]] = []
    for profile, device in summary["ledger"]["devices"].items():
        units = [grams(device["sci"][unit], 4) for unit in ("request", "word", "bit")]
        powers = [
            pair["parity_power_w"] for pair in summary["payback"].get(profile, []) if pair["parity_power_w"]
        ]
        rows.append((short(device), *units, spread(powers[0], "W") if powers else "no figure"))
    columns = ("agent on", "per request", "per word", "per bit", "parity power")
    return Grid("Software Carbon Intensity (ISO/IEC 21031), service and agent", columns, rows, stacks=True)


def savings(summary: Summary) -> Grid:
    """What the agent saves of the service's carbon against each baseline."""
    rows: list[tuple[Cell, ...]] = []
    for baseline in baselines(summary):
        pair = next(iter(against(summary, baseline).values()))
        figures = grams(pair["saving_mg"]), count(pair["requests"]), percent(pair["baseline_violation_rate"])
        rows.append((str(pair["title"]), *figures))
    columns = ("against", "saves per request", "compared requests", "baseline breaks")
    return Grid("What the agent saves of the service's carbon", columns, rows, stacks=True)


def payback(summary: Summary, baseline: str) -> Grid:
    """Whether the agent pays against one baseline, device by device."""
    found = against(summary, baseline)
    rows: list[tuple[Cell, ...]] = [
        (
            f"{short(summary['ledger']['devices'][profile])}{_bound(summary['ledger']['devices'][profile])}",
            VERDICTS[pair["verdict"]],
            grams(pair["net_mg"]),
            reach(pair["payback_requests"]),
            reach(pair["lowest_rate_hz"], S_PER_DAY),
        )
        for profile, pair in found.items()
    ]
    columns = ("agent on", "verdict", "net per request", "requests until paid back", "least requests per day")
    title = next(iter(found.values()))["title"]
    return Grid(f"Against {title}", columns, rows, stacks=True)


def baselines(summary: Summary) -> list[str]:
    """What the agent is measured against."""
    return list(dict.fromkeys(pair["baseline"] for pairs in summary["payback"].values() for pair in pairs))


def against(summary: Summary, baseline: str) -> dict[str, Mapping[str, Any]]:
    """The pairs of one baseline, by profile."""
    return {
        profile: pair
        for profile, pairs in summary["payback"].items()
        for pair in pairs
        if pair["baseline"] == baseline
    }


def _bound(device: Mapping[str, Any]) -> str:
    """What is to be said of a sum that lacks something."""
    return ", its cost a lower bound" if device["lower_bound"] else ""


def _year(kg: Mapping[str, float], digits: int = 3) -> Quantity:
    return spread(kg, "g", G_PER_KG, digits)


def _times(value: float) -> Quantity:
    return Quantity(value, f"{significant(value)}{NBSP}×", derived=True)
