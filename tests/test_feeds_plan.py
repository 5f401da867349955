"""The scope of a publish: which documents a change can show in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_eyes.archive.feed_state.journal_cursor import AffectedParts
from foreign_eyes.feeds.compose.collection_pages import count_volumes, volume_span
from foreign_eyes.feeds.plan import Extent, everything, sitemap_of, sitemap_span, touched

NOTHING = AffectedParts((), frozenset(), frozenset(), frozenset(), ())
NEW = AffectedParts((7,), frozenset({"CNN"}), frozenset({"Robots"}), frozenset({"2021-03"}), (121,))


def extent(entries: int, events: int | None = None) -> Extent:
    return Extent(entries, entries if events is None else events, frozenset({"CNN", "Nature"}), frozenset({"Robots"}))


def test_everything_is_all_that_there_is() -> None:
    scope = everything(extent(620, 655), [1, 2], [(9, 1)])

    assert list(scope.volumes) == list(range(1, 14))
    assert list(scope.sitemaps) == [1, 2]
    assert list(scope.archive_documents) == list(range(1, 14))
    assert (list(scope.entry_ids), list(scope.redirects)) == ([1, 2], [(9, 1)])
    assert (scope.publications, scope.topics) == (["CNN", "Nature"], ["Robots"])


def test_a_new_entry_touches_its_page_its_volume_its_sitemap_and_its_publication_and_topic() -> None:
    scope = touched(extent(121), extent(120), NEW)

    assert (list(scope.entry_ids), list(scope.volumes), list(scope.sitemaps)) == ([7], [3], [1])
    assert (scope.publications, scope.topics) == (["CNN"], ["Robots"])
    assert list(scope.archive_documents) == []


@pytest.mark.parametrize(("number", "volume"), [(1, 1), (50, 1), (51, 2), (121, 3)])
def test_an_edit_touches_the_volume_of_its_entry_and_no_sitemap(number: int, volume: int) -> None:
    scope = touched(extent(121), extent(121), replace(NEW, numbers=(number,)))

    assert (list(scope.volumes), list(scope.sitemaps)) == ([volume], [])


def test_where_nothing_was_touched_no_document_is_looked_at() -> None:
    scope = touched(extent(121), extent(121), NOTHING)

    assert not any((scope.entry_ids, scope.volumes, scope.sitemaps, scope.archive_documents, scope.redirects))
    assert not any((scope.publications, scope.topics, scope.emptied_publications, scope.emptied_topics))


@pytest.mark.parametrize(
    ("before", "after", "volumes"),
    [
        (49, 50, []),  # the front page shows all
        (50, 51, [1, 2]),  # the first volumes come to be
        (100, 101, [2, 3]),  # the last one tells of the new one behind it
        (99, 100, [2]),
        (120, 260, [3, 4, 5, 6]),
    ],
)
def test_a_new_volume_touches_the_one_before_it(before: int, after: int, volumes: list[int]) -> None:
    numbers = tuple(range(before + 1, after + 1))
    assert list(touched(extent(after), extent(before), replace(NEW, numbers=numbers)).volumes) == volumes


@pytest.mark.parametrize(("before", "after", "documents"), [(49, 50, [1]), (50, 51, []), (99, 201, [2, 3, 4])])
def test_what_has_become_full_is_an_archive_document(before: int, after: int, documents: list[int]) -> None:
    scope = touched(extent(300, after), extent(300, before), NOTHING)
    assert list(scope.archive_documents) == documents


def test_a_publication_or_topic_of_which_nothing_is_left_is_told() -> None:
    changes = replace(NOTHING, publications=frozenset({"CNN", "Gone"}), topics=frozenset({"Lost", "Robots"}))
    scope = touched(extent(120), extent(120), changes)

    assert (scope.publications, scope.emptied_publications) == (["CNN"], ["Gone"])
    assert (scope.topics, scope.emptied_topics) == (["Robots"], ["Lost"])


def test_sitemaps_name_every_entry_once() -> None:
    for number in (1, 499, 500, 501, 1000, 1001):
        first, last = sitemap_span(sitemap_of(number))
        assert first <= number <= last


def volumes_of(total: int) -> dict[int, tuple[tuple[int, int], bool]]:
    """What the numbered pages of so many entries show: from where to where, and whether there is a newer page."""
    last = count_volumes(total)
    return {number: (volume_span(number, total), number < last) for number in range(1, last + 1)}


@settings(deadline=None)
@given(before=st.integers(1, 260), added=st.integers(0, 160), edited=st.sets(st.integers(1, 260), max_size=3))
def test_the_volumes_that_are_touched_are_those_that_show_something_else(
    before: int, added: int, edited: set[int]
) -> None:
    after, edited = before + added, {number for number in edited if number <= before}
    numbers = (*edited, *range(before + 1, after + 1))
    differ = {
        volume
        for volume, shown in volumes_of(after).items()
        if volumes_of(before).get(volume) != shown or any(shown[0][0] <= number <= shown[0][1] for number in edited)
    }

    assert set(touched(extent(after), extent(before), replace(NEW, numbers=numbers)).volumes) == differ


@settings(deadline=None)
@given(before=st.integers(1, 1200), added=st.integers(0, 1200))
def test_the_sitemaps_that_are_touched_are_those_that_name_a_new_page(before: int, added: int) -> None:
    new = range(before + 1, before + added + 1)
    scope = touched(extent(before + added), extent(before), replace(NEW, numbers=(1, before, *new)))

    assert list(scope.sitemaps) == sorted({sitemap_of(number) for number in new})
