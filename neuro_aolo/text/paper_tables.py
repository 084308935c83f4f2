"""The report's tables for a paper: as Markdown, and as LaTeX with the rules of ``booktabs``.

References:
    GitHub Flavored Markdown, section 4.10 (tables).
    S. Fear, ``booktabs`` (2020): no vertical rules, a heavy rule above and below.
"""

import re
from collections.abc import Collection, Sequence

from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.literal import literal
from neuro_aolo.text.numbers import NBSP

LATEX_PREAMBLE = r"\usepackage{booktabs,tabularx}"
"""What a document needs for :func:`latex`."""

_WIDE = 40
"""Letters from which a column of text is broken into lines."""

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": "$<$",
    ">": "$>$",
    "|": r"\textbar{}",
    '"': "''",
    NBSP: "~",
    "µ": r"\textmu{}",
    "Ω": r"$\Omega$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
}
_RAISED, _LOWERED, _PLAIN = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "₋₀₁₂₃₄₅₆₇₈₉", "-0123456789"


def markdown(grid: Grid) -> str:
    """``grid`` below its title, for GitHub, GitLab and Pandoc; sums are bold."""
    rows = [
        [f"**{text}**" if index in grid.sums and text else text for text in map(_in_markdown, row)]
        for index, row in enumerate(grid.rows)
    ]
    numeric = _numeric(grid)
    return "\n".join(
        [
            f"**{_in_markdown(grid.title)}**",
            "",
            *markdown_rows([_in_markdown(title) for title in grid.columns], rows, numeric),
            "",
        ]
    )


def markdown_rows(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numeric: Collection[int] = ()
) -> list[str]:
    """The lines of a table whose cells are Markdown already.

    Args:
        columns: headings.
        rows: cells, one per column.
        numeric: indices of the columns that stand to the right.
    """
    rule = ["---:" if column in numeric else "---" for column in range(len(columns))]
    return ["| " + " | ".join(cells) + " |" for cells in (columns, rule, *rows)]


def latex(grid: Grid, label: str) -> str:
    """``grid`` as a floating table.

    A table with long text fills the line: the text takes the width that the figures leave, and a range
    stands below its figure.

    Args:
        grid: the table; its title becomes the caption.
        label: what the text refers to it by, after ``tab:``.
    """
    numeric = _numeric(grid)
    wide = [column for column in range(len(grid.columns)) if column not in numeric and _is_wide(grid, column)]
    kind, width = ("tabularx", r"{\linewidth}") if wide else ("tabular", "")
    letters = "".join(
        r">{\raggedright\arraybackslash}X" if column in wide else "r" if column in numeric else "l"
        for column in range(len(grid.columns))
    )
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{_in_latex(grid.title)}}}",
            rf"  \label{{tab:{label}}}",
            *([r"  \footnotesize"] if wide else []),
            rf"  \begin{{{kind}}}{width}{{@{{}}{letters}@{{}}}}",
            r"    \toprule",
            f"    {_latex_row(grid.columns, numeric)}",
            r"    \midrule",
            *(f"    {line}" for line in _latex_body(grid, numeric, spaced=bool(wide))),
            r"    \bottomrule",
            rf"  \end{{{kind}}}",
            r"\end{table}",
            "",
        ]
    )


def _latex_body(grid: Grid, numeric: Collection[int], *, spaced: bool) -> list[str]:
    lines = []
    for index, row in enumerate(grid.rows):
        if index > 0 and (spaced or index in grid.sums):
            lines.append(r"\midrule" if index in grid.sums else r"\addlinespace")
        if spaced:
            row = tuple(
                str(cell).replace(" (", "\n(") if column in numeric else cell
                for column, cell in enumerate(row)
            )
        lines.append(_latex_row(row, numeric))
    return lines


def _in_markdown(cell: Cell) -> str:
    text = re.sub(r"[\\|`*<\[]", r"\\\g<0>", literal(re.sub("\r\n?", "\n", str(cell))))
    # Within a word, as in the name of a profile, it marks nothing.
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text).replace("\n", "<br>")


def _latex_row(cells: Sequence[Cell], numeric: Collection[int]) -> str:
    texts = []
    for column, cell in enumerate(cells):
        lines = [_in_latex(line) for line in str(cell).split("\n")]
        side = "r" if column in numeric else "l"
        several = rf"\begin{{tabular}}[t]{{@{{}}{side}@{{}}}}" + r"\\".join(lines) + r"\end{tabular}"
        texts.append(several if len(lines) > 1 else lines[0])
    # What a row begins with would be read as the star or the length that may follow the one above.
    return "{}" * texts[0].startswith(("*", "[")) + " & ".join(texts) + r" \\"


def _in_latex(text: str) -> str:
    text = "".join(_LATEX.get(letter, letter) for letter in literal(text))
    text = re.sub("-(?=-)", "-{}", text)  # two in a row would be one dash
    text = _small(_small(text, _RAISED, "textsuperscript"), _LOWERED, "textsubscript")
    return text.replace("–", "--")


def _small(text: str, digits: str, command: str) -> str:
    plain = str.maketrans(digits, _PLAIN)
    minus = r"$-$"
    return re.sub(
        f"[{digits}]+",
        lambda found: rf"\{command}{{{found[0].translate(plain).replace('-', minus)}}}",
        text,
    )


def _is_wide(grid: Grid, column: int) -> bool:
    return any(len(str(row[column])) > _WIDE for row in grid.rows)


def _numeric(grid: Grid) -> list[int]:
    return [column for column in range(len(grid.columns)) if grid.numeric(column)]
