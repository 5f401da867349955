"""The settings beside a backup: copied, compared, and restored on request."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer

SETTINGS = '[archive]\ntag_authority = "example.org,2026"\n\n[topics]\nTea = ["green tea"]\n'


@pytest.fixture
def crawled(command: CommandLine, server: ListingServer) -> CommandLine:
    """An archive with one crawl, and settings."""
    (command.folder / "foreign-eyes.toml").write_text(SETTINGS)
    assert command.crawl(server)["exit_code"] == 0
    return command


def settings_line(command: CommandLine) -> str:
    done = command("restore", "copy.db")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_settings_are_copied_with_their_permissions(crawled: CommandLine) -> None:
    (crawled.folder / "foreign-eyes.toml").chmod(0o600)
    done = crawled("backup", "copy.db", "--json")
    assert json.loads(done.stdout)["settings"] == "copy.toml"
    copy = crawled.folder / "copy.toml"
    assert copy.read_text().partition("\n")[2] == SETTINGS
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "green tea" in crawled("--config", "copy.toml", "config", "--topics").stdout


def test_a_restore_says_which_settings_differ_and_changes_none(crawled: CommandLine) -> None:
    assert crawled("backup", "copy.db").returncode == 0
    assert "settings: the same as when the backup was made" in settings_line(crawled)
    changed = SETTINGS.replace("org,2026", "net,2026") + 'Rice = ["rice"]\n'
    (crawled.folder / "foreign-eyes.toml").write_text(changed)
    said = settings_line(crawled)
    assert "settings: not changed; the backup's differ in archive.tag_authority, topics.Rice" in said
    assert "--settings" in said
    assert "example." not in said
    assert (crawled.folder / "foreign-eyes.toml").read_text() == changed


@pytest.mark.parametrize("is_lost", [False, True])
def test_settings_are_restored_on_request_and_the_former_ones_kept(crawled: CommandLine, is_lost: bool) -> None:
    settings = crawled.folder / "foreign-eyes.toml"
    assert crawled("backup", "copy.db").returncode == 0
    settings.write_text("fresh_days = 3\n")
    if is_lost:
        settings.unlink()
    done = crawled("restore", "copy.db", "--settings", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["settings"]["state"] == "restored"
    assert settings.read_text() == SETTINGS
    kept = crawled.folder / "foreign-eyes.toml.bak"
    assert kept.exists() != is_lost
    assert is_lost or kept.read_text() == "fresh_days = 3\n"


def test_the_restored_settings_say_where_the_archive_is(crawled: CommandLine) -> None:
    (crawled.folder / "foreign-eyes.toml").write_text('[archive]\nfile = "eyes.db"\n')
    (crawled.folder / "archive.db").rename(crawled.folder / "eyes.db")
    assert crawled("backup", "copy.db").returncode == 0
    (crawled.folder / "foreign-eyes.toml").unlink()
    (crawled.folder / "eyes.db").unlink()
    done = crawled("restore", "copy.db", "--settings")
    assert done.returncode == 0, done.stderr
    assert (crawled.folder / "eyes.db").exists()
    assert not (crawled.folder / "archive.db").exists()


@pytest.mark.parametrize(("file", "settings"), [("mine.db", "mine.toml"), ("foreign-eyes.db", "foreign-eyes.toml")])
def test_another_file_with_the_name_of_the_copy_is_not_replaced(crawled: CommandLine, file: str, settings: str) -> None:
    (crawled.folder / "mine.toml").write_text("mine = true")
    before = (crawled.folder / settings).read_text()
    done = crawled("backup", file)
    assert done.returncode == 73
    assert f"{settings}: exists and is not a copy of settings" in done.stderr
    assert not (crawled.folder / file).exists()
    assert (crawled.folder / settings).read_text() == before


def test_settings_that_no_longer_exist_leave_no_old_copy(crawled: CommandLine) -> None:
    assert crawled("backup", "copy.db").returncode == 0
    (crawled.folder / "foreign-eyes.toml").unlink()
    assert crawled("backup", "copy.db").returncode == 0
    assert not (crawled.folder / "copy.toml").exists()
    refused = crawled("restore", "copy.db", "--settings")
    assert refused.returncode == 66
    assert "copy.toml: there is no copy of the settings beside the backup" in refused.stderr


def test_the_settings_of_a_removed_backup_are_removed(crawled: CommandLine) -> None:
    folder = crawled.folder / "backups"
    assert crawled("backup", "backups", "--keep", "1").returncode == 0
    (first,) = folder.glob("*.db")
    older = [Path(path).rename(folder / f"archive-20260101T000000Z{path.suffix}") for path in folder.iterdir()]
    assert len(older) == 2
    assert crawled("backup", "backups", "--keep", "1").returncode == 0
    assert not [path for path in older if path.exists()]
    assert len(list(folder.iterdir())) == 2
    assert first.stem != older[0].stem
