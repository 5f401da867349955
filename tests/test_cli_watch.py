"""`watch` waits on two clocks: one that can be set, and one that cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CommandLine
from support.fake_clock import FakeClock
from support.processes import Running, signals_by_default

from foreign_eyes.cli.round_times import ClockReading, is_due, read_clocks

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("wall", "steady", "due"),
    [
        (0.0, 0.0, False),
        (HOUR - 1, HOUR - 1, False),
        (HOUR, HOUR, True),
        (HOUR, 1.0, True),  # set ahead, or suspended on a system whose steady clock stops meanwhile
        (-DAY, 1.0, False),
        (-DAY, HOUR, True),  # set back
        (-400 * DAY, 2 * HOUR, True),
    ],
)
def test_a_round_is_due_when_the_interval_has_passed_on_either_clock(wall: float, steady: float, due: bool) -> None:
    began = ClockReading(1_796_000_000.0, 5000.0)
    assert is_due(began, ClockReading(began.wall + wall, began.steady + steady), HOUR) == due


def test_the_steady_clock_never_goes_back() -> None:
    first, second = read_clocks(), read_clocks()
    assert first.steady <= second.steady


def test_a_clock_that_is_set_ahead_by_the_interval_starts_the_next_round(command: CommandLine, tmp_path: Path) -> None:
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
        clock.set("-300d")  # the clock goes back: no round is due, and the wait goes on
        clock.set("+3h")
        watch.wait_for("round 3: done")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
