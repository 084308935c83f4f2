"""One self-contained HTML page about a run, or several: no network, no script, figures as inline SVG."""

import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from neuro_aolo.report import side_by_side
from neuro_aolo.report.facts import Metrics
from neuro_aolo.report.page import both_widths, content
from neuro_aolo.report.side_by_side import Told
from neuro_aolo.report.sources import sources
from neuro_aolo.report.svg import DARK, LIGHT
from neuro_aolo.report.vocabulary import vocabulary
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.grid import Cell
from neuro_aolo.text.numbers import Quantity, amount, count, finite, percent

_LINK = re.compile(r"https://[^\s;,]+|\b10\.\d{4,9}/[^\s;,]+|\barXiv:\d{4}\.\d{4,5}")


def render(summary: Summary, metrics: Metrics) -> str:
    """The page of a run; the same input gives the same bytes.

    Args:
        summary: of the run.
        metrics: rows of its ``metrics.csv``; may be one row, none, or hold NaN.
    """
    run = content(summary, metrics)
    return _page(
        "report.html.jinja",
        title=run["title"],
        sources=sources([summary]),
        vocabulary=vocabulary([summary]),
        run=run,
    )


def render_several(runs: Sequence[Told]) -> str:
    """The page of several runs: side by side first, then each of them; infeasible ones come last."""
    runs = side_by_side.in_order(runs)
    return _page(
        "runs.html.jinja",
        title=f"{len(runs)} runs side by side",
        sources=sources([run.summary for run in runs]),
        vocabulary=vocabulary([run.summary for run in runs]),
        names=[run.name for run in runs],
        table=side_by_side.table(runs),
        decisions=side_by_side.decisions(runs),
        curves=both_widths(lambda width: side_by_side.curves(runs, width)),
        runs=[content(run.summary, run.metrics, f"run{number}-") for number, run in enumerate(runs, start=1)],
    )


def _page(template: str, **context: Any) -> str:
    environment = Environment(
        loader=PackageLoader("neuro_aolo.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    environment.filters["cell"] = _cell
    environment.filters["sentence"] = _sentence
    environment.globals |= {"count": count, "percent": percent, "amount": amount}
    style = resources.files("neuro_aolo.report").joinpath("templates/report.css").read_text("utf-8")
    shared = {"style": Markup(style), "palette": Markup(_palette())}
    return environment.get_template(template).render(shared | context)


def _palette() -> str:
    light, dark = (
        "".join(f"--na-{name}:{value};" for name, value in colours.items()) for colours in (LIGHT, DARK)
    )
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _cell(cell: Cell) -> Markup:
    """A cell; a quantity of the summary carries its full-precision value for programs that read the page.

    The wrapper keeps text and links together where a narrow page sets them beside a label.
    """
    if isinstance(cell, Quantity):
        if finite(cell.value) and not cell.derived:
            return Markup('<data value="{}">{}</data>').format(repr(float(cell.value)), cell.text)
        return Markup('<span class="figure">{}</span>').format(cell.text)
    return Markup("<span>{}</span>").format(_linked(cell)) if cell else Markup("")


def _sentence(text: str) -> str:
    """``text`` at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _linked(text: str) -> Markup:
    """``text`` with its DOIs, arXiv numbers and addresses as links."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        reference = match.group().rstrip(".)")
        parts += [
            escape(text[end : match.start()]),
            Markup('<a href="{}">{}</a>').format(_address(reference), reference),
        ]
        end = match.start() + len(reference)
    return Markup("").join([*parts, escape(text[end:])])


def _address(reference: str) -> str:
    if reference.startswith("https://"):
        return reference
    if reference.startswith("arXiv:"):
        return f"https://arxiv.org/abs/{reference.removeprefix('arXiv:')}"
    return f"https://doi.org/{reference}"
