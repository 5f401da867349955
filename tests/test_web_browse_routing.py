"""Which pages a request can reach, in whatever encoding it is written."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.utils import resolve_routes, tilde_decode  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from support.browse_servers import make_archive_of

from foreign_eyes.web.browse.app import make_datasette
from foreign_eyes.web.browse.routing import PAGES, Lane, lane_of, read_request

OPEN = {
    "/": "home",
    "/.json": "home",
    "/archive": "database",
    "/archive.json": "database",
    "/archive/current_entries": "table",
    "/archive/current_entries.csv": "table",
    "/archive/current_entries.atom": "table",
    "/archive/entries/123456789": "row",
    "/archive/bodies/a~2Eb,c.json": "row",
    "/assets/browse.css": "static",
    "/-/static/app.css": "static",
    "/-/metadata.json": "metadata",
    "/-/health.json": "health",
    f"/captures/{'ab' * 32}": "capture",
    f"/captures/{'ab' * 32}/about.json": "about capture",
    "/site/style.css": "static",
    "/entry/123456789/provenance": "provenance",
}
CLOSED = [
    *(f"/-/{name}{ending}" for name in ("databases", "threads", "versions", "plugins", "settings") for ending in ("", ".json")),
    *(f"/-/{name}" for name in ("actor.json", "auth-token", "logout", "permissions", "messages", "allow-debug", "patterns")),
    *("/-/config", "/-/config.json", "/-", "/-/", "/-/static", "/-/static/", "/-/static/..", "/-/static/../app.py"),
    *("/_memory", "/_internal", "/_internal/databases.json", "/:memory:", "/:memory:/x", "/archive.db", "/favicon.ico"),
    *("/browse/", "/browse/-/databases.json", "/browse/archive", "/browse/browse/-/threads"),
    *("/captures/", "/captures/xyz", f"/captures/{'AB' * 32}", "/entry/x/provenance", "/entry/1/other", "/entry/1"),
    *("/archive/entries.jsono", "/archive/entries.html", "/archive/entries/1.atom", "/archive//entries", "/archive/a/b/c"),
]  # fmt: skip


def encodings(text: str) -> st.SearchStrategy[bytes]:
    """Return the ways to write a path: each character as it is, percent-encoded or tilde-encoded, slashes excepted."""

    def ways(character: str) -> st.SearchStrategy[str]:
        if character in "/~,":
            return st.just(character)
        code = f"{ord(character):02x}"
        return st.sampled_from([character, f"%{code}", f"%{code.upper()}", f"~{code}", f"%7e{code.upper()}"])

    return st.tuples(*map(ways, text)).map("".join).map(str.encode)


@pytest.mark.parametrize(("path", "kind"), OPEN.items())
def test_known_kind_of_page_is_open(path: str, kind: str) -> None:
    asked = read_request(path.encode(), b"")
    assert asked is not None
    assert (asked.kind.name, asked.raw_path) == (kind, path.encode())


@pytest.mark.parametrize("path", CLOSED)
def test_all_else_is_not_found(path: str) -> None:
    assert read_request(path.encode(), b"") is None


@given(st.sampled_from(CLOSED).flatmap(encodings))
def test_no_encoding_opens_a_closed_page(path: bytes) -> None:
    asked = read_request(path, b"")
    # a tilde-encoded dot belongs to the name of a table or to a key, and Datasette finds none of that name
    assert asked is None or (asked.parts[0] == "archive" and "." in asked.parts[-1])


@given(st.sampled_from([path for path in OPEN if path.startswith("/archive/c")]).flatmap(encodings))
def test_an_encoded_name_is_the_same_page(path: bytes) -> None:
    asked = read_request(path, b"")
    if asked is not None:  # a tilde-encoded dot belongs to the name
        assert asked.raw_path in {
            b"/archive/current_entries" + ending for ending in (b"", b".csv", b".atom", b"~2Ecsv", b"~2Eatom")
        }


@pytest.fixture(scope="module")
def datasette(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return make_datasette(make_archive_of(tmp_path_factory.mktemp("archive") / "archive.db", []))


PATHS = st.one_of(
    st.sampled_from([*OPEN, *CLOSED]).flatmap(encodings),
    st.lists(
        st.sampled_from(["/", "archive", "-", "static", "browse", "..", ".", ".json", "%2F", "~2F", "%", "+", ","])
    ).map(lambda parts: "/".join(["", *parts]).encode()),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)).map(lambda text: f"/archive/{text}".encode()),
    st.binary().map(lambda text: b"/" + text),
)
QUERIES = st.one_of(
    st.binary(),
    st.lists(st.sampled_from(["sql", "%73ql", "_wher%65", "=", "&", "+", "%00", "\xff"])).map(
        lambda parts: "".join(parts).encode("latin-1")
    ),
)


@given(PATHS, QUERIES)
def test_datasette_sees_what_was_decided_on(datasette: Datasette, path: bytes, query: bytes) -> None:
    asked = read_request(path, query)
    if asked is None:
        return
    match, view = resolve_routes(datasette._routes(), asked.raw_path.decode())
    expected = {
        "home": "IndexView",
        "metadata": "JsonDataView",
        "database": "DatabaseView",
        "table": "TableView",
        "row": "RowView",
    }
    if asked.kind.name in expected:
        assert view.__name__ == expected[asked.kind.name]
    if asked.kind.name in ("database", "table", "row"):
        seen = match.groupdict()
        assert tilde_decode(seen["database"]) == "archive"
        assert (seen["format"] or "") == asked.format
        if asked.kind.name != "database":
            assert tilde_decode(seen["table"]) == asked.parts[1]
    assert set(parse_qs(asked.raw_query.decode(), keep_blank_values=True)) == asked.parameters
    again = read_request(asked.raw_path, asked.raw_query)
    assert again is not None
    assert (again.kind, again.raw_path, again.query) == (asked.kind, asked.raw_path, asked.query)


def test_no_page_has_a_path_that_datasette_would_strip_again() -> None:
    assert not any(kind.pattern.startswith("/browse") for kind in PAGES)


@given(encodings("sql"), encodings("_where"))
def test_sql_of_a_reader_is_recognised_in_every_encoding(sql: bytes, where: bytes) -> None:
    # Datasette does not decode tildes in names of arguments
    for path, name in ((b"/archive", sql), (b"/archive/entries", where)):
        asked = read_request(path, name + b"=1")
        assert asked is not None
        assert asked.has_sql == (b"~" not in name and b"%7e" not in name)


@pytest.mark.parametrize(
    ("address", "lane"),
    [
        ("/", Lane.PAGE),
        ("/archive", Lane.PAGE),
        ("/archive?sql=select+1", Lane.QUERY),
        ("/archive?%73ql=select+1", Lane.QUERY),
        ("/archive/entries", Lane.PAGE),
        ("/archive/entries?_size=10&_col=title", Lane.PAGE),
        ("/archive/entries?_search=a", Lane.QUERY),
        ("/archive/entries?_facet=title", Lane.QUERY),
        ("/archive/entries?_wher%65=1", Lane.QUERY),
        ("/archive/entries?title=a", Lane.QUERY),
        ("/archive/entries?_sort=title", Lane.QUERY),
        ("/archive/entries?_next=5", Lane.QUERY),
        ("/archive/entries.csv?_stream=on", Lane.DOWNLOAD),
        ("/archive/entries/1", Lane.PAGE),
        ("/-/static/app.css", Lane.NONE),
    ],
)
def test_statements_of_readers_and_whole_tables_have_queues_of_their_own(address: str, lane: Lane) -> None:
    path, _, query = address.partition("?")
    asked = read_request(path.encode(), query.encode())
    assert asked is not None
    assert lane_of(asked, is_canned_query=False) is lane


def test_a_canned_query_waits_with_the_statements_of_readers() -> None:
    asked = read_request(b"/archive/what_changed_lately", b"")
    assert asked is not None
    assert lane_of(asked, is_canned_query=True) is Lane.QUERY
