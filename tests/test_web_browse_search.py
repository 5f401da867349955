"""Search under /browse/: current texts and every wording, as people type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.browse_servers import BrowseServer, browse_server
from support.column_archives import BATTERY, ENTRIES, make_column_archive


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowseServer]:
    archive = make_column_archive(tmp_path_factory.mktemp("search") / "archive.db", redacted=ENTRIES[1])
    with browse_server(archive) as running:
        yield running


def found(server: BrowseServer, query: str, typed: str) -> list[dict[str, Any]]:
    answer = server.ask(f"/browse/archive/{query}.json?_shape=array&q={quote(typed)}")
    assert answer.status == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("batteries", {BATTERY.title}),
        ("batter* filed", {BATTERY.title}),
        ('"solid state" -hefei', set()),
        ("porcelain OR batteries", {BATTERY.title, ENTRIES[0].title}),
        ("701st", {BATTERY.title}),
        ("700th", set()),
        ("satellite", set()),  # the redacted entry
        ('"', set()),
        (" ", set()),
        ("", set()),
    ],
)
def test_search_finds_current_texts(server: BrowseServer, typed: str, titles: set[str]) -> None:
    assert {row["title"] for row in found(server, "search", typed)} == titles


def test_search_of_wordings_finds_what_an_entry_once_said(server: BrowseServer) -> None:
    [row] = found(server, "search_wordings", "700th")
    assert (row["title"], row["revision"], row["is_current"]) == (BATTERY.title, 1, 0)
    assert "⟦700th⟧" in row["snippet"]
    assert {row["revision"] for row in found(server, "search_wordings", "hefei")} == {1, 2}
    assert found(server, "search_wordings", "satellite") == []
    assert found(server, "search_wordings", '" -') == []


def test_the_best_matches_come_first_and_are_counted(server: BrowseServer) -> None:
    rows = found(server, "search", "filings OR claims OR porcelain")
    assert len(rows) > 2
    assert {row["matches"] for row in rows} == {len(rows)}
    assert rows[0]["title"] == ENTRIES[0].title


def test_a_page_marks_the_words_and_escapes_the_text(server: BrowseServer) -> None:
    page = server.ask("/browse/archive/search?q=filed").text
    assert "&lt;b&gt;has <mark>filed</mark>&lt;/b&gt;" in page
    assert "<b>has" not in page
    assert 'name="q" value="filed"' in page


def test_the_search_of_a_table_reads_what_is_typed_in_the_same_way(server: BrowseServer) -> None:
    rows = server.ask("/browse/archive/current_entries.json?_shape=array&_search=batter*+-porcelain").json()
    assert [row["title"] for row in rows] == [BATTERY.title]


@settings(max_examples=25)
@given(st.text(st.sampled_from("a \"'*-+^:(){}[],.\u0301\u201cORNT~%⟦\U00010000"), max_size=30))
def test_whatever_is_typed_is_answered(server: BrowseServer, typed: str) -> None:
    for query in ("search", "search_wordings"):
        found(server, query, typed)
