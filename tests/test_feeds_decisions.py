"""Operators' decisions in the feeds of changes: valid in every format, with clear sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.feed_rules import complaints, parse
from support.settling import START, A, Column
from test_announced_decisions import false_merge, merge_titles, replaced_in_place, split_at, told, withdrawn_and_anew
from test_feeds_changes import EDITION, RENDERED

from foreign_eyes.archive.database import IN_MEMORY, open_archive
from foreign_eyes.feeds.compose.change_items import ComposedChange, change_item, compose_change
from foreign_eyes.feeds.compose.feeds import compose_changes_feed

SINCE = START - timedelta(days=1)


@pytest.fixture
def column() -> Iterator[Column]:
    with open_archive(IN_MEMORY) as db:
        yield Column(db)


def composed(column: Column) -> list[ComposedChange]:
    """What readers are told of decisions, the oldest first."""
    return [compose_change(EDITION, change) for change in told(column) if change.decision]


def test_a_split_names_both_ids_and_links_to_each(column: Column) -> None:
    looms = false_merge(column)
    other = split_at(column, looms, 2)
    parted, words, returned = composed(column)

    item = change_item(EDITION, parted)
    assert item.title == "Split: Looms"
    assert item.summary == f"One entry turned out to be two: {looms} and {other} were separated at revision 2."
    assert item.alternate == f"{EDITION.base_url}entries/{looms}/#change-{parted.change_id}"
    assert f'href="{EDITION.base_url}entries/{other}/"' in item.html
    assert parted.words[-1] == "Another fine."
    assert (words.happened, [part.label for part in words.parts]) == ("Corrected", ["Excerpt", "Commentary"])
    assert change_item(EDITION, words).summary == "The words of another entry were mistaken for an edit of this one."
    assert returned.note.startswith("It was reported to have returned on 4 March 2026, 09:01 UTC. That was wrong")


def test_a_withdrawal_that_is_announced_late_says_so(column: Column) -> None:
    split_at(column, replaced_in_place(column), 2)
    gone = composed(column)[-1]
    assert (gone.happened, gone.heading, gone.words[-1]) == ("Withdrawn", "Looms", "A fine for looms.")
    assert "This is announced late, because another entry was mistaken for it." in gone.note


def test_a_merge_has_the_known_title_and_links_to_the_surviving_entry(column: Column) -> None:
    withdrawn_and_anew(column)
    cranes, bears = merge_titles(column, "Cranes", "Bears")
    merged, corrected = composed(column)

    assert (merged.heading, merged.path) == ("Bears", f"entries/{cranes}/")
    assert merged.note == (f"Two entries turned out to be one: {bears} is {cranes}, which answers for both. Its words:")
    assert corrected.note == (
        "It was reported as withdrawn on 3 March 2026, 09:01 UTC."
        f" That was wrong: it is the same entry as {cranes}, which is listed. Its words:"
    )


@pytest.mark.parametrize("name", RENDERED)
def test_the_feed_of_changes_is_valid_with_decisions(column: Column, name: str) -> None:
    split_at(column, false_merge(column), 2)
    column.crawl(A)
    merge_titles(column, "Apples", "Bears")
    feed = compose_changes_feed(EDITION, composed(column)[::-1], SINCE)
    assert {change.kind for change in composed(column)} >= {"split", "merged", "revised", "corrected"}
    assert complaints(parse(name, EDITION.base_url, RENDERED[name](feed))) == []
