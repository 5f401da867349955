"""The plan of a publish: the documents that a change can affect."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_eyes.archive.feed_state.journal_cursor import AffectedParts
from foreign_eyes.feeds.compose.collection_pages import count_volumes, volume_span
from foreign_eyes.feeds.plan import Extent, full_plan, incremental_plan, sitemap_of, sitemap_span

NOTHING = AffectedParts((), frozenset(), frozenset(), frozenset(), ())
NEW = AffectedParts((7,), frozenset({"CNN"}), frozenset({"Robots"}), frozenset({"2021-03"}), (121,))


def extent(entries: int, events: int | None = None) -> Extent:
    return Extent(entries, entries if events is None else events, frozenset({"CNN", "Nature"}), frozenset({"Robots"}))


def test_a_full_plan_has_every_document() -> None:
    plan = full_plan(extent(620, 655), [1, 2], [(9, 1)])

    assert list(plan.volumes) == list(range(1, 14))
    assert list(plan.sitemaps) == [1, 2]
    assert list(plan.archive_documents) == list(range(1, 14))
    assert (list(plan.entry_ids), list(plan.redirects)) == ([1, 2], [(9, 1)])
    assert (plan.publications, plan.topics) == (["CNN", "Nature"], ["Robots"])


def test_the_plan_of_a_new_entry_has_its_page_volume_sitemap_publication_and_topic() -> None:
    plan = incremental_plan(extent(121), extent(120), NEW)

    assert (list(plan.entry_ids), list(plan.volumes), list(plan.sitemaps)) == ([7], [3], [1])
    assert (plan.publications, plan.topics) == (["CNN"], ["Robots"])
    assert list(plan.archive_documents) == []


@pytest.mark.parametrize(("number", "volume"), [(1, 1), (50, 1), (51, 2), (121, 3)])
def test_the_plan_of_an_edit_has_the_volume_and_no_sitemap(number: int, volume: int) -> None:
    plan = incremental_plan(extent(121), extent(121), replace(NEW, numbers=(number,)))

    assert (list(plan.volumes), list(plan.sitemaps)) == ([volume], [])


def test_without_changes_the_plan_is_empty() -> None:
    plan = incremental_plan(extent(121), extent(121), NOTHING)

    assert not any((plan.entry_ids, plan.volumes, plan.sitemaps, plan.archive_documents, plan.redirects))
    assert not any((plan.publications, plan.topics, plan.emptied_publications, plan.emptied_topics))


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
def test_the_plan_of_a_new_volume_has_the_one_before_it(before: int, after: int, volumes: list[int]) -> None:
    numbers = tuple(range(before + 1, after + 1))
    assert list(incremental_plan(extent(after), extent(before), replace(NEW, numbers=numbers)).volumes) == volumes


@pytest.mark.parametrize(("before", "after", "documents"), [(49, 50, [1]), (50, 51, []), (99, 201, [2, 3, 4])])
def test_the_plan_has_archive_documents_that_have_become_full(before: int, after: int, documents: list[int]) -> None:
    plan = incremental_plan(extent(300, after), extent(300, before), NOTHING)
    assert list(plan.archive_documents) == documents


def test_the_plan_names_publications_and_topics_without_entries() -> None:
    changes = replace(NOTHING, publications=frozenset({"CNN", "Gone"}), topics=frozenset({"Lost", "Robots"}))
    plan = incremental_plan(extent(120), extent(120), changes)

    assert (plan.publications, plan.emptied_publications) == (["CNN"], ["Gone"])
    assert (plan.topics, plan.emptied_topics) == (["Robots"], ["Lost"])


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
def test_the_plan_has_exactly_the_volumes_that_change(before: int, added: int, edited: set[int]) -> None:
    after, edited = before + added, {number for number in edited if number <= before}
    numbers = (*edited, *range(before + 1, after + 1))
    differ = {
        volume
        for volume, shown in volumes_of(after).items()
        if volumes_of(before).get(volume) != shown or any(shown[0][0] <= number <= shown[0][1] for number in edited)
    }

    assert set(incremental_plan(extent(after), extent(before), replace(NEW, numbers=numbers)).volumes) == differ


@settings(deadline=None)
@given(before=st.integers(1, 1200), added=st.integers(0, 1200))
def test_the_plan_has_exactly_the_sitemaps_with_a_new_page(before: int, added: int) -> None:
    new = range(before + 1, before + added + 1)
    plan = incremental_plan(extent(before + added), extent(before), replace(NEW, numbers=(1, before, *new)))

    assert list(plan.sitemaps) == sorted({sitemap_of(number) for number in new})
