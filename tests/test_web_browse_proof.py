"""Proof under /browse/: the exact bytes of captures, and where in them the texts of an entry stand."""

from __future__ import annotations

import re
import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from support.browse_servers import BrowseServer, browse_server
from support.column_archives import BATTERY, ENTRIES, REVISED, URL, make_column_archive
from support.listings import make_page

from foreign_eyes.web.browse import proof

FIRST_PAGE = make_page([*ENTRIES, BATTERY], 1, 1)
FIRST, SECOND = (sha256(make_page([*ENTRIES, entry], 1, 1)).hexdigest() for entry in (BATTERY, REVISED))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_column_archive(tmp_path_factory.mktemp("proof") / "archive.db")


@pytest.fixture(scope="module")
def server(archive: Path) -> Iterator[BrowseServer]:
    with browse_server(archive) as running:
        yield running


def rows(archive: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(archive)) as connection:
        return connection.execute(sql).fetchall()


def id_of(archive: Path, title: str) -> int:
    return int(rows(archive, f"SELECT entry_id FROM entries WHERE title = '{title}'")[0][0])


def test_the_exact_bytes_are_a_download_that_no_browser_renders(server: BrowseServer) -> None:
    answer = server.ask(f"/browse/captures/{FIRST}")
    assert (answer.status, answer.body) == (200, FIRST_PAGE)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{FIRST}.bin"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-length"] == str(len(FIRST_PAGE))


def test_header_fields_say_what_was_captured_and_when(server: BrowseServer) -> None:
    headers = server.ask(f"/browse/captures/{FIRST}", "HEAD").headers
    assert headers["capture-url"] == URL
    assert headers["capture-time"] == "2026-03-01T09:00:00.000000Z"
    assert headers["capture-status"] == "200"
    assert headers["memento-datetime"] == "Sun, 01 Mar 2026 09:00:00 GMT"
    assert f'<{URL}>; rel="original"' in headers["link"]
    digest = headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")
    assert b64decode(digest).hex() == FIRST


def test_a_page_describes_the_captures_of_the_bytes(server: BrowseServer) -> None:
    page = server.ask(f"/browse/captures/{SECOND}/about").text
    assert ">2 March 2026, 09:00 UTC</time>" in page
    assert f'href="/browse/captures/{SECOND}"' in page
    about = server.ask(f"/browse/captures/{SECOND}/about.json").json()
    assert (about["sha256"], about["withheld"], about["capture_count"]) == (SECOND, False, 1)
    assert [(one["url"], one["status"]) for one in about["captures"]] == [(URL, 200)]


@pytest.mark.parametrize("path", ["/about", "/about.json", ""])
def test_a_digest_that_is_not_there_is_not_found(server: BrowseServer, path: str) -> None:
    assert server.ask(f"/browse/captures/{'0' * 64}{path}").status == 404
    assert server.ask(f"/browse/captures/{'0' * 63}x{path}").status == 404


@pytest.mark.parametrize("table", ["entry_history", "captures", "bodies", "revisions", "entries"])
def test_every_digest_in_a_table_links_to_its_bytes(server: BrowseServer, table: str) -> None:
    page = server.ask(f"/browse/archive/{table}?_nofacet=1").text
    digests = set(re.findall(r'<a href="/browse/captures/([0-9a-f]{64})"', page))
    assert digests or table == "revisions"  # which has the number of the capture
    assert all(server.ask(f"/browse/captures/{digest}").status == 200 for digest in sorted(digests)[:2])


def test_the_provenance_of_an_entry_shows_where_its_texts_stand(server: BrowseServer, archive: Path) -> None:
    address = f"/browse/entry/{id_of(archive, BATTERY.title)}/provenance"
    found = server.ask(f"{address}.json?revision=1").json()
    body = server.ask(found["bytes_url"]).body
    written = {part: body[place["start"] : place["end"]].decode() for part, place in found["passages"].items()}
    assert written == {part: place["text"] for part, place in found["passages"].items()}
    assert BATTERY.title in written["attribution"]
    assert "700th claim" in written["excerpt"]
    assert written["commentary"] == BATTERY.commentary
    assert (found["revisions"], found["missing"], found["refusal"]) == ([1, 2], [], None)
    assert (found["sha256"], found["capture"]["url"]) == (FIRST, URL)


def test_its_page_shows_the_bytes_escaped_with_the_place_marked(server: BrowseServer, archive: Path) -> None:
    page = server.ask(f"/browse/entry/{id_of(archive, BATTERY.title)}/provenance").text
    marked = [unescape(text) for text in re.findall(r"<mark>(.*?)</mark>", page, re.DOTALL)]
    assert len(marked) == 3
    assert "701st patent" in marked[0]
    assert "&lt;p" in page
    assert f'href="/browse/captures/{SECOND}"' in page
    assert "provenance?revision=1" in page
    assert ">2 March 2026, 09:00 UTC</time>" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("entry/1/provenance", 404),
        ("entry/{id}/provenance?revision=9", 404),
        ("entry/{id}/provenance?revision=x", 400),
        ("entry/{id}/provenance?revision=-1", 400),
        ("entry/9999999999999999999/provenance", 404),
    ],
)
def test_what_is_not_there_is_refused_with_a_page(server: BrowseServer, archive: Path, path: str, status: int) -> None:
    answer = server.ask(f"/browse/{path.format(id=id_of(archive, BATTERY.title))}")
    assert answer.status == status
    assert "<nav" in answer.text


def test_redacted_bodies_are_refused_with_the_reason(tmp_path: Path) -> None:
    archive = make_column_archive(tmp_path / "archive.db", redacted=BATTERY)
    [(entry_id,)] = rows(archive, "SELECT entry_id FROM redactions")
    with browse_server(archive) as server:
        answer = server.ask(f"/browse/captures/{FIRST}")
        assert (answer.status, "has redacted" in answer.text) == (403, True)
        about = server.ask(f"/browse/captures/{FIRST}/about")
        assert (about.status, "Withheld" in about.text) == (200, True)
        address = f"/browse/entry/{entry_id}/provenance"
        assert "has redacted" in server.ask(address).text
        found = server.ask(f"{address}.json").json()
        assert (found["refusal"], found["passages"], found["bytes_url"]) == ("withheld", {}, None)
        other = server.ask(f"/browse/entry/{id_of(archive, ENTRIES[1].title)}/provenance.json").json()
        assert (other["refusal"], other["passages"]) == ("withheld", {})
        texts = [about.text, answer.text, server.ask(address).text]
        assert [text for text in texts if "700th" in text or BATTERY.title in text] == []


def test_damaged_bytes_are_refused_and_large_pages_are_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_column_archive(tmp_path / "archive.db")
    with closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("UPDATE bodies SET zlib = x'00' WHERE body_sha256 = ?", (FIRST,))
    address = f"/browse/entry/{id_of(archive, BATTERY.title)}/provenance.json?revision="
    monkeypatch.setattr(proof, "LARGEST_SEARCHED", 10)
    with browse_server(archive) as server:
        answer = server.ask(f"/browse/captures/{FIRST}")
        assert (answer.status, "damaged" in answer.text) == (500, True)
        assert server.ask(f"{address}2").json()["refusal"] == "too large"
        monkeypatch.setattr(proof, "LARGEST_SEARCHED", 10**9)
        assert server.ask(f"{address}1").json()["refusal"] == "damaged"
