"""`watch` waits on two clocks: one that can be set, and one that cannot."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CommandLine
from support.fake_clock import FakeClock
from support.processes import PATIENCE, Running, signals_by_default

from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.round_times import ClockReading, Elapsed, read_clocks

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        ([(0.0, 0.0)], 0.0),
        ([(HOUR, HOUR)] * 3, 3 * HOUR),
        ([(1.0, 1.0), (HOUR, 1.0)], HOUR + 1),  # set ahead, or suspended on a system whose steady clock stops meanwhile
        ([(1.0, 1.0), (-DAY, 1.0), (5.0, 5.0)], 7.0),  # set back: no second is lost
        ([(400 * DAY, 1.0), (-400 * DAY, 1.0), (HOUR, 1.0)], 400 * DAY + HOUR + 1),
        ([(0.0, 8 * HOUR)], 8 * HOUR),  # set back while the round ran or the machine was suspended
    ],
)
def test_the_interval_is_what_the_clock_says_that_advanced_more(
    steps: list[tuple[float, float]], seconds: float
) -> None:
    elapsed = Elapsed(ClockReading(1_796_000_000.0, 5000.0))
    for wall, steady in steps:
        before = elapsed.until
        elapsed = elapsed.advance(ClockReading(before.wall + wall, before.steady + steady))
    assert elapsed.seconds == pytest.approx(seconds)


def test_the_steady_clock_never_goes_back() -> None:
    first, second = read_clocks(), read_clocks()
    assert first.steady <= second.steady


def test_rounds_follow_a_clock_that_is_set_ahead_and_back(command: CommandLine, tmp_path: Path) -> None:
    clock, log = FakeClock(tmp_path / "offset"), tmp_path / "log"
    words = [sys.executable, "-P", "-m", "foreign_eyes", "watch", "sample", "--every", "1h", "--rounds", "3"]
    environment = {**command.environment, **clock.waiting_env, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    with log.open("wb") as output, signals_by_default():
        process = subprocess.Popen(words, cwd=command.folder, env=environment, stdout=output, stderr=output)
    watch = Running(process, log)
    try:
        watch.wait_for("round 1: done")
        clock.set("+61m")
        watch.wait_for("round 2: done")
        minutes = -300 * 24 * 60
        while "round 3: " not in watch.output:  # the clock was set back, and goes on from there
            clock.set(f"{minutes}m")
            minutes += 61
            time.sleep(0.5)
            assert minutes < 0, watch.output
        assert process.wait(PATIENCE) == exit_codes.SUSPECT  # the crawl refuses such a clock
    finally:
        process.kill()
        process.wait()
