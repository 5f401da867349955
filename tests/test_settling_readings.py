"""Readings: what a parser read in a body, stored once per body."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.settling import A, B, C, Column, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling.readings import ReadRow, revisions_read, store_readings


@pytest.fixture
def column() -> Iterator[Column]:
    with open_archive(Path(":memory:")) as db:
        yield Column(db)


def test_a_body_has_one_reading_however_often_it_is_crawled(column: Column) -> None:
    for _ in range(3):
        column.crawl(listing(A, B), listing(C))
    assert column.rows("SELECT count(*) FROM readings") == [(2,)]
    assert column.rows("SELECT count(*), count(DISTINCT entry_id) FROM listing_rows") == [(3, 3)]


def test_a_digest_that_differs_from_the_revision_is_kept_and_rows_that_are_missing_are_left_out(column: Column) -> None:
    column.crawl(listing(A, B))
    ((body, source_id, version),) = column.rows("SELECT body_sha256, source_id, parser_version FROM readings")
    store_readings(column.db, source_id, version, {body: [ReadRow(4, 1, "another digest")]})
    rows = "SELECT position, revision_id, wording FROM listing_rows ORDER BY 1"
    digests = dict(column.rows("SELECT revision_id, wording FROM revisions"))
    first, second = revisions_read(column.rows("SELECT shown FROM readings")[0][0])[:2]
    assert column.rows(rows) == [(1, first, digests[first]), (2, second, digests[second]), (4, 1, "another digest")]
