"""Finding the entries that rows might be: which are found, and by index alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from articles import BRIDGE, LOOM, MOON, PIANO, TEA, edited, row, rows, typos
from settling import Column
from sqlite_utils import Database

from archive.identity.keys import wording_digest
from archive.identity.matching import Candidate
from archive.settling.candidates import find_candidates
from archive.store import open_archive
from archive.values import ListedEntry


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
    return {one.texts.title: one for one in find_candidates(column.db, source_id, rows(*listing))}


def test_of_a_listing_that_is_as_it_was_each_row_finds_its_entry(column: Column) -> None:
    crawl(column, LOOM, TEA, MOON)
    [candidate] = found(column, TEA).values()
    [(entry_id,)] = column.rows(f"SELECT entry_id FROM entries WHERE wording = '{wording_digest(TEA)}'")
    assert candidate.entry_id == entry_id
    assert (candidate.rank, candidate.wording, candidate.earlier) == (1, wording_digest(TEA), frozenset())
    assert candidate.texts == row(TEA).texts
    assert (candidate.title_key, candidate.excerpt_key) == (row(TEA).title_key, row(TEA).excerpt_key)
    assert not candidate.merged


def test_a_row_that_is_not_as_it_was_finds_all_that_are_listed(column: Column) -> None:
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
def test_a_withdrawn_entry_is_found_by_what_it_shares_with_the_row(column: Column, back: ListedEntry) -> None:
    crawl(column, TEA, MOON, LOOM)
    withdraw_all(column, keeping=LOOM)
    assert found(column, back, LOOM).keys() == {TEA.title, LOOM.title}
    assert found(column, back)[TEA.title].rank is None


def test_a_withdrawn_entry_is_found_by_an_earlier_wording_of_which_nothing_is_left(column: Column) -> None:
    """Title, excerpt and all else went in two steps; only the revision remembers."""
    retitled = edited(TEA, title="Silver rods on the terraces", commentary="They know when.")
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
def test_another_source_has_its_own(column: Column, now: ListedEntry) -> None:
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


class Listening:
    """A database that remembers what it was asked."""

    def __init__(self, db: Database):
        self.db = db
        self.asked: list[tuple[str, Any]] = []

    def execute(self, query: str, parameters: Any) -> Any:
        self.asked.append((query, parameters))
        return self.db.execute(query, parameters)


@pytest.mark.parametrize("listing", [[LOOM, TEA], [LOOM, PIANO], [edited(LOOM, title="Other")]])
def test_candidates_are_found_by_index_and_no_table_is_read_through(column: Column, listing: list[ListedEntry]) -> None:
    crawl(column, LOOM, TEA)
    listening = Listening(column.db)
    find_candidates(listening, 1, rows(*listing))  # type: ignore[arg-type]
    assert len(listening.asked) >= 2
    for query, parameters in listening.asked:
        plan = [step for *_, step in column.db.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]
        read_through = {step.split()[1] for step in plan if step.startswith("SCAN")}
        tables = {name for name in read_through if not name.startswith("(subquery")}
        assert tables <= {"json_each"}, plan


def test_the_cost_does_not_grow_with_what_was_withdrawn(column: Column) -> None:
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
    columns = [name for (name,) in column.rows("SELECT name FROM pragma_table_info('entries')")]
    other = {
        "entry_id": "n.value",
        "tag_uri": "'tag:' || n.value",
        "feed_date": "'1999-' || n.value",
        "wording": "'w' || n.value",
        "title_key": "'t' || n.value",
        "excerpt_key": "'e' || n.value",
        "rare_words": "'r' || n.value",
        "withdrawn_at": "'2000'",
    }
    values = ", ".join(other.get(name, name) for name in columns)
    column.db.execute(
        f"INSERT INTO entries ({', '.join(columns)}) SELECT {values} FROM json_each(?) n,"
        " (SELECT * FROM entries LIMIT 1) e",
        (json.dumps(list(range(1, 5_001))),),
    )
    assert len(find_candidates(column.db, 1, listing)) == 2
    assert cost() < 10 * before + 0.01
