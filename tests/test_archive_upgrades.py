"""Upgrades of archives of every schema that landed, and the copies that are kept before."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest
from conftest import CommandLine
from support.landed_archives import is_refused, landed_archives

from foreign_eyes.archive import upgrade_copy
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.errors import ArchiveUnwritable, DamagedArchive
from foreign_eyes.archive.integrity import verify
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.upgrade_copy import kept_copies

UPGRADED = [name for name in landed_archives() if not is_refused(name)]
OLDER = [name for name in UPGRADED if migrations._migrations[-1].name not in name]
ENTRIES = (
    "SELECT entry_id, tag_uri, feed_date, title, excerpt, commentary, withdrawn_at FROM current_entries ORDER BY 1"
)
REVISIONS = (
    "SELECT entry_id, revision, technical, title, excerpt, commentary, first_seen FROM entry_history ORDER BY 1, 2"
)

Usage = namedtuple("Usage", "total used free")


def rows(archive: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(archive)) as connection:
        return [connection.execute(query).fetchall() for query in (ENTRIES, REVISIONS)]


def put(name: str, folder: Path) -> Path:
    archive = folder / "archive.db"
    archive.write_bytes(landed_archives()[name])
    return archive


def test_the_archives_hold_what_upgrades_can_lose() -> None:
    assert len(UPGRADED) >= 18
    assert any("m001" in name or "m005" in name for name in UPGRADED)


def test_the_tables_before_the_newest_migration_have_an_archive() -> None:
    """CONTRIBUTING.md says how to make one."""
    newest = [step.name for step in migrations._migrations[-2:]]
    assert [name for name in UPGRADED if any(step in name for step in newest)], newest


@pytest.mark.parametrize("name", UPGRADED)
def test_an_archive_keeps_ids_dates_and_revisions_in_an_upgrade(name: str, tmp_path: Path) -> None:
    archive = put(name, tmp_path)
    before = rows(archive)
    assert [len(part) for part in before] == [7, 8]
    with open_archive(archive) as db:
        assert list(verify(db)) == []
    assert rows(archive) == before


@pytest.mark.parametrize("name", [name for name in landed_archives() if is_refused(name)])
def test_an_archive_of_an_unfinished_schema_is_refused_and_not_changed(name: str, tmp_path: Path) -> None:
    archive = put(name, tmp_path)
    with pytest.raises(DamagedArchive, match="its list of migrations"), open_archive(archive):
        pass
    assert archive.read_bytes() == landed_archives()[name]
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.parametrize("name", [UPGRADED[0], *(pytest.param(name, marks=pytest.mark.long) for name in UPGRADED[1:])])
def test_an_upgraded_archive_derives_equally_from_its_captures(name: str, command: CommandLine) -> None:
    archive = put(name, command.folder)
    before = rows(archive)
    done = command("reparse", "--quiet")
    assert done.returncode == 0, done.stderr
    assert rows(archive) == before
    for check in (["reparse", "--check"], ["check"]):
        done = command(*check)
        assert done.returncode == 0, (done.stdout, done.stderr)


@pytest.mark.parametrize("name", [OLDER[0], OLDER[-1]])
def test_a_copy_is_kept_before_an_upgrade(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    archive = put(name, tmp_path)
    archive.chmod(0o640)
    with open_archive(archive):
        pass
    (copy,) = kept_copies(archive)
    assert copy.name.startswith("archive-before-")
    assert copy.stat().st_mode & 0o777 == 0o640
    with closing(sqlite3.connect(copy)) as kept, closing(sqlite3.connect(archive.with_name("as-it-was.db"))) as was:
        was.deserialize(landed_archives()[name])
        assert list(kept.iterdump()) == list(was.iterdump())
    assert f"foreign-eyes restore {copy} --force" in caplog.text
    with open_archive(archive):
        pass
    assert kept_copies(archive) == [copy]


def test_an_archive_without_crawls_is_upgraded_without_a_copy(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    archive.write_bytes(landed_archives()[OLDER[-1]])
    with closing(sqlite3.connect(archive)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for table in ("captures", "crawls", "seals"):
            connection.execute(f"DELETE FROM {table}")
        connection.commit()
    with open_archive(archive):
        pass
    assert kept_copies(archive) == []


def test_an_upgrade_without_space_for_the_copy_changes_nothing(tmp_path: Path) -> None:
    archive = put(OLDER[0], tmp_path)
    before = archive.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 1 << 40, len(before) * 2))
        with pytest.raises(ArchiveUnwritable, match="MB of disk space"), open_archive(archive):
            pass
    assert archive.read_bytes() == before
    assert kept_copies(archive) == []


def test_an_upgrade_that_fails_leaves_no_copy(tmp_path: Path) -> None:
    archive = put(OLDER[0], tmp_path)
    with closing(sqlite3.connect(archive)) as connection:
        connection.execute("CREATE VIEW placements AS SELECT 1")
    with pytest.raises(DamagedArchive, match="placements"), open_archive(archive):
        pass
    assert kept_copies(archive) == []


def test_a_copy_that_differs_from_the_archive_stops_the_upgrade(tmp_path: Path) -> None:
    archive = put(OLDER[0], tmp_path)
    before = archive.read_bytes()
    digests = iter([{"crawls": "a"}, {"crawls": "b"}])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrade_copy, "_digest", lambda _: next(digests))
        with pytest.raises(ArchiveUnwritable, match="differs"), open_archive(archive):
            pass
    assert archive.read_bytes() == before


def test_three_copies_of_this_archive_are_kept(tmp_path: Path) -> None:
    archive = put(OLDER[0], tmp_path)
    for day in range(1, 5):
        shutil.copy(archive, tmp_path / f"archive-before-0.1.0-2026010{day}T000000Z.db")
    (tmp_path / "archive-before-0.1.0-20260101T000001Z.db").write_text("mine")
    with open_archive(archive):
        pass
    left = [path.name[-20:-3] for path in kept_copies(archive)[1:]]
    assert left == ["-20260104T000000Z", "-20260103T000000Z", "-20260101T000001Z"]


def test_the_settings_in_force_name_the_copies(command: CommandLine) -> None:
    archive = put(OLDER[-1], command.folder)
    assert "before_upgrades" not in command("config").stdout
    assert command("reparse", "--quiet").returncode == 0
    (copy,) = kept_copies(archive)
    assert str(copy) in command("config").stdout
    assert json.loads(command("config", "--json").stdout)["archive.before_upgrades"]["value"] == [str(copy)]
