"""Numbers as people write them in a sentence: 1,600 and 5e-4, eight, half a, two and a half million."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_ONES = {name: value for value, name in enumerate(re.findall(r"\w+", _UNITS))}
_ONES |= {"single": 1, "pair": 2, "dozen": 12, "once": 1, "twice": 2}
_TENS = {
    name: 10 * place
    for place, name in enumerate(
        re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety"), start=2
    )
}
_TIMES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "dozen": 12.0}
_PARTS = {"half": 0.5, "third": 1 / 3, "quarter": 0.25, "fifth": 0.2, "tenth": 0.1}
_SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3}
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")

_MOST_DIGITS = 40
_DIGITS = re.compile(
    r"(?<![\w.^])(?<![A-Za-z)][-‐])(?P<sign>[-−+](?=[\d.]))?"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])"
    r"|[0-9]{1,3}(?:[ '’\u2009\u202f\xa0][0-9]{3})+(?![0-9])|[0-9]+)?"
    r"(?P<part>[.][0-9]+|(?<=[0-9])(?<!,[0-9])(?<!,[0-9]{2}),[0-9]{1,2}(?![0-9,]))?"
    r"(?:(?:[eE](?P<exponent>[+-]?[0-9]{1,3})(?![\w]))"
    r"|\s?[x×*·]\s?10\s?(?:\^\s?\(?(?P<power>[-−+]?[0-9]{1,3})\)?|(?P<raised>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4})))?"
    r"(?:/(?P<under>[1-9][0-9]{0,2})(?![\w./]))?"
    r"(?P<glued>k(?![\w/]))?"
)
_LETTERS = re.compile(r"[A-Za-z]+|[½¼¾⅓]")
_NEXT = re.compile(r"[ \t\n]*(?:-|‐|\band\b)?[ \t\n]*(?:\b(?:a|an)\b[ \t\n]+)?", re.IGNORECASE)
_SCALE = re.compile(r"[ \t-]+(hundred|thousand|million|billion|dozen)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Numeral:
    """A number in a text.

    Attributes:
        value: what it is; infinite where it is beyond every float.
        start: where it begins.
        end: where it is over.
    """

    value: float
    start: int
    end: int


def numerals(text: str) -> tuple[Numeral, ...]:
    """Every number of a text, in order."""
    numbers = [*_in_digits(text), *_spelt(text)]
    return tuple(sorted(numbers, key=lambda number: number.start))


def has_number(text: str, value: float) -> bool:
    """Whether a number stands in a text."""
    return any(math.isclose(number.value, value, rel_tol=1e-9, abs_tol=0.0) for number in numerals(text))


def _in_digits(text: str) -> Iterator[Numeral]:
    for found in _DIGITS.finditer(text):
        if not (found["whole"] or found["part"]):
            continue
        value = _value(found)
        end = found.end()
        scale = _SCALE.match(text, end)
        if scale and not found["glued"]:
            value, end = value * _TIMES[scale[1].lower()], scale.end()
        elif end < len(text) and text[end] in _SIGNS and not found["part"]:
            value, end = value + _SIGNS[text[end]], end + 1
        yield Numeral(value, found.start(), end)


def _value(found: "re.Match[str]") -> float:
    digits = re.sub(r"[^0-9]", "", found["whole"] or "0")
    part = (found["part"] or "").replace(",", ".")
    if len(digits) + len(part) > _MOST_DIGITS * 10:
        return math.inf
    power = found["power"] or found["raised"] or found["exponent"] or "0"
    value = float(f"{digits}{part}e{int(power.translate(_RAISED))}")
    if found["under"]:
        value /= float(found["under"])
    if found["glued"]:
        value *= 1e3
    return -value if found["sign"] in ("-", "−") else value


def _spelt(text: str) -> Iterator[Numeral]:
    end = 0
    for word in _LETTERS.finditer(text):
        if word.start() < end:
            continue
        number = _beginning(text, word)
        if number is not None:
            end = number.end
            yield number


def _beginning(text: str, word: "re.Match[str]") -> Numeral | None:
    """The number whose first word stands there, with all words that go on with it."""
    first = word[0].lower()
    before = text[: word.start()].rstrip()[-1:]
    if first in _SIGNS:
        return None if before.isdigit() else Numeral(_SIGNS[first], word.start(), word.end())
    start = word.start()
    if first in ("a", "an"):
        following = _LETTERS.match(text, _skipped(text, word.end()))
        if following is None or following[0].lower() not in {*_TIMES, *_PARTS, "pair", "single"}:
            return None
        word, first = following, following[0].lower()
    if first in _PARTS:
        return _of_part(text, start, word)
    if first not in {*_ONES, *_TENS, *_TIMES} or (first in _TIMES and before.isdigit()):
        return None
    return _of_whole(text, start, word)


def _of_part(text: str, start: int, word: "re.Match[str]") -> Numeral:
    """Half, half a, half a million."""
    value, end = _PARTS[word[0].lower()], word.end()
    following = _LETTERS.match(text, _NEXT.match(text, end).end())  # type: ignore[union-attr]
    if following and following[0].lower() in _TIMES:
        return Numeral(value * _TIMES[following[0].lower()], start, following.end())
    return Numeral(value, start, end)


def _of_whole(text: str, start: int, word: "re.Match[str]") -> Numeral:
    """Three hundred and fifty thousand; two and a half; one point five; three quarters."""
    total, current, end = 0.0, 0.0, word.start()
    last = math.inf
    following: re.Match[str] | None = word
    while following is not None:
        name = following[0].lower()
        joined = text[end : following.start()]
        if name in _TIMES and (following is not word or name != "dozen") and "and" not in joined:
            scale = _TIMES[name]
            total, current = (
                (total, (current or 1.0) * scale) if scale == 1e2 else (total + (current or 1.0) * scale, 0.0)
            )
            last = scale
        elif (size := _ONES.get(name, _TENS.get(name))) is not None and size < last and _adds(last, size):
            current += size
            last = size
        elif name.removesuffix("s") in _PARTS and "and" in joined:
            return Numeral(total + current + _PARTS[name.removesuffix("s")], start, following.end())
        elif name in ("quarters", "thirds", "tenths", "fifths") and following is not word:
            return Numeral((total + current) * _PARTS[name[:-1]], start, following.end())
        elif name == "point" and following is not word:
            return _with_point(text, start, total + current, following)
        else:
            break
        end = following.end()
        following = _LETTERS.match(text, _NEXT.match(text, end).end())  # type: ignore[union-attr]
    return Numeral(total + current, start, end)


def _adds(last: float, size: int) -> bool:
    """Whether a smaller number goes on with the last: twenty-five, two hundred and five, not five four."""
    return last == math.inf or last >= 100.0 or (last >= 20.0 and 1 <= size <= 9)


def _with_point(text: str, start: int, whole: float, point: "re.Match[str]") -> Numeral:
    digits, end = "", point.end()
    while (digit := _LETTERS.match(text, _skipped(text, end))) and _ONES.get(digit[0].lower(), 10) < 10:
        digits, end = f"{digits}{_ONES[digit[0].lower()]}", digit.end()
    if not digits:
        end = point.start() - 1
    return Numeral(whole + float(f"0.{digits or 0}"), start, end)


def _skipped(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\n-":
        place += 1
    return place
