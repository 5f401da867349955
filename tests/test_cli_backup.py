"""Backups: complete and verified, also during a crawl; and restores, after which readers see no entry twice."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CommandLine
from faults.states import damage
from sqlite_utils import Database
from support.listing_server import ListingServer
from support.listings import make_entries, make_site

from foreign_eyes.archive import restoring
from foreign_eyes.archive.archive_lock import only_run
from foreign_eyes.archive.backup import back_up
from foreign_eyes.archive.database import open_archive, read_archive
from foreign_eyes.archive.errors import ArchiveBusy
from foreign_eyes.archive.feed_state.output_record import RecordedId
from foreign_eyes.archive.feed_state.output_record_writer import (
    append_lines,
    begin_line,
    end_line,
    id_lines,
    owner_line,
)
from foreign_eyes.archive.integrity import verify
from foreign_eyes.archive.restoring import restore
from foreign_eyes.archive.schema import APPLICATION_ID, migrations
from foreign_eyes.archive.seals import newest_seal
from foreign_eyes.archive.times import from_text, now
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

IDS = "SELECT title, entry_id, tag_uri, feed_date FROM current_entries ORDER BY title"


@pytest.fixture
def crawled(command: CommandLine, server: ListingServer) -> CommandLine:
    """An archive with one crawl of 15 entries."""
    assert command.crawl(server)["exit_code"] == 0
    return command


def ids(archive: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(archive)) as connection:
        return connection.execute(IDS).fetchall()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_a_complete_archive_and_can_be_restored(crawled: CommandLine) -> None:
    archive = crawled.folder / "archive.db"
    before = ids(archive)
    done = crawled("backup", "copy.db", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["crawls"], report["entries"]) == (1, 15)
    assert list(damage(crawled.folder / "copy.db")) == []

    archive.unlink()
    done = crawled("restore", "copy.db", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["set_aside"] is None
    assert json.loads(done.stdout)["archive_id"] == report["archive_id"]
    assert ids(archive) == before
    beside = [f"archive.db.{end}" for end in ("alerts.json", "alerts.lock", "lock")]
    assert files(crawled.folder) == ["archive.db", *beside, "copy.db"]
    assert crawled("check").returncode == 0


def test_a_damaged_archive_is_set_aside_with_its_journal(crawled: CommandLine) -> None:
    archive = crawled.folder / "archive.db"
    before = ids(archive)
    assert crawled("backup", "copy.db").returncode == 0
    os.truncate(archive, 0)
    journal = crawled.folder / "archive.db-journal"
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(512))
    done = crawled("restore", "copy.db")
    assert done.returncode == 0, done.stderr
    aside = next(crawled.folder.glob("archive-set-aside-*.db"))
    assert str(aside) in done.stdout
    assert aside.read_bytes() == b""
    assert aside.with_name(f"{aside.name}-journal").exists()
    assert not journal.exists()
    assert ids(archive) == before


def test_an_undamaged_archive_with_more_data_than_the_backup_is_replaced_only_by_force(
    crawled: CommandLine, server: ListingServer
) -> None:
    archive = crawled.folder / "archive.db"
    assert crawled("backup", "copy.db").returncode == 0
    server.site = make_site(make_entries(16))
    crawled.crawl(server)
    newer = archive.read_bytes()
    done = crawled("restore", "copy.db")
    assert done.returncode == 73
    assert "1 crawl (the last of " in done.stderr
    assert "1 entry" in done.stderr
    assert "--force" in done.stderr
    assert archive.read_bytes() == newer
    assert crawled("restore", "copy.db", "--force").returncode == 0
    assert len(ids(archive)) == 15
    assert next(crawled.folder.glob("archive-set-aside-*.db")).read_bytes() == newer


def test_a_backup_replaces_an_older_one_and_no_other_file(crawled: CommandLine, server: ListingServer) -> None:
    folder = crawled.folder
    assert crawled("backup", "copy.db").returncode == 0
    (folder / "older.db").write_bytes((folder / "archive.db").read_bytes())
    server.site = make_site(make_entries(16))
    crawled.crawl(server)
    assert crawled("backup", "copy.db").returncode == 0
    assert len(ids(folder / "copy.db")) == 16

    (folder / "notes.txt").write_text("mine")
    (folder / "empty").touch()
    with open_archive(folder / "third.db"):
        pass
    for name in ("notes.txt", "empty", "third.db", "archive.db"):
        before = (folder / name).read_bytes()
        done = crawled("backup", name)
        assert done.returncode == 73, name
        assert name in done.stderr
        assert (folder / name).read_bytes() == before
    done = crawled("--archive", "older.db", "backup", "copy.db")
    assert done.returncode == 73
    assert "has data that the archive lacks: 1 crawl" in done.stderr
    assert crawled("--archive", "older.db", "backup", "copy.db", "--force").returncode == 0


def redate(command: CommandLine, _server: ListingServer) -> list[str]:
    return ["redate", "1", "2026-01-01T00:00:00Z"]


def redact(command: CommandLine, _server: ListingServer) -> list[str]:
    return ["redact", str(ids(command.folder / "archive.db")[0][1]), "--reason", "asked for"]


@pytest.mark.parametrize(
    "decide",
    [["rename", "town", "city"], ["forget", "town", "--yes"], redate, redact],
    ids=["rename", "forget", "redate", "redact"],
)
def test_a_decision_is_lost_only_by_force_and_lets_older_backups_be_replaced(
    crawled: CommandLine, server: ListingServer, decide: object
) -> None:
    assert crawled("backup", "copy.db").returncode == 0
    arguments = decide(crawled, server) if callable(decide) else decide
    assert isinstance(arguments, list)
    done = crawled(*arguments)
    assert done.returncode == 0, done.stderr
    refused = crawled("restore", "copy.db")
    assert refused.returncode == 73
    assert "has data that copy.db lacks: 1 decision" in refused.stderr
    done = crawled("backup", "copy.db")
    assert done.returncode == 0, done.stderr
    assert crawled("restore", "copy.db").returncode == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: file.write_text("Dear archive"), "given.db: not a backup of an archive (file is not a database)"),
        (lambda file: file.touch(), "given.db: the backup is damaged (the file is empty)"),
        (lambda file: None, "given.db: no such file"),
    ],
)
def test_a_file_that_is_not_a_backup_is_not_restored(crawled: CommandLine, make: object, words: str) -> None:
    assert callable(make)
    make(crawled.folder / "given.db")
    before = (crawled.folder / "archive.db").read_bytes()
    done = crawled("restore", "given.db")
    assert done.returncode == 66
    remedy = "nothing was restored. Name another backup: foreign-eyes restore FILE"
    assert done.stderr == f"error: {words}; {remedy}\n"
    assert (crawled.folder / "archive.db").read_bytes() == before


def test_a_damaged_archive_is_neither_backed_up_nor_restored_from(crawled: CommandLine) -> None:
    archive = crawled.folder / "archive.db"
    data = bytearray(archive.read_bytes())
    data[4096 * 5 : 4096 * 25] = bytes(4096 * 20)
    (crawled.folder / "bad.db").write_bytes(data)
    done = crawled("--archive", "bad.db", "backup", "copy.db")
    assert done.returncode == 66
    assert "bad.db: the archive is damaged" in done.stderr
    assert "copy.db" not in files(crawled.folder)
    done = crawled("restore", "bad.db")
    assert done.returncode == 66
    assert "bad.db: the backup is damaged" in done.stderr


def test_an_archive_that_is_in_use_is_not_replaced(crawled: CommandLine) -> None:
    archive = crawled.folder / "archive.db"
    assert crawled("backup", "copy.db").returncode == 0
    with only_run(archive, what="a crawl", since="now"):
        assert crawled("backup", "copy.db").returncode == 0  # while crawls go on
        done = crawled("restore", "copy.db", "--force")
        assert done.returncode == 75
        assert "in use by a crawl" in done.stderr


def test_a_restored_archive_is_locked_until_the_restore_ends(crawled: CommandLine, tmp_path: Path) -> None:
    """The lock also covers its other names."""
    archive = tmp_path / "archive.db"
    assert crawled("backup", "copy.db").returncode == 0
    seen: list[str] = []
    real = restoring.sync_folder

    def look(folder: Path) -> None:
        real(folder)
        if not (tmp_path / "second.db").exists() and list(tmp_path.glob("*set-aside*")) and seen == []:
            seen.append("set aside")
        elif seen == ["set aside"]:
            os.link(archive, tmp_path / "second.db")
            with pytest.raises(ArchiveBusy), only_run(tmp_path / "second.db", what="mine", since="now"):
                pass
            seen.append("held")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restoring, "sync_folder", look)
        restore(archive, tmp_path / "copy.db", [], force=False, at=now(), since="now")
    assert seen == ["set aside", "held"]


def record(archive: Path, folder: Path) -> None:
    """Write the record of an output folder, as publishing does."""
    folder.mkdir(exist_ok=True)
    with read_archive(archive) as db:
        name, url = db.execute("SELECT name, url FROM sources").fetchone()
        archive_id = db.execute("SELECT archive_id FROM archive").fetchone()[0]
        seal = newest_seal(db)
        lines = [owner_line(archive_id, name, url), begin_line("ab" * 8, seal, 0, "")]
        wordings: dict[int, list[str]] = {}
        for entry_id, *texts in db.execute(
            "SELECT entry_id, excerpt, attribution, title, publication, commentary FROM revisions ORDER BY revision_id"
        ):
            wordings.setdefault(entry_id, []).append(identity_digest(ListedEntry(*texts)))
        for entry_id, tag, date, began in db.execute(
            "SELECT entry_id, tag_uri, feed_date, started_at FROM identities JOIN crawls USING (crawl_id)"
        ):
            lines += id_lines(
                RecordedId(entry_id, tag, from_text(date), from_text(began), name, url, tuple(wordings[entry_id]))
            )
        append_lines(folder, [*lines, end_line("ab" * 8, seal, archive_id, name)], 0o644)


def test_ids_that_the_backup_lacks_are_found_again_with_their_dates_and_not_announced(
    crawled: CommandLine, server: ListingServer
) -> None:
    folder, archive = crawled.folder, crawled.folder / "archive.db"
    assert crawled("backup", "copy.db").returncode == 0
    server.site = make_site(make_entries(18))
    crawled.crawl(server)
    known = ids(archive)
    record(archive, folder / "site")
    os.truncate(archive, 0)

    done = crawled("restore", "copy.db", "--output", "site", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["ids_taken_back"], report["folders"]) == (3, [str(folder / "site")])
    assert len(ids(archive)) == 15
    crawl = crawled.crawl(server)
    assert (crawl["exit_code"], crawl["new"], crawl["entries"]) == (0, 0, 18)
    assert ids(archive) == known
    announced = "SELECT count(*) FROM changes WHERE kind = 'new' AND announced = 1"
    assert crawled.rows(announced) == [{"count(*)": 15}]
    assert crawled("reparse", "--check").returncode == 0
    assert crawled("check").returncode == 0
    crawled.crawl(server)
    assert ids(archive) == known


def test_an_edit_that_was_published_before_it_was_lost_is_not_announced_again(
    crawled: CommandLine, server: ListingServer
) -> None:
    folder, archive = crawled.folder, crawled.folder / "archive.db"
    assert crawled("backup", "copy.db").returncode == 0
    entries = make_entries(15)
    original = entries[2].commentary
    entries[2] = replace(entries[2], commentary=original.replace("Filing", "Carefully filing"))
    edited = entries[2].commentary
    server.site = make_site(entries)
    assert crawled.crawl(server)["revised"] == 1
    record(archive, folder / "site")
    os.truncate(archive, 0)
    assert crawled("restore", "copy.db", "--output", "site").returncode == 0
    assert crawled.crawl(server)["revised"] == 0
    revised = "SELECT announced FROM changes WHERE kind = 'revised' ORDER BY at"
    assert crawled.rows(revised) == [{"announced": 0}]
    for commentary in (original, edited):
        entries[2] = replace(entries[2], commentary=commentary)
        server.site = make_site(entries)
        assert crawled.crawl(server)["revised"] == 1
    assert crawled.rows(revised) == [{"announced": 0}, {"announced": 1}, {"announced": 1}]
    assert crawled("reparse", "--check").returncode == 0


def test_ids_of_another_archive_or_source_are_not_used(crawled: CommandLine, server: ListingServer) -> None:
    folder = crawled.folder
    assert crawled("backup", "copy.db").returncode == 0
    other = CommandLine(folder / "other")
    other.folder.mkdir()
    server.site = make_site(make_entries(18))
    other.crawl(server)
    record(other.folder / "archive.db", folder / "site")
    done = crawled("restore", "copy.db", "--output", "site", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ids_taken_back"] == 0
    assert "shows another archive" in done.stderr


def test_a_damaged_record_does_not_prevent_a_restore(crawled: CommandLine) -> None:
    assert crawled("backup", "copy.db").returncode == 0
    (crawled.folder / "site").mkdir()
    (crawled.folder / "site" / ".foreign-eyes.jsonl").write_text("{}\n")
    (crawled.folder / "archive.db").unlink()
    done = crawled("restore", "copy.db", "--output", "site")
    assert done.returncode == 0, done.stderr
    assert "warning:" in done.stderr


@pytest.mark.parametrize("following", [step.name for step in migrations._migrations[20:]])
def test_an_archive_of_an_older_version_is_backed_up_and_restored(command: CommandLine, following: str) -> None:
    with closing(sqlite3.connect(command.folder / "archive.db", isolation_level=None)) as connection:
        migrations.apply(Database(connection), stop_before=following)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    back_up(command.folder / "archive.db", command.folder / "old.db", force=False)
    (command.folder / "archive.db").unlink()
    restored = command("restore", "old.db")
    assert restored.returncode == 0, restored.stderr
    with open_archive(command.folder / "archive.db") as db:
        assert not list(verify(db))


@pytest.mark.parametrize("table", ["revisions_fts", "entry_counts"])
def test_an_archive_of_this_version_that_lacks_a_table_is_not_backed_up(crawled: CommandLine, table: str) -> None:
    with closing(sqlite3.connect(crawled.folder / "archive.db")) as connection:
        connection.execute(f"DROP TABLE {table}")
    refused = crawled("backup", "copy.db")
    assert refused.returncode == 66
    assert table in refused.stderr
