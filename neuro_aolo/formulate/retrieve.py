"""The cards and pieces that a text speaks of, by BM25.

References:
    S. Robertson, H. Zaragoza (2009), The Probabilistic Relevance Framework: BM25 and Beyond, Foundations and
    Trends in Information Retrieval 3(4), doi:10.1561/1500000019.
    X. H. Lù (2024), BM25S: Orders of magnitude faster lexical search via eager sparse scoring,
    arXiv:2407.03618.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from neuro_aolo.formulate.extra import extra

_WORD = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by for from has have i in is it its of on or our that the their this to "
        "was we which will with you not no can do so but if than then there these they my me ",
    )
)
_ENDINGS = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", ""))
_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|\n+|,\s+(?=[A-Za-z(])|\s+and\s+(?=[a-z]+ )")


class Index:
    """Texts that can be searched.

    Args:
        texts: to be searched, in order.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [terms(text) for text in texts]
        self._known = frozenset(word for tokens in self._texts for word in tokens)

    @cached_property
    def _ranked(self) -> Any:
        ranked = extra("bm25s").BM25()
        ranked.index([text or [""] for text in self._texts], show_progress=False)
        return ranked

    def best(self, text: str, most: int) -> list[int]:
        """Indices of the texts that are nearest to a text, the nearest first; none that shares no word.

        Args:
            text: what is looked for.
            most: how many at most.
        """
        tokens = [word for word in terms(text) if word in self._known]
        if not tokens:
            return []
        scores = self._ranked.get_scores(tokens)
        order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
        return [index for index in order[:most] if scores[index] > 0.0]


def terms(text: str) -> list[str]:
    """The words that a search looks at: in lower case, without common ones and usual endings."""
    tokens = _WORD.findall(text.lower().replace("co2", " co ").replace("co₂", " co "))
    return [_stem(word) for word in tokens if word not in _COMMON]


def clauses_of(text: str) -> list[str]:
    """Parts of a text that speak of one thing each, more or less."""
    return [part.strip() for part in _CLAUSE.split(text) if part.strip()]


def best_of_parts(index: Index, text: str, of_each: int, most: int) -> list[int]:
    """The nearest texts of each part of a text and of the whole, the nearest of all parts first."""
    ranks = [index.best(part, of_each) for part in (*clauses_of(text), text)]
    longest = max(map(len, ranks), default=0)
    by_rank = [rank[place] for place in range(longest) for rank in ranks if place < len(rank)]
    return list(dict.fromkeys(by_rank))[:most]


def _stem(word: str) -> str:
    for ending, instead in _ENDINGS:
        if len(word) - len(ending) >= 3 and word.endswith(ending) and not word.endswith("ss"):
            return f"{word.removesuffix(ending)}{instead}"
    return word
