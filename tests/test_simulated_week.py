"""A day of the simulated week that `benchmarks/week.py` lives: `watch` and `serve` over a hostile site, with an oracle."""

from __future__ import annotations

from pathlib import Path

from simulation.week import DAY, live


def test_a_day_of_a_hostile_site_under_watch_leaves_feeds_that_are_right(tmp_path: Path) -> None:
    folder, beside = tmp_path / "folder", tmp_path / "beside"
    folder.mkdir()
    beside.mkdir()
    lived = live(DAY, folder, beside, has_alerts=False)
    assert lived.faults == []
    assert lived.rounds == len(DAY)
    assert lived.answers > 0
