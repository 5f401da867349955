"""Datasette over a real archive: what readers may ask, and what hostile SQL gets."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing.values import Link, ListedEntry, ListingPage, Pager, Verdict
from foreign_eyes.web.browse.app import SETTINGS, Browse, datasette_app
from foreign_eyes.web.browse.request_guard import LONGEST_QUERY
from foreign_eyes.web.browse.sql_guard import GuardedConnection, guard
from foreign_eyes.web.http_headers import content_security_policy

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
LISTING = [
    "Patent filings grew again.|——A Record Year, Reuters|A Record Year|Reuters|More firms ask for protection.",
    "The court ruled for the brand.|——A Long Case, BBC|A Long Case|BBC|The brand won <b>its</b> name.",
    "Courts of appeal hear more cases.|——No Split At All|||Judges specialise.",
]

Ask = Callable[..., httpx.Response]


class LineParser:
    """Reads one entry a line, its parts between bars."""

    PARSER_VERSION = 1

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Read the lines."""
        rows = [line.split("|") for line in body.decode().splitlines()]
        entries = tuple(ListedEntry(row[0], row[1], row[2] or None, row[3] or None, row[4]) for row in rows)
        return ListingPage(entries, 1, (Link("Patent Search", "http://x/search"),), Pager("none"), True, "utf-8")

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Take 412 for a block."""
        return "a challenge" if status == 412 else None


def make_archive(path: Path, listing: list[str] = LISTING) -> Path:
    with open_archive(path) as db:
        for day, lines in enumerate([listing, [listing[0].replace("again", "once more"), *listing[1:]]]):
            at = START + timedelta(days=day)
            crawl_id = begin_crawl(db, Source("x", "http://x/", "The column", "en"), "full", at)
            body = "\n".join(lines).encode()
            fetched = Fetched(
                "listing", "http://x/", "http://x/", at, 200, (("ETag", '"a"'),), body, pass_number=1, page=1
            )
            record_capture(db, crawl_id, fetched)
            settle(
                db, crawl_id, Verdict("complete"), LineParser(), Traffic(1, 0, len(body)), at=at, authority="a.b,2026"
            )
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # a name that would be misread in a URI
    return make_archive(tmp_path_factory.mktemp("archive") / "an odd #1 name%20?.db")


@pytest.fixture(scope="module")
def ask(archive: Path) -> Iterator[Ask]:
    """Ask Datasette in this process, with a shorter time limit; redirects are not followed."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setitem(SETTINGS, "sql_time_limit_ms", 300)
        app = datasette_app(archive)
        yield asker(runner, app)
        app.close()


def asker(runner: asyncio.Runner, app: Browse) -> Ask:
    async def asking(path: str, method: str, params: dict[str, str] | None) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, path, params=params)

    def ask(path: str, method: str = "GET", **params: str) -> httpx.Response:
        return runner.run(asking(path, method, params or None))

    return ask


# --- what readers ask


@pytest.mark.parametrize(
    "path",
    [
        "",
        "archive",
        "archive/current_entries",
        "archive/current_entries?_search=court&_facet=source",
        "archive/current_entries?_search=cou*&_searchmode=raw",
        "archive/current_entries?title__contains=a&_sort=title",
        "archive/current_entries?title__glob=A*",
        "archive/current_entries?_facet_date=feed_date",
        "archive/entries?_search=court",
        "archive/entry_history",
        "archive/crawl_log",
        "archive/patent_search_links",
        "archive/bodies",
        "archive/captures?_facet_array=headers",
        "archive/changes?_size=max",
        "archive/crawls/1",
        "archive/listing_rows",
        "archive/publication_aliases",
        "archive/revisions",
        "archive/sources",
        "archive/entries_by_publication?publication=BBC",
        "archive/what_changed_lately",
        "archive/current_entries.csv?_stream=on",
        "archive/current_entries.json?_shape=array",
        "archive?sql=select+*+from+crawl_log",
        "archive?sql=select+*+from+pragma_table_info('entries')",
        "-/static/app.css",
        "assets/browse.css",
    ],
)
def test_page_is_served(ask: Ask, path: str) -> None:
    answer = ask(f"/browse/{path}")
    assert answer.status_code == 200
    assert "/browse/browse/" not in answer.text


def test_search_finds_words_of_the_current_wording_in_the_view(ask: Ask) -> None:
    rows = ask("/browse/archive/current_entries.json", _search="courts", _shape="array").json()
    assert {row["attribution"] for row in rows} == {"——A Long Case, BBC", "——No Split At All"}


def test_entries_come_newest_first_with_a_facet_of_publications(ask: Ask) -> None:
    page = ask("/browse/archive/current_entries.json").json()
    dates = [row[page["columns"].index("feed_date")] for row in page["rows"]]
    assert dates == sorted(dates, reverse=True)
    assert {found["value"] for found in page["facet_results"]["publication"]["results"]} == {"BBC", "Reuters"}


def test_an_entry_id_leads_to_the_entrys_row_and_text_is_escaped(ask: Ask) -> None:
    page = ask("/browse/archive/current_entries", _columns="all").text
    assert len(re.findall(r'<a href="/browse/archive/entries/(\d{9})">\1</a>', page)) == 3
    assert "&lt;b&gt;its&lt;/b&gt;" in page
    assert "<b>its</b>" not in page


def test_a_foreign_key_keeps_its_label(ask: Ask) -> None:
    page = ask("/browse/archive/revisions").text
    assert re.search(r'<a href="/browse/archive/entries/\d+">A Long Case</a>', page)


def test_captured_bytes_are_named_but_never_sent(ask: Ask) -> None:
    assert re.search(r'<a href="/browse/captures/[0-9a-f]{64}">download</a>', ask("/browse/archive/bodies").text)
    rows = ask("/browse/archive.json", sql="select size, zlib, hex(zlib) as h from bodies", _shape="array").json()
    assert {(row["zlib"], row["h"]) for row in rows} == {(None, "")}
    assert all(row["size"] for row in rows)


def test_canned_queries_answer_from_the_archive(ask: Ask) -> None:
    changes = ask("/browse/archive/what_changed_lately.json", _shape="array").json()
    assert [change["kind"] for change in changes] == ["revised", "new", "new", "new"]
    wordings = ask("/browse/archive/wordings_of_an_entry.json", entry_id=str(changes[0]["entry_id"]), _shape="array")
    assert [row["revision"] for row in wordings.json()] == [1, 2]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/browse/archive/", "/browse/archive"),
        ("/browse/archive/entries/?_size=1", "/browse/archive/entries?_size=1"),
        ("/browse//", "/browse/"),
    ],
)
def test_redirects_stay_under_browse(ask: Ask, path: str, location: str) -> None:
    answer = ask(path)
    assert (answer.status_code, answer.headers["location"]) == (302, location)


def test_head_answers_like_get_without_a_body(ask: Ask) -> None:
    answer = ask("/browse/archive/current_entries", method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


# --- header fields


@pytest.mark.parametrize(
    "path",
    ["", "archive", "archive/current_entries", "archive/sources/1", "archive?sql=select+1", "archive?sql=nonsense"],
)
def test_pages_have_no_scripts_and_no_inline_styles_and_their_policy_allows_none(ask: Ask, path: str) -> None:
    answer = ask(f"/browse/{path}")
    assert "text/html" in answer.headers["content-type"]
    assert answer.headers["content-security-policy"] == content_security_policy()
    assert re.findall(r"<script|<style|\sstyle=|\son[a-z]+=", answer.text) == []


def test_answers_carry_each_security_header_once(ask: Ask) -> None:
    for path in ("/browse/", "/browse/archive/nothing", "/browse/-/databases", "/browse/archive?sql=select+1"):
        headers = ask(path).headers
        for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options"):
            assert len(headers.get_list(name)) == 1, (path, name)


# --- hostile SQL

LONG = (
    "replace(replace(replace('aaaaaaaaaaaaaaaa','a','aaaaaaaaaaaaaaaa'),'a','aaaaaaaaaaaaaaaa'),'a','aaaaaaaaaaaaaaaa')"
)
MANY = "revisions a, revisions b, revisions c, captures d, captures e, changes f, changes g, listing_rows h, listing_rows i"
MANY = (
    f"{MANY}, changes j, changes k, changes l, listing_rows m, listing_rows n, listing_rows o, revisions p, revisions q"
)

REFUSED = {
    "printf": "select printf('%.*c', 900000000, 'x')",
    "printf in capitals": "select PRINTF('%.*c', 900000000, 'x')",
    "printf in quotes": "select \"printf\"('%.*c', 900000000, 'x')",
    "printf in a where": "select 1 from entries where length(printf('%.*c', 900000000, 'x')) > 1",
    "format": "select format('%.*c', 900000000, 'x')",
    "zeroblob": "select hex(zeroblob(400000000))",
    "randomblob": "select hex(randomblob(400000000))",
    "four blobs": "select zeroblob(2e8), zeroblob(2e8), zeroblob(2e8), zeroblob(2e8)",
    "json_patch": "select json_patch('{}', '{}')",
    "json_group_array": f"select length(json_group_array(a.commentary)) from {MANY}",
    "json_group_object": f"select json_group_object(a.number, a.commentary) over () from {MANY}",
    "load_extension": "select load_extension('/tmp/x.so')",
    "fts3_tokenizer": "select fts3_tokenizer('simple')",
    "recursion": "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c",
    "recursion without the word": "with c(x) as (select 1 union all select x + 1 from c) select max(x) from c",
    "recursion that grows": "with c(x) as (select 'a' union all select x || x from c) select length(x) from c",
    "replace upon replace": f"select length(replace({LONG}, 'a', 'aaaaaaaaaaaaaaaa'))",
    "hex upon hex": f"select length(hex(hex({LONG})))",
    "quote upon quote": f"select length(quote(quote(replace({LONG}, 'a', ''''))))",
    "concatenation": f"select length(x || x || x) from (select {LONG} as x)",
    "pattern without end": f"select x like x from (select {LONG} as x)",
    "many characters to trim": "select trim('a', substr(group_concat(char(value, value + 999)), 1))"
    " from json_each('[" + ",".join(map(str, range(1000, 1100))) + "]')",
    "rows that are large": "select "
    + ", ".join([f"x || '{n}'" for n in range(90)])
    + f" from (select {LONG} as x), json_each('[1,2,3,4,5,6,7,8,9]')",
    "too many columns": "select " + ", ".join(["1"] * 101),
    "too many unions": " union all ".join(["select 1"] * 21),
    "too deep": "select " + "+".join(["1"] * 200),
    "too complex": "with v as (select length(hex(title||entry_id)) as y from entries) select "
    + ",".join(["+".join(["y"] * 30)] * 60)
    + " from v",
    "a long search": "select 1 from entries_fts where entries_fts match 'NEAR(" + "a " * 1000 + ", 100)'",
    "a search of built words": f"select 1 from entries_fts where entries_fts match 'NEAR(' || {LONG} || ')'",
    "attach": "attach database '/tmp/x.db' as x",
    "insert": "insert into sources values (9, 'a', 'b', 'c', 'd')",
    "insert behind with": "with x as (select 1) insert into sources values (9, 'a', 'b', 'c', 'd')",
    "delete behind with": "with x as (select 1) delete from entries",
    "update behind with": "with x as (select 1) update entries set title = 'x'",
    "replace behind with": "with x as (select 1) replace into publications values (1, 'x')",
    "update of the schema": "with x as (select 1) update sqlite_master set sql = 'x'",
    "delete from the search": "with x as (select 1) delete from entries_fts",
    "two statements": "select 1; delete from entries",
    "delete behind a comment": "/* select */ -- select\n delete from entries",
    "vacuum": "vacuum into '/tmp/x.db'",
    "pragma": "pragma journal_mode = wal",
    "pragma as a table": "select * from pragma_journal_mode('wal')",
    "path of the file": "select * from pragma_database_list",
    "path of the file, counted": "select count(*) from pragma_database_list where file like '/%'",
    "pages of the file": "select * from dbstat",
    "statements of others": "select * from sqlite_stmt",
    "null character": "select '\0'",
    "number out of range": "select abs(-9223372036854775808)",
}

SLOW = {
    "cross join": f"select count(*) from {MANY}",
    "cross join of texts": f"select group_concat(substr(a.excerpt, 1, 0), '') from {MANY}",
    "instr": f"select count(*) from (select {LONG} as x), {MANY} where instr(x || a.number, substr(x, 1, 30000) || 'b')",
    "replace": f"select count(*) from (select {LONG} as x), {MANY}"
    " where replace(x || a.number, substr(x, 1, 30000) || 'b', '') = ''",
    "like": f"select count(*) from (select {LONG} as x), {MANY} where x || a.number like '%' || substr(x, 1, 900) || 'b'",
    "glob": f"select count(*) from (select {LONG} as x), {MANY} where x || a.number glob '*' || substr(x, 1, 900) || 'b'",
    "trim": f"select count(*) from (select {LONG} as x), {MANY} where trim(x || a.number, 'abcdefgh') = 'x'",
    "a hundred in one row": "with v as (select instr(x || n, substr(x, 1, 30000) || 'b') as y"
    f" from (select {LONG} as x), (select number as n from revisions))"
    " select " + ",".join(["+".join(["y"] * 20)] * 20) + " from v",
}


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_hostile_sql_is_refused(ask: Ask, sql: str) -> None:
    answer = ask("/browse/archive.json", sql=sql)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert "rows" not in answer.json() or answer.json()["rows"] == []


@pytest.mark.parametrize("sql", SLOW.values(), ids=SLOW)
def test_slow_sql_is_stopped(ask: Ask, sql: str) -> None:
    answer = ask("/browse/archive", sql=sql)
    assert answer.status_code == 400
    assert "took too long" in answer.text


@pytest.mark.parametrize("fragment", ["length(printf('%.*c',9e8,'x'))", "entry_id in (select * from dbstat)", "1)) --"])
def test_hostile_filter_of_a_table_page_is_refused(ask: Ask, fragment: str) -> None:
    assert ask("/browse/archive/current_entries", _where=fragment).status_code == 400


def test_statement_that_takes_long_to_read_is_refused_before_it_is_read(ask: Ask) -> None:
    assert ask("/browse/archive", sql="--\n" + " " * 1000 + "x").status_code == 400
    assert ask("/browse/archive", sql="/*" * LONGEST_QUERY).status_code == 414


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_is_possible(ask: Ask, method: str) -> None:
    answer = ask("/browse/archive/what_changed_lately", method=method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["databases", "databases.json", "threads", "permissions", "messages", "auth-token"])
def test_pages_that_tell_of_this_machine_are_closed(ask: Ask, path: str) -> None:
    assert ask(f"/browse/-/{path}").status_code == 404


@pytest.mark.parametrize("path", ["archive.db", "_internal", "_internal.json?sql=select+1", "_memory?sql=select+1"])
def test_nothing_but_the_archives_rows_is_served(ask: Ask, path: str) -> None:
    assert ask(f"/browse/{path}").status_code in (403, 404)


def test_hostile_sql_leaves_the_archive_and_its_folder_as_they_were(archive: Path, ask: Ask) -> None:
    before = archive.read_bytes()
    for sql in (REFUSED["insert behind with"], REFUSED["update of the schema"], REFUSED["pragma as a table"]):
        ask("/browse/archive", sql=sql)
    assert archive.read_bytes() == before
    assert list(archive.parent.iterdir()) == [archive]


def test_readers_mistakes_fill_no_log(ask: Ask, capfd: pytest.CaptureFixture[str]) -> None:
    ask("/browse/archive", sql="select nonsense")
    ask("/browse/archive/current_entries", _where="nonsense")
    assert capfd.readouterr() == ("", "")


# --- the guarded connection by itself


@pytest.fixture
def guarded(archive: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(archive, factory=GuardedConnection)
    guard(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("instr('abc', 'c')", 3),
        ("instr(null, 'c')", None),
        ("instr(x'0102', x'02')", 2),
        ("replace('abcb', 'b', 'X')", "aXcX"),
        ("replace(12321, 2, 0)", "10301"),
        ("'Straße' like 'STRA%E'", 1),
        ("'Ä' like 'ä'", 0),
        ("'a%b' like 'a!%_' escape '!'", 1),
        ("'abc' glob 'a[a-c]?'", 1),
        ("trim('xxaxx', 'x')", "a"),
        ("ltrim('xxaxx', 'x')", "axx"),
        ("rtrim('xxaxx', 'x')", "xxa"),
        ("trim('  a ')", "a"),
        ("trim('a', null)", None),
    ],
)
def test_guarded_functions_answer_like_sqlites_own(guarded: sqlite3.Connection, expression: str, value: Any) -> None:
    with sqlite3.connect(":memory:") as plain:
        assert plain.execute(f"select {expression}").fetchone()[0] == value
    plain.close()
    assert guarded.execute(f"select {expression}").fetchone()[0] == value


def test_the_weight_of_one_answer_does_not_count_against_the_next(guarded: sqlite3.Connection) -> None:
    long = "select replace(replace(replace('aaaaaaaa','a','aaaaaaaaaaaaaaaa'),'a','aaaaaaaaaaaaaaaa'),'a','aaaaaaaaaaaaaaaa')"
    cursor = guarded.cursor()
    for _ in range(2000):
        assert len(cursor.execute(long).fetchone()[0]) == 32768


# --- the archive comes, goes and is replaced


def test_without_an_archive_the_page_says_so_and_one_that_appears_is_served(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    with asyncio.Runner() as runner:
        app = datasette_app(path)
        ask = asker(runner, app)
        answer = ask("/browse/")
        assert answer.status_code == 503
        assert "later.db: no such archive" in unescape(answer.text)
        assert str(tmp_path) not in answer.text
        assert not path.exists()
        make_archive(path)
        assert ask("/browse/archive/current_entries").status_code == 200
        app.close()


def test_a_file_of_another_program_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    path.write_text("no database at all, but a text that is long enough to be looked at")
    with asyncio.Runner() as runner:
        answer = asker(runner, datasette_app(path))("/browse/archive")
    assert answer.status_code == 503
    assert "not a Foreign Eyes archive" in answer.text


def test_an_archive_moved_into_place_is_opened_anew(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "archive.db")
    with asyncio.Runner() as runner:
        app = datasette_app(path)
        ask = asker(runner, app)
        assert len(ask("/browse/archive/entries.json").json()["rows"]) == 3
        make_archive(tmp_path / "restored.db", LISTING[:1]).replace(path)
        assert len(ask("/browse/archive/entries.json").json()["rows"]) == 1
        app.close()


def test_rows_written_while_served_are_seen(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "archive.db", LISTING[:1])
    with asyncio.Runner() as runner:
        app = datasette_app(path)
        ask = asker(runner, app)
        assert len(ask("/browse/archive/crawl_log.json").json()["rows"]) == 2
        make_archive(path, LISTING[:1])
        assert len(ask("/browse/archive/crawl_log.json").json()["rows"]) == 4
        app.close()
