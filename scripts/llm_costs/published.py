"""Published figures of what an answer of a language model takes, and ours on the same boundary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llm_costs.measured import Run
from neuro_aolo.systems.aolo.llm.figures import Served, served
from neuro_aolo.systems.aolo.llm.servers import server
from neuro_aolo.systems.aolo.llm.sizes import Size, size_of

J_PER_WH = 3600.0
_CHAT_TOKENS = 250
"""Assumed of a prompt to a chat service, as EcoLogits does (average of LLM Arena): no service says."""

_SCORE_TOKENS = 10
_MISTRAL_TOKENS = 400
_MISTRAL_G_PER_KWH = (50.0, 400.0)
"""From a grid like France's to one like the United States': the study says which in no figure."""

READ, QUOTED, RECALLED = "read", "read where it is quoted", "recalled"
Ends = tuple[float, float, float]


@dataclass(frozen=True)
class Published:
    """A published figure beside ours.

    Attributes:
        what: model and conditions.
        figure: as it was published.
        low, high: in ``unit``; the same where one number was published.
        ours: low, value and high by ``scenarios from-llm`` on the same boundary, in ``unit``.
        unit: of both.
        settings: ours, in words.
        reason: why it lies where it lies.
        source: of the figure.
        grade: how it was seen.
    """

    what: str
    figure: str
    low: float
    high: float
    ours: Ends
    unit: str
    settings: str
    reason: str
    source: str
    grade: str
    made_of: bool = False
    """Whether our range was made of it, or widened because of it."""

    @property
    def verdict(self) -> str:
        """Where the figure lies in our range."""
        low, _, high = self.ours
        if low <= self.low and self.high <= high:
            return "inside"
        if self.high < low:
            return f"below, {low / self.high:.3g} times"
        if self.low > high:
            return f"above, {self.low / high:.3g} times"
        return "partly inside"


def of_runs(runs: Sequence[Run]) -> list[Published]:
    """Measured runs, the rest of the server added to the GPUs."""
    rows = []
    for model, batch, hardware, bits in _SHOWN_RUNS:
        for run in runs:
            if (run.model, run.batch, run.hardware, run.bits) == (model, batch, hardware, bits):
                rows.append(_of_run(run))
                break
    return rows


_SHOWN_RUNS = (
    ("meta-llama/Llama-3.1-8B-Instruct", 8, "h100", 16),
    ("meta-llama/Llama-3.1-8B-Instruct", 64, "h100", 16),
    ("meta-llama/Llama-3.1-8B-Instruct", 512, "h100", 16),
    ("meta-llama/Llama-3.1-70B-Instruct", 64, "h100", 16),
    ("Qwen/Qwen3-30B-A3B-Instruct-2507", 64, "h100", 16),
    ("meta-llama/Llama-3.1-405B-Instruct-FP8", 64, "h100", 8),
    ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", 64, "h100", 8),
    ("meta-llama/Llama-3.1-8B-Instruct", 64, "b200", 16),
    ("meta-llama/Llama-3.1-70B-Instruct", 64, "b200", 16),
    ("Qwen/Qwen3-30B-A3B-Instruct-2507", 64, "b200", 16),
)
"""The three models of the page, and what EcoLogits was not fitted to: narrower weights, another GPU."""


def _of_run(run: Run) -> Published:
    ends = (run.active_billions,) * 2, (run.billions * run.bits / 16.0,) * 2
    costs = served(Size(run.model, *ends, "ML.ENERGY"), server(run.hardware), run.batch, run.gpus, 0)
    reason, made_of = "EcoLogits and our range were made of this very run", True
    if run.bits == 8:
        reason, made_of = "weights of 8 bits, and more parameters than EcoLogits was fitted to", False
    if run.hardware == "b200":
        reason = "scaled from H100, and our range widened until such runs lie in it"
    return Published(
        what=f"{run.model.rpartition('/')[2]}, {run.gpus} x {run.hardware.upper()}, {run.batch} at once",
        figure=f"{run.gpu_j_per_token:.3g} J a token, GPUs alone",
        low=run.token_j,
        high=run.token_j,
        ours=_token(costs),
        unit="J/token",
        settings=f"the same; measured with {run.token_j - run.gpu_j_per_token:.2g} J of the server added",
        reason=reason,
        source="ML.ENERGY v3, arXiv:2505.06371, by Lead Green (CC BY 4.0)",
        grade=READ,
        made_of=made_of,
    )


def of_others() -> list[Published]:
    """What others published: our range was made of none of it."""
    return [make() for make in (_llama_1, _qwen_alone, _gemma_alone, _luccioni, _gemini, _chatgpt, _mistral)]


def _llama_1() -> Published:
    costs = served(_size("LLaMA 65B", 65.2), server("a100"), 64, 4, 0)
    return Published(
        what="LLaMA 65B on V100 and A100, unquantised",
        figure="about 3 to 4 J a token, GPUs alone",
        low=3.0,
        high=4.0,
        ours=_token(costs),
        unit="J/token",
        settings="4 x A100, 64 at once",
        reason="2023's software, several batches and numbers of GPUs in one range",
        source="Samsi et al., From Words to Watts, arXiv:2310.03003",
        grade=QUOTED,
    )


def _alone(name: str, total: float, active: float, wh_per_1000: float) -> Published:
    costs = served(_size(name, total, active), server("h100"), 1, 1, 0)
    per_token = wh_per_1000 / 1000.0 * J_PER_WH / _SCORE_TOKENS
    return Published(
        what=f"{name}, one query at a time, {_SCORE_TOKENS} tokens of answer",
        figure=f"{wh_per_1000:g} Wh for 1000 queries, GPUs alone",
        low=per_token,
        high=per_token,
        ours=_token(costs),
        unit="J/token",
        settings="1 x H100, one at a time",
        reason="the prompt is spread over ten tokens there; ours is extrapolated below 8 at once",
        source="AI Energy Score, December 2025, by Lead Green (CC BY 4.0)",
        grade=READ,
    )


def _qwen_alone() -> Published:
    return _alone("Qwen3-30B-A3B", 30.5, 3.3, 37.4)


def _gemma_alone() -> Published:
    return _alone("gemma-3-27b", 27.0, 27.0, 50.4)


def _luccioni() -> Published:
    costs = served(_size("flan-t5-xxl", 11.3), server("a100"), 1, 1, 0)
    per_token = 47.0 / 1000.0 * J_PER_WH / _SCORE_TOKENS
    return Published(
        what="text generation, mean of models up to 11 billion parameters, one at a time, A100",
        figure="0.047 kWh for 1000 queries",
        low=per_token,
        high=per_token,
        ours=_token(costs),
        unit="J/token",
        settings=f"11.3 billion parameters, 1 x A100, one at a time, {_SCORE_TOKENS} tokens",
        reason="whole machine, 2023's software, models of several sizes; tokens per query recalled too",
        source="Luccioni, Jernite, Strubell, arXiv:2311.16863",
        grade=RECALLED,
    )


def _gemini() -> Published:
    return _chat(
        "median text prompt to Gemini Apps",
        "0.24 Wh, with host, idle machines and building",
        "gemini-2.5-flash",
        0.24,
        "Google, arXiv:2508.15734",
    )


def _chatgpt() -> Published:
    return _chat(
        "average query to ChatGPT", "about 0.34 Wh, boundary not told", "gpt-4o", 0.34, "S. Altman, June 2025"
    )


def _chat(what: str, figure: str, model: str, watt_hours: float, source: str) -> Published:
    costs = served(size_of(model), server("h100"), 64, None, 0)
    return Published(
        what=what,
        figure=figure,
        low=watt_hours,
        high=watt_hours,
        ours=_scaled(costs, lambda joules, pue: _CHAT_TOKENS * joules * pue / J_PER_WH),
        unit="Wh/answer",
        settings=f"{model} as EcoLogits guesses it, 64 at once, {_CHAT_TOKENS} tokens assumed",
        reason="size, tokens and batch are all unknown; own chips and weights of 8 bits or fewer are likely",
        source=source,
        grade=QUOTED,
    )


def _mistral() -> Published:
    costs = served(size_of("Mistral-Large-Instruct-2407"), server("h100"), 64, None, 0)
    least, most = _MISTRAL_G_PER_KWH
    made = costs.kg_per_gpu.value * 1e3 * costs.token.gpus / costs.token.batch
    lived_s = costs.lifetime_years.value * 365 * 24 * 3600
    embodied = _MISTRAL_TOKENS * costs.token.time_s * made / lived_s
    low, value, high = _scaled(costs, lambda joules, pue: _MISTRAL_TOKENS * joules * pue / 3.6e6)
    return Published(
        what=f"Mistral Large 2, answer of {_MISTRAL_TOKENS} tokens",
        figure="1.14 gCO2e, life cycle with making and upstream",
        low=1.14,
        high=1.14,
        ours=(low * least + embodied, value * (least * most) ** 0.5 + embodied, high * most + embodied),
        unit="gCO2e/answer",
        settings=f"4 x H100, 64 at once, {least:g} to {most:g} g/kWh, making included",
        reason="scope, batch and grid are not published; EcoLogits tells of the same gap",
        source="Mistral AI with Carbone 4 and ADEME, July 2025",
        grade=QUOTED,
    )


def _size(name: str, total: float, active: float | None = None) -> Size:
    return Size(name, (active or total,) * 2, (total,) * 2, "its model card")


def _token(costs: Served) -> Ends:
    return costs.energy_j.low, costs.energy_j.value, costs.energy_j.high


def _scaled(costs: Served, per_answer: Callable[[float, float], float]) -> Ends:
    energy, pue = costs.energy_j, costs.pue
    return (
        per_answer(energy.low, pue.low),
        per_answer(energy.value, pue.value),
        per_answer(energy.high, pue.high),
    )
