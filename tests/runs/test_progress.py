"""What long work says of itself where nobody watches a terminal."""

import io
import json
import sys
import threading
import time

import pytest

from neuro_aolo.runs.progress import Stage, be_quiet, clock_text, lines, span, speak, stage


def test_a_line_says_how_far_it_is_and_how_long_it_may_take() -> None:
    work = Stage("training", 100.0, 120_000, "requests")
    assert work.begun() == "[00:00] training, 120,000 requests"
    assert work.line(103.0) == "[00:03] training: under way"
    work.advance(12_000, "violations 9.0%", 110.0)
    assert work.line(110.0) == "[00:10] training: 12,000 of 120,000 requests (10 %), violations 9.0 %"
    work.advance(24_000, "violations 3.1%", 120.0)
    # 12,000 requests in 10 s: 96,000 more take 80 s.
    assert work.line(120.0) == (
        "[00:20] training: 24,000 of 120,000 requests (20 %), violations 3.1 %, about 1 min 20 s left"
    )
    # Nothing new was heard for 30 s: they have gone by all the same.
    assert work.line(150.0).endswith("about 50 s left")
    assert work.line(999.0).endswith("about 5 s left")
    assert work.ended(150.0) == "[00:50] training: ended after 24,000 requests, violations 3.1 %"
    work.advance(120_000, "violations 0.2%", 200.0)
    assert work.ended(200.0) == "[01:40] training: done, 120,000 requests"


def test_a_training_that_goes_on_is_not_taken_for_a_fast_one() -> None:
    work = Stage("training", 0.0, 1_000, "requests")
    work.advance(900, "", 10.0)
    assert work.left_s(10.0) is None
    work.advance(910, "", 20.0)
    assert work.left_s(20.0) == pytest.approx(90.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "5 s"),
        (34.0, "35 s"),
        (59.0, "1 min"),
        (80.0, "1 min 20 s"),
        (720.0, "12 min"),
        (7800.0, "2 h 10 min"),
    ],
)
def test_times_that_are_guessed_are_rounded(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_the_clock_counts_hours() -> None:
    assert [clock_text(s) for s in (0.0, 79.9, 3_600.0, 7_387.0)] == ["00:00", "01:19", "1:00:00", "2:03:07"]


def test_lines_come_without_news_and_none_comes_after_the_end() -> None:
    stream, ticks = io.StringIO(), iter(range(0, 100_000, 10))
    with lines(Stage("working", 0.0), stream, lambda: float(next(ticks)), every_s=0.002):
        deadline = time.monotonic() + 30.0
        while stream.getvalue().count("\n") < 4 and time.monotonic() < deadline:
            time.sleep(0.002)
    said = stream.getvalue().splitlines()
    time.sleep(0.02)
    assert stream.getvalue().splitlines() == said
    assert said[:2] == ["[00:00] working: under way", "[00:10] working: under way"]
    assert said[-1].endswith("working: done")


def test_a_stage_that_fails_has_no_last_line_and_leaves_no_thread() -> None:
    stream, before = io.StringIO(), threading.active_count()
    with pytest.raises(KeyError), lines(Stage("working", 0.0, 3, "runs"), stream, lambda: 0.0, every_s=60.0):
        raise KeyError
    assert stream.getvalue() == "[00:00] working, 3 runs\n"
    deadline = time.monotonic() + 30.0
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.002)
    assert threading.active_count() == before


def test_a_reader_that_has_gone_stops_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with lines(Stage("working", 0.0), Gone(), lambda: 0.0) as advance:
        advance(1, "")


def test_quiet_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    try:
        be_quiet(True)
        with stage("working") as advance:
            advance(1, "")
        assert stream.getvalue() == ""
        speak()
        with stage("working"):
            pass
        assert stream.getvalue() == ""
        with stage("working", 2, "runs") as advance:
            advance(2, "")
        assert stream.getvalue() == "[00:00] working, 2 runs\n[00:00] working: done, 2 runs\n"
    finally:
        speak()


@pytest.mark.parametrize("quiet", [("--quiet",), ("-q",), ()])
def test_standard_output_is_the_result_alone(cli, quiet: tuple[str, ...]) -> None:
    done = cli("scenarios", "check", "paper", "--requests", "1e3", "--json", *quiet)
    assert json.loads(done.stdout)["scenario"] == "paper"
    said = done.stderr.splitlines()
    assert not (quiet and said)
    assert all(line.startswith("[") for line in said)


def test_quiet_before_the_command_is_quiet_too_and_for_that_command_alone(
    cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuro_aolo.runs.progress.EVERY_S", 0.001)
    check = ("scenarios", "check", "paper", "--requests", "1e3")
    assert cli("--quiet", *check).stderr == ""
    assert cli(*check).stderr.startswith("[00:00] drawing requests")
