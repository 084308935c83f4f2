"""The page of real language models, and its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from curves.page import markdown
from llm_costs.measured import KEPT, Run, held_by_the_others, of_the_spread, spread
from llm_costs.published import Published
from neuro_aolo.systems.aolo.llm.figures import TOKENS_PER_WORD, served
from neuro_aolo.systems.aolo.llm.servers import server
from neuro_aolo.systems.aolo.llm.sizes import Size
from neuro_aolo.systems.aolo.request import footprint
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.text.numbers import significant

_WORDS = (60.0, 150.0, 260.0, 500.0)
_BYTES_PER_WEIGHT = 2.0
_GPT_3 = Size("GPT-3", (175.0, 175.0), (175.0, 175.0), "its paper")
_A_STATE = (3.0, 1.0, 20e6, 200.0, 300.0)


def page(runs: Sequence[Run], published: Sequence[Published], rows: Sequence[Mapping[str, Any]]) -> str:
    """The whole page, but for its last line."""
    return "\n\n".join(
        (
            "# Real language models",
            _opening(published),
            "## AOLO's own formula beside them",
            _of_aolo(published),
            "## Published figures, and our range",
            "`ours` is the range of `neuro-aolo scenarios from-llm` with the settings named, on the "
            "boundary of the "
            "figure: what GPUs alone drew is compared with our GPUs and server, so that it has to lie low, "
            "but for the "
            "rows of ML.ENERGY, to which the server is added. `seen` is whether the figure was read at its "
            "source, "
            "read where it is quoted, or recalled.",
            markdown(
                ["what", "published", "ours: low, value, high", "it is", "why", "source", "seen"],
                [_row(each) for each in published],
            ),
            "## Whether the range holds",
            _held(runs),
            "## Three models, run end to end",
            _runs(rows),
        )
    )


def published_rows(published: Sequence[Published]) -> list[dict[str, object]]:
    """The comparison as data."""
    return [
        {
            "what": each.what,
            "published": each.figure,
            "published_low": significant(each.low, 4),
            "published_high": significant(each.high, 4),
            "our_low": significant(each.ours[0], 4),
            "our_value": significant(each.ours[1], 4),
            "our_high": significant(each.ours[2], 4),
            "unit": each.unit,
            "settings": each.settings,
            "verdict": each.verdict,
            "reason": each.reason,
            "source": each.source,
            "seen": each.grade,
            "range_made_of_it": each.made_of,
        }
        for each in published
    ]


def run_row(name: str, figures: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any]:
    """What a run came to.

    Args:
        name: of the scenario.
        figures: what ``scenarios from-llm --json`` printed.
        summary: of the run.
    """
    decided, twin = summary["decided"], summary["twin"]
    constant = decided["constant"]
    return {
        "scenario": name,
        "requests": summary["run"]["steps"],
        "gpus": figures["gpus"],
        "joules_per_token": figures["joules_per_token"]["nominal"],
        "seconds_per_token": figures["seconds_per_token"]["nominal"],
        "joules_per_word": figures["joules_per_word"]["nominal"],
        "joules_per_word_low": figures["joules_per_word"]["low"],
        "joules_per_word_high": figures["joules_per_word"]["high"],
        "optimum_mg": decided["optimum_mg_per_decision"],
        "spiking_mg": decided["service_mg_per_decision"],
        "spiking_regret": decided["regret"],
        "spiking_violations": decided["violation_rate"],
        "mlp_regret": twin["regret"],
        "mlp_violations": twin["violation_rate"],
        "constant_words": constant["action"]["words"],
        "constant_mg": constant["cost_per_decision"],
        "constant_regret": constant["regret"],
        "constant_violations": constant["violation_rate"],
    }


def _opening(published: Sequence[Published]) -> str:
    free = [each for each in published if not each.made_of]
    inside = sum(each.verdict == "inside" for each in free)
    return (
        f"- **Of {len(free)} published figures that our range was not made of, {inside} lie in it.** Those "
        f"of the "
        "runs that it was made of do, which says nothing.\n"
        "- **A figure of energy per token is a figure of a batch.** The same model on the same GPU took "
        f"{_batches(published)} in three runs that differ in nothing else.\n"
        "- **EcoLogits' time of a token is too long** on H100, by a factor of 1.3 to 4; its energy is "
        "within a factor "
        "of two at 64 at once. So the power of a GPU in our scenarios, energy over time, is too low, and "
        "the limit of "
        "time is a chosen one.\n"
        "- **A constant action still solves these scenarios**, as it does `paper`: another model scales "
        "the carbon "
        "of a word, and moves the optimum nowhere."
    )


def _batches(published: Sequence[Published]) -> str:
    own = [each for each in published if each.what.startswith("Llama-3.1-8B-Instruct, 1 x H100")]
    return ", ".join(f"{each.low:.2g} J at {each.what.split(', ')[2].split(' ')[0]} at once" for each in own)


def _row(each: Published) -> list[str]:
    low, value, high = (significant(end) for end in each.ours)
    return [
        each.what,
        each.figure,
        f"{low}, {value}, {high} {each.unit} ({each.settings})",
        each.verdict,
        each.reason,
        each.source,
        each.grade,
    ]


def _of_aolo(published: Sequence[Published]) -> str:
    paper = Scenario.load("paper")
    count = len(_WORDS)
    terms = footprint(paper, np.tile(_A_STATE, (count, 1)), np.array(_WORDS), np.full(count, 10.0))
    inference = paper.inference
    joules = terms.inference_time_s * inference.gpus * inference.gpu_power_w
    alone, shared = (served(_GPT_3, server("a100"), batch, 8, 0) for batch in (1, 64))
    rows = []
    for words, seconds, energy in zip(_WORDS, terms.inference_time_s, joules, strict=True):
        tokens = words * TOKENS_PER_WORD
        rows.append(
            [
                f"{words:g}",
                f"{seconds:.3g} s",
                f"{energy / words:.3g} J",
                f"{tokens * shared.token.time_s:.3g} s",
                f"{tokens * shared.energy_j.value / words:.3g} J",
                f"{tokens * alone.energy_j.value / words:.3g} J",
            ]
        )
    titles = [
        "words",
        "AOLO: time",
        "AOLO: a word",
        "EcoLogits: time, 64 at once",
        "a word, 64 at once",
        "a word, one at a time",
    ]
    answer_s, tokens = float(terms.inference_time_s[1]), TOKENS_PER_WORD * _WORDS[1]
    bound_s = (
        tokens * _BYTES_PER_WEIGHT * 1e9 * _GPT_3.total[0] / (inference.gpus * server("a100").bytes_per_s)
    )
    word_j = float(joules[1]) / _WORDS[1]
    ours_j = TOKENS_PER_WORD * shared.energy_j.value
    llama_j = next(each.low for each in published if each.what.startswith("Llama-3.1-70B"))
    longest = (paper.limits.inference_time_s / answer_s) ** (1.0 / inference.acceleration_exponent) * _WORDS[
        1
    ]
    return (
        "AOLO's figures of inference are those of GPT-3 on eight A100 (0.35 TFLOP for an operation, two "
        "FLOP for "
        "each of 175 billion weights; half of a peak of 312 TFLOP/s; five operations a word: Chien et al., "
        "doi:10.1145/3604930.3605705, read where they are quoted). Here they stand beside the same model "
        "on the "
        "same GPUs by our scenarios' method, both without the building's overhead:\n\n"
        f"{markdown(titles, rows)}\n\n"
        f"**AOLO's answer of 150 words is {tokens * shared.token.time_s / answer_s:,.0f} times faster than "
        f"by our "
        f"method, and {bound_s / answer_s:.0f} times faster than eight A100 can read the weights once a "
        f"token** "
        f"({bound_s:.2g} s): it lets one request have half the peak of all GPUs, which no decoding "
        f"reaches. Its "
        f"energy of a word, {word_j:.2g} J, is {ours_j / word_j:.2g} times less than that of the same "
        f"model by our "
        f"method with 64 requests at once, and near the {TOKENS_PER_WORD * llama_j:.2g} J that were "
        f"measured of "
        "Llama-3.1-70B on H100, a model of two fifths of its size: the full power of eight GPUs is counted "
        "for too "
        "short a time, and no batch shares it, two errors that work against each other. Its exponent of "
        "0.8 makes a "
        "word cheaper the longer the answer is, where energy and time go with the number of tokens in "
        "measurements. "
        "The times of our method are too long themselves (above).\n\n"
        f"AOLO's limit of {paper.limits.inference_time_s:g} s for an answer (25c) can be kept by none of "
        f"these models: "
        f"the scenarios below have the time of the longest answer that it leaves there, {longest:.0f} "
        f"words, in its "
        "place."
    )


def _held(runs: Sequence[Run]) -> str:
    rows = []
    for batch in KEPT:
        own = of_the_spread(runs, batch)
        found, (inside, models) = spread(own), held_by_the_others(own)
        blackwell = [run for run in runs if (run.hardware, run.bits, run.batch) == ("b200", 16, batch)]
        ratios = [run.energy_ratio for run in blackwell]
        rows.append(
            [
                str(batch),
                str(found.runs),
                f"{found.energy[0]:g} to {found.energy[1]:g}",
                f"{found.time[0]:g} to {found.time[1]:g}",
                f"{inside} of {models}",
                f"{min(ratios):.2g} to {max(ratios):.2g}, {len(ratios)} runs",
            ]
        )
    titles = [
        "at once",
        "runs",
        "measured over EcoLogits' energy",
        "over its time",
        "models whose runs lie in the range of the others",
        "energy on B200 over what it is scaled to",
    ]
    return (
        "The ends of a scenario's energy are the smallest and the largest ratio of measured to modelled "
        "energy at the "
        "nearest number of requests at once (H100, 16 bits; the server at EcoLogits' 1.2 kW is in both, "
        "and nobody "
        "measured it). Left out one model at a time, this is how far they hold; on other GPUs the range is "
        "three times as "
        "wide each way.\n\n"
        f"{markdown(titles, rows)}"
    )


def _runs(rows: Sequence[Mapping[str, Any]]) -> str:
    table = [
        [
            f"[{row['scenario']}]({row['scenario']}.toml)",
            f"{row['requests']:,}",
            f"{row['joules_per_token']:.3g} J, {1e3 * row['seconds_per_token']:.3g} ms",
            _span(row, "joules_per_word"),
            f"{row['optimum_mg']:.4g} mg",
            _told(row["constant_mg"], row["constant_regret"], row["constant_violations"]),
            _told(row["spiking_mg"], row["spiking_regret"], row["spiking_violations"]),
            _told(None, row["mlp_regret"], row["mlp_violations"]),
        ]
        for row in rows
    ]
    titles = [
        "scenario",
        "trained on",
        "a token",
        "a word, with PUE",
        "optimum a request",
        "best constant action",
        "spiking actor",
        "its dense twin",
    ]
    return (
        "`neuro-aolo run --scenario FILE.toml`, with `--steps 2000` and once with the usual number of "
        "requests, on "
        "20,000 held-out requests: carbon a request, regret, and in brackets the share of requests in "
        "which a "
        "constraint is broken (limit 0.1 %). **2,000 requests teach nothing**: they show that a file runs "
        "from training "
        "to page. A regret below zero is that of answers that are too short to be allowed.\n\n"
        f"{markdown(titles, table)}"
    )


def _told(carbon_mg: float | None, regret: float, violations: float) -> str:
    carbon = "" if carbon_mg is None else f"{carbon_mg:.4g} mg, "
    return f"{carbon}{100 * regret:.3g} % ({100 * violations:.3g} %)"


def _span(row: Mapping[str, Any], name: str) -> str:
    return f"{row[name]:.3g} J ({row[f'{name}_low']:.2g} to {row[f'{name}_high']:.2g})"
