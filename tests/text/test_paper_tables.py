import re
import shutil
import subprocess
from pathlib import Path

import pytest

from neuro_aolo.report import grids
from neuro_aolo.report.naming import priced_actors
from neuro_aolo.runs.summary.part import Span
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import NBSP, Quantity, count, percent, spread, with_prefix
from neuro_aolo.text.paper_tables import LATEX_PREAMBLE, latex, markdown, markdown_rows

HOSTILE = '100 % of $5 & #1 {x} \\y a_b ~z ^2 a|b <c> --seed *d* [e] `f` "g" 1 ± 2 × 3 · CO₂e 10⁻⁹ Ω µ ≤ ≥'


def example() -> Grid:
    three = Span(low=2e-6, nominal=6e-6, high=2.34e-5)
    return Grid(
        "Carbon of a request, mg CO₂e",
        ("what emits", "range", "amount"),
        [
            ("agent on mcu_m33_u575", spread(three, "J"), with_prefix(1.23e-9, "g")),
            ("service", Quantity(1.0, "mean 1\nIQM 2"), percent(0.5)),
            ("total", count(12_345), Quantity(1e-10, f"1.00×10⁻¹⁰{NBSP}mg")),
        ],
        frozenset({2}),
    )


def compiled(tmp_path: Path, *tables: str) -> str:
    """TeX's log."""
    text = "\n".join(
        [r"\documentclass{article}", LATEX_PREAMBLE, r"\begin{document}", *tables, r"\end{document}"]
    )
    (tmp_path / "page.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    log = (tmp_path / "page.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-2000:]
    return log


def test_markdown_by_hand() -> None:
    assert markdown(example()).replace(NBSP, " ") == (
        "**Carbon of a request, mg CO₂e**\n"
        "\n"
        "| what emits | range | amount |\n"
        "| --- | ---: | ---: |\n"
        "| agent on mcu_m33_u575 | 6.00 µJ (2.00 – 23.4) | 1.23 ng |\n"
        "| service | mean 1<br>IQM 2 | 50 % |\n"
        "| **total** | **12,345** | **1.00×10⁻¹⁰ mg** |\n"
    )


def test_latex_by_hand() -> None:
    assert latex(example(), "carbon") == (
        "\\begin{table}\n"
        "  \\centering\n"
        "  \\caption{Carbon of a request, mg CO\\textsubscript{2}e}\n"
        "  \\label{tab:carbon}\n"
        "  \\begin{tabular}{@{}lrr@{}}\n"
        "    \\toprule\n"
        "    what emits & range & amount \\\\\n"
        "    \\midrule\n"
        "    agent on mcu\\_m33\\_u575 & 6.00~\\textmu{}J (2.00~--~23.4) & 1.23~ng \\\\\n"
        "    service & \\begin{tabular}[t]{@{}r@{}}mean 1\\\\IQM 2\\end{tabular} & 50~\\% \\\\\n"
        "    \\midrule\n"
        "    total & 12,345 & 1.00$\\times$10\\textsuperscript{$-$10}~mg \\\\\n"
        "    \\bottomrule\n"
        "  \\end{tabular}\n"
        "\\end{table}\n"
    )


def test_nothing_in_a_cell_is_read_as_a_command() -> None:
    grid = Grid(HOSTILE, ("a", "b"), [(HOSTILE, HOSTILE), ("[1ex] x", "-- y"), ("* z", "")])
    body = latex(grid, "x").split("\\midrule\n")[1].split("    \\bottomrule")[0]
    rows = [line for line in body.splitlines() if "addlinespace" not in line]
    assert all(re.fullmatch(r"    .* \\\\", row) and len(re.findall(r"(?<!\\)&", row)) == 1 for row in rows)
    assert rows[1].startswith("    {}[1ex] x & -{}- y")
    assert rows[2].startswith("    {}* z &")
    left = re.sub(r"\\text\w+\{[^{}]*\}|\\[{}$&#%_]|\$(?:<|>|\\\w+)\$|-\{\}", "", rows[0][:-3])
    assert not set(left.replace("&", "", 1)) & set('\\{}$&#%_^~<>|"±×·₂⁻⁹Ωµ≤≥')
    cells = markdown(grid).splitlines()[4]
    assert len(re.findall(r"(?<!\\)\|", cells)) == 3
    assert "\\*d\\*" in cells
    assert "\\`f\\`" in cells


def test_long_text_takes_the_width_that_is_left() -> None:
    figure = spread(Span(low=1.0, nominal=2.0, high=3.0), "J")
    rows = [("a device of which there is a great deal to say", figure), ("another", count(1))]
    text = latex(Grid("t", ("device", "energy"), rows), "x")
    assert r"\begin{tabularx}{\linewidth}{@{}>{\raggedright\arraybackslash}Xr@{}}" in text
    assert r"& \begin{tabular}[t]{@{}r@{}}2.00~J\\(1.00~--~3.00)\end{tabular} \\" in text
    assert text.count(r"\addlinespace") == 1
    assert r"\end{tabularx}" in text


def test_rows_that_are_markdown_already_stay_as_they_are() -> None:
    assert markdown_rows(("a", "b"), [("*x*", "1<br>2")], [1]) == [
        "| a | b |",
        "| --- | ---: |",
        "| *x* | 1<br>2 |",
    ]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (TeX Live)")
def test_tex_sets_every_table(summary: Summary, tmp_path: Path) -> None:
    assert summary.deployed is not None
    lava = grids.lava(summary.deployed.lava)
    assert lava is not None
    hostile = Grid(HOSTILE, (HOSTILE, "b"), [(HOSTILE, HOSTILE), ("[1ex] x", "-- y"), ("* z", count(1))])
    energy = grids.energy(summary.priced, priced_actors(summary.run))
    tables = [grids.policies(summary), energy, grids.quantisation(summary.deployed), lava]
    log = compiled(tmp_path, *(latex(grid, f"t{n}") for n, grid in enumerate([example(), hostile, *tables])))
    assert "Missing character" not in log
    assert "multiply defined" not in log
    # The table that is made of everything is wider than a page; those of a run are not.
    assert log.count("Overfull") == compiled(tmp_path, latex(hostile, "h")).count("Overfull")
