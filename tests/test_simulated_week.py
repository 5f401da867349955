"""A day of the simulated week of `benchmarks/week.py`: a hostile site, with an oracle for feeds and messages."""

from __future__ import annotations

from pathlib import Path

from simulation.week import DAY, live


def test_a_day_of_a_hostile_site_under_watch_leaves_right_feeds_and_tells_what_it_must(tmp_path: Path) -> None:
    folder, beside = tmp_path / "folder", tmp_path / "beside"
    folder.mkdir()
    beside.mkdir()
    lived = live(DAY, folder, beside, is_killed=False)
    assert lived.faults == []
    assert lived.rounds == len(DAY)
    assert lived.answers > 0
