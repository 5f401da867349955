"""Output folders: those of other archives and files of others are not changed; files of killed runs are removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database
from support.settling import Column, entry, listing

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.errors import DamagedArchive, OutputOfAnother, RecordDamaged
from foreign_eyes.archive.feed_state.output_claims import require_claim
from foreign_eyes.archive.feed_state.output_manifest import Manifest
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME, FolderRecord, read_record
from foreign_eyes.archive.feed_state.output_record_writer import append_lines, begin_line, end_line
from foreign_eyes.feeds.errors import FilesOfOthers
from foreign_eyes.feeds.forget_output import forget_output
from foreign_eyes.feeds.publish import Target, publish
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

BASE_URL = "https://eyes.example/column/"
UNKNOWN_SEAL = "5e" * 32


class Killed(BaseException):
    """Simulate a kill: only the transaction is rolled back, as SQLite would do."""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as archive:
        yield archive


@pytest.fixture
def column(db: Database) -> Column:
    made = Column(db)
    made.crawl(listing(*entries(4)))
    return made


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path / "public", BASE_URL, topics={"Tea": ["tea"]})


def entries(count: int) -> list[str]:
    return [entry(f"Number {n} on tea", publication="Le Monde" if n % 2 else "Nikkei") for n in range(count, 0, -1)]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> set[str]:
    return tree(folder).keys() - {RECORD_NAME}


def record_of(folder: Path) -> FolderRecord:
    record = read_record(folder)
    assert record is not None
    return record


def other_archive(folder: Path, number: int = 2) -> Iterator[tuple[Database, Column]]:
    with open_archive(folder / "other.db") as other:
        column = Column(other)
        column.crawl(listing(*entries(number)))
        yield other, column


def killed_publish(db: Database, column: Column, target: Target, after: int) -> None:
    def die(done: int, _total: int) -> None:
        if done == after:
            raise Killed

    with suppress(Killed):
        publish(db, column.source, target, progress=die)


def test_a_published_folder_has_a_record_of_archive_ids_and_files(db: Database, column: Column, target: Target) -> None:
    publish(db, column.source, target)
    record = record_of(target.output)
    assert (record.archive_id, record.source, record.url) == (archive_id(db), column.source.name, column.source.url)
    assert record.files == names(target.output)
    minted = db.execute("SELECT entry_id, tag_uri, wording FROM identities ORDER BY feed_date").fetchall()
    assert [(one.entry_id, one.tag_uri, one.minted_digest) for one in record.ids.values()] == minted
    assert {one.url for one in record.ids.values()} == {column.source.url}


def test_an_edit_adds_the_digest_of_its_text_to_the_id(db: Database, column: Column, target: Target) -> None:
    publish(db, column.source, target)
    listed = entries(5)
    column.crawl(listing(*listed[:-1], f"{listed[-1].rpartition('|')[0]}|Anew."))
    publish(db, column.source, target)
    record = record_of(target.output)
    assert len(record.ids) == 5
    assert sorted(len(one.text_digests) for one in record.ids.values()) == [1, 1, 1, 1, 2]
    texts = db.execute("SELECT entry_id, excerpt, attribution, title, publication, commentary FROM entries").fetchall()
    newest = {entry_id: identity_digest(ListedEntry(*parts)) for entry_id, *parts in texts}
    assert {one.entry_id: one.text_digests[-1] for one in record.ids.values()} == newest


def test_the_record_is_written_before_the_files(db: Database, column: Column, target: Target) -> None:
    killed_publish(db, column, target, after=1)
    written = names(target.output)
    assert len(written) == 1
    record = record_of(target.output)
    assert written < record.files
    assert len(record.ids) == 4
    assert record.published_token is None


@pytest.mark.parametrize("has_feeds", [True, False])
def test_a_folder_of_another_archive_is_refused(
    db: Database, column: Column, target: Target, tmp_path: Path, has_feeds: bool
) -> None:
    publish(db, column.source, target)
    if not has_feeds:
        (target.output / "atom.xml").unlink()
    before = tree(target.output)
    for other, stranger in other_archive(tmp_path):
        with pytest.raises(OutputOfAnother) as caught:
            publish(other, stranger.source, target)
        ids = archive_id(db), archive_id(other)
    assert tree(target.output) == before
    for expected in (*ids, "4 entries", "2 entries", "foreign-eyes restore FILE", "--take-over"):
        assert expected in str(caught.value)


def test_a_folder_with_a_state_that_the_archive_lacks_is_refused(
    db: Database, column: Column, target: Target, tmp_path: Path
) -> None:
    """As after restoring a copy from before the last crawls, or with one of two archives that diverged."""
    publish(db, column.source, target)
    moment = "2026-05-06T07:08:09.000000Z"
    append_lines(
        target.output,
        [begin_line("ab", UNKNOWN_SEAL, 9, moment), end_line("ab", UNKNOWN_SEAL, archive_id(db), column.source.name)],
    )
    before = tree(target.output)
    with pytest.raises(OutputOfAnother, match="older copy") as caught:
        publish(db, column.source, target)
    with pytest.raises(OutputOfAnother):
        require_claim(tmp_path / "archive.db", target.output)
    assert tree(target.output) == before
    assert moment in str(caught.value)
    assert UNKNOWN_SEAL[:16] in str(caught.value)


def test_taking_over_a_folder_keeps_the_former_record(
    db: Database, column: Column, target: Target, tmp_path: Path
) -> None:
    publish(db, column.source, target)
    former = (target.output / RECORD_NAME).read_bytes()
    (target.output / "notes.txt").write_text("not ours")
    for other, stranger in other_archive(tmp_path):
        publish(other, stranger.source, target, take_folder=True)
        record = record_of(target.output)
        assert record.archive_id == archive_id(other)
        assert publish(other, stranger.source, target).written == 0
        (kept,) = target.output.glob(".foreign-eyes-former-*.jsonl")
        assert kept.read_bytes() == former
        assert names(target.output) == record.files | {"notes.txt", kept.name}
    with pytest.raises(OutputOfAnother):
        publish(db, column.source, target)


def test_an_interrupted_take_over_can_be_repeated(db: Database, column: Column, target: Target, tmp_path: Path) -> None:
    publish(db, column.source, target)
    for other, stranger in other_archive(tmp_path):
        with suppress(Killed):
            publish(other, stranger.source, target, take_folder=True, progress=kill_at(3))
        publish(other, stranger.source, target)
        fresh = replace(target, output=tmp_path / "fresh")
        publish(other, stranger.source, fresh)
        hidden = {path.name for path in target.output.glob(".*")}
        assert {name: text for name, text in tree(target.output).items() if name not in hidden} == {
            name: text for name, text in tree(fresh.output).items() if name != RECORD_NAME
        }


def kill_at(number: int):  # type: ignore[no-untyped-def]
    def die(done: int, _total: int) -> None:
        if done == number:
            raise Killed

    return die


def test_a_damaged_record_is_refused_until_the_folder_is_taken_over(
    db: Database, column: Column, target: Target
) -> None:
    publish(db, column.source, target)
    record = target.output / RECORD_NAME
    record.write_bytes(record.read_bytes()[:-20] + b"\0" * 20 + b"\n")
    with pytest.raises(RecordDamaged, match="--take-over"):
        publish(db, column.source, target)
    assert publish(db, column.source, target, take_folder=True).written == 0
    assert record_of(target.output).files == {name for name in names(target.output) if not name.startswith(".")}


def test_files_of_others_are_not_replaced_and_all_are_listed(db: Database, column: Column, target: Target) -> None:
    target.output.mkdir()
    strangers = ("index.html", "robots.txt", "style.css")
    for name in (*strangers, "about.html"):
        (target.output / name).write_text("mine")
    (target.output / "feed.json").symlink_to("nowhere")
    with pytest.raises(FilesOfOthers) as caught:
        publish(db, column.source, target)
    assert caught.value.names == ("feed.json", *strangers)
    for name in caught.value.names:
        assert name in str(caught.value)
    assert set(tree(target.output)) == {*strangers, "about.html"}

    publish(db, column.source, target, take_folder=True)
    assert (target.output / "about.html").read_text() == "mine"
    assert (target.output / "robots.txt").read_text() != "mine"
    assert publish(db, column.source, target, everything_anew=True).written == 0


def test_a_file_of_others_in_the_place_of_a_new_file_is_listed_too(
    db: Database, column: Column, target: Target
) -> None:
    publish(db, column.source, target)
    (target.output / "publications/the-times").mkdir()
    (target.output / "publications/the-times/atom.xml").write_text("mine")
    before = tree(target.output)
    column.crawl(listing(entry("Number 5", publication="The Times"), *entries(4)))
    with pytest.raises(FilesOfOthers, match=r"publications/the-times/atom\.xml"):
        publish(db, column.source, target)
    assert tree(target.output) == before


def test_a_folder_of_an_earlier_version_is_adopted_by_the_archive_that_lists_its_files(
    db: Database, column: Column, target: Target, tmp_path: Path
) -> None:
    publish(db, column.source, target)
    before = tree(target.output)
    (target.output / RECORD_NAME).unlink()
    assert publish(db, column.source, target).written == 0
    assert tree(target.output) == before

    (target.output / RECORD_NAME).unlink()
    for other, stranger in other_archive(tmp_path):
        with pytest.raises(OutputOfAnother, match="no record"):
            publish(other, stranger.source, target)
        publish(other, stranger.source, target, take_folder=True)
        assert record_of(target.output).archive_id == archive_id(other)


def test_a_moved_archive_recognizes_its_folder_by_the_record(
    db: Database, column: Column, target: Target, tmp_path: Path
) -> None:
    publish(db, column.source, target)
    (tmp_path / "moved").mkdir()
    shutil.copy(tmp_path / "archive.db", tmp_path / "moved/archive.db")
    with open_archive(tmp_path / "moved/archive.db") as moved:
        assert Manifest(moved, target.output).state() is None
        assert publish(moved, column.source, replace(target, topics={})).written > 0
    assert not (target.output / "topics/tea").exists()


@pytest.mark.parametrize("after", [1, 10, 25])
@pytest.mark.parametrize("then", ["the same", "another topic", "an edit undone", "another address"])
def test_the_next_publish_removes_the_temporary_files_of_a_killed_one(
    db: Database, column: Column, target: Target, tmp_path: Path, then: str, after: int
) -> None:
    publish(db, column.source, target)
    column.crawl(listing(entry("Number 5 on violins", publication="The Times"), *entries(4)))
    killed_publish(db, column, replace(target, topics={"Violins": ["violin*"], "Tea": ["tea"]}), after)
    (target.output / "publications/.atom.xml.foreign-eyes").write_text("half a fi")
    if then == "another topic":
        target = replace(target, topics={"Numbers": ["number*"]})
    elif then == "another address":
        target = replace(target, base_url="https://other.example/")
    elif then == "an edit undone":
        column.crawl(listing(entry("Number 5 on violins", publication="The Guardian"), *entries(4)))
    publish(db, column.source, target)

    fresh = replace(target, output=tmp_path / "fresh")
    publish(db, column.source, fresh)
    assert names(target.output) == names(fresh.output) == record_of(target.output).files
    assert {name: tree(target.output)[name] for name in names(fresh.output)} == {
        name: tree(fresh.output)[name] for name in names(fresh.output)
    }


def test_the_next_publish_undoes_a_killed_one_with_other_settings(db: Database, column: Column, target: Target) -> None:
    """Archive and settings are those of the last complete publish, but the files are not."""
    publish(db, column.source, target)
    before = tree(target.output)
    killed_publish(db, column, replace(target, base_url="https://other.example/"), after=30)
    assert publish(db, column.source, target).written > 0
    after = tree(target.output)
    assert {name: after[name] for name in names(target.output)} == {
        name: text for name, text in before.items() if name != RECORD_NAME
    }


def test_publishing_an_unchanged_archive_does_not_change_the_record(
    db: Database, column: Column, target: Target
) -> None:
    publish(db, column.source, target)
    before = (target.output / RECORD_NAME).stat()
    column.crawl(listing(*entries(4)))
    for everything_anew in (False, True):
        publish(db, column.source, target, everything_anew=everything_anew)
    after = (target.output / RECORD_NAME).stat()
    assert (after.st_mtime_ns, after.st_size, after.st_ino) == (before.st_mtime_ns, before.st_size, before.st_ino)


def test_forgetting_an_output_with_its_files_removes_its_record(db: Database, column: Column, target: Target) -> None:
    publish(db, column.source, target)
    (target.output / "notes.txt").write_text("not ours")
    forget_output(db, target.output)
    assert set(tree(target.output)) == {"notes.txt"}


def test_forgetting_an_output_keeps_the_files_of_another_archive(
    db: Database, column: Column, target: Target, tmp_path: Path
) -> None:
    publish(db, column.source, target)
    for other, stranger in other_archive(tmp_path):
        publish(other, stranger.source, target, take_folder=True)
    before = tree(target.output)
    assert forget_output(db, target.output) == 0
    assert tree(target.output) == before
    assert not Manifest(db, target.output).has_files()


def test_a_missing_archive_may_not_publish_to_a_folder_that_shows_an_archive(
    db: Database, column: Column, target: Target, tmp_path: Path
) -> None:
    require_claim(tmp_path / "none.db", target.output)
    publish(db, column.source, target)
    require_claim(tmp_path / "archive.db", target.output)
    with pytest.raises(OutputOfAnother, match=archive_id(db)):
        require_claim(tmp_path / "none.db", target.output)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(DamagedArchive):
        require_claim(tmp_path / "empty.db", target.output)
    (target.output / RECORD_NAME).unlink()
    with pytest.raises(OutputOfAnother, match="no record"):
        require_claim(tmp_path / "none.db", target.output)


def test_the_claim_of_an_archive_of_an_older_version_is_checked_too(
    db: Database, column: Column, target: Target, tmp_path: Path
) -> None:
    publish(db, column.source, target)
    shutil.copy(tmp_path / "archive.db", tmp_path / "older.db")
    older = Database(tmp_path / "older.db")
    with writing(older):
        last = older.execute("SELECT max(rowid) FROM _sqlite_migrations").fetchone()[0]
        older.execute("DELETE FROM _sqlite_migrations WHERE rowid = ?", (last,))
    require_claim(tmp_path / "older.db", target.output)
    with writing(older):
        older.execute("UPDATE archive SET archive_id = 'b2'")
    with pytest.raises(OutputOfAnother):
        require_claim(tmp_path / "older.db", target.output)
    with writing(older):
        older.execute("DROP TABLE archive")
    with pytest.raises(OutputOfAnother, match="has no id"):
        require_claim(tmp_path / "older.db", target.output)
    older.conn.close()
