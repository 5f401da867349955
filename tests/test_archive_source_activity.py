"""What happened to each source lately: failing crawls and changes."""

from __future__ import annotations

from support.settling import DAY, START, Column

from foreign_eyes.archive.database import IN_MEMORY, open_archive
from foreign_eyes.archive.source_activity import Failing, changes_since, failing_sources
from foreign_eyes.archive.times import to_text

ONE, TWO = "One|Press|An excerpt|A comment", "Two|Press|Another excerpt|Another comment"


def test_a_source_is_failing_since_the_first_crawl_after_the_last_good_one() -> None:
    with open_archive(IN_MEMORY) as db:
        town, village = Column(db, "town"), Column(db, "village")
        town.crawl(ONE)
        village.crawl(TWO)
        town.crawl(ONE, outcome="blocked")
        town.crawl(ONE, outcome="unreachable")
        assert failing_sources(db) == {"town": Failing(to_text(START + DAY), 2)}
        town.crawl(ONE, outcome="unchanged")
        assert failing_sources(db) == {}


def test_a_source_without_a_good_crawl_is_failing_since_its_first_one() -> None:
    with open_archive(IN_MEMORY) as db:
        town = Column(db, "town")
        town.crawl(ONE, outcome="blocked")
        town.capture([[ONE]])  # a crawl that runs
        assert failing_sources(db) == {"town": Failing(to_text(START), 1)}


def test_changes_are_counted_by_source_and_kind() -> None:
    with open_archive(IN_MEMORY) as db:
        town, village = Column(db, "town"), Column(db, "village")
        village.crawl(TWO)
        town.crawl(ONE)
        town.crawl(ONE + " of another kind altogether\n" + TWO)
        assert changes_since(db, START - DAY) == {"village": {"new": 1}, "town": {"new": 2, "revised": 1}}
        assert changes_since(db, START + DAY / 2) == {"town": {"new": 1, "revised": 1}}
        assert changes_since(db, START + 2 * DAY) == {}
