"""What the pages show is what the code does: links, commands, examples, keys."""

import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import takewhile, zip_longest
from pathlib import Path

import pytest
import typer.main

from neuro_aolo.agent.dime_config import DimeConfig
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.ppo_config import PPOConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.cli.app import app
from neuro_aolo.runs.config import KEYS
from neuro_aolo.runs.presets import preset_of

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "export" / "NIR.md",
    *DOCS,
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block, the line that it begins on, and what the page says that it prints."""

    code: str
    line: int
    printed: str


def blocks(page: Path, language: str) -> Iterator[Block]:
    text = text_of(page)
    found = list(FENCE.finditer(text))
    for block, after in zip_longest(found, found[1:]):
        if block[1] == language:
            between = "" if after is None else text[block.end() : after.start()]
            says = after is not None and after[1] == "text" and (between == "\n\n" or "It prints" in between)
            yield Block(
                block[2], text.count("\n", 0, block.start(2)), after[2] if after is not None and says else ""
            )


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    found: list[str] = re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(page)))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    wrong = []
    for link in links(page):
        if re.match(r"https?://|mailto:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not (target.exists() and target.is_relative_to(ROOT)) or (
            anchor and anchor not in anchors(target)
        ):
            wrong.append(link)
    assert not wrong


def test_every_page_is_found_from_the_map_and_the_readme() -> None:
    for page in (ROOT / "docs" / "index.md", ROOT / "README.md"):
        found = {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
        assert set(DOCS) - {ROOT / "docs" / "index.md"} <= found, page


def commands(page: Path) -> list[list[str]]:
    """What stands in shell blocks behind our command's name, and the same between backticks."""
    text = text_of(page)
    lines = [line for block in blocks(page, "sh") for line in block.code.replace("\\\n", " ").splitlines()]
    typed = [shlex.split(line, comments=True) for line in lines if line.startswith("neuro-aolo")]
    for line in re.findall(r"`(neuro-aolo [^`]+)`", FENCE.sub("", text)):
        words = shlex.split(line)
        if len(words) == 2 and words[1].isalpha():
            words.append("--help")
        if not re.search(r"\b[A-Z]{3,}\b|…|\.\.\.|\\\|", line):
            typed.append(words)
    return [list(takewhile(lambda word: word not in ("|", ">", "2>", "&&"), words))[1:] for words in typed]


def parse(words: list[str]) -> None:
    """Parse a command line to its last option and run nothing of it."""
    command, context = typer.main.get_command(app), None
    while True:
        # Some options do their work as they are parsed: they are looked up instead.
        known = {
            name for option in command.get_params(context or typer.Context(command)) for name in option.opts
        }
        if len(words) == 1 and words[0].startswith("-"):
            assert words[0] in known, words
            return
        context = command.make_context(command.name, words, parent=context)
        if not hasattr(command, "resolve_command"):
            return
        left = [*context._protected_args, *context.args]
        if not left:
            return
        name, found, words = command.resolve_command(context, left)
        assert found is not None, name
        command = found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_has_its_options(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {}
    for words in commands(page):
        try:
            parse(words)
        except Exception as error:
            wrong[" ".join(words)] = str(error)
    assert not wrong


def test_every_command_is_on_its_page(cli) -> None:
    page = text_of(ROOT / "docs" / "command-line.md")
    named = re.findall(r"^\| \[`neuro-aolo (\w+)`\]\(#(\w+)\)", page, re.MULTILINE)
    command = typer.main.get_command(app)
    assert {name for name, _ in named} == set(command.commands)  # type: ignore[attr-defined]
    assert [name for name, _ in named] == re.findall(r"^## (\w+)$", page, re.MULTILINE)


def run(page: Path) -> None:
    """Run the Python of a page from top to bottom, and compare what it prints where the page says."""
    namespace: dict[str, object] = {"__name__": "__page__"}
    for block in blocks(page, "python"):
        out = io.StringIO()
        code = compile("\n" * block.line + block.code, name_of(page), "exec")
        with contextlib.redirect_stdout(out):
            exec(code, namespace)
        if block.printed:
            assert out.getvalue().split() == block.printed.split(), block.code


@pytest.mark.parametrize(("page", "folder"), [("README.md", "first"), ("docs/python.md", "demo")])
def test_the_python_of_a_page_prints_what_it_says(
    page: str, folder: str, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_run, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    run(ROOT / page)


@pytest.mark.parametrize("page", DOCS, ids=name_of)
def test_the_python_of_other_pages_compiles(page: Path) -> None:
    for block in blocks(page, "python"):
        compile(block.code, name_of(page), "exec")


def table(heading: str) -> dict[str, list[str]]:
    """Rows of the first table below a heading of the page of settings, by key."""
    page = text_of(ROOT / "docs" / "settings.md")
    section = page[page.index(f"\n## {heading}\n") + 4 :].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", section, re.MULTILINE)
    return {key: [cell.strip() for cell in cells.split("|")] for key, cells in rows}


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("At the top", set(KEYS) - {"actor", "training", "deployment", "toll"}),
        ("`[actor]`", {each.name for each in (*fields(PopSANConfig), *fields(MLPConfig))}),
        ("`[training]`", {each.name for each in fields(SDRLConfig)}),
        ("`[training]` of `ppo`", {each.name for each in fields(PPOConfig)}),
        ("`[training]` of `dime`", {each.name for each in fields(DimeConfig)}),
        ("`[deployment]`", set(Deployment.model_fields)),
    ],
)
def test_every_setting_is_told(heading: str, known: set[str]) -> None:
    assert set(table(heading)) == known


@pytest.mark.parametrize(
    ("heading", "learner", "which"),
    [
        ("`[training]`", "sdrl", 0),
        ("`[actor]`", "sdrl", 1),
        ("`[training]` of `ppo`", "ppo", 0),
        ("`[training]` of `dime`", "dime", 0),
    ],
)
def test_the_settings_of_the_presets_are_those(heading: str, learner: str, which: int) -> None:
    for key, told_of_each in table(heading).items():
        *columns, _ = told_of_each
        presets = ("tuned", "population", "paper") if len(columns) == 3 else ("tuned", "paper")
        for preset, told in zip(presets, columns, strict=True):
            value = getattr(preset_of(learner, preset)[which], key)  # type: ignore[arg-type]
            if isinstance(value, bool | str):
                assert told == str(value).lower(), key
            elif isinstance(value, tuple):
                assert told == str(list(value)), key
            else:
                assert float(told.replace(",", "")) == value, key


def test_defaults_of_the_deployment_are_those() -> None:
    for key, (told, _) in table("`[deployment]`").items():
        value = getattr(Deployment(), key)
        shown = f"`{value}`" if isinstance(value, str) else f"{value:g}" if value else ""
        assert told == (shown if value else ""), key
