"""After a redaction no published file, page, search or export contains the text; after a purge no file does."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlite_utils import Database
from support.published import many
from support.settling import DAY, START, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.feed_state.output_record import read_record
from foreign_eyes.archive.history import entry_history
from foreign_eyes.archive.integrity import verify
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.rebuilding.redaction_decisions import purge, redact, undo
from foreign_eyes.archive.redaction.purging import vacuum
from foreign_eyes.feeds.publish import Target, publish
from foreign_eyes.feeds.renew_frozen_documents import renew_documents
from foreign_eyes.warc.bodies import temporary_bodies
from foreign_eyes.warc.exporting import export
from foreign_eyes.warc.import_exports import OwnImport
from foreign_eyes.warc.inputs import Input, read_files
from foreign_eyes.web.browse.app import datasette_app
from foreign_eyes.web.browse.metadata import DATABASE, load_metadata

LATER = START + 99 * DAY
PHRASE = "the zephyrine lacquer of quellmarsh"
WORDS = ("zephyrine", "quellmarsh", "varnish", "bugle", "lacquer")
FIRST = entry(
    "Quellmarsh varnishers sue",
    publication="The Quellmarsh Bugle",
    excerpt="The zephyrine lacquer of Quellmarsh was copied for years before its maker thought of asking the court for help.",
    commentary="Varnish is a mark of lacquer that holds.",
)
EDITED = FIRST.replace("for years", "for thirty years")


@dataclass
class Place:
    """A published archive with an entry that is new in one frozen document and revised in another."""

    db: Database
    column: Column
    target: Target

    @property
    def entry_id(self) -> int:
        [(entry_id,)] = self.column.rows("SELECT entry_id FROM identities ORDER BY feed_date LIMIT 1 OFFSET 5")
        return int(entry_id)

    def publish(self) -> None:
        publish(self.db, self.column.source, self.target)

    def decide(self, prepare: object) -> None:
        rebuild(self.db, LineParser(), at=LATER, authority="example.org,2026", prepare=prepare)  # type: ignore[arg-type]
        with writing(self.db):
            renew_documents(self.db)

    def redact(self) -> None:
        self.decide(lambda copy: redact(copy, self.entry_id, None, LATER))
        self.publish()

    def files(self) -> dict[str, bytes]:
        root = self.target.output
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a crawled and published archive, of which tests make copies."""
    folder = tmp_path_factory.mktemp("made")
    with open_archive(folder / "archive.db") as db:
        place = Place(db, Column(db), Target(folder / "public", "https://eyes.example/"))
        rows = many(60)
        place.column.crawl(listing(*rows[:55], FIRST, *rows[55:]))
        place.column.crawl(listing(*rows[:55], EDITED, *rows[55:]))
        more = [*many(50, first=61), *rows]
        place.column.crawl(listing(*more[:-5], EDITED, *more[-5:]))
        for _ in range(2):
            place.column.crawl(listing(*more))
        place.column.crawl(listing(*more[:-5], EDITED, *more[-5:]))
        place.publish()
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "copy"
    shutil.copytree(made, folder)
    with open_archive(folder / "archive.db") as db:
        column = Column(db, day=30)
        yield Place(db, column, Target(folder / "public", "https://eyes.example/"))


def found(text: bytes | str) -> list[str]:
    """Return the words that a text contains, with any escaping."""
    plain = (text if isinstance(text, str) else text.decode("utf-8", "replace")).casefold()
    return [word for word in WORDS if word in plain]


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield the bytes, and all parts of them that are compressed or in Base64."""
    yield content
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b", content):
        with suppress(zlib.error):
            yield zlib.decompressobj(47).decompress(content[match.start() :])
    for match in re.finditer(rb"[A-Za-z0-9+/]{40,}={0,2}", content):
        with suppress(ValueError, zlib.error):
            yield zlib.decompressobj().decompress(base64.b64decode(match[0] + b"=" * (-len(match[0]) % 4)))


def browsed(archive: Path, *paths: str) -> dict[str, str]:
    """Return Datasette's response, from this process."""

    async def ask() -> dict[str, str]:
        app = datasette_app(archive)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            answers = {path: await client.get(path) for path in paths}
        app.close()
        assert {path: answer.text[:300] for path, answer in answers.items() if answer.status_code != 200} == {}
        return {path: answer.text for path, answer in answers.items()}

    return asyncio.run(ask())


def test_published_files_show_the_notice_instead_of_the_text(place: Place) -> None:
    before = place.files()
    assert {"archive/1.xml", "archive/1.json", "archive/2.xml"} <= {
        name for name, content in before.items() if found(content)
    }
    place.redact()
    after = place.files()
    assert {name: words for name, content in after.items() if (words := found(content))} == {}
    page = after[f"entries/{place.entry_id}/index.html"].decode()
    assert "The words of this entry were redacted at the request of its publisher." in page
    assert "Redacted" in after["changes.xml"].decode()


def test_pages_of_other_entries_and_other_items_of_frozen_documents_are_unchanged(place: Place) -> None:
    before = place.files()
    place.redact()
    after = place.files()
    own = f"entries/{place.entry_id}/"
    pages = [name for name in before if name.startswith("entries/") and not name.startswith(own)]
    assert len(pages) > 100
    assert {name for name in pages if before[name] != after[name]} == set()
    for name in ("archive/1.xml", "archive/2.xml"):
        mine = re.compile(rf"  <entry>\n    <id>[^<]*/{place.entry_id}</id>.*?  </entry>\n", re.DOTALL)
        old, new = before[name].decode(), after[name].decode()
        assert mine.sub("", old) == mine.sub("", new)
        kept = re.compile('<(?:id|updated|published)>[^<]*|rel="alternate"[^>]*')
        assert kept.findall(old) == kept.findall(new)
    for name in ("archive/1.json", "archive/2.json"):
        old_items, new_items = (json.loads(files[name])["items"] for files in (before, after))
        assert [one["id"] for one in old_items] == [one["id"] for one in new_items]
        changed = [one["id"] for one, other in zip(old_items, new_items, strict=True) if one != other]
        assert [one.rpartition("/")[2] for one in changed] == [str(place.entry_id)]


def test_the_item_of_a_feed_is_updated_and_keeps_its_date(place: Place) -> None:
    def item() -> dict[str, str]:
        items = json.loads(place.files()["feed.json"])["items"]
        [mine] = [one for one in items if one["id"].endswith(f"/{place.entry_id}")]
        return dict(mine)

    place.redact()
    mine = item()
    assert mine["date_modified"] > mine["date_published"]
    assert mine["date_modified"].startswith(f"{LATER:%Y-%m-%d}")


def test_datasette_does_not_show_the_text(place: Place) -> None:
    place.redact()
    archive = place.target.output.parent / "archive.db"
    closed = {
        name for name, about in load_metadata()["databases"][DATABASE]["tables"].items() if about.get("allow") is False
    }
    names = (*place.db.table_names(), *place.db.view_names())
    tables = [name for name in names if "_fts_" not in name and name not in closed]
    answers = browsed(
        archive,
        *(f"archive/{name}.json?_size=1000&_shape=array" for name in tables),
        f"archive/entries/{place.entry_id}",
        "archive/current_entries.csv?_size=max&_stream=1",
    )
    assert {path: words for path, text in answers.items() if (words := found(text))} == {}
    sql = "archive.json?_shape=array&sql=select+secret,rest,packed+from+redaction_secret,withheld_bodies,withheld_texts+limit+1"
    search = "archive/current_entries.json?_shape=array&_search=zephyrine"
    hidden, hits = browsed(archive, sql, search).values()
    assert json.loads(hidden) == [{"secret": None, "rest": None, "packed": None}]
    assert json.loads(hits) == []


def test_history_search_and_exports_show_the_notice(place: Place) -> None:
    place.redact()
    told = entry_history(place.db, place.entry_id)
    assert found(repr(told)) == []
    assert [one.kind for one in told.changes][-1] == "redacted"
    assert place.column.rows("SELECT rowid FROM entries_fts WHERE entries_fts MATCH 'zephyrine OR varnish'") == []
    out = io.BytesIO()
    export(place.db, out)
    content = gzip.decompress(out.getvalue())
    assert [found(part) for part in unpacked(content) if found(part)] == []


def test_the_record_of_the_folder_has_the_redaction_without_the_text(place: Place) -> None:
    place.redact()
    record = read_record(place.target.output)
    assert record is not None
    [told] = record.redactions.values()
    assert (told.entry_id, told.kind) == (place.entry_id, "redact")
    assert len(told.digests) > 20


def test_undoing_a_redaction_restores_the_text_in_every_file(place: Place) -> None:
    before = place.files()
    place.redact()
    place.decide(lambda copy: undo(copy, place.entry_id, LATER))
    place.publish()
    after = place.files()
    frozen = [name for name in before if name.startswith("archive/")]
    assert len(frozen) > 4
    assert {name for name in frozen if before[name] != after[name]} == set()
    assert found(after[f"entries/{place.entry_id}/index.html"]) == list(WORDS)
    assert [*verify(place.db)] == []


def frozen(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name.startswith("archive/")}


def test_documents_frozen_before_a_merge_hide_the_text_of_the_merged_id(place: Place) -> None:
    before, merged_id = place.files(), place.entry_id
    [(survivor,)] = place.column.rows("SELECT entry_id FROM identities ORDER BY feed_date LIMIT 1")
    place.decide(lambda copy: merge(copy, survivor, merged_id, LATER))
    place.decide(lambda copy: redact(copy, survivor, None, LATER))
    place.publish()
    assert {name: words for name, content in frozen(place.files()).items() if (words := found(content))} == {}
    place.decide(lambda copy: undo(copy, survivor, LATER))
    place.publish()
    assert frozen(place.files()) == frozen(before)


def test_documents_frozen_before_a_split_hide_the_text_of_the_part_that_was_split_off(place: Place) -> None:
    before, parted = place.files(), []

    def part(copy: Database) -> tuple[()]:
        parted.append(split(copy, place.entry_id, 2, LATER, "example.org,2026").other_id)
        return ()

    place.decide(part)
    place.decide(lambda copy: redact(copy, parted[0], None, LATER))
    place.publish()
    documents = b"".join(frozen(place.files()).values())
    assert b"for thirty years" in b"".join(frozen(before).values())
    assert b"for thirty years" not in documents
    assert b"copied for years" in documents


def test_after_a_purge_no_file_contains_the_text_even_compressed(place: Place) -> None:
    place.redact()
    rows = place.column.rows("SELECT title, excerpt, revision, first_seen FROM current_entries ORDER BY entry_id")
    archive = place.target.output.parent / "archive.db"
    place.decide(lambda copy: purge(copy, place.entry_id, LineParser(), LATER))
    vacuum(place.db)
    place.publish()
    for path in [archive, *place.target.output.rglob("*")]:
        if path.is_file():
            assert [found(part) for part in unpacked(path.read_bytes()) if found(part)] == [], path
    assert (
        place.column.rows("SELECT title, excerpt, revision, first_seen FROM current_entries ORDER BY entry_id") == rows
    )
    assert rebuild(place.db, LineParser(), at=LATER, authority="example.org,2026").differences == ()
    assert [*verify(place.db)] == []


def test_a_purged_entry_that_is_still_listed_remains_purged(place: Place) -> None:
    place.redact()
    place.decide(lambda copy: purge(copy, place.entry_id, LineParser(), LATER))
    vacuum(place.db)
    more = [*many(50, first=61), *many(60)]
    counts = place.column.crawl(listing(*more[:-5], EDITED.replace("copied", "much copied"), *more[-5:]))
    assert (counts.new, counts.revised) == (0, 0)
    content = (place.target.output.parent / "archive.db").read_bytes()
    assert [found(part) for part in unpacked(content) if found(part)] == []
    assert [*verify(place.db)] == []


def test_an_imported_export_hides_the_entry_and_has_all_others(place: Place, tmp_path: Path) -> None:
    place.redact()
    exported = tmp_path / "export.warc.gz"
    with exported.open("wb") as file:
        export(place.db, file)
    query = "SELECT entry_id, title, excerpt, revision, feed_date FROM current_entries ORDER BY entry_id"
    rows = place.column.rows(query)
    with open_archive(tmp_path / "imported.db") as db, temporary_bodies() as bodies, exported.open("rb") as file:
        contents = read_files([Input(exported.name, file)], bodies, limit=10**7)
        assert contents.dump is not None
        plan = OwnImport(exported.name, contents.dump, bodies, LineParser.PARSER_VERSION, now=LATER)
        rebuild(db, LineParser(), at=LATER, authority="example.org,2026", prepare=plan.prepare)
        assert db.execute(query).fetchall() == rows
        assert [*verify(db)] == []
        counts = Column(db, day=40).crawl(listing(*many(50, first=61), *many(60)[:55], EDITED, *many(60)[55:]))
        assert counts.new == 0
        with pytest.raises(CannotDecide, match="import"):
            undo(db, place.entry_id, LATER)
