"""`check --deep` composes every published file again, and checks the newest backup."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.processes import on_a_terminal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two sources, crawled and published: one at the root with an archive document, one below it, and all/."""
    command = CommandLine(tmp_path_factory.mktemp("made"))
    with (
        ListingServer(make_site(make_entries(51, 1), per_page=51)) as one,
        ListingServer(make_site(make_entries(3, 101))) as two,
    ):
        tables = [
            f'[sources.town{number}]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
            for number, server in enumerate((one, two), start=1)
        ]
        (command.folder / "foreign-eyes.toml").write_text("\n".join(['default_source = "town1"', *tables]))
        run(command, "crawl", "--all-sources", "--quiet")
        run(command, "publish", "--all-sources")
    return command.folder


@pytest.fixture
def site(made: Path, tmp_path: Path) -> CommandLine:
    shutil.copytree(made, tmp_path / "site")
    return CommandLine(tmp_path / "site")


def run(command: CommandLine, *arguments: str) -> None:
    done = command(*arguments)
    assert done.returncode == 0, done.stderr


def problems(command: CommandLine, *options: str) -> list[dict[str, str]]:
    done = command("check", "--json", *options)
    report: dict[str, Any] = json.loads(done.stdout)
    found: list[dict[str, str]] = report["problems"]
    assert (done.returncode, report["ok"]) == (int(bool(found)), not found), done.stderr
    return found


def change_quietly(folder: Path, name: str) -> None:
    """Change a published file, and the digest by which `check` would find that."""
    path = folder / "public" / name
    before = sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes().replace(b"e", b"3", 1))
    after = sha256(path.read_bytes()).hexdigest()
    with closing(sqlite3.connect(folder / "archive.db")) as db, db:
        db.execute("UPDATE published_files SET sha256 = ? WHERE sha256 = ?", [after, before])
    for record in (folder / "public").glob("**/.foreign-eyes.jsonl"):
        record.write_text(record.read_text().replace(before, after))


def all_bytes(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_sound_site_has_no_problems_and_nothing_is_written(site: CommandLine) -> None:
    before = all_bytes(site.folder)
    assert problems(site, "--deep") == []
    assert all_bytes(site.folder) == before


@pytest.mark.parametrize("name", ["atom.xml", "archive/1.xml", "town2/feed.json", "town2/index.html", "all/rss.xml"])
def test_a_file_that_differs_from_the_archive_is_found_although_its_digest_was_changed_too(
    site: CommandLine, name: str
) -> None:
    change_quietly(site.folder, name)
    assert problems(site) == []
    [problem] = problems(site, "--deep")
    assert Path(problem["where"]) == site.folder / "public" / name
    assert problem["what"] == "a published file differs from what the archive composes now"
    run(site, *shlex.split(problem["remedy"])[1:])
    assert problems(site, "--deep") == []


def test_a_document_without_a_file_and_a_file_without_a_document_are_found(site: CommandLine) -> None:
    stray = site.folder / "public" / "stray.xml"
    stray.write_bytes(b"<feed/>")
    with closing(sqlite3.connect(site.folder / "archive.db")) as db, db:
        db.execute("UPDATE published_files SET path = 'stray.xml', sha256 = ? WHERE path = 'rss.xml'",
                   [sha256(b"<feed/>").hexdigest()])  # fmt: skip
    found = {(Path(problem["where"]).name, problem["what"]) for problem in problems(site, "--deep")}
    assert ("rss.xml", "the archive has a document that was not published") in found
    assert ("stray.xml", "a published file belongs to no document of the archive any more") in found


def test_files_of_other_settings_are_not_compared_but_reported_once_per_folder(site: CommandLine) -> None:
    with (site.folder / "foreign-eyes.toml").open("a") as settings:
        settings.write('\n[topics]\nrivers = ["river"]\n')
    change_quietly(site.folder, "atom.xml")
    found = problems(site, "--deep")
    assert [Path(problem["where"]).name for problem in found] == ["public", "town2"]
    for problem in found:
        assert "published with other settings" in problem["what"]
        run(site, *shlex.split(problem["remedy"])[1:])
    assert problems(site, "--deep") == []


def test_feeds_behind_the_archive_are_reported_once(site: CommandLine) -> None:
    run(site, "rename", "town2", "village")
    for problem in problems(site, "--deep"):
        assert "differs" not in problem["what"]


def test_a_terminal_shows_the_steps(site: CommandLine) -> None:
    shown = on_a_terminal(site, "check", "--deep", env={})
    assert "no problems found" in shown
    assert "composing town2 again" in shown


# --- the newest backup


def backed_up(site: CommandLine, name: str = "backup.db") -> Path:
    run(site, "backup", name)
    return site.folder / name


def test_the_newest_backup_is_restored_elsewhere_and_nothing_stays(site: CommandLine, tmp_path: Path) -> None:
    backed_up(site)
    before = all_bytes(site.folder)
    (temporary := tmp_path / "temporary").mkdir()
    done = site("check", "--deep", env={"TMPDIR": str(temporary)})
    assert (done.returncode, done.stdout.strip()) == (0, "no problems found")
    assert all_bytes(site.folder) == before
    assert list(temporary.iterdir()) == []


def test_a_damaged_newest_backup_is_found_and_a_new_one_mends_it(site: CommandLine) -> None:
    older, newest = backed_up(site, "older.db"), backed_up(site)
    older.unlink()
    with closing(sqlite3.connect(newest)) as db, db:
        db.execute("UPDATE sources SET title = 'Forged'")
    [problem] = problems(site, "--deep")
    assert problem["where"] == str(newest)
    assert "the newest backup cannot be restored: the backup is damaged" in problem["what"]
    newest.unlink()
    backed_up(site)
    assert problems(site, "--deep") == []


def test_a_missing_newest_backup_is_found(site: CommandLine) -> None:
    newest = backed_up(site)
    newest.unlink()
    [problem] = problems(site, "--deep")
    assert (problem["where"], "no such file" in problem["what"]) == (str(newest), True)


def test_a_newest_backup_of_another_archive_is_found(site: CommandLine, tmp_path: Path) -> None:
    newest = backed_up(site)
    other = CommandLine(tmp_path / "other")
    other.folder.mkdir()
    with ListingServer(make_site(make_entries(3, 201))) as server:
        (other.folder / "foreign-eyes.toml").write_text(
            f'[sources.town1]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
        )
        run(other, "crawl", "town1", "--quiet")
    newest.unlink()
    run(other, "backup", str(newest))
    [problem] = problems(site, "--deep")
    assert problem["what"] == "the newest backup is one of another archive"
