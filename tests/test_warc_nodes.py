"""Several machines crawl, and hand their captures on by export and import into one archive, with ids and feed dates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlite_utils import Database
from support.settling import A, B, C, Column, entry, listing
from test_warc_archive import count, exported, imported, rewritten, snapshot

from foreign_eyes.archive.database import open_archive
from foreign_eyes.warc.import_base import NothingNew

EDITED = entry("Apples", commentary="Edited.")
D = entry("Dogs")
IDS = "SELECT source, title, entry_id, tag_uri, feed_date, first_seen FROM current_entries ORDER BY 1, 2"


@pytest.fixture
def archives(tmp_path: Path) -> Iterator[list[Database]]:
    """The archive of two nodes, and the one that collects what they have."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_archive(tmp_path / name)) for name in ("first.db", "second.db", "all.db")]


def entries(db: Database) -> list[tuple[object, ...]]:
    return db.execute(IDS).fetchall()


def announced(db: Database) -> list[tuple[str, str]]:
    rows = db.execute(
        "SELECT s.name, c.kind FROM changes c JOIN sources s USING (source_id) WHERE c.announced = 1 ORDER BY c.at"
    )
    return rows.fetchall()


def test_nodes_with_different_sources_keep_their_ids_in_one_archive(archives: list[Database]) -> None:
    first, second, collected = archives
    town, village = Column(first), Column(second, name="village")
    town.crawl(listing(A, B))
    village.crawl(listing(A, C))
    imported(collected, exported(first))
    imported(collected, exported(second))
    assert entries(collected) == entries(first) + entries(second)


def test_later_crawls_of_the_nodes_add_their_new_entries_under_their_ids(archives: list[Database]) -> None:
    first, second, collected = archives
    town, village = Column(first), Column(second, name="village")
    for node in (town, village):
        node.crawl(listing(A, B))
    for db in (first, second):
        imported(collected, exported(db))
    town.crawl(listing(EDITED, B))
    town.crawl(listing(D, EDITED, B))
    village.crawl(listing(A, B, C))
    for db in (first, second):
        imported(collected, exported(db))
    assert entries(collected) == entries(first) + entries(second)
    assert count(collected, "revisions") == count(first, "revisions") + count(second, "revisions")


def test_each_change_that_a_node_saw_since_the_last_import_is_announced(archives: list[Database]) -> None:
    first, second, collected = archives
    Column(second, name="village").crawl(listing(C))
    imported(collected, exported(second))
    town = Column(first)
    town.crawl(listing(A, B))
    town.crawl(listing(EDITED, B))
    town.crawl(listing(D, EDITED, B))
    imported(collected, exported(first))
    since = [kind for name, kind in announced(collected) if name == "town"]
    assert since == ["new", "new", "revised", "new"] == [kind for _, kind in announced(first)]


def test_importing_a_later_export_again_changes_nothing(archives: list[Database]) -> None:
    first, second, collected = archives
    town = Column(first)
    Column(second, name="village").crawl(listing(C))
    town.crawl(listing(A, B))
    for db in (second, first):
        imported(collected, exported(db))
    town.crawl(listing(A, B, D))
    imported(collected, exported(first))
    before = snapshot(collected)
    for db in (first, second):
        with pytest.raises(NothingNew):
            imported(collected, exported(db))
    assert snapshot(collected) == before


def test_one_source_on_two_nodes_is_one_set_of_entries_with_the_ids_of_the_first_import(
    archives: list[Database],
) -> None:
    first, second, collected = archives
    one, two = Column(first), Column(second, day=0)
    one.crawl(listing(A, B))
    two.crawl(listing(A, B, C))
    imported(collected, exported(first))
    imported(collected, exported(second))
    ids = Column(collected).ids()
    assert {title: ids[title] for title in ("Apples", "Bears")} == one.ids()
    assert ids["Cranes"] == two.ids()["Cranes"]
    assert len(ids) == 3


def test_a_node_that_saw_the_source_earlier_changes_no_id_and_its_changes_are_not_news(
    archives: list[Database],
) -> None:
    first, second, collected = archives
    one, two = Column(first, day=4), Column(second)
    one.crawl(listing(A, B))
    two.crawl(listing(A, C))
    two.crawl(listing(A, B))
    imported(collected, exported(first))
    before = announced(collected)
    imported(collected, exported(second))
    ids = Column(collected).ids()
    assert {title: ids[title] for title in ("Apples", "Bears")} == one.ids()
    assert ids["Cranes"] == two.ids()["Cranes"]
    assert announced(collected) == before


def test_an_id_that_the_archive_has_given_to_another_entry_is_not_given_twice(archives: list[Database]) -> None:
    first, second, collected = archives
    town, village = Column(first), Column(second, name="village")
    town.crawl(listing(A))
    village.crawl(listing(C))
    taken = town.ids()["Apples"]
    imported(collected, exported(first))
    own = str(village.ids()["Cranes"])
    same_id = rewritten(exported(second), lambda lines: json.loads(json.dumps(lines).replace(own, str(taken))))
    imported(collected, same_id)
    ids = Column(collected).ids()
    assert ids["Apples"] == taken
    assert ids["Cranes"] != taken
