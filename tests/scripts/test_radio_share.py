"""The tables of docs/radio.md are those that the script prints."""

from pathlib import Path
from types import ModuleType

import pytest

from neuro_aolo.systems.aolo.link import Link
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.text.numbers import significant

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "radio.md").read_text(encoding="utf-8")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import radio_share

    return radio_share


@pytest.mark.parametrize("table", ["cell", "distance", "load", "fading"])
def test_the_page_shows_what_the_script_prints(
    script: ModuleType, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script.main([table])
    assert capsys.readouterr().out.strip() in PAGE


def test_the_page_has_every_key_of_the_link(script: ModuleType) -> None:
    section = PAGE[PAGE.index("| key of `[link]`") :].split("\n\n")[0]
    rows = {row.split("|")[1].strip(" `"): row.split("|")[2:4] for row in section.splitlines()[2:]}
    assert rows.keys() == Link.model_fields.keys()
    for place, name in enumerate(script.CELLS):
        link = Scenario.load(name).link
        for key, told in rows.items():
            value, cell = getattr(link, key), told[place].strip()
            assert (cell if isinstance(value, str) else float(cell)) == value, key


def test_a_streamed_word_is_as_long_as_the_page_says(script: ModuleType) -> None:
    bits = script.streamed_bits_per_word()
    words = " ".join(PAGE.split())
    assert f"a word is {significant(bits, 4)} bits" in words
    event = bits / 8.0 / script.TOKENS_PER_WORD - script.HEADERS_BYTES
    assert f"an event of {event:.0f} bytes and {script.HEADERS_BYTES} of headers" in words
