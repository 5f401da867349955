"""Output folders on the command line: whose they are, before anything is crawled or written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import CommandLine
from listing_server import ListingServer
from listings import LISTING, make_entries, make_site

RECORD = ".foreign-eyes.jsonl"


@pytest.fixture
def town(command: CommandLine, server: ListingServer) -> CommandLine:
    """A crawled and published listing, and settings that name it."""
    (command.folder / "foreign-eyes.toml").write_text(
        f'default_source = "town"\n[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
    )
    assert command("up", "--no-serve", "--quiet").returncode == 0
    return command


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lose(archive: Path, how: str) -> None:
    if how == "deleted":
        archive.unlink()
    else:
        archive.write_bytes(b"")


@pytest.mark.parametrize("how", ["deleted", "truncated"])
@pytest.mark.parametrize("arguments", ["up --no-serve", "up", "watch --every 1s"])
def test_a_lost_archive_stops_a_round_before_it_crawls(
    town: CommandLine, server: ListingServer, how: str, arguments: str
) -> None:
    lose(town.folder / "archive.db", how)
    server.asked.clear()
    before = tree(town.folder)
    done = town(*arguments.split())
    assert done.returncode == 66
    assert "foreign-eyes restore FILE" in done.stderr
    assert server.asked == []
    assert tree(town.folder) == before
    assert (town.folder / "archive.db").exists() == (how == "truncated")


def test_a_refused_folder_is_taken_only_by_taking_it_over(town: CommandLine) -> None:
    (town.folder / "archive.db").unlink()
    assert town("crawl", "--quiet").returncode == 0
    before = tree(town.folder / "public")
    for arguments in ("publish", "publish --all", "publish --source town", "up town --no-serve"):
        done = town(*arguments.split())
        assert (done.returncode, "shows another archive" in done.stderr) == (66, True), arguments
    assert tree(town.folder / "public") == before
    done = town("publish", "--take-over", "--json")
    assert (done.returncode, json.loads(done.stdout)["written"] > 15) == (0, True)
    assert town("up", "--no-serve").returncode == 0


def test_a_copy_from_before_the_last_crawls_is_refused(town: CommandLine, server: ListingServer) -> None:
    if not town.rows("SELECT 1 FROM seals"):
        pytest.skip("archives have no seals yet")
    shutil.copy(town.folder / "archive.db", town.folder / "copy.db")
    server.site = dict(make_site(make_entries(17)))
    assert town("up", "--no-serve", "--quiet").returncode == 0
    newer = (town.folder / "archive.db").read_bytes()
    shutil.copy(town.folder / "copy.db", town.folder / "archive.db")
    server.asked.clear()
    before = tree(town.folder)
    done = town("up", "--no-serve")
    assert (done.returncode, "older copy" in done.stderr) == (66, True)
    assert (server.asked, tree(town.folder)) == ([], before)
    (town.folder / "archive.db").write_bytes(newer)
    assert town("up", "--no-serve").returncode == 0


def test_a_sample_that_was_never_published_does_not_take_a_folder(town: CommandLine) -> None:
    before = tree(town.folder / "public")
    done = town("--archive", "new.db", "up", "sample", "--no-serve")
    assert (done.returncode, "shows another archive" in done.stderr) == (66, True)
    assert town("--archive", "new.db", "crawl", "sample", "--quiet").returncode == 0
    assert town("--archive", "new.db", "publish").returncode == 66
    assert tree(town.folder / "public") == before


@pytest.mark.parametrize("arguments", ["publish", "up --no-serve"])
def test_files_of_others_are_named_and_kept(town: CommandLine, arguments: str) -> None:
    shutil.rmtree(town.folder / "public")
    site = {"index.html": b"my home", "robots.txt": b"my robots", "style.css": b"my style", "mine.html": b"mine"}
    (town.folder / "public").mkdir()
    for name, content in site.items():
        (town.folder / "public" / name).write_bytes(content)
    done = town(*arguments.split())
    assert done.returncode == 73
    assert "index.html, robots.txt, style.css;" in done.stderr
    assert "mine.html" not in done.stderr
    assert tree(town.folder / "public") == site
    assert town("publish", "--take-over").returncode == 0
    after = tree(town.folder / "public")
    assert after["mine.html"] == b"mine"
    assert after["index.html"] != b"my home"
    assert town("publish", "--all").returncode == 0
