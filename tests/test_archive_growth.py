"""How fast an archive grows, and when its disk is full."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.settling import DAY, START, Column

from foreign_eyes.archive.database import IN_MEMORY, open_archive
from foreign_eyes.archive.growth import MONTH, Added, full_at, growth_per_month, read_added

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (Added(1000, MONTH), 1400),
        (Added(1000, MONTH / 3), 4200),
        (Added(0, MONTH), 0),
        (Added(1000, timedelta(hours=40)), None),  # too young to tell
    ],
)
def test_growth_is_what_the_last_month_added(added: Added, expected: int | None) -> None:
    assert growth_per_month(added) == expected


@pytest.mark.parametrize(
    ("free", "per_month", "expected"),
    [
        (500, 1000, NOW + MONTH / 2),
        (-5, 1000, NOW),
        (1000, 0, None),
        (1000, None, None),
        (10**15, 1, None),  # more than ten years
    ],
)
def test_a_disk_is_full_when_the_free_bytes_are_used_up(
    free: int, per_month: int | None, expected: datetime | None
) -> None:
    assert full_at(free, per_month, NOW) == expected


def line(number: int) -> str:
    return f"Title {number}|Press|{'An excerpt of the foreign press. ' * 9}{number}|A comment {number}"


def test_the_first_crawl_of_a_source_and_unchanged_pages_are_no_growth() -> None:
    with open_archive(IN_MEMORY) as db:
        column = Column(db)
        for _ in range(3):
            column.crawl(line(1))
        before = read_added(db, START + 2 * DAY)
        assert before == Added(2 * 840, 2 * DAY)
        column.crawl(line(1) + "\n" + line(2))
        assert read_added(db, START + 3 * DAY).size > before.size + 840
        assert read_added(db, START + 400 * DAY) == Added(0, MONTH)


def test_an_archive_without_crawls_has_no_growth(tmp_path: Path) -> None:
    with open_archive(tmp_path / "a.db") as db:
        assert growth_per_month(read_added(db, NOW)) is None
