"""What a model on a server costs, with low and high ends, and the scenario's parameters that say the same."""

from dataclasses import dataclass

from neuro_aolo.systems.aolo.llm.library import ecologits, version
from neuro_aolo.systems.aolo.llm.servers import Server
from neuro_aolo.systems.aolo.llm.sizes import Size
from neuro_aolo.systems.aolo.llm.spread import SPREAD_SOURCE, spread_at
from neuro_aolo.systems.aolo.llm.token import Token, check_whole, token_of

TOKENS_PER_WORD = 4.0 / 3.0
_TOKENS_PER_WORD_ENDS = (1.2, 1.6)
_FLOP_PER_PARAMETER = 2.0
_TFLOP_PER_BILLION = 1e-3
_UTILISATION, _UTILISATION_ENDS = 0.4, (0.2, 0.6)
_OTHER_HARDWARE = 3.0
"""So wide that all runs of 16 bits on B200 lie in it that the page of results tells of."""

_MADE_MORE = 1.5
_LONGEST_LIFE_YEARS = 6.0
_MOST_PROMPT_TOKENS = 1_000_000
_HOST = "huggingface_hub"


@dataclass(frozen=True)
class Ranged:
    """A figure with its ends and their source.

    Attributes:
        low, value, high: in the unit of what it is, rising.
        source: of the value.
        ends: source of the low and the high end.
    """

    low: float
    value: float
    high: float
    source: str
    ends: str


@dataclass(frozen=True)
class Served:
    """A model on a server.

    Attributes:
        size: of the model.
        server: that it runs on.
        token: what one of the answer takes.
        prompt_tokens: of a request, beyond the prompt of a chat.
        measured: requests at once of the measurements that the ends come from.
        energy_j: of a token of the answer, GPUs and server.
        measured_s: shortest and longest time of a token that such GPUs need by measurements, in s; None where
            there are none.
        power_w: of a GPU with its share of the server, so that a token takes ``energy_j``.
        tokens_per_word: of English.
        pue: of the building.
        prompt_s: what reading the prompt adds.
        kg_per_gpu: making of a GPU with its share of the server.
        idle_w: of a GPU that waits.
        lifetime_years: of a GPU and the server.
    """

    size: Size
    server: Server
    token: Token
    prompt_tokens: int
    measured: int
    energy_j: Ranged
    measured_s: tuple[float, float] | None
    power_w: Ranged
    tokens_per_word: Ranged
    pue: Ranged
    prompt_s: Ranged
    kg_per_gpu: Ranged
    idle_w: Ranged
    lifetime_years: Ranged

    @property
    def tflop_per_token(self) -> float:
        """Two FLOP for each active parameter."""
        return round(_FLOP_PER_PARAMETER * _TFLOP_PER_BILLION * sum(self.size.active) / 2.0, 12)

    @property
    def tflop_per_s(self) -> float:
        """What one GPU gives one of the requests: so much that a token takes its time."""
        return self.tflop_per_token / (self.token.gpus * self.token.time_s)

    @property
    def time_text(self) -> str:
        """Time of a token as people read it."""
        text = f"{1e3 * self.token.time_s:.3g} ms"
        if self.measured_s is None:
            return f"{text} (not measured)"
        low, high = (1e3 * end for end in self.measured_s)
        return f"{text} (by measured runs: {low:.3g} to {high:.3g})"

    @property
    def word_j(self) -> tuple[float, float, float]:
        """Energy of a word with the building's overhead: low, value and high, all parts at once, in J."""
        parts = (self.energy_j, self.tokens_per_word, self.pue)
        ends = [(part.low, part.value, part.high) for part in parts]
        low, value, high = (ends[0][i] * ends[1][i] * ends[2][i] for i in range(3))
        return low, value, high


def served(size: Size, server: Server, batch: int, gpus: int | None, prompt_tokens: int) -> Served:
    """What a model on a server costs.

    Args:
        size: of the model.
        server: that it runs on.
        batch: requests served at once.
        gpus: that it runs on; as many as it needs where None.
        prompt_tokens: of a request, beyond the prompt of a chat.

    Raises:
        ScenarioError: EcoLogits is not installed, or a number is not allowed.
    """
    check_whole("--prompt-tokens", prompt_tokens, 0, _MOST_PROMPT_TOKENS)
    token = token_of(size, server, batch, gpus)
    measured, spread = spread_at(batch)
    wider = 1.0 if server.measured else _OTHER_HARDWARE
    by_size = tuple(end / token.energy_j for end in token.energy_ends_j)
    low = min(1.0, spread.energy[0] * by_size[0] / wider)
    high = max(1.0, spread.energy[1] * by_size[1] * wider)
    method = f"EcoLogits {version()}"
    ends = (
        f"{SPREAD_SOURCE}, {measured} requests at once, {spread.runs} runs: {spread.energy[0]:g} to "
        f"{spread.energy[1]:g} of its energy"
    )
    ends += "" if size.released else "; times the ends of the model's estimated size"
    ends += "" if server.measured else f"; a factor {wider:g} more each way on other hardware, chosen"

    ends += "; the high end is its own" if high == 1.0 else ""

    def of(value: float, source: str) -> Ranged:
        return Ranged(low * value, value, high * value, source, ends)

    rest_w = token.server_j * token.batch / (token.gpus * token.time_s)
    return Served(
        size=size,
        server=server,
        token=token,
        prompt_tokens=prompt_tokens,
        measured=measured,
        energy_j=of(token.energy_j, method),
        measured_s=(spread.time[0] * token.time_s, spread.time[1] * token.time_s)
        if server.measured
        else None,
        power_w=of(
            token.power_w,
            f"{method}: {token.energy_j:.4g} J a token of {token.time_s * 1e3:.4g} ms, {token.batch} at "
            f"once on {token.gpus} GPU; {rest_w:.3g} W of it is the server's share",
        ),
        tokens_per_word=Ranged(
            _TOKENS_PER_WORD_ENDS[0],
            TOKENS_PER_WORD,
            _TOKENS_PER_WORD_ENDS[1],
            "tokens per English word: 100 are about 75 words (OpenAI, What are tokens and how to count them)",
            "chosen: large vocabularies on plain prose, small ones on technical text",
        ),
        pue=_overhead(method),
        prompt_s=_prompt(size, server, token, prompt_tokens),
        kg_per_gpu=Ranged(
            server.least_kg,
            token.kg_per_gpu,
            _MADE_MORE * token.kg_per_gpu,
            f"{server.host_source}: {server.gpu_kg:g} kg of a GPU and {server.host_kg:g} kg of a server over "
            f"{server.gpus}",
            f"low: the GPU alone, {server.least_source}; high: half as much again, chosen",
        ),
        idle_w=Ranged(*server.idle_w, f"{server.idle_source}; of the GPU alone", server.idle_source),
        lifetime_years=Ranged(
            token.lifetime_years,
            token.lifetime_years,
            _LONGEST_LIFE_YEARS,
            f"{method}: server and GPU",
            "high: what operators write servers off over, recalled",
        ),
    )


def _overhead(method: str) -> Ranged:
    known = ecologits("tracers.utils").PROVIDER_CONFIG_MAP[_HOST].datacenter_pue
    low, high = float(known.min), float(known.max)
    return Ranged(
        low, (low + high) / 2.0, high, f"{method}: mean of its range", f"{method}: hosts of open models"
    )


def _prompt(size: Size, server: Server, token: Token, prompt_tokens: int) -> Ranged:
    """Reading a prompt: each request at once reads one, and every one waits for all of them."""
    flop = _FLOP_PER_PARAMETER * sum(size.active) / 2.0 * 1e9 * prompt_tokens
    full_s = token.batch * flop / (token.gpus * server.flop_per_s)
    slow, fast = (full_s / share for share in _UTILISATION_ENDS)
    return Ranged(
        fast,
        full_s / _UTILISATION,
        slow,
        f"chosen: {prompt_tokens} tokens of 2 FLOP a parameter at {_UTILISATION:.0%} of "
        f"{server.flop_per_s / 1e12:g} TFLOP/s a GPU, for each of {token.batch} requests; a chat's prompt is "
        "in the tokens of the answer",
        f"chosen: {_UTILISATION_ENDS[1]:.0%} and {_UTILISATION_ENDS[0]:.0%} of the peak",
    )
