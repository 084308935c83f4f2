"""Matplotlib figures as inline SVG: text stays text, and the same figure gives the same bytes.

Every colour is written as ``var(--na-NAME, #hex)``: a page that defines the variables decides for light, dark
and print; without them the light colours stand.
"""

import io
import re
import textwrap
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDE_IN = 7.2
NARROW_IN = 3.6
"""Widths that a page switches between, so that text keeps its size on a telephone."""

LIGHT = {
    "snn": "#0b7a70",
    "mlp": "#b4540a",
    "service": "#3d52b5",
    "training": "#8a3f9c",
    "alert": "#c02a37",
    "diffusion": "#7d6608",
    "text": "#1d2730",
    "muted": "#5a6773",
    "grid": "#d9dfe4",
}
DARK = {
    "snn": "#4fd0c0",
    "mlp": "#f3a95f",
    "service": "#9aaaff",
    "training": "#d79be8",
    "alert": "#ff8088",
    "diffusion": "#d8c25c",
    "text": "#e6ebef",
    "muted": "#a3afba",
    "grid": "#35404a",
}
FONT_PT = 9.0
_LABEL = 40
"""Letters on a line of a legend."""

_FONT = "DejaVu Sans"
"""Measured with this wide font, which comes with matplotlib, and shown in the page's."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": [_FONT],
    "font.size": FONT_PT,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LIGHT["grid"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.titlecolor": LIGHT["text"],
    "axes.titlelocation": "left",
    "axes.titlesize": FONT_PT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.labelcolor": LIGHT["text"],
    "text.color": LIGHT["text"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
}


def draw(name: str, description: str, size_in: tuple[float, float], paint: Callable[[Figure], None]) -> str:
    """A figure of ``size_in`` inches, painted by ``paint``, as one ``<svg>`` element.

    Args:
        name: prefix of every id inside, unique in a page.
        description: what a reader who cannot see the figure is told.
        size_in: width and height in inches.
        paint: adds the content to an empty figure.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size_in)
        paint(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _inline(buffer.getvalue(), name, description)


def under(element: str, prefix: str) -> str:
    """A drawing with ``prefix`` before each of its ids, for a page that has another of the same name."""
    return re.sub(
        r"<[^<>]+>", lambda tag: re.sub(r'(\bid="|\bhref="#|\burl\(#)', rf"\1{prefix}", tag.group()), element
    )


def standalone(element: str) -> str:
    """A drawing for a page as a file of its own, in colours for light and for dark surroundings."""
    light, dark = (
        "; ".join(f"--na-{name}: {value}" for name, value in colours.items()) for colours in (LIGHT, DARK)
    )
    style = f"<style>svg {{ {light} }} @media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }}</style>"
    end = element.index(">") + 1
    return f"{element[:end]}\n{style}\n{element[end:]}\n"


def legend_above(axes: Axes, columns: int) -> float:
    """A legend above the title of ``axes``, in as many of ``columns`` as do not run out of the drawing.

    Returns:
        Its height in inches, for which there has to be room above.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    for fitting in range(columns, 0, -1):
        legend = figure.legend(
            *_wrapped(axes), loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=fitting, handlelength=1.6
        )
        box = legend.get_window_extent()
        if box.x1 <= figure.bbox.x1 or fitting == 1:
            break
        legend.remove()
    return float(box.height) / figure.dpi


def _wrapped(axes: Axes) -> tuple[list[Artist], list[str]]:
    """What a legend shows of ``axes``, labels that are longer than a narrow drawing on several lines."""
    handles, labels = axes.get_legend_handles_labels()
    return list(handles), [textwrap.fill(label, _LABEL) for label in labels]


def bare(axes: Axes) -> None:
    """Leave nothing of ``axes`` but what is drawn on it."""
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _inline(document: str, name: str, description: str) -> str:
    """The drawing as an element of a page, where ids and styles of several drawings live together."""
    body = document[document.index("<svg") :]
    for foreign in (r"<metadata>.*?</metadata>", r"<!--.*?-->", r"<style[^>]*>.*?</style>"):
        body = re.sub(foreign, "", body, flags=re.DOTALL)
    body = re.sub(r"<[^<>]+>", lambda tag: _rewritten(tag.group(), name), body)
    style = "stroke-linejoin: round; font-family: var(--na-font, sans-serif)"
    head = f'<svg role="img" aria-label={quoteattr(description)} style="{style}"'
    return re.sub(r"\s*\n\s*", "\n", body.replace("<svg", head, 1)).strip()


def _rewritten(tag: str, name: str) -> str:
    """A tag with its ids under ``name``, the page's colours, and size and font that the page decides.

    Groups lose their ids, which nothing refers to.
    """
    if tag.startswith("<svg"):
        tag = re.sub(r' (?:width|height|xmlns:xlink|version)="[^"]*"', "", tag)
    tag = tag.replace("xlink:href=", "href=").replace(f"font-family: '{_FONT}'; ", "")
    tag = re.sub(r' transform="rotate\(-0 [^"]*"', "", re.sub(r'^<g id="[^"]*"', "<g", tag))
    tag = re.sub(r'\bd="[^"]*"', lambda path: re.sub(r"\d+\.\d{4,}", _rounded, path.group()), tag)
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'(\bhref="|\burl\()#', rf"\1#{name}-", tag)
    for colour, value in LIGHT.items():
        tag = tag.replace(value, f"var(--na-{colour}, {value})")
    return tag


def _rounded(number: re.Match[str]) -> str:
    """A coordinate to a thousandth of a point."""
    return f"{float(number.group()):.3f}".rstrip("0").rstrip(".")
