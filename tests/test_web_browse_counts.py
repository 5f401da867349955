"""Counts and orders of large tables: those that are fast, or none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.browse_servers import BrowseServer, browse_server, make_archive_of

from foreign_eyes.listing.values import ListedEntry
from foreign_eyes.web.browse import counts, sorting, table_statements
from foreign_eyes.web.browse.counts import bounded_count
from foreign_eyes.web.browse.table_statements import counted_already

ENTRIES, BOUND = 20, 5
TABLE = "/browse/archive/current_entries"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowseServer]:
    papers = ["Le Monde"] * 5 + ["CNN"] * (ENTRIES - 5)
    listed = [
        ListedEntry(f"Excerpt {n}", f"——T {n}, by {paper}", f"T {n}", paper, "Words.") for n, paper in enumerate(papers)
    ]
    path = tmp_path_factory.mktemp("counts") / "archive.db"
    with pytest.MonkeyPatch.context() as patch, browse_server(make_archive_of(path, [listed])) as running:
        patch.setattr(counts, "MOST_COUNTED", BOUND)
        patch.setattr(sorting, "LARGEST_SORTED", BOUND)
        patch.setattr(table_statements, "_COMMON", BOUND)
        patch.setattr(table_statements, "_MOST_FACETED", 2 * BOUND)
        yield running


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", ENTRIES),
        ("title=T+3", 1),
        ("publication=CNN", None),
        ("_search=excerpt", None),
        ("title__startswith=T+2", 1),
    ],
)
def test_a_count_of_filtered_rows_stops_at_its_bound(server: BrowseServer, query: str, count: int | None) -> None:
    data = server.ask(f"{TABLE}.json?{query}").json()

    assert data["filtered_table_rows_count"] == count
    assert count is None or len(data["rows"]) == count


@pytest.mark.parametrize("query", ["", "title__startswith=T"])
def test_the_facet_of_all_entries_has_the_numbers_of_the_entries(server: BrowseServer, query: str) -> None:
    facet = server.ask(f"{TABLE}.json?{query}").json()["facet_results"]["publication"]

    assert [(found["value"], found["count"]) for found in facet["results"]] == [("CNN", ENTRIES - 5), ("Le Monde", 5)]


def test_the_statements_for_all_entries_are_found_by_their_text(
    server: BrowseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[str] = []

    def counted(sql: str) -> str:
        run.append(counted_already(sql))
        return run[-1]

    monkeypatch.setattr(table_statements, "counted_already", counted)
    server.ask(f"{TABLE}.json")

    assert len([sql for sql in run if "from entry_counts" in sql]) == 2


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("excerpt", [f"T {number}" for number in range(ENTRIES)]),  # common
        ("monde", [f"T {number}" for number in range(5)]),  # as common as the bound
        ("19", ["T 19"]),
        ("nothing", []),
    ],
)
def test_a_search_finds_the_same_entries_whether_its_words_are_common_or_rare(
    server: BrowseServer, words: str, titles: list[str]
) -> None:
    data = server.ask(f"{TABLE}.json?_search={words}").json()

    assert [row[3] for row in data["rows"]] == titles
    assert ("publication" in data["facet_results"]) == (len(titles) < 2 * BOUND)


def test_a_count_in_readers_sql_is_exact(server: BrowseServer) -> None:
    sql = "select+count(*)+from+current_entries+where+publication='CNN'"

    assert server.ask(f"/browse/archive.json?sql={sql}&_shape=arrays").json()["rows"] == [[ENTRIES - 5]]


def test_the_page_of_the_archive_counts_small_tables(server: BrowseServer) -> None:
    tables = {table["name"]: table["count"] for table in server.ask("/browse/archive.json").json()["tables"]}

    assert (tables["sources"], tables["entries"]) == (1, None)


@pytest.mark.parametrize("sql", ["select count(*) from t", "select 1", "select count(*), 1 from t where a"])
def test_only_filtered_counts_are_bounded(sql: str) -> None:
    assert bounded_count(sql) in (sql, None)


@pytest.mark.parametrize(
    "column", ["entry_id", "title", "publication", "first_seen", "not_before", "feed_date", "withdrawn_at", "revision"]
)
def test_a_large_table_is_sorted_by_the_columns_that_an_index_has(server: BrowseServer, column: str) -> None:
    for order in ("_sort", "_sort_desc"):
        assert server.ask(f"{TABLE}.json?{order}={column}&_size=1").status == 200


def test_a_large_table_is_not_sorted_by_other_columns(server: BrowseServer) -> None:
    assert server.ask(f"{TABLE}.json?_sort=commentary").status == 400
    assert server.ask("/browse/archive/sources.json?_sort=language").status == 200
    assert b"_sort=commentary" not in server.ask(TABLE).body


def test_a_page_of_a_large_table_has_an_order_that_an_index_has(server: BrowseServer) -> None:
    titles = [row[3] for row in server.ask(f"{TABLE}.json").json()["rows"]]

    assert titles == [f"T {number}" for number in range(ENTRIES)]
