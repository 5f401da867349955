"""Finding the candidates for rows, by index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from sqlite_utils import Database
from support.articles import BRIDGE, LOOM, MOON, PIANO, TEA, edited, row, rows, typos
from support.settling import DAY, START, Column, LineParser

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.matching.matcher import Candidate
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.settling.candidates import MOST_BY_KEY, find_candidates
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def crawl(column: Column, *listing: ListedEntry, outcome: Any = "complete") -> None:
    lines = [f"{one.title}|{one.publication}|{one.excerpt}|{one.commentary}" for one in listing]
    column.crawl("\n".join(lines), outcome=outcome)


def withdraw_all(column: Column, keeping: ListedEntry) -> None:
    crawl(column, keeping)
    crawl(column, keeping)


def found(column: Column, *listing: ListedEntry, source_id: int = 1) -> dict[str | None, Candidate]:
    return {one.texts.title: one for one in find_candidates(column.db, source_id, rows(*listing))[0]}


def test_each_row_of_an_unchanged_listing_finds_only_its_entry(column: Column) -> None:
    crawl(column, LOOM, TEA, MOON)
    [candidate] = found(column, TEA).values()
    [(entry_id,)] = column.rows(f"SELECT entry_id FROM entries WHERE wording = '{wording_digest(TEA)}'")
    assert candidate.entry_id == entry_id
    assert (candidate.rank, candidate.wording_digest, candidate.earlier) == (1, wording_digest(TEA), frozenset())
    assert candidate.texts == row(TEA).texts
    assert (candidate.title_key, candidate.excerpt_key) == (row(TEA).title_key, row(TEA).excerpt_key)
    assert not candidate.merged


def test_a_changed_row_finds_all_listed_entries(column: Column) -> None:
    crawl(column, LOOM, TEA, MOON)
    listed = found(column, PIANO, LOOM)
    assert {title: one.rank for title, one in listed.items()} == {LOOM.title: 0, TEA.title: 1, MOON.title: 2}


def test_ranks_run_through_the_pages_in_order(column: Column) -> None:
    lines = [f"{one.title}|P|{one.excerpt}|{one.commentary}" for one in (LOOM, TEA, MOON, PIANO)]
    column.crawl("\n".join(lines[:2]), "\n".join(lines[2:]))
    ranks = {title: one.rank for title, one in found(column, BRIDGE).items()}
    assert ranks == {LOOM.title: 0, TEA.title: 1, MOON.title: 2, PIANO.title: 3}


def test_an_entry_that_the_last_crawl_lacked_is_found_and_has_no_rank(column: Column) -> None:
    crawl(column, LOOM, TEA, MOON)
    crawl(column, LOOM, MOON)
    ranks = {title: one.rank for title, one in found(column, PIANO).items()}
    assert ranks == {LOOM.title: 0, MOON.title: 1, TEA.title: None}


def test_an_entry_that_a_partial_crawl_did_not_show_keeps_its_rank(column: Column) -> None:
    crawl(column, LOOM, TEA, MOON)
    crawl(column, LOOM, outcome="partial")
    assert found(column, PIANO)[MOON.title].rank == 2


@pytest.mark.parametrize(
    "back",
    [
        TEA,
        edited(TEA, excerpt=PIANO.excerpt, commentary="Rewritten."),
        edited(TEA, title="Rewritten", publication="Il Giornale", commentary="Rewritten."),
        edited(TEA, title="Rewritten", excerpt=TEA.excerpt.replace("from the", "off a")),
    ],
    ids=["wording", "title", "excerpt", "rare words"],
)
def test_a_withdrawn_entry_is_found_by_text_that_it_shares_with_the_row(column: Column, back: ListedEntry) -> None:
    crawl(column, TEA, MOON, LOOM)
    withdraw_all(column, keeping=LOOM)
    assert found(column, back, LOOM).keys() == {TEA.title, LOOM.title}
    assert found(column, back)[TEA.title].rank is None


def test_a_withdrawn_entry_is_found_by_an_earlier_wording(column: Column) -> None:
    """All parts changed in two steps, so only the earlier revision has the text."""
    retitled = edited(TEA, title="Silver rods on the terraces", commentary=MOON.commentary)
    rewritten = edited(retitled, excerpt=PIANO.excerpt)
    for now in (TEA, retitled, rewritten):
        crawl(column, now, LOOM)
    assert column.rows("SELECT count(*) FROM entries") == [(2,)]
    withdraw_all(column, keeping=LOOM)
    candidate = found(column, TEA)[rewritten.title]
    assert candidate.earlier == {wording_digest(TEA), wording_digest(retitled)}
    crawl(column, TEA, LOOM)
    assert column.kinds()[-2:] == ["returned", "revised"]
    assert column.rows("SELECT match_method FROM revisions")[-1] == ("earlier wording",)


def test_a_withdrawn_entry_that_shares_nothing_is_not_found(column: Column) -> None:
    crawl(column, TEA, MOON, LOOM)
    withdraw_all(column, keeping=LOOM)
    assert found(column, PIANO).keys() == {LOOM.title}


@pytest.mark.parametrize("now", [TEA, edited(TEA, excerpt=typos(TEA.excerpt))])
def test_candidates_are_entries_of_one_source(column: Column, now: ListedEntry) -> None:
    crawl(column, TEA)
    crawl(Column(column.db, "village"), TEA)
    one, other = (found(column, now, source_id=source_id)[TEA.title] for source_id in (1, 2))
    assert one.entry_id != other.entry_id


def test_an_entry_that_another_was_merged_into_is_marked(column: Column) -> None:
    crawl(column, TEA, MOON, LOOM)
    ids = column.ids()
    for kind, one, other in (("merge", TEA, MOON), ("split", LOOM, TEA)):
        column.db.execute(
            "INSERT INTO decisions (at, kind, entry_id, other_id) VALUES ('2026', ?, ?, ?)",
            (kind, ids[one.title or ""], ids[other.title or ""]),
        )
    merged = {title: one.merged for title, one in found(column, PIANO).items()}
    assert merged == {TEA.title: True, MOON.title: False, LOOM.title: False}


def decide(column: Column, decision: Callable[[Database], object]) -> None:
    def prepare(db: Database) -> tuple[()]:
        decision(db)
        return ()

    later = START + 400 * DAY
    rebuild(column.db, LineParser(), at=later, authority="example.org,2026", prepare=prepare)


def merged(column: Column, keep: ListedEntry, other: ListedEntry) -> int:
    """Merge two entries; return the surviving id."""
    ids = column.ids()
    keep_id, other_id = ids[keep.title or ""], ids[other.title or ""]
    decide(column, lambda db: merge(db, keep_id, other_id, START + 399 * DAY))
    return keep_id


def methods(column: Column) -> list[str]:
    return [method for (method,) in column.rows("SELECT match_method FROM revisions ORDER BY revision_id")]


def test_a_merged_entry_is_found_with_its_texts_at_both_places(column: Column) -> None:
    crawl(column, LOOM, TEA, MOON)
    keep = merged(column, TEA, MOON)
    [one] = [one for one in found(column, PIANO).values() if one.entry_id == keep]
    assert one.merged
    assert {texts.title for texts in (one.texts, *one.elsewhere)} == {TEA.title, MOON.title}
    assert len(one.elsewhere) == 1
    assert found(column, PIANO)[LOOM.title].elsewhere == ()


@pytest.mark.parametrize("place", [TEA, MOON])
def test_a_merged_entry_of_which_one_place_is_edited_stays_one(column: Column, place: ListedEntry) -> None:
    crawl(column, LOOM, TEA, MOON)
    merged(column, TEA, MOON)
    now = {one.title: one for one in (LOOM, TEA, MOON)}
    now[place.title] = edited(place, excerpt=typos(place.excerpt))
    crawl(column, *now.values())
    assert column.rows("SELECT count(*) FROM entries") == [(2,)]
    assert "new" not in methods(column)[3:]
    crawl(column, *now.values(), PIANO)
    assert column.rows("SELECT count(*) FROM entries") == [(3,)]


def test_an_entry_is_not_marked_as_merged_after_a_split(column: Column) -> None:
    crawl(column, LOOM, TEA, MOON)
    keep = merged(column, TEA, MOON)
    decide(column, lambda db: split(db, keep, 2, START + 399 * DAY, "example.org,2026"))
    assert not any(one.merged for one in found(column, PIANO).values())


def copies(column: Column, count: int, **parts: str) -> None:
    """Add withdrawn entries that share only `parts` with others, with ids from 1."""
    columns = [name for (name,) in column.rows("SELECT name FROM pragma_table_info('entries')")]
    other = {
        "entry_id": "n.value",
        "tag_uri": "'tag:' || n.value",
        "feed_date": "'1999-' || n.value",
        "wording": "'w' || n.value",
        "title_key": "'t' || n.value",
        "excerpt_key": "'e' || n.value",
        "commentary_key": "'c' || n.value",
        "withdrawn_at": "'2000'",
    }
    values = ", ".join((other | parts).get(name, name) for name in columns)
    column.db.execute(
        f"INSERT INTO entries ({', '.join(columns)}) SELECT {values} FROM json_each(?) n,"
        " (SELECT * FROM entries LIMIT 1) e",
        (json.dumps(list(range(1, count + 1))),),
    )


def test_a_title_that_very_many_entries_share_displaces_no_other_candidate(column: Column) -> None:
    crawl(column, TEA, MOON, LOOM)
    withdraw_all(column, keeping=LOOM)
    many = edited(BRIDGE, title="A much used title", publication="Il Mattino")
    copies(column, MOST_BY_KEY + 50, title_key="'" + (row(many).title_key or "") + "'")
    back = edited(TEA, excerpt=PIANO.excerpt, commentary="Rewritten.")
    candidates, _ = find_candidates(column.db, 1, rows(many, back, LOOM))
    assert TEA.title in {one.texts.title for one in candidates if one.entry_id > 10_000}
    assert sorted(one.entry_id for one in candidates)[:MOST_BY_KEY] == [*range(1, MOST_BY_KEY + 1)]
    assert len(candidates) == MOST_BY_KEY + 2


class Listening:
    """A database that records its queries."""

    def __init__(self, db: Database):
        self.db = db
        self.asked: list[tuple[str, Any]] = []

    def execute(self, query: str, parameters: Any = ()) -> Any:
        self.asked.append((query, parameters))
        return self.db.execute(query, parameters)


@pytest.mark.parametrize("listing", [[LOOM, TEA], [LOOM, PIANO], [edited(LOOM, title="Other")]])
def test_candidates_are_found_by_index_without_a_table_scan(column: Column, listing: list[ListedEntry]) -> None:
    crawl(column, LOOM, TEA, MOON)
    merged(column, TEA, MOON)
    listening = Listening(column.db)
    find_candidates(listening, 1, rows(*listing))  # type: ignore[arg-type]
    assert len(listening.asked) >= 2
    for query, parameters in listening.asked:
        plan = [step for *_, step in column.db.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]
        read_through = {step.split()[1] for step in plan if step.startswith("SCAN")}
        tables = {name for name in read_through if not name.startswith("(subquery")}
        # decisions and renames are few, one row of redated_crawls is read, j is the list of one page, and the search index is
        # queried for one word at a time
        assert tables <= {"json_each", "k", "b", "j", "decisions", "renames", "redated_crawls", "entries_fts"}, plan
        assert all(step.endswith(":M4") for step in plan if "entries_fts" in step), plan


def test_the_cost_does_not_grow_with_withdrawn_entries(column: Column) -> None:
    crawl(column, LOOM, TEA)
    listing = rows(LOOM, TEA, PIANO)

    def cost() -> float:
        costs = []
        for _ in range(5):
            start = process_time()
            find_candidates(column.db, 1, listing)
            costs.append(process_time() - start)
        return min(costs)

    before = cost()
    copies(column, 5_000)
    assert len(find_candidates(column.db, 1, listing)[0]) == 2
    assert cost() < 10 * before + 0.01


A_TYPO = edited(TEA, commentary=typos(TEA.commentary, 1))


def test_an_article_at_two_places_keeps_its_id_while_they_differ_and_when_both_return(column: Column) -> None:
    crawl(column, TEA, LOOM, TEA)
    [entry_id] = {column.ids()[TEA.title or ""]}
    crawl(column, A_TYPO, LOOM, TEA)
    crawl(column, A_TYPO, LOOM, TEA, MOON)
    withdraw_all(column, keeping=LOOM)
    crawl(column, TEA, LOOM, A_TYPO)
    assert column.ids()[TEA.title or ""] == entry_id
    assert column.rows("SELECT count(*) FROM entries") == [(3,)]
    crawl(column, A_TYPO, LOOM, A_TYPO)
    assert column.rows(f"SELECT number FROM revisions WHERE entry_id = {entry_id}") == [(1,), (2,)]


def test_an_earlier_wording_never_listed_together_with_the_current_one_is_not_another_place(column: Column) -> None:
    crawl(column, TEA, LOOM)
    crawl(column, A_TYPO, LOOM)
    crawl(column, A_TYPO, LOOM, TEA)
    assert column.rows("SELECT count(*) FROM entries") == [(3,)]


def test_a_second_place_alone_on_the_last_page_is_recognised_when_the_first_is_edited(column: Column) -> None:
    lines = [f"{one.title}|{one.publication}|{one.excerpt}|{one.commentary}" for one in (TEA, LOOM, TEA)]
    column.crawl("\n".join(lines[:2]), lines[2])
    edit = f"{A_TYPO.title}|{A_TYPO.publication}|{A_TYPO.excerpt}|{A_TYPO.commentary}"
    column.crawl(f"{edit}\n{lines[1]}", lines[2])
    assert column.rows("SELECT count(*) FROM entries") == [(2,)]
    assert column.kinds()[-1] == "revised"


def test_an_article_that_returns_at_two_places_in_two_earlier_wordings_is_one_entry(column: Column) -> None:
    crawl(column, TEA, LOOM, TEA)
    crawl(column, A_TYPO, LOOM, TEA)
    now = edited(A_TYPO, commentary=MOON.commentary)
    crawl(column, now, LOOM, now)
    withdraw_all(column, keeping=LOOM)
    crawl(column, TEA, LOOM, A_TYPO)
    assert column.rows("SELECT count(*) FROM entries") == [(2,)]
