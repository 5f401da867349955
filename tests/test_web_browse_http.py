"""Hostile and mistaken requests to `/browse/`, through real HTTP: queue, routing, encoding, arguments, archived text."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlencode

import datasette  # type: ignore[import-untyped]
import pytest
from conftest import IN_CI, examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Send
from support.browse_servers import BrowseServer, browse_server, make_archive_of

from foreign_eyes.listing.values import ListedEntry
from foreign_eyes.web import unsent
from foreign_eyes.web.browse import request_budgets, request_guard
from foreign_eyes.web.browse.app import SETTINGS
from foreign_eyes.web.browse.metadata import load_metadata
from foreign_eyes.web.browse.routing import Lane

# seconds; longer than a test may take, so that nothing ends by itself
NEVER = 600
PLAIN = "Plain words"
HOSTILE = [
    "<script>alert(1)</script>",
    "</textarea></pre></style></title><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}${7*7}",
    "<!--<a href=//evil.example>",
    "\u202e\u2066&lt;b&gt;&#0;]]>",
    "' onmouseover='alert(1)",
]
# each runs until it is interrupted
ENDLESS = quote("select count(*) from " + ", ".join(f"changes c{number}" for number in range(14)), safe="*(),")


def entry(number: int, text: str) -> ListedEntry:
    return ListedEntry(
        f"Excerpt {number} {text}",
        f"——Title {number} {text}, Paper {text}",
        f"Title {number} {text}",
        f"Paper {text}",
        f"Comment {text}",
    )


def archive_with(folder: Path, texts: list[str]) -> Path:
    first = [entry(number, text) for number, text in enumerate(texts)]
    return make_archive_of(folder / "archive.db", [first, [*first[1:], entry(0, texts[0] + " revised")]])


@pytest.fixture(scope="module")
def archive_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def server(archive_folder: Path) -> Iterator[BrowseServer]:
    """A server whose statements end only if they are interrupted, over an archive of hostile texts."""
    archive = archive_with(archive_folder, HOSTILE)
    with closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("insert into published_files values ('../nothing-published', 'atom.xml', '00', 1)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SETTINGS, "sql_time_limit_ms", NEVER * 1000)
        patch.setattr(request_budgets, "SECONDS", float(NEVER))
        patch.setattr(request_guard, "LONGEST_WAIT", float(NEVER))
        with browse_server(archive) as running:
            yield running


@pytest.fixture(scope="module")
def plain_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_with(tmp_path_factory.mktemp("plain"), [PLAIN] * len(HOSTILE))


@pytest.fixture(scope="module")
def plain_server(plain_archive: Path) -> Iterator[BrowseServer]:
    with browse_server(plain_archive) as running:
        yield running


@pytest.fixture(scope="module")
def closed_server(plain_archive: Path) -> Iterator[BrowseServer]:
    """A server without SQL of readers."""
    with browse_server(plain_archive, readers_sql=False) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    capfd.readouterr()
    yield
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def has_navigation(page: str) -> bool:
    return "<nav" in page and 'href="/browse/"' in page


# --- the queue


def begin(server: BrowseServer, target: str) -> socket.socket:
    """Send a request, and do not wait for the response."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    return connection


def ask_until(server: BrowseServer, target: str, status: int) -> None:
    """Repeat a request until the server answers with a status: it learns of other connections a moment later."""
    until = time.monotonic() + NEVER / 10
    while server.ask(target).status != status:
        assert time.monotonic() < until
        time.sleep(0.02)


WAITING = [
    "archive.json?sql=",
    "archive.json?%73ql=",
    "archive/changes.json?_where=1+in+(",
    "archive/changes.json?_wher%65=1+in+(",
]


@pytest.mark.parametrize("start", WAITING if IN_CI else WAITING[1::2])
def test_abandoned_requests_leave_the_queue_and_their_statements_stop(server: BrowseServer, start: str) -> None:
    running, waiting = request_guard.LANES[Lane.QUERY]
    end = ")" if start.endswith("(") else ""
    abandoned = [begin(server, f"/browse/{start}{ENDLESS}{end}") for _ in range(running + waiting)]
    ask_until(server, "/browse/archive.json?sql=select+1", 503)
    for connection in abandoned:
        connection.close()
    ask_until(server, "/browse/archive.json?sql=select+1", 200)


def test_a_full_queue_says_when_to_try_again_and_keeps_no_page_waiting(server: BrowseServer) -> None:
    running, waiting = request_guard.LANES[Lane.QUERY]
    asked = [begin(server, f"/browse/archive?sql={ENDLESS}") for _ in range(running + waiting)]
    ask_until(server, "/browse/archive?sql=select+1", 503)
    for target in ("archive/what_changed_lately", "archive/entries?_search=a", "archive/entries?_facet=publication_id"):
        answer = server.ask(f"/browse/{target}")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert has_navigation(answer.text)
    for target in ("archive/entries", "archive/current_entries.json", "-/static/app.css"):
        assert server.ask(f"/browse/{target}").status == 200
    for connection in asked:
        connection.close()
    ask_until(server, "/browse/archive.json?sql=select+1", 200)


# --- clients that do not read


def test_response_that_its_client_does_not_read_is_broken_off(
    server: BrowseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off = threading.Event()

    async def send_and_note(response: unsent.Response, send: Send) -> bool:
        is_taken = await send_to(response, send)
        if not is_taken:
            broken_off.set()
        return is_taken

    send_to = unsent.Response.send_to
    monkeypatch.setattr(unsent.Response, "send_to", send_and_note)
    monkeypatch.setattr(unsent, "PATIENCE", 0.1)
    long = f"replace(replace('{'a' * 32}','a','{'b' * 60}'),'b','{'c' * 60}')"
    connection = socket.socket()
    # with the buffers of both sides, 7 MB are more than the server can hand over
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", server.port))
    sql = quote(f"select {long} from changes a, changes b limit 60", safe="*(),'")
    connection.sendall(f"GET /browse/archive.json?sql={sql} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    assert broken_off.wait(60)
    connection.settimeout(60)
    received = b""
    while part := connection.recv(1 << 20):
        received += part
    connection.close()
    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"0\r\n\r\n")


# --- routing


@pytest.mark.parametrize(
    "path", ["databases", "databases.json", "versions.json", "plugins", "settings.json", "threads"]
)
def test_pages_that_tell_of_this_machine_are_not_found(server: BrowseServer, path: str) -> None:
    for start in (
        "/browse/-/",
        "/browse/browse/-/",
        "/browse/%2d/",
        "/browse/~2D/",
        "/browse//-/",
        "/%62rowse/-/",
        "/browse/./-/",
    ):
        answer = server.ask(start + path)
        assert answer.status == 404, start
        assert has_navigation(answer.text) or start.startswith("/%62") or path.endswith(".json")


@pytest.mark.parametrize(
    "address",
    [
        "%61rchive/%65ntries%2Ejson",
        "~61rchive/entrie~73.json",
        "%7E61rchive/entries.json",
        "archive/entries.json?%5Fsize=9",
    ],
)
def test_an_address_in_another_encoding_is_the_same_page(server: BrowseServer, address: str) -> None:
    assert len(server.ask(f"/browse/{address}").json()["rows"]) == len(
        server.ask("/browse/archive/entries.json").json()["rows"]
    )


WRONG = [
    *("archive/nothing", "archive/nothing/1", "archive/entries/1", "archive/entries/1,2", "archive/entries.exe", "x/y/z"),
    # tables of the publisher, with folders of this machine
    *("archive/outputs", "archive/OUTPUTS", "archive/Published_Files", "archive/outputs/1"),
]  # fmt: skip


@pytest.mark.parametrize("path", WRONG)
def test_wrong_address_is_not_found_on_a_page_with_navigation(server: BrowseServer, path: str) -> None:
    answer = server.ask(f"/browse/{path}")
    assert answer.status == 404
    assert has_navigation(answer.text)


@pytest.mark.parametrize("spelling", ["{},1", "{}e0", "{}.0", "+{}", "%20{}"])
def test_no_spelling_of_the_id_of_an_entry_is_a_fault_of_the_server(server: BrowseServer, spelling: str) -> None:
    entry_id = server.ask("/browse/archive/entries.json?_shape=arrayfirst&_size=1").json()[0]
    assert server.ask(f"/browse/archive/entries/{spelling.format(entry_id)}").status in (200, 404)


def test_no_page_tells_paths_folders_or_versions(server: BrowseServer, archive_folder: Path) -> None:
    home = server.ask("/browse/archive.json").json()
    tables = [table["name"] for table in [*home["tables"], *home["views"]]]
    assert "published_files" not in tables
    assert "outputs" not in tables
    secrets = [
        str(archive_folder),
        archive_folder.name,
        "nothing-published",
        datasette.__version__,
        sqlite3.sqlite_version,
    ]
    addresses = [
        "",
        "archive",
        "-/metadata.json",
        "archive/crawl_log",
        *(f"archive/{table}.json?_size=5&_nocount=1" for table in tables),
    ]
    for address in [
        *addresses,
        "archive?sql=select+*+from+published_files",
        "archive?sql=nonsense",
        "nothing",
    ]:
        text = server.ask(f"/browse/{address}").text
        assert not [secret for secret in secrets if secret in text], address


@pytest.mark.parametrize("host", ['x"><script>alert(1)</script>', "evil.example/path", "a b", "x@evil.example"])
def test_links_never_repeat_a_host_that_is_none(server: BrowseServer, host: str) -> None:
    answer = server.ask("/browse/archive/entries", host=host)
    assert answer.status == 400
    assert host not in answer.text


# --- arguments


MISTAKES = [
    *("_sort=nothing", "_sort_desc=nothing", "_sort=title&_sort_desc=title", "_next=x", "_next=%C2%B2", "_size=x", "_size=-1"),
    *("_through=x", "_through=[]", "_through={%22table%22:1}", "_timelimit=x", "_timelimit=1e9", "_ttl=%C2%B2"),
    *("title__in=[%22", "title__in=[[]]", "title__notin=[{}]", "title__gt=%C2%B2", "_col=nothing", "_nocol=nothing"),
    *("_facet=nothing", "_facet={", "_facet={%22column%22:1}", "_facetx=1", "_searchx=1", "_search_nothing=1"),
    *("publicaton=BBC", "publicaton__not=BBC", "title__resembles=x", "title__=x", "__exact=x", "rowid=1"),
    *("_where=nonsense", "_facet_array=title", "_fts_table=nothing&_search=a", "_fts_table=entries&_search=a"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", MISTAKES)
def test_mistake_in_arguments_is_a_400_with_navigation_and_no_line_in_the_log(
    server: BrowseServer, arguments: str
) -> None:
    answer = server.ask(f"/browse/archive/current_entries?{arguments}")
    assert answer.status == 400
    assert has_navigation(answer.text)


def test_mistake_in_a_request_for_json_is_json(server: BrowseServer) -> None:
    answer = server.ask("/browse/archive/current_entries.json?_sort=nothing")
    assert (answer.status, answer.json()["ok"]) == (400, False)


@pytest.mark.parametrize(
    "address",
    ["newest.json?_shape=x", "newest.json?_shape=", "entries.json?_shape=x", ".json?sql=select+1&_shape=object"],
)
def test_a_shape_that_the_rows_cannot_have_is_a_400(server: BrowseServer, address: str) -> None:
    answer = server.ask(f"/browse/archive{'' if address.startswith('.') else '/'}{address}")
    assert (answer.status, answer.json()["ok"]) == (400, False)


@pytest.mark.parametrize("text", ["", " ", '"', '""', '" "', "%00", '"%00', "\u3000", '"\n"', "*", "^", "(", "-", "!"])
@pytest.mark.parametrize("mode", ["", "&_searchmode=raw"])
def test_search_for_nothing_finds_nothing(server: BrowseServer, text: str, mode: str) -> None:
    answer = server.ask(f"/browse/archive/current_entries.json?_shape=array&_search={quote(text, safe='%')}{mode}")
    assert (answer.status, answer.json()) == (200, [])


def test_search_box_that_was_left_empty_does_not_change_the_filters(server: BrowseServer) -> None:
    start = "/browse/archive/current_entries.json?_shape=array&title__notnull=1"
    assert server.ask(f"{start}&_search=").json() == server.ask(start).json() != []


NAMES = [
    "sql", "_where", "_sort", "_sort_desc", "_sort_by_desc", "_next", "_size", "_col", "_nocol", "_label", "_labels",
    "_through", "_timelimit", "_ttl", "_facet", "_facet_date", "_facet_array", "_facet_size", "_facetx", "_search",
    "_search_title", "_searchx", "_searchmode", "_fts_table", "_fts_pk", "_shape", "_nl", "_json", "_json_infinity",
    "_nofacet", "_nocount", "_extras", "_blob_column", "_stream", "_dl", "_header", "_trace", "_context", "_filter_column",
    "_filter_op", "_filter_value", "title", "title__in", "title__notin", "title__gt", "title__arraycontains", "title__date",
    "title__nope", "__in", "__", "nope", "q", "year",
]  # fmt: skip
VALUES = [
    *("", "x", "1", "-1", "\u00b2", "9" * 400, "1,2", "$null,1", ",,", "~2", "%", "title", "[", "[[]]"),
    *('["a"]', "[1e999]", "[" * 3000, '["\\ud800"]'),
    *("{", "{}", '{"column": 5}', '{"table": "revisions", "column": "number", "value": 1}'),
    *('{"table": "x", "column": "y", "value": []}', '{"simple": "title"}'),
    *("max", "on", "array", "object", "arrayfirst", '"', 'a"b', "*", "\0", "\u202e", "AND", "NEAR(", "'", "<script>"),
    *("select 1", "select :a", "select x'00' as b", "1=1", "1) or (1", "select 1 as a, 2 as a", "select 1e999"),
]  # fmt: skip
PAGES = [
    # the page of the database takes half a second
    *(["archive"] if IN_CI else []),
    "archive/current_entries",
    "archive/entries",
    "archive/what_changed_lately",
    "archive/entries/1",
    "archive/nope",
    "archive/bodies",
]


@settings(
    max_examples=examples(10, in_ci=40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(PAGES),
    st.sampled_from(["", ".json", ".csv", ".blob"]),
    st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.sampled_from(VALUES), st.text(max_size=8))), max_size=5),
)
def test_no_arguments_are_a_fault_of_the_server(
    server: BrowseServer, page: str, ending: str, arguments: list[tuple[str, str]]
) -> None:
    query = urlencode(arguments, errors="replace")
    assert server.ask(f"/browse/{page}{ending}?{query}").status in (200, 302, 400, 404, 414)


# --- SQL of readers is switched off


def test_without_sql_of_readers_its_forms_are_gone_and_its_addresses_are_refused(closed_server: BrowseServer) -> None:
    for page in ("", "archive", "archive/current_entries", "archive/what_changed_lately"):
        answer = closed_server.ask(f"/browse/{page}")
        assert answer.status == 200
        assert 'name="sql"' not in answer.text
        assert "?sql=" not in answer.text
    for target in (
        "archive?sql=select+1",
        "archive.json?%73ql=select+1",
        "archive/entries?_wher%65=1",
        "archive.csv?sql=select+1",
    ):
        answer = closed_server.ask(f"/browse/{target}")
        assert answer.status == 403
        assert "switched off" in answer.text


def test_without_sql_of_readers_every_listed_query_works(closed_server: BrowseServer) -> None:
    for name in load_metadata()["databases"]["archive"]["queries"]:
        for ending in ("", ".json") if IN_CI else (".json",):
            assert closed_server.ask(f"/browse/archive/{name}{ending}").status == 200, name


# --- archived text


class Structure(HTMLParser):
    """Collects elements with the names of their attributes, and the addresses in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, frozenset[str]]] = set()
        self.addresses: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, frozenset(name for name, _ in attrs)))
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")}


def pages_of_every_kind(server: BrowseServer) -> list[str]:
    revision = server.ask("/browse/archive/entry_history.json?_shape=array").json()[0]
    entry_id, body = revision["entry_id"], revision["body_sha256"]
    tables = [
        "current_entries",
        "entry_history",
        "revisions",
        "changes",
        "publications",
        "publication_aliases",
        "captures",
    ]
    arguments = urlencode({"entry_id": entry_id, "q": "comment"})
    queries = list(load_metadata()["databases"]["archive"]["queries"])
    return [
        *("", "archive", f"archive/entries/{entry_id}", "archive/revisions/1", "archive/publications/1", "archive/changes/1"),
        *(f"entry/{entry_id}/provenance", f"captures/{body}/about", "nothing", "archive?sql=nonsense"),
        *(f"archive/{table}" for table in (tables if IN_CI else tables[:2])),
        *(f"archive/{query}?{arguments}" for query in (queries if IN_CI else queries[::6])),
        *("archive/search?q=comment", "archive/current_entries?_search=nothing"),
        f"archive?{urlencode({'sql': 'select title, excerpt, publication from entries'})}",
        f"archive/current_entries?{urlencode({'_search': 'title', '_facet': 'title', 'title__contains': 'Title'})}",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def elements(plain_server: BrowseServer) -> set[tuple[str, frozenset[str]]]:
    """All elements, with the names of their attributes, of pages without hostile text."""
    pages = [plain_server.ask(f"/browse/{page}").text for page in pages_of_every_kind(plain_server)]
    return set().union(*(Structure(page).elements for page in pages))


def test_text_of_the_archive_adds_no_element_no_attribute_and_no_address(
    server: BrowseServer, elements: set[tuple[str, frozenset[str]]]
) -> None:
    for page in pages_of_every_kind(server):
        answer = server.ask(f"/browse/{page}")
        seen = Structure(answer.text)
        assert seen.elements <= elements, page
        assert not [address for address in seen.addresses if address.startswith(("javascript:", "//", "x"))], page


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_reader_adds_no_element_and_no_attribute(
    server: BrowseServer, elements: set[tuple[str, frozenset[str]]], text: str
) -> None:
    for page in ("archive?sql={}", "archive/current_entries?_search={}", "archive/entries?title={}&_sort={}", "{}"):
        answer = server.ask(f"/browse/{page.format(quote(text), quote(text))}")
        assert Structure(answer.text).elements <= elements, page


def test_formats_for_programs_are_never_taken_for_pages(server: BrowseServer) -> None:
    for ending in ("json", "csv", "json?_shape=array&_nl=on", "csv?_trace=1", "atom"):
        answer = server.ask(f"/browse/archive/current_entries.{ending}")
        assert answer.status == 200
        assert "html" not in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
