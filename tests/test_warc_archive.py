"""An archive out into a WARC and in again: equal in every table, readable by any tool, and beside what is there already."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from support.settling import DAY, SEARCH, START, A, B, C, Column, LineParser, entry, listing
from support.warcs import Warc
from warcio.archiveiterator import ArchiveIterator
from warcio.cli import main as warcio_main

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.dump import DUMP_TABLES, dump_rows
from foreign_eyes.archive.forgotten_sources import forget_source
from foreign_eyes.archive.rebuilding import merge_and_split
from foreign_eyes.archive.rebuilding.differences import compare
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild
from foreign_eyes.archive.rebuilding.redaction_decisions import purge, redact
from foreign_eyes.archive.rebuilding.redatings import redate
from foreign_eyes.archive.settling.link_rows import close_links
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing.values import Verdict
from foreign_eyes.warc.bodies import temporary_bodies
from foreign_eyes.warc.errors import BadWarc, NothingToExport, NothingToImport, OtherListing, WrongImport
from foreign_eyes.warc.exporting import export
from foreign_eyes.warc.import_base import Import, ImportResult, NothingNew
from foreign_eyes.warc.import_captures import ForeignImport
from foreign_eyes.warc.import_exports import OwnImport
from foreign_eyes.warc.inputs import Input, read_files

AUTHORITY = "example.org,2026"
LATER = START + 99 * DAY
LIMIT = 1_000_000
TOLD = "SELECT change_id, crawl_id, at, kind, entry_id FROM changes WHERE announced = 1"


class NewerParser(LineParser):
    """Reads another wording out of the same bytes."""

    PARSER_VERSION = 2

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> Any:
        """Read what the older one read, more carefully."""
        return super().parse_listing(body.replace(b"As before", b"As ever before"), url, content_type)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "other.db") as opened:
        yield opened


def fill(db: Database) -> None:
    """Two sources, edits, a withdrawal and a return, links that change, 304s, faults, a merge, a crawl that was killed."""
    town = Column(db)
    town.answers = {"http://search.example/": 200}
    town.crawl(listing(A, B, SEARCH), listing(C))
    close_links(db, 1, LineParser(), Traffic(2, 1, 99), START)
    town.crawl(listing(A, B, SEARCH), listing(C), outcome="unchanged")
    town.crawl(listing(entry("Apples", commentary="Edited."), SEARCH), listing(C))
    town.answers = {"http://elsewhere.example/": 412}
    town.crawl(
        listing(entry("Apples", commentary="Edited."), "link|Patent Search|http://elsewhere.example/"), listing(C)
    )
    town.crawl(listing(entry("Apples", commentary="Edited."), B), listing(C), entry("Dogs"))
    village = Column(db, name="village")
    village.crawl(listing(A, A, C))
    village.crawl("", outcome="suspect")
    revalidate(db, village)
    fail(db, village)
    ids = dict(db.execute("SELECT title, entry_id FROM current_entries WHERE source = 'village'").fetchall())
    rebuild(
        db, LineParser(), at=LATER, authority=AUTHORITY,
        prepare=lambda copy: merge_and_split.merge(copy, ids["Apples"], ids["Cranes"], LATER),
    )  # fmt: skip


def fill_all(db: Database) -> None:
    """The same, a confirmed match, a redated crawl, a renamed and forgotten source, and an entry whose words were purged."""
    fill(db)
    db.execute(
        "INSERT INTO confirmations (at, entry_id, revision, wording, capture_id)"
        " SELECT ?, entry_id, number, wording, capture_id FROM revisions ORDER BY revision_id LIMIT 1",
        (to_text(LATER),),
    )
    forget_source(db, "village", LATER)
    db.execute(
        "INSERT INTO renames (at, source_id, former_name, name) SELECT ?, source_id, 'hamlet', name FROM sources"
        " WHERE name = 'village'",
        (to_text(LATER),),
    )
    first = db.execute("SELECT min(crawl_id) FROM crawls").fetchone()[0]

    def redate_first(copy: Database) -> tuple[()]:
        redate(copy, first, START - timedelta(hours=1), LATER)
        return ()

    rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, prepare=redate_first)
    entry_id = db.execute("SELECT entry_id FROM entries ORDER BY feed_date LIMIT 1").fetchone()[0]

    def purged(copy: Database) -> Collection[int]:
        redact(copy, entry_id, None, LATER)
        return purge(copy, entry_id, LineParser(), LATER)

    rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, prepare=purged)


def revalidate(db: Database, column: Column) -> None:
    """A crawl that is answered 304, and one page twice with the same bytes."""
    column.day += 1
    crawl_id = begin_crawl(db, column.source, "full", column.today)
    url = f"{column.source.url}1"
    original = db.execute("SELECT capture_id, body_sha256 FROM captures WHERE url = ? LIMIT 1", (url,)).fetchone()
    not_modified = (("ETag", '"x"'), ("Content-Length", "0"))
    for number, at in enumerate((column.today, column.today + timedelta(microseconds=1)), start=1):
        record_capture(
            db,
            crawl_id,
            Fetched(
                *("listing", url, url, at, 304, not_modified),
                revalidates=original[0], body_sha256=original[1], pass_number=number, page=1,
            ),
        )  # fmt: skip
    settle(db, crawl_id, Verdict("complete"), LineParser(), Traffic(2, 2, 0), at=column.today, authority=AUTHORITY)


def fail(db: Database, column: Column) -> None:
    """Two crawls that came to nothing: one blocked in every way there is, and one that was killed."""
    column.day += 1
    crawl_id = begin_crawl(db, column.source, "quick", column.today)
    url, at = column.source.url, column.today
    strange = (
        ("Content-Encoding", "gzip"),
        ("X-Odd", "caf\xe9 \u2028\r\n "),
        ("bad name", "x"),
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
    )
    for fetched in (
        Fetched(
            "robots",
            url + "robots.txt",
            url + "robots.txt",
            at,
            200,
            (("Content-Type", "text/plain"),),
            b"User-agent: *\n",
        ),
        Fetched("listing", url, url, at, 301, (("Location", "/new"),), b"", page=1, pass_number=1),
        Fetched("listing", url, url + "new", at, 200, strange, b"\x00\xff any bytes", page=1, pass_number=1),
        Fetched("listing", url, url, at, 200, (), None, fault="incomplete", detail="cut"),
        Fetched("listing", url, url, at, 200, (), None, fault="oversized", detail="large"),
        Fetched("listing", url, url, at, 304, (), None, fault="unreachable", detail="unasked"),
        Fetched("listing", url, url, at, None, (), None, fault="refused", detail="not public"),
    ):
        record_capture(db, crawl_id, fetched)
    settle(db, crawl_id, Verdict("unreachable", "why not"), LineParser(), Traffic(7), at=at, authority=AUTHORITY)
    column.capture([[listing(A)]])


def exported(db: Database) -> bytes:
    out = io.BytesIO()
    export(db, out)
    return out.getvalue()


def imported(
    db: Database,
    *files: bytes,
    parser: Any = None,
    roots: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    accept: bool = False,
    **options: Any,
) -> tuple[ImportResult, Rebuilt]:
    parser = parser or LineParser()
    with temporary_bodies() as bodies:
        named = names or tuple(f"{number}.warc.gz" for number, _ in enumerate(files, start=1))
        contents = read_files(
            [Input(name, io.BytesIO(data)) for name, data in zip(named, files, strict=True)], bodies, limit=LIMIT
        )
        plan: Import
        if contents.dump is not None:
            plan = OwnImport(named[0], contents.dump, bodies, parser.PARSER_VERSION, **options)
        else:
            source = Source("town", "http://town.example/", "The column", "en")
            plan = ForeignImport(
                contents, bodies, source, (source.url, *roots), parser, LATER, accept, lambda body: True
            )
        return plan.result, rebuild(db, parser, at=LATER, authority=AUTHORITY, prepare=plan.prepare)


def differing(before: Database, after: Database) -> list[str]:
    """The tables that differ, but for the secret: an export has it only where it keys something."""
    return [one.table for one in compare(before, after) if one.table != "redaction_secret"]


def test_an_export_makes_an_equal_archive_of_an_empty_one(db: Database, other: Database) -> None:
    fill_all(db)
    assert {table: count(db, table) > 0 for table in (*DUMP_TABLES, "links")} == dict.fromkeys(
        (*DUMP_TABLES, "links"), True
    )
    brought, _ = imported(other, exported(db))
    assert list(compare(db, other)) == []
    assert brought.with_ids
    assert brought.captures == count(db, "captures")
    assert exported(other) == exported(db)


def everything(db: Database) -> dict[str, list[Any]]:
    """All rows of all tables but those of one machine, read without any code of the product, and a search.

    The archive that imports seals what it took by itself.
    """
    tables = [name for (name,) in db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {
        name: sorted(map(repr, db.conn.execute(f"SELECT * FROM [{name}]")))
        for name in tables
        if name not in ("published_files", "derivations", "seals", "sealed_rows", "_sqlite_migrations")
        and not name.startswith(("entries_fts", "revisions_fts"))
    }
    found = db.conn.execute("SELECT rowid FROM entries_fts WHERE entries_fts MATCH 'apples OR cranes'")
    version = db.conn.execute("PRAGMA user_version")
    return {**rows, "search": sorted(found), "version": list(version)}


def test_archives_are_equal_by_an_oracle_of_their_own(db: Database, other: Database) -> None:
    fill_all(db)
    rebuild(db, NewerParser(), at=LATER, authority=AUTHORITY)
    imported(other, exported(db), parser=NewerParser())
    before, after = everything(db), everything(other)
    assert after == before
    assert len(before["search"]) > 1
    assert all(before[name] for name in ("captures", "bodies", "revisions", "links", "changes", "publication_aliases"))


def test_an_empty_archive_takes_the_id_of_the_one_that_was_exported_and_another_keeps_its_own(
    db: Database, other: Database, tmp_path: Path
) -> None:
    Column(db).crawl(listing(A, B))
    with open_archive(tmp_path / "third.db") as third:
        Column(third, day=9).crawl(listing(C))
        ids = archive_id(db), archive_id(third)
        imported(other, exported(db))
        imported(third, exported(db))
        assert (archive_id(other), archive_id(third)) == ids


def with_id(data: bytes, found: str | None) -> bytes:
    """An export with another archive's id, or none, in its first record."""
    warc = Warc()
    for number, record in enumerate(ArchiveIterator(io.BytesIO(data), no_record_parse=True)):
        if number:
            warc.writer.write_record(record)
            continue
        fields = dict(line.split(": ", 1) for line in record.content_stream().read().decode().splitlines())
        del fields["foreign-eyes-archive"]
        told = fields if found is None else {**fields, "foreign-eyes-archive": found}
        warc.writer.write_record(warc.writer.create_warcinfo_record(None, told))
    return warc.data


def test_an_export_of_an_older_version_has_no_id_to_take(db: Database, other: Database) -> None:
    Column(db).crawl(listing(A, B))
    before = archive_id(other)
    brought, _ = imported(other, with_id(exported(db), None))
    assert brought.with_ids
    assert archive_id(other) == before != archive_id(db)


@pytest.mark.parametrize("found", ["x" * 32, "ab" * 15, "AB" * 16])
def test_an_export_with_a_malformed_archive_id_is_refused(db: Database, other: Database, found: str) -> None:
    Column(db).crawl(listing(A, B))
    with pytest.raises(BadWarc, match="no valid archive id"):
        imported(other, with_id(exported(db), found))


def test_what_an_older_parser_read_comes_along(db: Database, other: Database) -> None:
    fill(db)
    rebuild(db, NewerParser(), at=LATER, authority=AUTHORITY)
    assert count(db, "revisions WHERE technical = 1") > 0
    imported(other, exported(db), parser=NewerParser())
    assert differing(db, other) == []


def test_a_newer_program_makes_of_an_older_export_what_it_makes_of_the_archive(db: Database, other: Database) -> None:
    fill(db)
    imported(other, exported(db), parser=NewerParser())
    rebuild(db, NewerParser(), at=LATER, authority=AUTHORITY)
    assert differing(db, other) == []


def test_an_archive_with_imports_in_it_comes_out_and_in(db: Database, other: Database) -> None:
    Column(db).crawl(listing(A, B))
    imported(db, pages_of(2020, listing(A, C)))
    imported(other, exported(db))
    assert differing(db, other) == []


def test_the_same_archive_gives_the_same_bytes(db: Database) -> None:
    fill(db)
    assert exported(db) == exported(db)


def test_warcio_finds_nothing_wrong(db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db)
    file = tmp_path / "x.warc.gz"
    file.write_bytes(exported(db))
    with pytest.raises(SystemExit) as ended:
        warcio_main(["check", str(file)])
    assert ended.value.code == 0
    assert capsys.readouterr().out == ""


def test_any_tool_reads_the_bodies(db: Database) -> None:
    fill(db)
    captures = {
        (row["url"], row["fetched_at"]): row
        for row in db.query("SELECT * FROM captures WHERE body_sha256 IS NOT NULL AND status != 304")
    }
    responses = revisits = 0
    for record in ArchiveIterator(io.BytesIO(exported(db))):
        head = record.rec_headers
        if record.rec_type == "response" and "WARC-Truncated" not in head:
            body = record.content_stream().read()
            row = captures.get((head["WARC-Target-URI"], head["WARC-Date"]))
            responses += 1
            assert row is None or sha256(body).hexdigest() == row["body_sha256"]
            assert record.http_headers["Content-Length"] == str(len(body))
        revisits += record.rec_type == "revisit"
    assert responses > 5
    assert revisits > 5


def test_a_304_refers_to_the_response_that_it_confirms(db: Database) -> None:
    column = Column(db)
    column.crawl(listing(A))
    revalidate(db, column)
    records = [
        (record.rec_type, dict(record.rec_headers.headers)) for record in ArchiveIterator(io.BytesIO(exported(db)))
    ]
    original = next(head for kind, head in records if kind == "response")
    revisit = next(head for kind, head in records if kind == "revisit")
    assert revisit["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert revisit["WARC-Refers-To"] == original["WARC-Record-ID"]
    assert revisit["WARC-Refers-To-Target-URI"] == original["WARC-Target-URI"]
    assert revisit["WARC-Refers-To-Date"] == original["WARC-Date"] == to_text(START + timedelta(seconds=1))


def test_records_of_the_truth_stay_below_a_megabyte_and_name_what_they_hold(db: Database) -> None:
    column = Column(db)
    for _ in range(3):
        column.crawl(listing(*(entry(f"Title {number}", excerpt=f"Word {number} " * 300) for number in range(400))))
    sizes: dict[str, list[int]] = {}
    for record in ArchiveIterator(io.BytesIO(exported(db))):
        if record.rec_type == "metadata":
            name = record.rec_headers["WARC-Target-URI"].removeprefix("urn:foreign-eyes:")
            sizes.setdefault(name, []).append(len(record.content_stream().read()))
    assert max(size for found in sizes.values() for size in found) < 1_000_000
    assert len(sizes["revisions"]) > 1
    assert set(sizes) == {
        *("sources", "crawls", "captures", "identities", "recognitions", "changes", "told_texts", "told_words"),
        *("revisions", "listing_rows"),
        "end",
    }


def test_captures_name_the_records_that_hold_them(db: Database) -> None:
    fill(db)
    ids, rows = set(), []
    for record in ArchiveIterator(io.BytesIO(exported(db))):
        if record.rec_type in ("response", "revisit"):
            ids.add(record.rec_headers["WARC-Record-ID"])
        elif record.rec_headers["WARC-Target-URI"] == "urn:foreign-eyes:captures":
            rows += [json.loads(line) for line in record.content_stream().read().splitlines()]
    assert {row["warc_record_id"] for row in rows} == {*ids, None}


def test_every_column_is_exported_except_derived_ones(db: Database) -> None:
    fill_all(db)
    for table in DUMP_TABLES:
        columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        told = {name for name in next(dump_rows(db, table)) if not name.startswith("link_")}
        assert columns - told == ({"link_id", "former_link_id", "revision_id"} if table == "changes" else set())


def test_an_archive_without_crawls_or_with_a_damaged_body_is_not_exported(db: Database) -> None:
    with pytest.raises(NothingToExport, match="no crawl yet"):
        exported(db)
    Column(db).crawl(listing(A))
    db.execute("UPDATE bodies SET zlib = x'00'")
    with pytest.raises(NothingToExport, match="foreign-eyes check"):
        exported(db)


def test_an_export_adds_its_crawls_to_an_archive_that_has_some(db: Database, other: Database) -> None:
    mine, theirs = Column(db), Column(other)
    mine.crawl(listing(A, B))
    theirs.day = 9
    theirs.crawl(listing(A, B, C))
    before = theirs.ids()
    brought, _ = imported(other, exported(db))
    assert (brought.crawls, brought.captures, brought.with_ids) == ({"complete": 1}, 1, False)
    assert theirs.ids() == before
    assert theirs.rows("SELECT title, first_seen, not_before FROM current_entries ORDER BY title") == [
        ("Apples", to_text(START + timedelta(seconds=1)), None),
        ("Bears", to_text(START + timedelta(seconds=1)), None),
        ("Cranes", to_text(START + 10 * DAY + timedelta(seconds=1)), to_text(START)),
    ]
    assert theirs.rows("SELECT crawl_id, imported, outcome, entries FROM crawls ORDER BY ordered_at") == [
        (2, 1, "complete", 2),
        (1, 0, "complete", 3),
    ]


def test_crawls_that_are_there_already_are_not_added_again(db: Database, other: Database) -> None:
    fill(db)
    Column(other, name="third").crawl(listing(A))
    brought, _ = imported(other, exported(db))
    assert brought.captures == count(db, "captures")
    before = snapshot(other)
    with pytest.raises(NothingNew):
        imported(other, exported(db))
    assert snapshot(other) == before


def test_a_304_that_comes_along_leads_to_the_capture_that_is_there(db: Database, other: Database) -> None:
    for archive in (db, other):
        Column(archive, name="village").crawl(listing(A))
    Column(other).crawl(listing(B))
    revalidate(db, Column(db, name="village", day=3))
    imported(other, exported(db))
    assert other.execute("SELECT DISTINCT revalidates FROM captures WHERE status = 304").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda lines: lines | {"crawls": [{"crawl_id": 1}]},
            "table crawls: Object missing required field `source_id`",
        ),
        (
            lambda lines: lines | {"crawls": [{**lines["crawls"][0], "colour": "red"}]},
            "line 1, table crawls: Object contains unknown field `colour`",
        ),
        (lambda lines: lines | {"crawls": []}, "line 1, table captures: crawl_id 1 is not in table crawls"),
        (
            lambda lines: lines | {"sources": [{**lines["sources"][0], "source_id": 2**70}]},
            "Expected `int` <= 9223372036854775807 - at `$.source_id`",
        ),
        (
            lambda lines: lines | {"captures": [{**lines["captures"][0], "body_sha256": "0" * 64}]},
            "the body of capture 1",
        ),
        (
            lambda lines: lines | {"crawls": [without(lines["crawls"][0], "ordered_at")]},
            "Object missing required field `ordered_at`",
        ),
        (
            lambda lines: lines | {"captures": lines["captures"] * 2},
            "line 2, table captures: capture_id 1 is not unique",
        ),
        (lambda lines: with_capture(lines, body_sha256=[]), "the body of capture 1"),
        (lambda lines: with_capture(lines, url=["x"]), "Expected `str`, got `list` - at `$.url`"),
        (
            lambda lines: with_capture(lines, url="http://x/\r\nWARC-Type: y"),
            "is not a URL: it contains a line break - at `$.url`",
        ),
        (lambda lines: with_capture(lines, capture_id=True), "Expected `int`, got `bool` - at `$.capture_id`"),
        (lambda lines: with_capture(lines, **{"pass": None}), "a listing page has no `pass`"),
        (lambda lines: with_capture(lines, page=0), "Expected `int` >= 1 - at `$.page`"),
        (lambda lines: with_capture(lines, status=7), "Expected `int` >= 100 - at `$.status`"),
        (lambda lines: with_capture(lines, status=None, fault="refused"), "a capture with a body has no `status`"),
        (
            lambda lines: with_capture(lines, fetched_at="2020-05-01"),
            "'2020-05-01' is not a UTC timestamp like 2026-05-01T10:00:00.000000Z - at `$.fetched_at`",
        ),
        (
            lambda lines: with_capture(lines, fetched_at="2020-15-01T10:00:00.000000Z"),
            "is not a timestamp: month must be in 1..12 - at `$.fetched_at`",
        ),
        (lambda lines: with_capture(lines, headers="{}"), "not a JSON list of [name, value] pairs ("),
        (lambda lines: with_capture(lines, headers="[1"), "not a JSON list of [name, value] pairs ("),
        (lambda lines: with_capture(lines, headers='[["X", 1]]'), "not a JSON list of [name, value] pairs ("),
        (lambda lines: with_capture(lines, headers='[["X", "\\ud800"]]'), "not a JSON list of [name, value] pairs ("),
        (lambda lines: with_capture(lines, detail="\ud800"), "line 1 is not a JSON object: "),
        (
            lambda lines: lines | {"crawls": [{**lines["crawls"][0], "finished_at": None}]},
            "a settled crawl needs finished_at and an outcome of complete, unchanged, partial",
        ),
        (
            lambda lines: lines | {"revisions": [{**lines["revisions"][0], "flags": "[7]"}]},
            "not a JSON list of strings (Expected `str`, got `int` - at `$[0]`) - at `$.flags`",
        ),
        (lambda lines: lines | {"recipes": [{}]}, "an export has no table 'recipes'"),
        (
            lambda lines: {table: rows for table, rows in lines.items() if table != "end"},
            "its end is missing",
        ),
    ],
)
@pytest.mark.parametrize("to", ["an empty archive", "an archive with crawls"])
def test_an_export_that_was_tampered_with_is_refused(
    db: Database, other: Database, change: Callable[[dict[str, Any]], dict[str, Any]], why: str, to: str
) -> None:
    Column(db).crawl(listing(A))
    if to == "an archive with crawls":
        Column(other, name="village").crawl(listing(B))
    before = snapshot(other)
    with pytest.raises(BadWarc, match=r"^1\.warc\.gz: ") as told:
        imported(other, rewritten(exported(db), change))
    assert why in str(told.value)
    assert snapshot(other) == before


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def with_capture(lines: dict[str, Any], **columns: Any) -> dict[str, Any]:
    """The rows of an export with other columns of its one capture."""
    return lines | {"captures": [{**lines["captures"][0], **columns}]}


@pytest.mark.parametrize(
    "lost", ["sources", "crawls", "captures", "identities", "changes", "revisions", "listing_rows"]
)
def test_a_record_that_was_lost_is_noticed(db: Database, other: Database, lost: str) -> None:
    Column(db).crawl(listing(A))
    data = rewritten(exported(db), lambda lines: without(lines, lost), recount=False)
    with pytest.raises(BadWarc, match=f"table {lost} has 0 rows, but 1 were written; export again"):
        imported(other, data)


def test_an_export_by_a_newer_program_is_refused(db: Database, other: Database) -> None:
    Column(db).crawl(listing(A))
    rebuild(db, NewerParser(), at=LATER, authority=AUTHORITY)
    with pytest.raises(BadWarc, match=r"newer version exported it \(its parser is 2, ours 1\); upgrade foreign-eyes"):
        imported(other, exported(db))


def elsewhere(db: Database) -> bytes:
    """The export of another listing that is called town, too; the one in `db` is left as it was."""
    data = exported(db)
    moved = "http://elsewhere.example/town/"
    return rewritten(data, lambda lines: lines | {"sources": [{**lines["sources"][0], "url": moved}]})


def test_two_listings_that_share_a_name_are_not_mixed(db: Database, other: Database) -> None:
    Column(db).crawl(listing(A))
    Column(other, day=9).crawl(listing(B))
    before = snapshot(other)
    with pytest.raises(OtherListing, match=r"here has http://town\.example/; .*--source NAME; nothing was imported"):
        imported(other, elsewhere(db))
    assert snapshot(other) == before
    imported(other, elsewhere(db), rename="village")
    assert other.execute("SELECT name, url FROM sources").fetchall() == [
        ("town", "http://town.example/"), ("village", "http://elsewhere.example/town/"),
    ]  # fmt: skip
    assert other.execute("SELECT source, title FROM current_entries ORDER BY source").fetchall() == [
        ("town", "Bears"), ("village", "Apples"),
    ]  # fmt: skip


def test_a_listing_with_a_new_url_is_the_same_if_its_former_url_is_named(db: Database, other: Database) -> None:
    Column(db).crawl(listing(A))
    Column(other, day=9).crawl(listing(A, B))
    imported(other, elsewhere(db), former=("https://elsewhere.example/town/index.htm",))
    assert count(other, "sources") == 1
    assert count(other, "entries") == 2


def test_a_source_is_not_renamed_to_one_that_is_configured_elsewhere_and_several_are_not_renamed(
    db: Database, other: Database
) -> None:
    Column(db).crawl(listing(A))
    with pytest.raises(OtherListing, match="but live here has http://live"):
        imported(other, exported(db), rename="live", configured={"live": "http://live.example/"})
    Column(db, name="village").crawl(listing(A))
    with pytest.raises(WrongImport, match="it holds 2 sources"):
        imported(other, exported(db), rename="hamlet")


def rewritten(data: bytes, change: Callable[[dict[str, Any]], dict[str, Any]], *, recount: bool = True) -> bytes:
    """An export with other rows in it, and digests that are right."""
    warc, lines = Warc(), {}
    for record in ArchiveIterator(io.BytesIO(data)):
        body = record.content_stream().read()
        if record.rec_type == "metadata":
            lines[record.rec_headers["WARC-Target-URI"].removeprefix("urn:foreign-eyes:")] = [
                json.loads(line) for line in body.splitlines()
            ]
        elif record.rec_type == "warcinfo":
            warc.writer.write_record(
                warc.writer.create_warcinfo_record(
                    None, dict(line.split(": ", 1) for line in body.decode().splitlines())
                )
            )
        else:
            warc.response(record.rec_headers["WARC-Target-URI"], record.rec_headers["WARC-Date"], body)
    lines = change(lines)
    if recount and "end" in lines:
        lines["end"] = [{table: len(lines.get(table, ())) for table in DUMP_TABLES}]
    for table, rows in lines.items():
        warc.other("metadata", f"urn:foreign-eyes:{table}", b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    return warc.data


def pages_of(year: int, *pages: str, warc: Warc | None = None, host: str = "http://town.example/") -> bytes:
    warc = warc or Warc()
    for number, page in enumerate(pages, start=1):
        warc.response(
            f"{host}{number if number > 1 else ''}",
            f"{year}-05-01T10:00:{number:02}Z",
            page.encode(),
            headers=[("Content-Type", "text/plain")],
        )
    return warc.data


def test_captures_of_others_are_settled_at_their_place_in_time(db: Database) -> None:
    column = Column(db)
    column.crawl(listing(A, B))
    ids, journal = column.ids(), column.rows(TOLD)
    brought, _ = imported(db, pages_of(2020, listing(entry("Apples", commentary="An older wording."), C)))
    assert brought.crawls == {"partial": 1}
    assert column.ids() == {**ids, "Cranes": column.ids()["Cranes"]}
    history = "SELECT commentary, first_seen FROM entry_history WHERE entry_id = ? ORDER BY revision"
    assert db.execute(history, (ids["Apples"],)).fetchall() == [
        ("An older wording.", "2020-05-01T10:00:01.000000Z"),
        ("As before.", to_text(START + timedelta(seconds=1))),
    ]
    assert column.rows(TOLD) == journal
    facts = "mode, outcome, settled, imported, started_at, finished_at, reason"
    assert column.rows(f"SELECT {facts} FROM crawls WHERE crawl_id = 2") == [
        ("full", "partial", 1, 1, *["2020-05-01T10:00:01.000000Z"] * 2,
         "imported from 1.warc.gz: one pass cannot show that nothing is missing"),
    ]  # fmt: skip


def test_what_was_imported_is_never_missed(db: Database) -> None:
    column = Column(db)
    column.crawl(listing(A, B))
    warc = Warc()
    for day in (1, 2, 3):
        warc.response(
            "http://town.example/", f"2026-05-0{day}T10:00:00Z", A.encode(), headers=[("Content-Type", "x-text")]
        )
    brought, _ = imported(db, warc.data)
    assert brought.crawls == {"partial": 3}
    assert "withdrawn" not in column.kinds()


def test_captures_are_taken_once(db: Database) -> None:
    data = pages_of(2020, listing(A))
    brought, _ = imported(db, data, data, pages_of(2021, listing(B)))
    assert (brought.crawls, brought.captures) == ({"partial": 2}, 2)
    before = snapshot(db)
    with pytest.raises(NothingNew):
        imported(db, data)
    assert snapshot(db) == before


def test_a_listing_may_have_stood_at_another_address(db: Database) -> None:
    data = pages_of(2020, listing(A), host="http://old.example/list/")
    with pytest.raises(
        NothingToImport,
        match=r"no listing page of town .* among 1 record: 1 response, from old\.example; a similar listing is at http://old\.example/list/",
    ):
        imported(db, data)
    brought, _ = imported(db, data, roots=("http://old.example/list/",))
    assert brought.captures == 1


def test_revisits_are_captures_of_what_they_repeat(db: Database) -> None:
    warc = Warc()
    warc.response("http://town.example/", "2020-05-01T10:00:00Z", A.encode(), headers=[("Content-Type", "text/plain")])
    for day, status in ((2, "304 Not Modified"), (3, "200 OK")):
        warc.revisit(
            "http://town.example/",
            f"2020-05-0{day}T10:00:00Z",
            ("http://town.example/", "2020-05-01T10:00:00Z"),
            "sha1:X",
            status=status,
        )
    brought, _ = imported(db, warc.data)
    assert (brought.crawls, brought.captures) == ({"partial": 3}, 3)
    facts = "SELECT status, revalidates, pages, entries FROM captures JOIN crawls USING (crawl_id) ORDER BY fetched_at"
    assert db.execute(facts).fetchall() == [
        (200, None, 1, 1), (304, 1, 1, 1), (200, None, 1, 1),
    ]  # fmt: skip


def test_a_page_that_looks_wrong_makes_a_suspect_crawl_that_settles_nothing(db: Database) -> None:
    lines = [f"|Le Monde||comment {number}" for number in range(5)]
    brought, _ = imported(db, pages_of(2020, listing(*lines)))
    assert brought.crawls == {"suspect": 1}
    assert db.execute("SELECT settled, outcome FROM crawls").fetchall() == [(0, "suspect")]
    assert "5 of 5 entries lack" in db.execute("SELECT reason FROM crawls").fetchone()[0]
    assert count(db, "entries") == 0


def suspect_pages(**options: Any) -> bytes:
    return pages_of(2020, listing(*[f"|Le Monde||comment {number}" for number in range(5)]), **options)


def test_a_suspect_crawl_has_a_reason_and_is_settled_once_it_is_accepted(db: Database) -> None:
    brought, _ = imported(db, suspect_pages())
    assert brought.suspects == [
        (
            "the crawl of town of 2020-05-01T10:00:01.000000Z is suspect: page 1: 5 of 5 entries lack an excerpt or a title;"
            " has its layout changed?"
        )
    ]
    with pytest.raises(NothingNew):
        imported(db, suspect_pages())
    brought, _ = imported(db, suspect_pages(), accept=True)
    assert (brought.crawls, brought.accepted, brought.suspects) == ({}, 1, [])
    assert count(db, "entries") == 5
    crawl = "SELECT outcome, settled, entries, reason FROM crawls"
    assert db.execute(crawl).fetchall() == [
        ("partial", 1, 5, ("imported from 1.warc.gz: page 1: 5 of 5 entries lack an excerpt or a title; has its layout changed?;"
         " an operator has accepted it")),
    ]  # fmt: skip
    with pytest.raises(NothingNew):
        imported(db, suspect_pages(), accept=True)


def test_accepting_at_the_first_import_gives_the_same_archive(db: Database, other: Database) -> None:
    brought, _ = imported(db, suspect_pages(), accept=True)
    assert (brought.crawls, brought.accepted) == ({"partial": 1}, 0)
    imported(other, suspect_pages())
    imported(other, suspect_pages(), accept=True)
    rows = "SELECT crawl_id, outcome, reason, settled, pages, entries, new FROM crawls"
    assert db.execute(rows).fetchall() == other.execute(rows).fetchall()


def test_the_log_names_files_without_folders_and_only_those_that_a_crawl_came_of(db: Database) -> None:
    files = [pages_of(2020, *[listing(entry(f"Title {n}")) for n in range(5)][:1])]
    warcs = []
    for number in range(1, 6):
        warc = Warc()
        warc.response(
            f"http://town.example/{number if number > 1 else ''}", f"2021-05-01T10:00:0{number}Z",
            listing(entry(f"Title {number}")).encode(), headers=[("Content-Type", "text/plain")],
        )  # fmt: skip
        warcs.append(warc.data)
    names = ("/home/somebody/secret/old.warc.gz", *(f"/home/somebody/{number}.warc.gz" for number in range(1, 6)))
    imported(db, *files, *warcs, names=names, parser=NumberingParser())
    reasons = [reason for (reason,) in db.execute("SELECT reason FROM crawl_log ORDER BY started_at")]
    assert [reason.partition(": ")[0] for reason in reasons] == [
        "imported from old.warc.gz",
        "imported from 1.warc.gz, 2.warc.gz, 3.warc.gz, and 2 more",
    ]


class NumberingParser(LineParser):
    """Finds a pager that names pages by number."""

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> Any:
        """Read the lines."""
        page = super().parse_listing(body, url, content_type)
        numbered = {1: "http://town.example/", **{n: f"http://town.example/{n}" for n in range(2, 9)}}
        return replace(page, page_count=8, pager=replace(page.pager, numbered=numbered))


def test_a_listing_with_a_query_is_named_by_its_whole_url(db: Database) -> None:
    warc = Warc()
    address = "http://town.example/?lang=en"
    warc.response(address, "2020-05-01T10:00:00Z", A.encode(), headers=[("Content-Type", "text/plain")])
    with pytest.raises(NothingToImport, match=r"add --url http://town\.example/\?lang=en$"):
        imported(db, warc.data, parser=NumberingParser())


def test_a_page_that_is_dated_by_its_day_is_not_imported_and_reported(db: Database) -> None:
    warc = Warc()
    warc.response("http://town.example/", "2020-05-01", A.encode(), headers=[("Content-Type", "text/plain")])
    with pytest.raises(NothingToImport, match=r"1 response, .* its date 2020-05-01 is not a full timestamp"):
        imported(db, warc.data)


def test_links_that_were_captured_too_are_taken(db: Database) -> None:
    warc = Warc()
    warc.response("http://search.example/", "2020-05-01T10:00:30Z", b"blocked", status="412 Precondition Failed")
    warc.response("http://unheard.example/", "2020-05-01T10:00:30Z", b"no link of ours")
    brought, _ = imported(db, pages_of(2020, listing(A, SEARCH), warc=warc))
    assert brought.captures == 2
    assert db.execute("SELECT url, outcome, status FROM links").fetchall() == [
        ("http://search.example/", "blocked", 412)
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"date": "2999-05-01T10:00:00Z"}, "its date is in the future"),
        ({"length": False}, "before the page's end tag"),
        ({"fields": {"WARC-Truncated": "length"}}, "the record holds only a part of it"),
        ({"body": b""}, "shows neither the listing's heading nor an entry"),
    ],
)
def test_a_page_that_cannot_be_used_is_left_out_with_a_warning(db: Database, change: dict[str, Any], why: str) -> None:
    warc = Warc()
    facts = {"date": "2020-05-02T10:00:00Z", "body": B.encode(), "headers": [("Content-Type", "text/plain")], **change}
    warc.response("http://town.example/", **facts)
    with pytest.raises(NothingToImport, match=why):
        imported(db, warc.data, parser=HeadlessParser())
    brought, _ = imported(db, pages_of(2020, listing(A), warc=warc), parser=HeadlessParser())
    assert brought.captures == 1
    assert len(brought.left_out) == 1
    assert why in brought.left_out[0]


class HeadlessParser(LineParser):
    """Finds no heading where it finds no entry."""

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> Any:
        """Read the lines."""
        page = super().parse_listing(body, url, content_type)
        return replace(page, has_heading=bool(page.entries))


def test_a_304_that_confirms_half_a_page_is_left_out_too(db: Database) -> None:
    warc = Warc()
    first = ("http://town.example/", "2020-05-01T10:00:00Z")
    warc.response(*first, A.encode(), headers=[("Content-Type", "text/plain")], length=False)
    warc.revisit("http://town.example/", "2020-05-02T10:00:00Z", first, "sha1:X", status="304 Not Modified")
    with pytest.raises(NothingToImport, match=r"end tag; http://town\.example/ of 2020-05-02.* end tag"):
        imported(db, warc.data)


def test_a_warc_without_responses_says_what_it_has(db: Database) -> None:
    warc = Warc()
    warc.info()
    warc.other("metadata", "urn:x", b"x")
    with pytest.raises(NothingToImport, match=r"among 2 records: no HTTP response; name another source"):
        imported(db, warc.data)


def count(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def snapshot(db: Database) -> list[str]:
    return list(db.conn.iterdump())
