"""SQL functions for analysts under /browse/: they answer, and end with the time of the request."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from support.browse_servers import BrowseServer, Response, browse_server
from support.column_archives import BATTERY, make_column_archive

MANY = "revisions a, revisions b, revisions c, changes d, changes e, changes f, changes g"
LONG = "replace(replace(replace('aaaaaaaaaaaaaaaa','a','a b c d e f g h '),'a','aaaaaaaa'),'b','bbbbbbbb')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowseServer]:
    with browse_server(make_column_archive(tmp_path_factory.mktemp("functions") / "archive.db")) as running:
        yield running


def ask(server: BrowseServer, sql: str) -> Response:
    return server.ask(f"/browse/archive.json?_shape=array&sql={quote(sql)}")


def test_a_statement_may_compare_the_wordings_of_an_entry(server: BrowseServer) -> None:
    rows = ask(
        server,
        "select word_diff(a.excerpt, b.excerpt) as diff, comparable(a.title) as title"
        " from revisions a join revisions b using (entry_id) where a.number = 1 and b.number = 2",
    ).json()
    assert [row["title"] for row in rows] == [BATTERY.title.replace(" ", "")]
    assert "[-700th claim-]{+701st patent+}" in rows[0]["diff"]


@pytest.mark.parametrize(
    "call",
    [
        f"word_diff({LONG} || a.revision_id, {LONG} || 'x' || d.change_id)",
        f"word_diff_pieces({LONG} || a.revision_id, {LONG} || 'x' || d.change_id)",
        f"comparable({LONG} || a.revision_id || d.change_id)",
        f"search_query({LONG} || a.revision_id || d.change_id)",
    ],
    ids=["word_diff", "word_diff_pieces", "comparable", "search_query"],
)
def test_many_calls_end_with_the_time_of_the_request(server: BrowseServer, call: str) -> None:
    answer = ask(server, f"select count({call}) from {MANY}")
    assert (answer.status, "too long" in answer.text) == (400, True), answer.text


@pytest.mark.parametrize("call", ["word_diff(x, 'a')", "comparable(x)"])
def test_long_arguments_are_refused(server: BrowseServer, call: str) -> None:
    answer = ask(server, f"select {call} from (select replace(replace({LONG}, 'h', {LONG}), 'g', {LONG}) as x)")
    assert answer.status == 400
