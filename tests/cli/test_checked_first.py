"""What was typed is checked before anything is decided, trained or exported: the work is never reached."""

from pathlib import Path

import pytest

# Imported before any of their work is replaced, which they would keep otherwise.
import neuro_aolo.comparison.compared
import neuro_aolo.runs.answers
import neuro_aolo.runs.exports
import neuro_aolo.runs.finetuning
import neuro_aolo.runs.simulation
import neuro_aolo.runs.summarise
import neuro_aolo.runs.training  # noqa: F401
from hardware_profiles.profile import load_profile
from neuro_aolo.agent.popsan import TUNED

WORK = (
    "neuro_aolo.runs.decided.hold_out",
    "neuro_aolo.runs.deployed.deploy",
    "neuro_aolo.runs.exports.export_run",
    "neuro_aolo.runs.finetuning.finetune",
    "neuro_aolo.runs.network.of_run",
    "neuro_aolo.runs.summarise.summarise",
    "neuro_aolo.runs.summarise.ledger_part",
    "neuro_aolo.runs.training.train_into",
    "neuro_aolo.comparison.compared.make",
)


@pytest.fixture(scope="module")
def run(untrained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checked") / "run", TUNED)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("energy", "RUN", "--profile", "loihi2,loihi3"), "'loihi3' is unknown"),
        (("energy", "RUN", "--profile", "LOIHI3"), "did you mean 'loihi2'"),
        (("energy", "RUN", "--host", "gap9"), "has no price of exp"),
        (("energy", "RUN", "--twin", "int8"), "did you mean 'mlp-int8'"),
        (("energy", "RUN", "--request-rate", "0"), "--request-rate 0 is not allowed"),
        (("ledger", "RUN", "--profile", "typo"), "'typo' is unknown"),
        (("ledger", "RUN", "--request-rate", "-1"), "--request-rate -1 is not allowed"),
        (("ledger", "RUN", "--baseline", "constnt"), "did you mean 'constant'"),
        (("ledger", "RUN", "--baseline", "mlp"), "has no dense twin beside it"),
        (("ledger", "RUN", "--baseline", "150,99"), "0.1 to 60 W"),
        (("ledger", "RUN", "--baseline", "no.json"), "no.json is no file"),
        (("ledger", "RUN", "--format", "latx"), "did you mean 'latex'"),
        (("ledger", "RUN", "--country", "dc=GER"), "unknown country 'GER'"),
        (("simulate", "RUN", "--backend", "lohi2"), "did you mean 'loihi2'"),
        (("simulate", "RUN", "--fault", "lost=0.1"), "KIND is weight-noise"),
        (("simulate", "RUN", "--save", "RUN/none/x.npz"), "is no folder"),
        (("simulate", "RUN", "--save", "RUN"), "is a folder"),
        (("export", "RUN", "--to", "onxx"), "did you mean 'onnx'"),
        (("export", "RUN", "--out", "RUN/config.toml/x"), "give a folder in a writable place"),
        (("pareto", "RUN", "--profile", "loihi3"), "'loihi3' is unknown"),
        (("pareto", "RUN", "--out", "RUN/config.toml"), "is a file"),
        (("report", "RUN", "--out", "RUN/none/x.html"), "does not exist"),
        (("finetune", "RUN", "--out", "RUN/config.toml/x"), "choose a writable place"),
        (("compare", "--learners", "spikin"), "did you mean 'spiking'"),
        (("compare", "--preset", "tund"), "did you mean 'tuned'"),
        (("compare", "--out", "RUN/config.toml"), "is a file"),
        (("run", "--out", "RUN/config.toml/x"), "choose a writable place"),
        (
            ("run", "--out", "RUN/x", "--spike-profile", "loihi3", "--spike-weight", "1"),
            "'loihi3' is unknown",
        ),
        (("train", "--out", "RUN/x", "--trace", "dc=none.csv"), "none.csv"),
    ],
)
def test_a_wrong_option_is_refused_before_the_work(
    cli, run: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], said: str
) -> None:
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("the work has begun")

    for name in WORK:
        monkeypatch.setattr(name, reached)
    before = {file: file.stat().st_mtime_ns for file in run.rglob("*")}
    done = cli(*(word.replace("RUN", str(run)) for word in typed))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert said in done.stderr
    assert {file: file.stat().st_mtime_ns for file in run.rglob("*")} == before


def test_a_profile_is_named_in_any_case() -> None:
    assert load_profile("Loihi2") == load_profile("loihi2")
