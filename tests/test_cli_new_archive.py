"""Before a new archive is begun, and where one is missing: the folder a command is run in may be the wrong one."""

from __future__ import annotations

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING

NOTICE = "no archive yet"


@pytest.fixture
def town(command: CommandLine, server: ListingServer) -> str:
    (command.folder / "foreign-eyes.toml").write_text(f'[sources.town]\nurl = "{server.origin}{LISTING}"\n')
    return "town"


@pytest.mark.parametrize("name", ["crawl", "crawl --quiet", "up --no-serve", "up --no-serve --quiet"])
def test_a_new_archive_is_reported_once_with_its_path(command: CommandLine, town: str, name: str) -> None:
    first = command(*name.split(), town)
    assert first.returncode == 0
    assert first.stderr.splitlines()[0].startswith(f"{command.folder}/archive.db: {NOTICE}")
    assert first.stderr.count(NOTICE) == 1
    assert "--archive FILE" in first.stderr
    assert NOTICE not in command(*name.split(), town).stderr


def test_a_new_archive_is_reported_before_any_request(command: CommandLine, server: ListingServer, town: str) -> None:
    """The crawl cannot even begin, and still it is said."""
    (command.folder / "archive.db.lock").mkdir()
    done = command("crawl", town)
    assert done.returncode != 0
    assert NOTICE in done.stderr
    assert server.asked == []


def test_watch_reports_a_new_archive_in_its_first_round_only(command: CommandLine, town: str) -> None:
    assert command("watch", town, "--every", "1s", "--rounds", "2").stderr.count(NOTICE) == 1


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_a_schedule_without_an_archive_is_reported(command: CommandLine, town: str, kind: str) -> None:
    done = command("schedule", kind, town)
    assert done.stderr.startswith(f"{command.folder}/archive.db: {NOTICE}")
    command("crawl", town)
    assert command("schedule", kind, town).stderr == ""


@pytest.mark.parametrize(
    "arguments", ["crawl sample", "up sample --no-serve", "crawl town --dry-run", "schedule cron sample"]
)
def test_the_sample_and_a_dry_run_report_no_new_archive(command: CommandLine, town: str, arguments: str) -> None:
    assert NOTICE not in command(*arguments.split()).stderr


@pytest.mark.parametrize("named", [True, False])
def test_published_feeds_without_their_archive_are_a_warning(command: CommandLine, town: str, named: bool) -> None:
    if named:
        settings = (command.folder / "foreign-eyes.toml").read_text()
        (command.folder / "foreign-eyes.toml").write_text(f'[archive]\nfile = "{command.folder}/disk/a.db"\n{settings}')
    (command.folder / "disk").mkdir()
    command("up", town, "--no-serve")
    archive = command.folder / ("disk/a.db" if named else "archive.db")
    archive.unlink()
    told = command("schedule", "cron", town).stderr
    assert told.startswith(f"warning: {archive}: no archive, but published feeds in {command.folder}/public")
    assert "--archive" in told
    assert "warning" not in command("--archive", "other.db", "schedule", "cron", town).stderr
    refused = command("up", town, "--no-serve", "--quiet")
    assert (refused.returncode, "there is no archive" in refused.stderr) == (66, True)
    assert command("crawl", town, "--quiet").stderr == told


@pytest.mark.parametrize("name", ["status", "check", "publish", "history x", "reparse", "export x.warc.gz"])
def test_a_missing_archive_is_reported_with_its_path_and_remedy(command: CommandLine, name: str) -> None:
    done = command(*name.split())
    assert (done.returncode, done.stdout) == (66, "")
    assert list(command.folder.iterdir()) == []
    assert done.stderr == (
        f"error: {command.folder}/archive.db: no such archive; run this command in the folder that holds it, name it with"
        " --archive, or make one with: foreign-eyes up\n"
    )
    done = command("--archive", f"{command.folder}/none.db", *name.split())
    assert done.stderr == (
        f"error: {command.folder}/none.db: no such archive; name another with --archive, or make one with: foreign-eyes up\n"
    )
