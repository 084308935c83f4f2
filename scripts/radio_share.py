"""What the wireless part of a request is in real units: the tables of docs/radio.md.

``python scripts/radio_share.py`` prints them: by cell and model, by distance, by the load that shares the
station, and what sending again costs.
"""

import argparse
import json
from collections.abc import Sequence

import numpy as np

from neuro_aolo.systems.aolo.channel import mean_inverse_rate
from neuro_aolo.systems.aolo.check import check
from neuro_aolo.systems.aolo.link import Link
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.path_loss import nakagami_of_rice, path_loss_db
from neuro_aolo.systems.aolo.request import footprint, outcome, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.text.numbers import significant
from neuro_aolo.units import J_PER_KWH

REQUESTS = 20_000
CELLS = ("urban", "urban-macro")
DISTANCES_M = {"urban": (10.0, 50.0, 115.0), "urban-macro": (35.0, 115.0, 289.0)}
LOADS = (1.0, 0.5, 0.2, 0.05, 0.01)
WORDS, TOKENS_PER_WORD = 150.0, 1.4
HEADERS_BYTES = 20 + 32 + 22
"""IPv4, TCP with time stamps, a record of TLS 1.3."""
CHUNK = {
    "id": "chatcmpl-" + 29 * "x",
    "object": "chat.completion.chunk",
    "created": 1_700_000_000,
    "model": "a-model-name",
    "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}],
}
"""A token as chat servers stream it."""


def streamed_bits_per_word() -> float:
    """Bits of a word whose tokens are streamed as events, each in a packet of its own."""
    event = f"data: {json.dumps(CHUNK, separators=(',', ':'))}\n\n"
    return 8.0 * TOKENS_PER_WORD * (len(event) + HEADERS_BYTES)


def services(cell: str) -> dict[str, Scenario]:
    """The cell with AOLO's eight GPUs, with the small model on one, and that with its words streamed."""
    large = Scenario.load(cell)
    small = large.with_values(inference=Scenario.load("onprem").inference.model_dump())
    bits = streamed_bits_per_word()
    longer = bits / small.radio.bits_per_word * small.limits.transmission_time_s
    streamed = small.with_values(
        radio={"bits_per_word": bits}, limits={"transmission_time_s": longer, "penalty_mg": 100.0}
    )
    return {"eight GPUs": large, "small model": small, "small model, streamed": streamed}


def by_cell() -> list[str]:
    """Shares of the optimum's carbon, and what the least power saves against the largest."""
    rows = [
        "| cell | service | carbon, mg | transmitting, % | being on, % | making, % | wireless, % "
        "| least power saves, % |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for cell in CELLS:
        for service, scenario in services(cell).items():
            figures = check(scenario, np.random.default_rng(0), REQUESTS)
            parts = [figures.shares[f"wireless_{part}"] for part in ("radio", "fixed", "embodied")]
            numbers = [figures.oracle_carbon_mg, *(100.0 * part for part in (*parts, sum(parts)))]
            cells = [significant(number, 2) for number in (*numbers[1:], 100.0 * _saved(scenario))]
            rows.append(f"| {cell} | {service} | {' | '.join([significant(numbers[0], 3), *cells])} |")
    return rows


def _saved(scenario: Scenario) -> float:
    """Share of the carbon that the least power in time saves against the largest, at the same lengths."""
    states = sample_states(scenario, REQUESTS, np.random.default_rng(1))
    best = oracle(scenario, states)
    states, words = states[best.feasible], best.words[best.feasible]
    loudest = outcome(scenario, states, words, np.full(len(words), scenario.limits.power_w))
    return float(np.sum(loudest.carbon_mg) / best.carbon_mg[best.feasible].sum()) - 1.0


def by_distance() -> list[str]:
    """A handset at a distance, without shadowing, that is sent 150 words."""
    rows = [
        "| cell | distance, m | in sight | path loss, dB | mean SNR at most, dB | least power, W "
        "| transmitting, % | wireless, % |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    for cell, distances in DISTANCES_M.items():
        scenario = Scenario.load(cell)
        assert scenario.link is not None
        for distance_m in distances:
            for in_sight in (True, False):
                state = _state(scenario, distance_m, in_sight)
                rows.append(
                    f"| {cell} | {distance_m:g} | {'yes' if in_sight else 'no'} | {_row(scenario, state)} |"
                )
    return rows


def _state(scenario: Scenario, distance_m: float, in_sight: bool) -> np.ndarray:
    """The middle of all ranges but for the handset's place, ``(1, S)``."""
    link = scenario.link or Link()
    bounds = scenario.bounds
    state = (bounds.sample_low + bounds.sample_high) / 2.0
    place = scenario.state_names.index
    at, seen = np.array([distance_m]), np.array([in_sight])
    state[place("path_loss_db")] = path_loss_db(link.surroundings, at, link.carrier_hz, seen)[0]
    rice_db = np.array(link.surroundings.rice_db[0])
    state[place("nakagami_m")] = nakagami_of_rice(rice_db) if in_sight else 1.0
    state[place("kappa_peak_words")] = WORDS * 260.0 / 150.0
    return state[None]


def _row(scenario: Scenario, state: np.ndarray) -> str:
    link, place = scenario.link or Link(), scenario.state_names.index
    loss_db, bandwidth_hz = state[:, place("path_loss_db")], state[:, place("bandwidth_hz")]
    snr = float((scenario.limits.power_w * link.snr_per_watt(loss_db, bandwidth_hz))[0])
    best = oracle(scenario, state)
    terms = footprint(scenario, state, best.words, best.power_w)
    intensity = float(state[0, place("bs_intensity_g_per_kwh")])
    sent_j = float((scenario.supplied_w(best.power_w) * terms.transmission_time_s)[0])
    total_g = float(terms.total_g[0])
    return " | ".join(
        (
            f"{float(loss_db[0]):.1f}",
            f"{10.0 * np.log10(snr):.0f}",
            significant(float(best.power_w[0]), 2),
            significant(100.0 * sent_j / J_PER_KWH * intensity / total_g, 2),
            significant(100.0 * float(terms.wireless_g[0]) / total_g, 2),
        )
    )


def by_load() -> list[str]:
    """The wireless share with the station's idle time, by the load over which it is shared."""
    rows = [
        "| cell | load, % | traffic, Mbit/s | eight GPUs, % | small model, % | small model, streamed, % |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for cell in CELLS:
        for load in LOADS:
            traffic = load * Scenario.load(cell).radio.downlink_mbit_per_s
            shares = []
            for scenario in services(cell).values():
                changed = scenario.with_values(radio={"downlink_mbit_per_s": traffic})
                found = check(changed, np.random.default_rng(0), REQUESTS).shares
                shares.append(
                    100.0 * sum(part for name, part in found.items() if name.startswith("wireless"))
                )
            told = " | ".join(significant(share, 2) for share in shares)
            rows.append(f"| {cell} | {100.0 * load:g} | {traffic:g} | {told} |")
    return rows


def by_fading() -> list[str]:
    """Mean time on air over AOLO's, which leaves out what an outage drops."""
    rows = [
        "| Nakagami m | mean SNR, dB | divided by 1 - epsilon | sent again |",
        "|---:|---:|---:|---:|",
    ]
    for m in (1.0, 4.7, 12.0):
        for snr_db in (0.0, 20.0):
            at, mean = np.array(m), np.array(10.0 ** (snr_db / 10.0))
            plain, again = (float(mean_inverse_rate(at, mean, 0.01, resend)) for resend in (False, True))
            rows.append(f"| {m:g} | {snr_db:g} | {1.0 / 0.99:.3f} | {again / plain:.3f} |")
    return rows


TABLES = {"cell": by_cell, "distance": by_distance, "load": by_load, "fading": by_fading}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", nargs="*", choices=[[], *TABLES], help="all of them if none is named")
    chosen = parser.parse_args(arguments).table or list(TABLES)
    print("\n\n".join("\n".join(TABLES[name]()) for name in chosen))


if __name__ == "__main__":
    main()
