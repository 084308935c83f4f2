"""The keys that 0.1 printed as JSON, where AOLO was the only system: from today's, for who reads them still.

What waits for a request was in no total then: ``ledger.devices`` are the accounts of what is provisioned,
the agent's lines as they were, the totals with the GPUs and the station that wait. ``ledger.service`` is its
work.

``OLD_KEYS`` says where each stands now; ``*`` is any key or index, the same on both sides. What was named by
its English label is written out below it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

OLD_KEYS: tuple[tuple[str, str], ...] = (
    ("actor", "run.actor"),
    ("regret", "decided.regret"),
    ("violation_rate", "decided.violation_rate"),
    ("requests_evaluated", "decided.decisions"),
    ("service_mg_per_request", "decided.service_mg_per_decision"),
    ("oracle_mg_per_request", "decided.optimum_mg_per_decision"),
    ("agent_carbon", "run.agent_carbon"),
    ("deciding_mg_per_request", "decided.deciding_mg_per_decision"),
    ("constant_regret", "decided.constant.regret"),
    ("constant_violation_rate", "decided.constant.violation_rate"),
    ("constant_action.words", "decided.constant.action.words"),
    ("constant_action.power_w", "decided.constant.action.power_w"),
    ("scenario", "run.scenario"),
    ("scenario_shipped", "wording.shipped"),
    ("traces", "wording.traces"),
    ("seed", "run.seed"),
    ("steps", "run.steps"),
    ("options", "run.options"),
    ("interrupted", "run.interrupted"),
    ("mlp", "twin"),
    ("deployed.regret", "deployed.regret"),
    ("deployed.violation_rate", "deployed.violation_rate"),
    ("firing_rate", "deployed.firing_rate"),
    ("firing_rate", "priced.firing_rate"),
    ("time_steps", "deployed.time_steps"),
    ("layers", "deployed.layers"),
    ("quantisation", "deployed.quantisation"),
    ("lava", "deployed.lava"),
    ("raster", "deployed.raster"),
    ("agent_site", "run.agent_site"),
    ("agent_intensity_g_per_kwh", "run.agent_intensity_g_per_kwh"),
    ("energy_j.*.snn", "priced.devices.*.spiking.total_j"),
    ("energy_j.*.mlp", "priced.devices.*.dense.total_j"),
    ("bills.*.device", "priced.devices.*.name"),
    ("bills.*.snn", "priced.devices.*.spiking"),
    ("bills.*.mlp", "priced.devices.*.dense"),
    ("bills.*.unfit.snn", "priced.devices.*.unfit.spiking"),
    ("bills.*.unfit.mlp", "priced.devices.*.unfit.dense"),
    ("device_kinds.*", "priced.devices.*.kind"),
    ("pairs", "priced.pairs"),
    ("nearest_pairs", "priced.nearest"),
    ("published_conditions", "priced.published"),
    ("synapses", "priced.synapses"),
    ("spikes_per_synapse", "priced.spikes_per_synapse"),
    ("synaptic_events_by_step", "priced.synaptic_events_by_step"),
    ("conditions", "priced.conditions"),
    ("agent_mg_per_request", "priced.agent_mg_per_decision"),
    ("training_kwh", "run.training_kwh"),
    ("training_measured_by", "run.training_measured_by"),
    ("margins", "decided.margins"),
    ("ledger.requests_per_year", "ledger.decisions_per_year"),
    ("ledger.words_per_request", "ledger.units_per_decision.word"),
    ("ledger.bits_per_request", "ledger.units_per_decision.bit"),
    ("ledger.devices", "ledger.boundaries.provisioned.accounts"),
    ("ledger.service", "ledger.boundaries.work.service"),
    ("ledger.service_energy_j", "ledger.boundaries.work.service_energy_j"),
    ("ledger.service_mg", "ledger.boundaries.work.service_mg.nominal"),
    ("ledger.training_over_requests", "ledger.training_over_decisions"),
    ("year.requests", "year.decisions"),
    ("reward_mg", "reward"),
)
"""Old key, and where it stands now."""


def old_keys(data: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of 0.1 of what a command prints today, as far as it prints them."""
    old: dict[str, Any] = {}
    for before, now in OLD_KEYS:
        for matched, value in _reach(data, now.split("."), ()):
            _put(old, _filled(before, matched), value)
    for key, write in _LABELLED.items():
        if key in data and data[key] is not None:
            write(data, old)
    return old


def _reach(data: Any, path: Sequence[str], matched: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value at ``path``, with what its ``*`` stood for."""
    if not path:
        yield matched, data
    elif not isinstance(data, Mapping):
        return
    elif path[0] == "*":
        for key, value in data.items():
            yield from _reach(value, path[1:], (*matched, key))
    elif path[0] in data:
        yield from _reach(data[path[0]], path[1:], matched)


def _filled(path: str, matched: Sequence[str]) -> list[str]:
    rest = iter(matched)
    return [next(rest) if part == "*" else part for part in path.split(".")]


def _put(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {})
    data[path[-1]] = value


def _decided(data: Mapping[str, Any], old: dict[str, Any]) -> None:
    old["service_terms_mg"] = {term["name"]: term["mg"] for term in data["decided"]["terms"].values()}


def _wording(data: Mapping[str, Any], old: dict[str, Any]) -> None:
    for site in ("dc", "bs"):
        old[f"{site}_country"] = data["wording"]["countries"].get(site) or None


def _priced(data: Mapping[str, Any], old: dict[str, Any]) -> None:
    for profile, device in data["priced"]["devices"].items():
        layers = device["by_layer"]
        old["bills"][profile]["by_layer_j"] = (
            None if layers is None else {share["name"]: share["energy_j"] for share in layers.values()}
        )
        unfit = old["bills"][profile].setdefault("unfit", {})
        for before, plainly in (("snn", "it runs no spiking networks"), ("mlp", "it runs no dense networks")):
            if unfit.get(before) == "":
                unfit[before] = plainly
        for before, now in (("snn", "spiking"), ("mlp", "dense")):
            if device[now] is None:
                old["energy_j"].setdefault(profile, {})[before] = None


def _ledger(data: Mapping[str, Any], old: dict[str, Any]) -> None:
    if "decided" not in data:
        work = data["ledger"]["boundaries"]["work"]
        old["service_mg_per_request"] = work["service_mg"]["nominal"]


def _payback(data: Mapping[str, Any], old: dict[str, Any]) -> None:
    renamed = {"decisions": "requests", "payback_decisions": "payback_requests"}
    old["payback"] = {
        profile: [{**row, **{before: row[now] for now, before in renamed.items()}} for row in rows]
        for profile, rows in data["payback"].items()
    }


def _assumptions(data: Mapping[str, Any], old: dict[str, Any]) -> None:
    old["assumptions"] = [
        {**row, "what": f"{row['profile']}: {row['key']}" if row["profile"] else row["key"]}
        for row in data["assumptions"]
    ]


def _timings(data: Mapping[str, Any], old: dict[str, Any]) -> None:
    names = {"optimum": "oracle", "constant_action": "constant action", "lava": "Lava"}
    old["timings_s"] = {names.get(stage, stage): seconds for stage, seconds in data["timings_s"].items()}


_LABELLED: dict[str, Callable[[Mapping[str, Any], dict[str, Any]], None]] = {
    "decided": _decided,
    "wording": _wording,
    "priced": _priced,
    "ledger": _ledger,
    "payback": _payback,
    "assumptions": _assumptions,
    "timings_s": _timings,
}
"""What was named by its label, by the part that it is in."""
