"""Invented and real entries never meet: the sample makes way for the first real source, and keeps a place of its own."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site

from foreign_eyes.archive.feed_state.output_record import RECORD_NAME

ASIDE = ("--archive", "archive-sample.db")
SAMPLE_HOST = b"sample.foreign-eyes.invalid"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sources(archive: Path) -> list[str]:
    connection = sqlite3.connect(archive)
    try:
        return [name for (name,) in connection.execute("SELECT name FROM sources ORDER BY 1")]
    finally:
        connection.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the sample was crawled and published, as in a fresh checkout; it is copied for each test."""
    command = CommandLine(tmp_path_factory.mktemp("shown"))
    assert command("up", "--no-serve", "--quiet").returncode == 0
    return command.folder


@pytest.fixture
def sampled(command: CommandLine, shown: Path) -> CommandLine:
    shutil.copytree(shown, command.folder, dirs_exist_ok=True)
    return command


def town(command: CommandLine, server: ListingServer, name: str = "up", *options: str) -> str:
    """Crawl the real listing; return what was said on stderr."""
    end = ["--no-serve"] if name == "up" else []
    done = command(name, server.origin + LISTING, "--name", "town", "--delay", "0", "--quiet", *end, *options)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["up", "crawl"])
def test_the_sample_makes_way_for_the_first_real_source(sampled: CommandLine, server: ListingServer, name: str) -> None:
    ids = sampled.rows("SELECT entry_id FROM current_entries ORDER BY 1")
    published = files(sampled.folder / "public")
    told = town(sampled, server, name)
    assert told == "the sample was set aside: its archive is archive-sample.db, its files are in public-sample\n"
    assert sources(sampled.folder / "archive.db") == ["town"]
    assert sources(sampled.folder / "archive-sample.db") == ["sample"]
    assert files(sampled.folder / "public-sample") == published
    sampled.rows("SELECT 1")
    connection = sqlite3.connect(sampled.folder / "archive-sample.db")
    assert [
        {"entry_id": one} for (one,) in connection.execute("SELECT entry_id FROM current_entries ORDER BY 1")
    ] == ids
    connection.close()
    assert [name for name, content in files(sampled.folder / "public").items() if SAMPLE_HOST in content] == []
    assert town(sampled, server, name) == ""


def test_both_archives_and_both_folders_are_in_order_afterwards(sampled: CommandLine, server: ListingServer) -> None:
    town(sampled, server)
    for options, folder in (((), "public"), (ASIDE, "public-sample")):
        done = sampled(*options, "check", "--output", folder)
        assert (done.returncode, done.stdout.strip()) == (0, "no problems found")


def test_a_later_up_of_the_sample_goes_on_at_its_own_place(sampled: CommandLine, server: ListingServer) -> None:
    town(sampled, server)
    before = files(sampled.folder / "public")
    done = sampled("up", "--no-serve")
    assert done.returncode == 0, done.stderr
    assert "It is stored apart from real entries, in archive-sample.db and public-sample." in done.stdout
    assert "1 revised" in done.stdout  # the sixth day
    assert files(sampled.folder / "public") == before
    assert sources(sampled.folder / "archive.db") == ["town"]


def test_a_sample_that_comes_second_gets_a_place_of_its_own(command: CommandLine, server: ListingServer) -> None:
    town(command, server)
    before = files(command.folder / "public")
    assert command("up", "--no-serve", "--quiet").returncode == 0
    assert files(command.folder / "public") == before
    assert sources(command.folder / "archive-sample.db") == ["sample"]
    assert len(files(command.folder / "public-sample")) > 200


def test_a_crawl_of_the_sample_alone_goes_there_too(command: CommandLine, server: ListingServer) -> None:
    town(command, server)
    assert command("crawl", "sample", "--quiet").returncode == 0
    assert (sources(command.folder / "archive.db"), sources(command.folder / "archive-sample.db")) == (
        ["town"],
        ["sample"],
    )


def test_the_sample_never_uses_the_address_that_is_for_readers(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        '[publish]\nbase_url = "https://eyes.example/"\noutput = "site"\n'
    )
    assert command("up", "sample", "--no-serve", "--quiet").returncode == 0
    assert sorted(path.name for path in command.folder.iterdir() if path.is_dir()) == ["site-sample"]
    assert "https://eyes.example" not in (command.folder / "site-sample" / "atom.xml").read_text()


def test_a_dry_run_of_a_real_source_moves_nothing(sampled: CommandLine, server: ListingServer) -> None:
    before = files(sampled.folder)
    done = sampled("crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--dry-run")
    assert (done.returncode, "15 would be new" in done.stdout) == (0, True)
    assert files(sampled.folder) == before


@pytest.mark.parametrize("options", [("publish", "--all"), ("up", "sample", "--no-serve")])
def test_the_archive_that_was_set_aside_is_never_published_over_the_real_feeds(
    sampled: CommandLine, server: ListingServer, options: tuple[str, ...]
) -> None:
    town(sampled, server)
    before = files(sampled.folder / "public")
    done = sampled(*ASIDE, *options)
    assert (done.returncode, "public-sample: " in done.stdout) == (0, True)
    assert files(sampled.folder / "public") == before


def test_a_sample_that_was_set_aside_is_pointed_to_when_it_is_to_be_published(
    command: CommandLine, server: ListingServer
) -> None:
    command("crawl", "sample", "--quiet")
    town(command, server, "crawl")
    done = command("publish", "--source", "sample")
    assert done.returncode == 64
    assert "foreign-eyes --archive archive-sample.db publish" in done.stderr


def test_a_file_of_somebody_else_stays_where_it_is(sampled: CommandLine, server: ListingServer) -> None:
    (sampled.folder / "public" / "mine.txt").write_text("mine")
    town(sampled, server, "crawl")
    assert files(sampled.folder / "public") == {"mine.txt": b"mine"}


def test_an_older_sample_that_was_set_aside_is_never_overwritten(sampled: CommandLine, server: ListingServer) -> None:
    older = (sampled.folder / "archive.db").read_bytes()
    (sampled.folder / "archive-sample.db").write_bytes(older)
    told = town(sampled, server)
    assert "archive-sample-2.db" in told
    assert (sampled.folder / "archive-sample.db").read_bytes() == older


@pytest.fixture
def mixed(command: CommandLine, server: ListingServer) -> CommandLine:
    """An archive in which an invented source stands beside a real one, as in older archives; each is published."""
    town(command, server, "crawl")
    with ListingServer(make_site(make_entries(8, 50))) as second:
        command("crawl", second.origin + LISTING, "--name", "other", "--delay", "0", "--quiet")
    for name in ("town", "other"):
        assert command("publish", "--source", name, "--output", f"site-{name}", "--quiet").returncode == 0
    connection = sqlite3.connect(command.folder / "archive.db")
    with connection:
        connection.execute("UPDATE sources SET url = 'http://other.invalid/' WHERE name = 'other'")
        for table in ("sealed_rows", "seals"):  # the versions that mixed them made none
            connection.execute(f"DELETE FROM {table}")
    connection.close()
    for name in ("town", "other"):
        (command.folder / f"site-{name}" / RECORD_NAME).unlink()  # nor did they write this
    return command


@pytest.mark.parametrize("name", ["status", "check"])
def test_a_mixed_archive_is_reported_with_the_command_that_takes_it_apart(mixed: CommandLine, name: str) -> None:
    done = mixed(name)
    assert "mixes the sample's invented entries with real ones" in done.stdout
    assert "to fix it: foreign-eyes set-aside" in done.stdout


def test_a_mixed_archive_is_taken_apart_by_one_command(mixed: CommandLine) -> None:
    ids = mixed.rows("SELECT entry_id, tag_uri, feed_date FROM entries WHERE source_id = 1 ORDER BY 1")
    before = files(mixed.folder / "site-town")
    done = mixed("set-aside")
    assert (done.returncode, done.stderr[-1500:]) == (0, "")
    assert (sources(mixed.folder / "archive.db"), sources(mixed.folder / "archive-sample.db")) == (["town"], ["other"])
    assert mixed.rows("SELECT entry_id, tag_uri, feed_date FROM entries ORDER BY 1") == ids
    assert files(mixed.folder / "site-town") == before
    assert not (mixed.folder / "site-other").exists()
    for options, folder in (((), "site-town"), (ASIDE, "public-sample")):
        assert mixed(*options, "check", "--output", folder).returncode == 0
        assert mixed(*options, "reparse", "--check").returncode == 0
    assert json.loads(mixed("publish", "--output", "site-town", "--json").stdout)["written"] == 0
    after = files(mixed.folder / "site-town")
    assert after.pop(RECORD_NAME)  # the folder gets its record
    assert after == before


def test_the_real_source_of_a_mixed_archive_is_crawled_on(mixed: CommandLine, server: ListingServer) -> None:
    assert town(mixed, server, "crawl") == ""


def test_without_a_sample_there_is_nothing_to_set_aside(command: CommandLine, server: ListingServer) -> None:
    town(command, server, "crawl")
    done = command("set-aside")
    assert (done.returncode, done.stdout) == (0, "archive.db: holds no sample; nothing to do\n")


def test_without_an_archive_set_aside_says_so(command: CommandLine) -> None:
    assert command("set-aside").returncode == 66
    assert list(command.folder.iterdir()) == []


def test_an_import_of_real_captures_does_not_mix_with_the_sample(command: CommandLine, server: ListingServer) -> None:
    command("--archive", "real.db", "crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--quiet")
    command("--archive", "real.db", "export", "real.warc.gz", "--quiet")
    command("crawl", "sample", "--quiet")
    done = command("import", "real.warc.gz")
    assert done.returncode == 66
    assert "foreign-eyes set-aside" in done.stderr
    assert sources(command.folder / "archive.db") == ["sample"]
