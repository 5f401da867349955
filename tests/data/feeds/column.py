"""A made-up column, fixed for ever: the golden files beside this one show how it is published.

The words are this project's own. Regenerate the golden files, and then read their diff, with:

    FOREIGN_EYES_REGENERATE=1 python -m pytest tests/test_feeds_render.py tests/test_feeds_changes.py tests/test_feeds_pages.py
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from foreign_eyes.archive.feed_state.changes import AnnouncedChange
from foreign_eyes.archive.feed_state.current_entries import CurrentEntry
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.compose.change_items import compose_change
from foreign_eyes.feeds.compose.feeds import compose_changes_feed, compose_column_feed
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import compose_entry
from foreign_eyes.listing.values import EntryTexts, Link

BASE_URL = "https://eyes.example/column/"
SOURCE = Source("made-up", "https://office.example/column/index.htm", "A Made-up Column", "en")
EDITION = PublicationTarget(SOURCE, BASE_URL, "tag:eyes.example,2026:made-up")
TOPICS = {400000004: ["Kites"], 100000001: ["Light & shade", "Kites"]}

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
ENTRIES = tuple(compose_entry(EDITION, entry, TOPICS.get(entry.entry_id, ())) for entry in ARCHIVED)
FEED = compose_column_feed(EDITION, ENTRIES, documents=2)

TEA = EntryTexts(
    title="Tea by Telegraph",
    publication="Evening Ledger",
    attribution="——Tea by Telegraph, Evening Ledger",
    excerpt="Leaves are graded by wire.",
    commentary="A grade is only as good as the chest <it> is on.",
)
LANTERN = EntryTexts(
    title="\u202eThe Paper Lantern Question",
    publication="Le Soir d'Ailleurs",
    attribution="——The Paper Lantern Question, by Le Soir d'Ailleurs",
    excerpt="La lanterne a changé de main, dit-on.",
    commentary="Design protection covers what is seen, lit or not.",
)
SEARCH = Link("Patent Search", "https://search.example/?a=1&b=2")
# newest first, as the archive gives them; what was and what is
CHANGES = (
    AnnouncedChange(
        change_id=9,
        at=datetime(2021, 5, 4, 6, 0, 3, tzinfo=UTC),
        kind="link changed",
        tag_uri=None,
        entry_id=None,
        before=None,
        after=None,
        former_link=Link("Patent <Search>", "javascript:alert('search')"),
        link=None,
    ),
    AnnouncedChange(
        change_id=8,
        at=datetime(2021, 5, 3, 6, 0, 3, tzinfo=UTC),
        kind="link changed",
        tag_uri=None,
        entry_id=None,
        before=None,
        after=None,
        former_link=SEARCH,
        link=Link("Patent <Search>", "javascript:alert('search')"),
    ),
    AnnouncedChange(
        change_id=7,
        at=datetime(2021, 5, 2, 6, 0, 3, tzinfo=UTC),
        kind="returned",
        tag_uri="tag:eyes.example,2026:made-up/100000001",
        entry_id=100000001,
        before=None,
        after=LANTERN,
        former_link=None,
        link=None,
    ),
    AnnouncedChange(
        change_id=6,
        at=datetime(2021, 5, 1, 6, 0, 3, tzinfo=UTC),
        kind="withdrawn",
        tag_uri="tag:eyes.example,2026:made-up/100000001",
        entry_id=100000001,
        before=None,
        after=LANTERN,
        former_link=None,
        link=None,
    ),
    AnnouncedChange(
        change_id=5,
        at=datetime(2021, 4, 9, 6, 0, 4, tzinfo=UTC),
        kind="revised",
        tag_uri="tag:eyes.example,2026:made-up/300000003",
        entry_id=300000003,
        before=TEA,
        after=replace(
            TEA,
            excerpt="Leaves are now graded by wire.",
            commentary="A grade is only as good as the mark on the chest.",
        ),
        former_link=None,
        link=None,
    ),
    AnnouncedChange(
        change_id=4,
        at=datetime(2021, 3, 8, 6, 0, 3, tzinfo=UTC),
        kind="link changed",
        tag_uri=None,
        entry_id=None,
        before=None,
        after=None,
        former_link=None,
        link=SEARCH,
    ),
)
CHANGES_FEED = compose_changes_feed(
    EDITION, [compose_change(EDITION, change) for change in CHANGES], datetime(2021, 3, 1, 6, 0, 0, tzinfo=UTC)
)
