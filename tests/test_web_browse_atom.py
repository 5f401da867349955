"""Entries and changes under /browse/ as Atom feeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from support.browse_servers import BrowseServer, browse_server
from support.column_archives import BATTERY, ENTRIES, make_column_archive
from support.feed_rules import ATOM_RULES, Document, parse

from foreign_eyes.archive.database import open_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_column_archive(tmp_path_factory.mktemp("atom") / "archive.db")


@pytest.fixture(scope="module")
def server(archive: Path) -> Iterator[BrowseServer]:
    with browse_server(archive) as running:
        yield running


def feed(server: BrowseServer, path: str) -> Document:
    """Return a feed, which must keep the rules of Atom feeds."""
    answer = server.ask(f"/browse/archive{path}")
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    address, _, query = path.partition("?")
    path = address + ("?" + urlencode(parse_qsl(query, keep_blank_values=True)) if query else "")
    document = parse(f"browse/archive{path}", f"http://127.0.0.1:{server.port}/", answer.body)
    assert [f"{rule.__name__}: {why}" for rule in ATOM_RULES for why in rule(document)] == []
    return document


def titles(document: Document) -> list[str]:
    return document.texts("a:entry/a:title")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/current_entries.atom", [*[entry.title for entry in ENTRIES], BATTERY.title]),
        ("/current_entries.atom?publication=Nikkei", [ENTRIES[2].title, BATTERY.title]),
        ("/current_entries.atom?withdrawn_at__notblank=1", [ENTRIES[0].title]),
        ("/entries.atom?_sort=title&_size=1", [BATTERY.title]),
        ("/current_entries.atom?_search=batter*", [BATTERY.title]),
        ("/search.atom?q=batter*", [BATTERY.title]),
        ("/search_wordings.atom?q=700th", [BATTERY.title]),
        ("/entry_history.atom?revision=2", [BATTERY.title]),
        (f".atom?sql={quote('select entry_id from entries where title is not null limit 3')}", None),
    ],
)
def test_rows_of_entries_are_a_feed_of_these_entries(
    server: BrowseServer, path: str, expected: list[str] | None
) -> None:
    document = feed(server, path)
    assert sorted(titles(document)) == sorted(expected or titles(document))
    assert titles(document)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/search.atom?q=batter*", "Search entries"),
        ("/newest.atom", "Newest entries"),
        ("/changes.atom?kind=revised", 'Journal of changes where kind = "revised"'),
        (".atom?sql=select+entry_id+from+entries", "SQL"),
    ],
)
def test_a_feed_has_the_title_of_its_page(server: BrowseServer, path: str, title: str) -> None:
    [found] = feed(server, path).texts("a:title")
    assert found.startswith(f"{title} ")


@pytest.mark.parametrize(
    "path", ["/current_entries.atom?publication=nobody", "/search.atom?q=", "/changes.atom?kind=split"]
)
def test_an_empty_result_is_a_valid_feed(server: BrowseServer, path: str) -> None:
    assert titles(feed(server, path)) == []


def test_an_archive_without_crawls_has_a_valid_feed(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db"):
        pass
    with browse_server(tmp_path / "archive.db") as server:
        assert titles(feed(server, "/current_entries.atom")) == []


def test_rows_of_changes_are_a_feed_of_what_changed(server: BrowseServer) -> None:
    document = feed(server, "/changes.atom?kind__in=revised,withdrawn")
    assert titles(document) == [f"Withdrawn: {ENTRIES[0].title}", f"Edited: {BATTERY.title}"]
    assert len(titles(feed(server, "/changes.atom?kind=new"))) == 6


def test_the_feed_of_what_changed_lately_has_the_changes(server: BrowseServer) -> None:
    # a new entry and its edit are two items with one time, so the rule about times does not hold for this feed
    lately, all_changes = (
        titles(parse(name, f"http://127.0.0.1:{server.port}/", server.ask(f"/browse/archive/{name}.atom").body))
        for name in ("what_changed_lately", "changes")
    )
    assert f"Edited: {BATTERY.title}" in lately
    assert sorted(lately) == sorted(all_changes)


def test_entries_keep_their_ids_and_link_to_their_pages(server: BrowseServer, archive: Path) -> None:
    with closing(sqlite3.connect(archive)) as connection:
        query = "SELECT tag_uri, entry_id FROM entries WHERE title = ?"
        tag_uri, entry_id = connection.execute(query, (BATTERY.title,)).fetchone()
    document = feed(server, "/search.atom?q=batteries")
    assert document.texts("a:entry/a:id") == [tag_uri]
    [address] = document.values("a:entry/a:link[@rel='alternate']", "href")
    assert address == f"http://127.0.0.1:{server.port}/browse/archive/entries/{entry_id}"
    assert server.ask(address.removeprefix(f"http://127.0.0.1:{server.port}")).status == 200


def test_the_feed_of_a_query_has_an_id_and_addresses_of_its_own(server: BrowseServer) -> None:
    one, other = (feed(server, f"/current_entries.atom?publication={name}") for name in ("Nikkei", "nobody"))
    assert one.texts("a:id") != other.texts("a:id")
    assert one.texts("a:id") == feed(server, "/current_entries.atom?publication=Nikkei").texts("a:id")
    [page] = one.values("a:link[@rel='alternate']", "href")
    assert page.endswith("/browse/archive/current_entries?publication=Nikkei")


@pytest.mark.parametrize(
    "path",
    ["/current_entries.atom", "/newest.atom", "/search.atom?q=batteries", ".atom?sql=select+entry_id+from+entries"],
)
def test_a_client_that_has_the_feed_gets_a_304(server: BrowseServer, path: str) -> None:
    answer = server.ask(f"/browse/archive{path}")
    assert (answer.status, answer.body[:5]) == (200, b"<?xml")
    again = server.ask(f"/browse/archive{path}", if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/crawl_log.atom", "/entries_by_month.atom", ".atom?sql=select+1"])
def test_other_rows_are_refused(server: BrowseServer, path: str) -> None:
    answer = server.ask(f"/browse/archive{path}")
    assert (answer.status, "entry_id or change_id" in answer.text) == (400, True)


def test_only_pages_with_a_feed_link_to_one(server: BrowseServer) -> None:
    assert 'type="application/atom+xml"' in server.ask("/browse/archive/current_entries?_nofacet=1").text
    assert ".atom" not in server.ask("/browse/archive/crawl_log?_nofacet=1").text
