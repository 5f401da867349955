"""A made-up column, fixed for ever: the golden files beside this one show how it is published.

The words are this project's own. Regenerate the golden files, and then read their diff, with:

    FOREIGN_EYES_REGENERATE=1 python -m pytest tests/test_feeds_render.py tests/test_feeds_pages.py
"""

from __future__ import annotations

from datetime import UTC, datetime

from archive.query import CurrentEntry
from archive.values import Source
from feeds.compose import compose_entry, compose_feed

AUTHORITY = "eyes.example,2026"
BASE_URL = "https://eyes.example/column/"
SOURCE = Source("made-up", "https://office.example/column/index.htm", "A Made-up Column", "en")

ARCHIVED = (
    CurrentEntry(
        entry_id=400000004,
        tag_uri="tag:eyes.example,2026:made-up/400000004",
        title="A kite that <steers> itself & lands",
        publication="The Harbour Post",
        attribution="——A kite that <steers> itself & lands, by The Harbour Post",
        excerpt="A kite with a mind of its own, said the maker, “turns – unaided –” into the wind.\nIt has landed on\u00a0land.",
        commentary="Kites were flown before they were patented.",
        not_before=datetime(2021, 3, 1, 6, 0, 0, 125000, tzinfo=UTC),
        first_seen=datetime(2021, 3, 2, 6, 0, 1, 500000, tzinfo=UTC),
        feed_date=datetime(2021, 3, 2, 6, 0, 1, 500000, tzinfo=UTC),
        updated=datetime(2021, 3, 2, 6, 0, 1, 500000, tzinfo=UTC),
        withdrawn_at=None,
        revision=1,
        seen_at_url="https://office.example/column/index.htm",
    ),
    CurrentEntry(
        entry_id=300000003,
        tag_uri="tag:eyes.example,2026:made-up/300000003",
        title="Tea by Telegraph",
        publication="Evening Ledger",
        attribution="——Tea by Telegraph, Evening Ledger",
        excerpt="Leaves are now graded by wire.",
        commentary="A grade is only as good as the mark on the chest.",
        not_before=datetime(2021, 3, 1, 6, 0, 0, 125000, tzinfo=UTC),
        first_seen=datetime(2021, 3, 2, 6, 0, 1, 500000, tzinfo=UTC),
        feed_date=datetime(2021, 3, 2, 6, 0, 0, 500000, tzinfo=UTC),
        updated=datetime(2021, 4, 9, 6, 0, 4, tzinfo=UTC),
        withdrawn_at=None,
        revision=2,
        seen_at_url="https://office.example/column/index1.htm",
    ),
    CurrentEntry(
        entry_id=200000002,
        tag_uri="tag:eyes.example,2026:made-up/200000002",
        title=None,
        publication=None,
        attribution="——Who Owns a Melody? The Quarterly",
        excerpt="]]><script>alert('a tune')</script> is not how a song begins.",
        commentary="",
        not_before=None,
        first_seen=datetime(2021, 3, 1, 6, 0, 1, tzinfo=UTC),
        feed_date=datetime(2021, 3, 1, 6, 0, 1, tzinfo=UTC),
        updated=datetime(2021, 3, 1, 6, 0, 1, tzinfo=UTC),
        withdrawn_at=None,
        revision=1,
        seen_at_url="https://office.example/column/index.htm",
    ),
    CurrentEntry(
        entry_id=100000001,
        tag_uri="tag:eyes.example,2026:made-up/100000001",
        title="\u202eThe Paper Lantern Question",
        publication="Le Soir d'Ailleurs",
        attribution="——The Paper Lantern Question, by Le Soir d'Ailleurs",
        excerpt="La lanterne a changé de main, dit-on.",
        commentary="Design protection covers what is seen, lit or not.",
        not_before=None,
        first_seen=datetime(2021, 3, 1, 6, 0, 1, tzinfo=UTC),
        feed_date=datetime(2021, 3, 1, 6, 0, 0, tzinfo=UTC),
        updated=datetime(2021, 3, 1, 6, 0, 0, tzinfo=UTC),
        withdrawn_at=datetime(2021, 5, 1, 6, 0, 3, tzinfo=UTC),
        revision=1,
        seen_at_url="https://office.example/column/index.htm",
    ),
)
ENTRIES = tuple(compose_entry(SOURCE, entry, BASE_URL) for entry in ARCHIVED)
FEED = compose_feed(SOURCE, ENTRIES, BASE_URL, AUTHORITY)
