"""Files of a run that are damaged or are no files: refused in one line that names the file, at once."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.settings import read_tables
from neuro_aolo.runs.summarise import exports
from neuro_aolo.systems.names import load

OF_0_1 = Path(__file__).parent.parent / "golden" / "0.1" / "run"
"""Without digests: what its files hold has to be checked."""
GRAPH = '"graph_sha256": "' + "0" * 64 + '"'


@pytest.fixture
def run(tmp_path: Path) -> Path:
    shutil.copytree(OF_0_1, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture(autouse=True)
def at_once() -> Iterator[None]:
    """What would read a pipe or a device for ever is stopped."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def everything(path: Path) -> None:
    """Read all that a run reads back."""
    folder = RunFolder.open(path)
    run = Run.open(folder)
    folder.metrics()
    folder.snapshot()
    exports(run, None)


def refusal(read: Callable[[Path], object], path: Path) -> str:
    with pytest.raises(NeuroAoloError) as refused:
        read(path)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 700
    return str(refused.value)


def test_a_run_of_0_1_is_read(run: Path) -> None:
    everything(run)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("margin_aim = 0.4", "margin_aim = nan", "training.margin_aim = nan is not allowed"),
        ("margin_max = 0.1", "margin_max = inf", "training.margin_max = inf is not allowed"),
        ("margin_aim = 0.4", "margin_aim = -0.4", "margin_aim = -0.4 is not allowed"),
        ("margin_aim = 0.4", 'margin_aim = "0.4"', "training.margin_aim = '0.4'"),
        ("seed = 3", 'seed = "3_50"', "seed = '3_50'"),
        ("seed = 3", "seed = true", "seed = True"),
        ("\nthreshold = 0.5", "\nthreshold = nan", "actor.threshold = nan is not allowed"),
        ("encoder_population = 10", "encoder_population = 1_000_000_000", "give 1 to 65,536"),
        ("buffer_size = 60000", "buffer_size = 1_000_000_000_000", "buffer_size = 1000000000000"),
        ("evaluate_every = ", "evaluate_every = 0\nx = ", "unknown key 'training.x'"),
        ("critic_lr = 0.003", "critic_lr = 1e400", "training.critic_lr = inf is not allowed"),
    ],
)
def test_settings(run: Path, was: str, now: str, said: str) -> None:
    text = (run / "config.toml").read_text()
    assert was in text
    (run / "config.toml").write_text(text.replace(was, now, 1))
    message = refusal(everything, run)
    assert said in message
    assert str(run / "config.toml") in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.encode()[:40] + b"\xff\xfe" + text.encode()[40:], "not text in UTF-8"),
        (lambda text: text.encode("utf-16"), "not text in UTF-8"),
        (lambda text: text.replace(",0.", ",3_50.", 1).encode(), "line 2"),
        (lambda text: text.replace(",0.", ",٣.", 1).encode(), "line 2"),
        (lambda text: text.replace(",0.", ",inf", 1).encode(), "line 2"),
        (lambda text: text.replace(",0.", ",1e999", 1).encode(), "line 2"),
        (lambda text: text.replace("\n", ",7\n").replace(",7\n", "\n", 1).encode(), "line 2"),
        (lambda text: text.replace(",", ";").encode(), "line 2"),
        (lambda text: (text + '"' + "x" * 200_000).encode(), "cannot be read (field larger"),
    ],
)
def test_a_learning_curve(run: Path, change: Callable[[str], bytes], said: str) -> None:
    file = run / "metrics.csv"
    file.write_bytes(change(file.read_text()))
    message = refusal(everything, run)
    assert said in message
    assert str(file) in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is damaged"),
        ("[]", "it holds no table of keys"),
        ('{"actor.graph": 1}', "actor.graph = 1"),
        ('{"actor.graph": {}}', "actor.graph.graph_sha256 is missing"),
        (f'{{"a": {{{GRAPH}, "quantisation": 8, "files": {{}}}}}}', "a.quantisation = 8"),
        (f'{{"a": {{{GRAPH}, "quantisation": null, "files": {{"b": 7}}}}}}', "a.files.b = 7"),
        ('{"a": {"graph_sha256": NaN, "quantisation": null, "files": {}}}', "NaN is no number"),
        ('{"format": 2}', "'sha256' is missing"),
        ('{"format": 2, "sha256": "0"}', "not what its digest"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1, "a": 2}', "the key 'a' stands there twice"),
    ],
)
def test_a_record_of_exports(run: Path, text: str, said: str) -> None:
    (run / "exports.json").write_text(text)
    message = refusal(everything, run)
    assert said in message
    assert str(run / "exports.json") in message


def test_a_description_whose_facts_are_missing(run: Path) -> None:
    file = run / "actor.json"
    data = json.loads(file.read_text())
    for key in ("interrupted", "requests", "measured_by", "energy_kwh", "seconds"):
        rest = {name: value for name, value in data["training"].items() if name != key}
        file.write_text(json.dumps({**data, "training": rest}))
        message = refusal(everything, run)
        assert f"training.{key} is missing" in message
        assert str(file) in message


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "loop"])
@pytest.mark.parametrize(
    "name",
    ["config.toml", "actor.json", "actor.safetensors", "metrics.csv", "exports.json", "training.safetensors"],
)
def test_what_is_no_file(run: Path, name: str, kind: str) -> None:
    file = run / name
    file.unlink(missing_ok=True)
    put(file, kind)
    message = refusal(everything, run)
    assert f"{file} " in message or f"{file}:" in message
    assert {"pipe": "a pipe", "device": "a device", "folder": "a folder", "loop": "links"}[kind] in message


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_of_one_s_own(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "mine.toml"
    put(file, kind)
    for read in (read_tables, load):
        assert "mine.toml" in refusal(read, file)  # type: ignore[arg-type]


def put(file: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    elif kind == "loop":
        file.symlink_to(file.name)
    else:
        file.mkdir()
