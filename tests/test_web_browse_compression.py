"""Compression under `/browse/`, and who may read its data: a real server."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest
from support.browse_servers import BrowseServer, browse_server, make_archive_of

from foreign_eyes.listing.values import ListedEntry

ENTRIES = 80
TABLE = "/browse/archive/current_entries"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowseServer]:
    listed = [ListedEntry(f"Excerpt {n}", f"——T {n}, by CNN", f"T {n}", "CNN", "Words. " * 300) for n in range(ENTRIES)]
    path = tmp_path_factory.mktemp("compression") / "archive.db"
    with browse_server(make_archive_of(path, [listed])) as running:
        yield running


@pytest.mark.parametrize(
    "target", [TABLE, f"{TABLE}.json?_size=max", f"{TABLE}.csv?_stream=1", "/browse/-/static/app.css"]
)
def test_texts_are_compressed_for_clients_that_accept_it(server: BrowseServer, target: str) -> None:
    plain, packed = server.ask(target), server.ask(target, accept_encoding="gzip, br")

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    assert len(packed.body) < len(plain.body) / 2
    if not target.endswith(("entries", "max")):  # these tell the time that the query took
        assert gzip.decompress(packed.body) == plain.body


def test_a_short_answer_is_not_compressed(server: BrowseServer) -> None:
    answer = server.ask("/browse/archive.json?sql=select+1&_shape=array", accept_encoding="gzip")
    assert (json.loads(answer.body), "content-encoding" in answer.headers) == ([{"1": 1}], False)


@pytest.mark.parametrize(
    ("target", "is_shared"),
    [
        (f"{TABLE}.json", True),
        (f"{TABLE}.csv", True),
        ("/browse/archive.json?sql=select+nothing", True),
        (TABLE, False),
        ("/browse/", False),
    ],
)
def test_scripts_of_other_sites_may_read_data_and_no_pages(server: BrowseServer, target: str, is_shared: bool) -> None:
    headers = server.ask(target, origin="https://notebook.example").headers

    assert headers.get("access-control-allow-origin") == ("*" if is_shared else None)
    assert "access-control-allow-credentials" not in headers
