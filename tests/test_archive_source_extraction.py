"""Separating the sources of an archive, and refusing to mix invented and real sources."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from support.settling import SEARCH, START, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.errors import MixedSources
from foreign_eyes.archive.feed_state.journal_cursor import update_feed_state
from foreign_eyes.archive.forgotten_sources import forget_source
from foreign_eyes.archive.integrity import verify
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.rebuilding.redaction_decisions import redact
from foreign_eyes.archive.rebuilding.redatings import redate
from foreign_eyes.archive.sample_sources import Holdings, holdings, holdings_of_file, is_invented
from foreign_eyes.archive.settling.match_doubts import confirm
from foreign_eyes.archive.source_extraction import REMOVED, SHARED, UNREFERENCED, keep_sources
from foreign_eyes.feeds.default_topics import DEFAULT_TOPICS
from foreign_eyes.feeds.topic_matching import Topics

AUTHORITY = "example.org,2026"


@pytest.fixture
def two(tmp_path: Path) -> Database:
    """Two sources with edits, a merge, a confirmed doubt, a redaction, two topics, links, and all that publishing keeps.

    One publication is shared.
    """
    manager = open_archive(tmp_path / "archive.db")
    db = manager.__enter__()
    for name in ("town", "village"):
        column = Column(db, name, day=len(name))
        column.answers = {"http://search.example/": 200}
        column.crawl(listing(entry("Apples"), entry("Bears", publication=name), SEARCH))
        column.crawl(
            listing(
                entry("Robots", excerpt="About robots with AI."),
                entry("Apples", commentary="Otherwise."),
                entry("Bears", publication=name),
            )
        )
        for _ in range(2):
            column.crawl(listing(entry("Robots", excerpt="About robots with AI."), entry("Bears", publication=name)))
        column.crawl(
            listing(
                entry("Robots", excerpt="About robots with AI.", commentary="As  before."),
                entry("Apples", commentary="Back."),
                entry("Whales"),
                entry("Bears", publication=name),
            )
        )
    ids = dict(db.execute("SELECT title, entry_id FROM current_entries WHERE source = 'town'").fetchall())
    at = Column(db, day=30).today
    with writing(db):
        confirm(db, ids["Apples"], 3, at)
    rebuild(db, LineParser(), at=at, authority=AUTHORITY, prepare=lambda db: merge(db, ids["Robots"], ids["Bears"], at))
    first = db.execute("SELECT min(crawl_id) FROM identities WHERE source_id = 1").fetchone()[0]

    def redate_first(db: Database) -> tuple[()]:
        redate(db, first, Column(db, day=len("town")).today - timedelta(hours=1), at)
        return ()

    rebuild(db, LineParser(), at=at, authority=AUTHORITY, prepare=redate_first)
    rebuild(db, LineParser(), at=at, authority=AUTHORITY, prepare=lambda db: redact(db, ids["Whales"], None, at))
    topics = Topics(DEFAULT_TOPICS)
    with writing(db):
        for (source_id,) in db.execute("SELECT source_id FROM sources").fetchall():
            update_feed_state(db, source_id, topics.patterns, topics.classify)
            db.execute("INSERT INTO former_publication_names VALUES (?, 'Le Monde', 'lemonde')", (source_id,))
            db.execute("INSERT INTO published_files VALUES (?, 'atom.xml', 'x', ?)", (f"public-{source_id}", source_id))
            db.execute(
                "INSERT INTO outputs VALUES (?, ?, 'http://a/', 's', 0, '', 1, 1, 1, 0, NULL, 0)",
                (f"public-{source_id}", source_id),
            )
            db.execute(
                "INSERT INTO hub_notifications VALUES ('http://hub/', ?, ?, '2026', '2026', 0, NULL, NULL)",
                (f"http://a/{source_id}/atom.xml", source_id),
            )
            db.execute("INSERT INTO frozen_documents VALUES (?, 'http://a/', 'atom', 1, 'x', x'00')", (source_id,))
            db.execute(
                "INSERT INTO lost_ids SELECT source_id, 'x', name, 'tag:', '2026' FROM sources WHERE source_id = ?",
                (source_id,),
            )
        db.execute("INSERT INTO link_traffic SELECT crawl_id, 1, 0, 99 FROM crawls")
        for (name,) in db.execute("SELECT name FROM sources").fetchall():
            forget_source(db, name, at)
        db.execute(
            "INSERT INTO renames (at, source_id, former_name, name) SELECT '2026', source_id, 'x', name FROM sources"
        )
    yield db
    manager.__exit__(None, None, None)


def rows_of(db: Database, source: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of one source, by table."""
    kept = {"kept": f"[{db.execute('SELECT source_id FROM sources WHERE name = ?', (source,)).fetchone()[0]}]"}
    return {
        table: sorted(db.execute(f"SELECT * FROM {table} WHERE NOT ({condition})", kept).fetchall(), key=repr)
        for table, condition in REMOVED.items()
    }


def test_every_table_has_a_rule_for_its_rows_or_is_shared(two: Database) -> None:
    tables = {
        name
        for name in two.table_names()
        if not name.startswith(("sqlite_", "_sqlite_", "entries_fts", "revisions_fts"))
    }
    assert tables == {*REMOVED, *UNREFERENCED, *SHARED}


@pytest.mark.parametrize(("kept", "removed"), [("town", "village"), ("village", "town")])
def test_separation_keeps_the_rows_of_one_source_and_removes_those_of_the_other(
    two: Database, kept: str, removed: str
) -> None:
    before = rows_of(two, kept)
    assert all(before.values()) or kept == "village"  # merge and redaction are the town's
    keep_sources(two, [kept], START)
    assert rows_of(two, kept) == before
    for table, condition in REMOVED.items():
        assert two.execute(
            f"SELECT count(*) FROM {table} WHERE {condition}", {"kept": "[1]" if kept == "town" else "[2]"}
        ).fetchone() == (0,)
    assert [name for (name,) in two.execute("SELECT name FROM sources")] == [kept]
    assert removed not in {name for (name,) in two.execute("SELECT DISTINCT source FROM current_entries")}


@pytest.mark.parametrize("kept", ["town", "village"])
def test_each_part_has_no_problems_and_deriving_it_again_changes_nothing(two: Database, kept: str) -> None:
    keep_sources(two, [kept], START)
    now = Column(two, day=40).today
    rebuild(two, LineParser(), at=now, authority=AUTHORITY)
    assert list(verify(two)) == []
    assert rebuild(two, LineParser(), at=now, authority=AUTHORITY, apply=False).differences == ()
    assert {name for (name,) in two.execute("SELECT name FROM publications")} == {"Le Monde", kept}
    found = two.execute("SELECT count(*) FROM entries_fts WHERE entries_fts MATCH 'robots'").fetchone()
    assert found == (1,)


@pytest.mark.parametrize("kept", ["town", "village"])
def test_separation_removes_the_bodies_of_the_other_source(two: Database, kept: str) -> None:
    keep_sources(two, [kept], START)
    referenced = "SELECT body_sha256 FROM captures WHERE body_sha256 IS NOT NULL"
    assert two.execute(f"SELECT count(*) FROM bodies WHERE body_sha256 NOT IN ({referenced})").fetchone() == (0,)


@pytest.mark.parametrize(
    ("url", "invented"),
    [
        ("http://sample.foreign-eyes.invalid/index.htm", True),
        ("http://SAMPLE.INVALID:80/", True),
        ("http://sample.invalid./", True),
        ("https://english.cnipa.gov.cn/index.htm", False),
        ("http://127.0.0.1:8000/", False),
        ("http://example.org/.invalid", False),
        ("http://invalid.example/", False),
        ("http://[::1", False),
    ],
)
def test_a_host_under_invalid_is_invented(url: str, invented: bool) -> None:
    assert is_invented(url) is invented


class Invented(Column):
    """The same column under a host that is never real."""

    @property
    def source(self):  # type: ignore[no-untyped-def]
        from dataclasses import replace  # noqa: PLC0415

        return replace(super().source, url=f"http://{self.name}.invalid/")


@pytest.mark.parametrize(("first", "second"), [(Column, Invented), (Invented, Column)])
def test_invented_and_real_sources_never_share_an_archive(
    tmp_path: Path, first: type[Column], second: type[Column]
) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        first(db, "one").crawl(entry("Apples"))
        with pytest.raises(MixedSources):
            second(db, "two", day=5).crawl(entry("Bears"))
        assert [name for (name,) in db.execute("SELECT name FROM sources")] == ["one"]
        assert holdings(db) == Holdings(invented=first is Invented, real=first is Column)


def test_a_mixed_archive_accepts_crawls_of_its_real_source_only(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        Column(db, "town").crawl(entry("Apples"))
        Column(db, "other", day=3).crawl(entry("Bears"))
        db.execute("UPDATE sources SET url = 'http://other.invalid/' WHERE name = 'other'")
        assert holdings_of_file(tmp_path / "archive.db").mixed
        assert Column(db, "town", day=5).crawl(entry("Apples"), entry("Cranes")).new == 1
        with pytest.raises(MixedSources):
            Invented(db, "other", day=7).crawl(entry("Bears"))


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_a_file_that_is_not_an_archive_has_no_holdings(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "archive.db").write_bytes(content)
    assert holdings_of_file(tmp_path / "archive.db") == Holdings()
