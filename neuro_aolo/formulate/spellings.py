"""How units are written: spellings of each, as a factor of one of ours. A closed table."""

PREFIXES = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
"""By symbol, upper and lower case apart."""

SPELT_PREFIXES = {
    **{"nano": 1e-9, "micro": 1e-6, "milli": 1e-3, "kilo": 1e3, "mega": 1e6, "giga": 1e9, "tera": 1e12},
    "peta": 1e15,
}

_SYMBOLS = {
    # symbol: unit, factor, prefixes that it is written with
    "W": ("watt", 1.0, "numkMG"),
    "Hz": ("hertz", 1.0, "kMGT"),
    "m": ("metre", 1.0, "k"),
    "s": ("second", 1.0, "num"),
    "J": ("joule", 1.0, "numkMG"),
    "Wh": ("joule", 3600.0, "mkMGT"),
    "g": ("gram", 1.0, "numk"),
    "t": ("gram", 1e6, "k"),
    "bit": ("bit", 1.0, "kMGT"),
    "b": ("bit", 1.0, "kMGT"),
    "B": ("bit", 8.0, "kMGT"),
    "FLOP": ("flop", 1.0, "kMGTP"),
}
"""Units that are written as a symbol with a prefix."""

_NAMED = {
    # name: unit, factor; of these with a spelt prefix, too
    "watt": ("watt", 1.0),
    "hertz": ("hertz", 1.0),
    "metre": ("metre", 1.0),
    "meter": ("metre", 1.0),
    "second": ("second", 1.0),
    "joule": ("joule", 1.0),
    "watthour": ("joule", 3600.0),
    "gram": ("gram", 1.0),
    "gramme": ("gram", 1.0),
    "tonne": ("gram", 1e6),
    "bit": ("bit", 1.0),
    "byte": ("bit", 8.0),
    "flop": ("flop", 1.0),
}

_ALONE = {
    # spelling in lower case: unit, factor
    **{name: ("second", 1.0) for name in ("sec", "secs")},
    **{name: ("second", 1e-3) for name in ("msec", "msecs", "millis")},
    **{name: ("second", 60.0) for name in ("min", "mins", "minute", "minutes")},
    **{name: ("second", 3600.0) for name in ("h", "hr", "hrs", "hour", "hours")},
    **{name: ("second", 86_400.0) for name in ("d", "day", "days")},
    **{name: ("second", 7 * 86_400.0) for name in ("week", "weeks")},
    **{name: ("second", 365 / 12 * 86_400.0) for name in ("month", "months")},
    **{name: ("second", 365 * 86_400.0) for name in ("y", "yr", "yrs", "year", "years", "annum")},
    **{name: ("second", 3650 * 86_400.0) for name in ("decade", "decades")},
    **{name: ("gram", 453.59237) for name in ("lb", "lbs", "pound", "pounds")},
    **{name: ("gram", 1e3) for name in ("kgs", "kilo", "kilos")},
    **{name: ("gram", 1e6) for name in ("metricton", "metrictons")},
    **{name: ("gram", 907_184.74) for name in ("shortton", "shorttons")},
    **{name: ("percent", 1.0) for name in ("%", "percent", "pct")},
    **{name: ("one", 1e-3) for name in ("permille", "‰")},
    **{name: ("gpu", 1.0) for name in ("gpu", "gpus", "accelerator", "accelerators", "card", "cards")},
    **{name: ("request", 1.0) for name in ("task", "tasks", "decision", "decisions", "query", "queries")},
    **{f"{prefix}bps": ("bit/s", size) for prefix, size in (("", 1.0), ("k", 1e3), ("m", 1e6), ("g", 1e9))},
    **{
        name: (unit, 1.0)
        for unit in (
            *("word", "token", "user", "server", "packet", "point", "slot", "step", "request", "operation"),
            *("cycle", "image", "episode"),
        )
        for name in (unit, f"{unit}s")
    },
}
"""Units that are written in a way of their own."""

SEVERAL = {
    "ton": "a short ton, a long ton or a tonne",
    "tons": "short tons, long tons or tonnes",
}
"""Spellings of several meanings."""


def _by_symbol() -> dict[str, tuple[str, float]]:
    table: dict[str, tuple[str, float]] = {}
    for symbol, (unit, factor, prefixes) in _SYMBOLS.items():
        for prefix in ("", *prefixes):
            table[f"{prefix}{symbol}"] = (unit, PREFIXES[prefix] * factor)
    for prefix in "kMGTP":
        for name in (f"{prefix}FLOPs", f"{prefix}FLOPS", f"{prefix}FLOP"):
            table[name] = ("flop", PREFIXES[prefix])
    return table


def _by_name() -> dict[str, tuple[str, float]]:
    table = dict(_ALONE)
    for name, (unit, factor) in _NAMED.items():
        for prefix, size in ({"": 1.0} | SPELT_PREFIXES).items():
            table[f"{prefix}{name}"] = (unit, size * factor)
            table[f"{prefix}{name}s"] = (unit, size * factor)
    return table


def _in_one_case() -> tuple[dict[str, tuple[str, float]], dict[str, str]]:
    """Symbols in lower case, where only one is so written, and the others with what they may mean."""
    same: dict[str, set[str]] = {}
    for symbol in SYMBOLS:
        if len(symbol) == 1 and symbol != "W":
            continue
        same.setdefault(symbol.lower(), set()).add(symbol)
    one, several = {}, {}
    for lower, symbols in same.items():
        if len({SYMBOLS[symbol] for symbol in symbols}) == 1:
            one[lower] = SYMBOLS[min(symbols)]
        else:
            several[lower] = " or ".join(sorted(symbols))
    return one, several


SYMBOLS = _by_symbol()
NAMES = _by_name()
LOWERED, LOWERED_SEVERAL = _in_one_case()
