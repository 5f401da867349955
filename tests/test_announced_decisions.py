"""Operators' decisions are announced once, as separate changes; earlier decisions are not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

import pytest
from sqlite_utils import Database
from support.settling import DAY, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.database import IN_MEMORY, open_archive
from foreign_eyes.archive.feed_state.changes import AnnouncedChange, newest_changes
from foreign_eyes.archive.feed_state.current_entries import CurrentEntry, entries_by_id
from foreign_eyes.archive.feed_state.feed_log import newest_of_log
from foreign_eyes.archive.feed_state.journal_cursor import update_feed_state
from foreign_eyes.archive.history import Event, entry_history
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild
from foreign_eyes.archive.rebuilding.redatings import redate
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.archive.settling.operator_decisions import Decision, record_decision
from foreign_eyes.archive.times import from_text
from foreign_eyes.feeds.compose.decision_sentences import event_note

LATER = START + 400 * DAY
AUTHORITY = "example.org,2026"
LYON = "The court of Lyon heard on Tuesday that the two firms had copied the drawings of a loom, and fined them."
FIRST = entry("Looms", excerpt=LYON, commentary="A fine for looms.")
SECOND = entry("Looms", excerpt=LYON.replace("Lyon", "Lille"), commentary="Another fine.")


@pytest.fixture
def column() -> Iterator[Column]:
    with open_archive(IN_MEMORY) as db:
        yield Column(db)


def told(column: Column, since: int = 0) -> list[AnnouncedChange]:
    """Return the announced changes after the change `since` except new entries, oldest first."""
    return [one for one in newest_changes(column.db, 1, 50)[::-1] if one.change_id > since]


def kinds(column: Column, since: int) -> list[str]:
    """Return the kinds of all announced changes after the change `since`, including new entries."""
    query = f"SELECT kind FROM changes WHERE announced = 1 AND change_id > {since} ORDER BY change_id"
    return [kind for (kind,) in column.rows(query)]


def last_change(column: Column) -> int:
    return int(column.rows("SELECT max(change_id) FROM changes")[0][0])


def derive(
    column: Column, prepare: Callable[[Database], Collection[int]] | None = None, at: datetime = LATER
) -> Rebuilt:
    return rebuild(column.db, LineParser(), at=at, authority=AUTHORITY, prepare=prepare)


def merge_ids(column: Column, survivor: int, other: int, at: datetime = LATER) -> None:
    derive(column, lambda db: merge(db, survivor, other, at), at)


def merge_titles(column: Column, survivor: str, other: str) -> tuple[int, int]:
    ids = column.ids()
    merge_ids(column, ids[survivor], ids[other])
    return ids[survivor], ids[other]


def split_at(column: Column, entry_id: int, revision: int, at: datetime = LATER) -> int:
    """Split and return the id of the other part."""

    def prepare(db: Database) -> tuple[()]:
        parts.append(split(db, entry_id, revision, at, AUTHORITY).other_id)
        return ()

    parts: list[int] = []
    derive(column, prepare, at)
    return parts[0]


def shown(column: Column, entry_id: int) -> CurrentEntry:
    [found] = entries_by_id(column.db, [entry_id])
    return found


def feed(column: Column, enough: int = 50) -> list[CurrentEntry]:
    events = update_feed_state(column.db, 1, {}, lambda *_: [])
    return entries_by_id(column.db, newest_of_log(column.db, 1, events, enough))


def events_of(column: Column, entry_id: int) -> list[Event]:
    return [one for one in entry_history(column.db, entry_id).timeline() if isinstance(one, Event)]


def false_merge(column: Column) -> int:
    """A withdrawn report, and another that was matched to it when it appeared; return their common id."""
    column.crawl(listing(FIRST, A))
    column.crawl(listing(A, B))
    column.crawl(listing(A, B))
    column.crawl(listing(SECOND, A, B))
    entry_id = column.ids()["Looms"]
    assert kinds(column, 3) == ["withdrawn", "returned", "revised"]
    return entry_id


def replaced_in_place(column: Column) -> int:
    """A report that another was matched to in the crawl in which it was withdrawn; return their common id."""
    column.crawl(listing(A, FIRST))
    column.crawl(listing(A, SECOND))
    column.crawl(listing(A, SECOND))
    return column.ids()["Looms"]


def withdrawn_and_anew(column: Column) -> None:
    """An entry that was withdrawn and returned with another text: Bears, then Cranes."""
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    column.crawl(listing(A, C))


# merging


def test_a_merge_is_announced_under_the_merged_id_with_the_text_of_the_surviving_entry(column: Column) -> None:
    column.crawl(listing(A, B))
    apples, bears = merge_titles(column, "Apples", "Bears")

    [merged] = [one for one in told(column) if one.kind == "merged"]
    assert merged.decision is not None
    assert (merged.decision.announced_id, merged.decision.other_id) == (bears, apples)
    assert merged.before is not None
    assert merged.before.title == "Bears"
    assert merged.after is not None
    assert merged.after.title == shown(column, apples).title
    assert merged.at >= LATER
    assert merged.entry_id == apples
    assert merged.tag_uri is not None
    assert merged.tag_uri.endswith(f"/{bears}")


def test_a_merge_corrects_an_announced_withdrawal(column: Column) -> None:
    withdrawn_and_anew(column)
    [withdrawal] = told(column)
    cranes, bears = merge_titles(column, "Cranes", "Bears")

    merged, corrected = told(column, withdrawal.change_id)
    assert (merged.kind, corrected.kind) == ("merged", "corrected")
    assert corrected.decision is not None
    assert (corrected.decision.announced_id, corrected.decision.other_id) == (bears, cranes)
    assert corrected.decision.corrected is not None
    assert (corrected.decision.corrected.kind, corrected.decision.corrected.at) == ("withdrawn", withdrawal.at)


def test_a_merge_into_a_withdrawn_entry_announces_its_new_text_and_its_return(column: Column) -> None:
    withdrawn_and_anew(column)
    before = shown(column, column.ids()["Bears"])
    since = last_change(column)
    bears, cranes = merge_titles(column, "Bears", "Cranes")

    merged, revised, corrected = told(column, since)
    assert [merged.kind, revised.kind, corrected.kind] == ["merged", "revised", "corrected"]
    assert revised.before is not None
    assert revised.after is not None
    assert (revised.before.title, revised.after.title) == ("Bears", "Cranes")
    assert corrected.decision is not None
    assert (corrected.decision.announced_id, corrected.decision.other_id) == (bears, cranes)
    assert before.updated < shown(column, bears).updated == revised.at


def test_an_entry_with_the_same_text_after_a_merge_is_not_updated(column: Column) -> None:
    withdrawn_and_anew(column)
    before = shown(column, column.ids()["Cranes"])
    cranes, _ = merge_titles(column, "Cranes", "Bears")
    assert shown(column, cranes).updated == before.updated


def test_the_feed_has_one_entry_for_two_merged_ones(column: Column) -> None:
    column.crawl(listing(A, B, C))
    feed(column)
    apples, _ = merge_titles(column, "Apples", "Bears")
    assert sorted(one.entry_id for one in feed(column)) == sorted([apples, column.ids()["Cranes"]])


def test_a_withdrawal_after_a_corrected_one_is_announced(column: Column) -> None:
    withdrawn_and_anew(column)
    bears, _ = merge_titles(column, "Bears", "Cranes")
    since = last_change(column)
    column.day += 400
    column.crawl(listing(A))
    column.crawl(listing(A))
    assert [(one.kind, one.entry_id) for one in told(column, since)] == [("withdrawn", bears)]


# splitting


def test_a_split_announces_both_parts_and_an_entry_that_was_never_announced(column: Column) -> None:
    looms = false_merge(column)
    since = last_change(column)
    other = split_at(column, looms, 2)

    assert kinds(column, since) == ["split", "new", "revised", "corrected"]
    parted = told(column, since)[0]
    assert parted.decision is not None
    assert (parted.decision.announced_id, parted.decision.other_id, parted.decision.revision) == (looms, other, 2)
    assert parted.after is not None
    assert parted.after.commentary == "Another fine."
    newcomer = next(one for one in feed(column, 2) if one.entry_id == other)
    assert newcomer.not_before is not None
    assert newcomer.not_before <= newcomer.feed_date <= newcomer.first_seen
    assert newcomer.updated > newcomer.feed_date
    assert column.rows("SELECT entry_id, announced FROM feed_log ORDER BY position DESC LIMIT 2") == [
        *((looms, 1), (other, 1)),
    ]


def test_a_split_corrects_a_wrong_return(column: Column) -> None:
    looms = false_merge(column)
    [_, returned, _] = told(column)
    other = split_at(column, looms, 2)

    corrected = told(column)[-1]
    assert corrected.decision is not None
    assert (corrected.kind, corrected.decision.announced_id, corrected.decision.other_id) == ("corrected", looms, other)
    assert corrected.decision.corrected is not None
    assert (corrected.decision.corrected.kind, corrected.decision.corrected.at) == ("returned", returned.at)


def test_a_split_announces_a_withdrawal_that_was_never_announced(column: Column) -> None:
    looms = replaced_in_place(column)
    since = last_change(column)
    split_at(column, looms, 2)

    assert kinds(column, since) == ["split", "new", "revised", "withdrawn"]
    gone = told(column, since)[-1]
    assert gone.after is not None
    assert (gone.entry_id, gone.after.commentary) == (looms, "A fine for looms.")
    assert gone.at > from_text(str(column.rows(f"SELECT withdrawn_at FROM entries WHERE entry_id = {looms}")[0][0]))


def test_an_entry_with_another_text_after_a_split_is_updated(column: Column) -> None:
    looms = false_merge(column)
    split_at(column, looms, 2)
    now = shown(column, looms)
    [revised] = [one for one in told(column) if one.kind == "revised" and one.decision]
    assert (now.commentary, now.updated) == ("A fine for looms.", revised.at)
    assert revised.before is not None
    assert revised.before.commentary == "Another fine."


def test_a_merge_that_undoes_a_split_is_announced_like_any_other(column: Column) -> None:
    looms = false_merge(column)
    other = split_at(column, looms, 2)
    since = last_change(column)
    merge_ids(column, looms, other, LATER + DAY)

    # the withdrawal stands corrected, since the return that was said to be wrong was not
    assert kinds(column, since) == ["merged", "revised", "corrected"]
    assert shown(column, looms).commentary == "Another fine."


def test_an_entry_that_was_merged_and_split_again_is_not_announced_as_new(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    column.crawl(listing(A, C))
    bears, cranes = merge_titles(column, "Bears", "Cranes")
    since = last_change(column)
    assert split_at(column, bears, 2, LATER + DAY) == cranes
    assert kinds(column, since) == ["split", "revised", "withdrawn"]


def test_ids_that_a_split_leaves_with_the_other_part_are_not_announced_as_merges(column: Column) -> None:
    for line in (A, B, C):
        column.crawl(listing(line, FIRST))
        column.crawl(listing(line, FIRST))
    ids = column.ids()
    merge_ids(column, ids["Apples"], ids["Bears"])
    merge_ids(column, ids["Apples"], ids["Cranes"])
    since = last_change(column)
    assert split_at(column, ids["Apples"], 2, LATER + DAY) == ids["Bears"]
    assert column.rows("SELECT kind FROM decisions ORDER BY decision_id")[2:] == [("split",), ("merge",)]
    assert kinds(column, since) == ["split", "revised", "revised", "withdrawn"]


# what holds for all


@pytest.mark.parametrize("decide", [false_merge, replaced_in_place])
def test_deriving_again_announces_nothing_twice_and_changes_nothing(
    column: Column, decide: Callable[[Column], int]
) -> None:
    looms = decide(column)
    split_at(column, looms, 2)
    before = told(column)
    assert derive(column).differences == ()
    assert told(column) == before
    assert list(verify_seals(column.db)) == []


def test_earlier_decisions_are_not_announced_later(column: Column) -> None:
    withdrawn_and_anew(column)
    ids = column.ids()
    record_decision(column.db, Decision("merge", ids["Cranes"], ids["Bears"]), LATER)
    derive(column)
    assert [one.kind for one in told(column)] == ["withdrawn"]
    merge_ids(column, ids["Apples"], ids["Cranes"])
    assert "corrected" not in [one.kind for one in told(column)]


def test_each_change_of_a_decision_has_a_distinct_time_after_all_earlier_ones(column: Column) -> None:
    looms = false_merge(column)
    split_at(column, looms, 2)
    times = [from_text(at) for (at,) in column.rows("SELECT at FROM changes ORDER BY change_id")]
    assert times == sorted(set(times))
    assert times[-1] >= LATER


def test_the_history_of_both_entries_shows_the_split(column: Column) -> None:
    looms = false_merge(column)
    other = split_at(column, looms, 2)

    assert [(one.kind, one.entry_id) for one in events_of(column, looms)] == [
        *(("withdrawn", looms), ("returned", looms), ("split", looms), ("revised", looms), ("corrected", looms)),
    ]
    assert [(one.kind, one.entry_id) for one in events_of(column, other)] == [("split", looms), ("new", other)]
    split_event = events_of(column, other)[0]
    assert (
        event_note(split_event) == f"One entry turned out to be two: {looms} and {other} were separated at revision 2."
    )


def test_the_history_of_an_entry_shows_the_changes_of_the_one_merged_into_it(column: Column) -> None:
    withdrawn_and_anew(column)
    cranes, bears = merge_titles(column, "Cranes", "Bears")
    events = events_of(column, cranes)
    assert [(one.kind, one.entry_id) for one in events] == [
        ("withdrawn", bears),
        ("merged", bears),
        ("corrected", bears),
    ]
    assert events[0].announced_texts is not None
    assert events[0].announced_texts["title"] == "Bears"


def test_the_history_of_an_entry_shows_that_its_date_was_corrected(column: Column) -> None:
    column.crawl(listing(A))
    column.day += 1000
    column.crawl(listing(A, B))

    def prepare(db: Database) -> tuple[()]:
        redate(db, 2, START + DAY, column.today + DAY)
        return ()

    derive(column, prepare, column.today + DAY)
    [event] = events_of(column, column.ids()["Bears"])
    assert (event.kind, event.moved and event.moved[1][:10]) == ("corrected", "2026-03-02")
    assert "The clock of the machine" in event_note(event)
    assert events_of(column, column.ids()["Apples"]) == []
