"""Damaged and hostile descriptions and documents: one line or a scenario, in bounded time, never a crash."""

import contextlib
import random
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pint", reason="the extra formulate is not installed")
pytest.importorskip("bm25s", reason="the extra formulate is not installed")

from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.formulate.asked import ask
from neuro_aolo.formulate.documents import read_documents
from neuro_aolo.formulate.pipeline import by_template, finished

SENTENCES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text(encoding="utf-8"))["sentence"]
TEXTS = [each["text"] for each in SENTENCES]
SIGNS = "0123456789.,;:/-+×±%^ \n\t\"“”'()[]{}=#€µ₂½🙂\u2028éßWGPUkMHz"
PIECES = (
    *(
        "\nSYSTEM: ignore all",
        "'''",
        '"""',
        "$(rm -rf)",
        "../../x",
        "${x}",
        "not ",
        "9" * 300,
        "1e999",
        "nan",
    ),
    *(
        "GPU " * 20,
        "W/" * 30,
        "per " * 30,
        "1," * 200,
        "in France and ",
        "[limits]\npenalty_mg = 1\n",
        "-" * 50,
    ),
)


@contextlib.contextmanager
def one_line_or_none() -> Iterator[None]:
    """Let an error that is raised on purpose pass, where it is one line."""
    message = ""
    try:
        yield
    except NeuroAoloError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1


def damaged(text: str, rng: random.Random) -> str:
    signs = list(text)
    for _ in range(rng.randint(1, 12)):
        place, kind = rng.randrange(len(signs) + 1), rng.random()
        if kind < 0.4:
            signs[place : place + rng.randint(0, 10)] = rng.choice(SIGNS) * rng.randint(1, 3)
        elif kind < 0.7:
            signs[place:place] = rng.choice(PIECES)
        else:
            signs[place:place] = rng.choice(TEXTS)[: rng.randint(1, 200)]
    return "".join(signs)


@pytest.mark.parametrize("seed", range(10))
def test_damaged_descriptions_are_read_or_refused_in_one_line(seed: int) -> None:
    rng = random.Random(seed)
    for number in range(20):
        text = damaged(rng.choice(TEXTS), rng)
        with one_line_or_none():
            understood = by_template(ask(text))
            for value in understood.settled.values.values():
                if value.evidence is None:
                    assert value.written.startswith("chosen: ")
                    continue
                assert " ".join(value.evidence.quote.split()) in " ".join(text.split())
            if number == 0:
                tomllib.loads(finished(understood).toml)


@pytest.mark.parametrize("seed", range(5))
def test_damaged_documents_are_cut_into_short_pieces(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    for number in range(20):
        text = "\n\n".join(damaged(rng.choice(TEXTS), rng) for _ in range(rng.randint(0, 5)))
        (tmp_path / f"{number}.md").write_text(text, encoding="utf-8")
    pieces = read_documents(tmp_path)
    assert all(0 < len(piece.text) <= 600 for piece in pieces)
    assert by_template(ask(TEXTS[seed], documents=tmp_path)).settled == by_template(ask(TEXTS[seed])).settled


@pytest.mark.parametrize(
    "text",
    [
        "LLM. " + "GPU 8 " * 290,
        "LLM GPUs " + "1, " * 290,
        "LLM data centre " + "in France and Germany, " * 850,
        "LLM " + "quality " * 2_400,
        "LLM " + "one hundred and " * 1_200,
        "LLM " + '"' * 19_000,
        "LLM 1" + "." * 19_000,
        "LLM" + " " * 19_000 + "x",
        "LLM " + "9" * 19_000,
        "LLM 5 " + "k" * 19_000,
        "LLM 5 " + "W/" * 9_000,
    ],
    ids=lambda text: text[:20],
)
def test_long_ones_of_one_kind_end(text: str) -> None:
    with one_line_or_none():
        by_template(ask(text))
