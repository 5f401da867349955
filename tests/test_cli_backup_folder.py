"""Dated backups in a folder: which are kept, which are removed, and the newest is restored."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import make_entries, make_site

from foreign_eyes.archive.backup import back_up
from foreign_eyes.archive.backup_folder import dated_backup, prune_backups
from foreign_eyes.archive.times import from_text

DAYS = [from_text(f"2026-03-{day:02d}T04:05:06.000000Z") for day in range(1, 7)]


@pytest.fixture
def crawled(command: CommandLine, server: ListingServer) -> CommandLine:
    """An archive with one crawl, and a folder for backups."""
    assert command.crawl(server)["exit_code"] == 0
    (command.folder / "backups").mkdir()
    return command


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def backup_on_days(folder: Path, count: int, archive: str = "archive.db") -> list[Path]:
    """Make backups with the names of the first days of March."""
    made = [dated_backup(folder / archive, folder / "backups", day) for day in DAYS[:count]]
    for path in made:
        back_up(folder / archive, path, force=False)
    return made


def test_a_backup_in_a_folder_has_the_time_in_its_name(crawled: CommandLine) -> None:
    done = crawled("backup", "backups", "--json")
    assert done.returncode == 0, done.stderr
    (name,) = names(crawled.folder / "backups")
    assert json.loads(done.stdout)["file"] == f"backups/{name}"
    assert name.startswith("archive-20")
    assert name.endswith("Z.db")


def test_the_newest_backups_are_kept_and_files_of_others_stay(crawled: CommandLine) -> None:
    folder = crawled.folder / "backups"
    made = backup_on_days(crawled.folder, 4)
    (folder / "archive-notes.db").write_text("mine")
    (folder / "archive-20260101T000000Z.db").write_text("not a backup")
    (folder / "other-20260101T000000Z.db").write_bytes(made[0].read_bytes())
    (folder / "archive-20260101T000000Z.toml").write_text("mine = true")
    done = crawled("backup", "backups", "--keep", "3", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert sorted(report["removed"]) == [f"backups/{path.name}" for path in made[:2]]
    others = ["archive-notes.db", "archive-20260101T000000Z.db", "archive-20260101T000000Z.toml"]
    kept = ["other-20260101T000000Z.db", made[2].name, made[3].name, Path(report["file"]).name]
    assert names(folder) == sorted([*others, *kept])
    assert "archive-20260101T000000Z.db: this backup is damaged and was not counted" in done.stderr


def test_backups_of_another_archive_are_neither_counted_nor_removed(
    crawled: CommandLine, server: ListingServer
) -> None:
    other = CommandLine(crawled.folder / "other")
    other.folder.mkdir()
    other.crawl(server)
    (other.folder / "backups").mkdir()
    for path in backup_on_days(other.folder, 3)[1:]:
        shutil.move(path, crawled.folder / "backups")
    (own,) = backup_on_days(crawled.folder, 1)
    done = crawled("backup", "backups", "--keep", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert own.exists()
    assert len(names(crawled.folder / "backups")) == 4
    assert crawled("backup", "backups", "--keep", "1").returncode == 0
    assert not own.exists()


def test_a_backup_with_data_that_the_archive_lacks_is_removed_only_by_force(
    crawled: CommandLine, server: ListingServer
) -> None:
    folder = crawled.folder
    shutil.copy(folder / "archive.db", folder / "poorer.db")
    server.site = make_site(make_entries(16))
    crawled.crawl(server)
    (richer,) = backup_on_days(folder, 1)
    shutil.copy(folder / "poorer.db", folder / "archive.db")
    done = crawled("backup", "backups", "--keep", "1")
    assert done.returncode == 0
    assert f"backups/{richer.name}: kept, because this backup has data that the archive lacks: 1 crawl" in done.stderr
    assert richer.exists()
    assert crawled("backup", "backups", "--keep", "1", "--force").returncode == 0
    assert not richer.exists()
    assert len(names(folder / "backups")) == 1


def test_the_backup_that_was_just_made_stays_even_if_others_have_later_names(crawled: CommandLine) -> None:
    """A wrong clock can date a backup before all others."""
    folder = crawled.folder
    made = backup_on_days(folder, 3)
    oldest = dated_backup(folder / "archive.db", folder / "backups", from_text("1970-01-01T00:00:00.000000Z"))
    done = back_up(folder / "archive.db", oldest, force=False)
    pruned = prune_backups(folder / "backups", folder / "archive.db", oldest, done.contents, 1, force=False)
    assert oldest.exists()
    assert sorted(pruned.removed) == made


def test_a_damaged_archive_removes_no_backup(crawled: CommandLine) -> None:
    backup_on_days(crawled.folder, 3)
    os.truncate(crawled.folder / "archive.db", 4096)
    assert crawled("backup", "backups", "--keep", "1").returncode == 66
    assert len(names(crawled.folder / "backups")) == 3


def test_the_temporary_file_of_a_killed_backup_is_removed(crawled: CommandLine) -> None:
    left = crawled.folder / "backups" / ".archive-20260301T040506Z.db.1234abcd.new"
    left.touch()
    mine = crawled.folder / "backups" / ".notes.1234abcd.new"
    mine.touch()
    assert crawled("backup", "backups", "--keep", "2").returncode == 0
    assert not left.exists()
    assert mine.exists()


def test_a_folder_below_a_missing_one_is_not_made(crawled: CommandLine) -> None:
    """A volume that is not mounted."""
    done = crawled("backup", "mnt/backups", "--keep", "2")
    assert done.returncode == 73
    assert "mnt/backups: cannot be written" in done.stderr
    assert crawled("backup", "new", "--keep", "2").returncode == 0
    assert len(names(crawled.folder / "new")) == 1


def test_a_folder_is_restored_from_its_newest_undamaged_backup(crawled: CommandLine, server: ListingServer) -> None:
    folder = crawled.folder
    first = backup_on_days(folder, 1)[0]
    server.site = make_site(make_entries(16))
    crawled.crawl(server)
    second, third = backup_on_days(folder, 3)[1:]
    third.write_bytes(third.read_bytes()[:8192])
    (folder / "archive.db").unlink()
    done = crawled("restore", "backups", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["file"], report["crawls"], report["entries"]) == (f"backups/{second.name}", 2, 16)
    assert f"backups/{third.name}: the backup is damaged" in done.stderr
    assert first.exists()


def test_a_folder_without_backups_is_refused(crawled: CommandLine) -> None:
    done = crawled("restore", "backups")
    assert done.returncode == 66
    assert "backups: a folder without a backup that is named like archive-DATE.db" in done.stderr
