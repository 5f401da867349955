"""Commands that take several sources, or all of the settings file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer, status
from support.listings import LISTING, make_entries, make_site

from foreign_eyes.archive.archive_lock import only_run
from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.forgotten_sources import forget_source
from foreign_eyes.archive.times import now
from foreign_eyes.cli import exit_codes


@pytest.fixture
def towns() -> Iterator[list[ListingServer]]:
    """Serve three listings with entries of their own."""
    with (
        ListingServer(make_site(make_entries(6, 1))) as one,
        ListingServer(make_site(make_entries(6, 101))) as two,
        ListingServer(make_site(make_entries(6, 201))) as three,
    ):
        yield [one, two, three]


def configure(command: CommandLine, servers: list[ListingServer], *, hosts: bool = False) -> None:
    """Write settings with the sources town1, town2, …; with `hosts` each on an address of its own."""
    tables = []
    for number, server in enumerate(servers, start=1):
        origin = server.origin.replace("127.0.0.1", f"127.0.0.{number}") if hosts else server.origin
        tables.append(f'[sources.town{number}]\nurl = "{origin}{LISTING}"\ndelay = 0\n')
    (command.folder / "foreign-eyes.toml").write_text("\n".join(tables))


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def outcomes(text: str) -> dict[object, object]:
    return {row["source"]: row["outcome"] for row in objects(text)}


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((), 0),
        ((0, 0), 0),
        ((0, 75), 75),
        ((75, 65), 65),
        ((65, 69), 69),
        ((69, 66), 66),
        ((69, 64), 64),
        ((64, 78), 78),
        ((78, 73), 73),
        ((73, 70), 70),
        ((70, 130), 130),
        ((130, 137), 137),
    ],
)
def test_the_exit_code_for_several_sources_is_that_of_the_worst(codes: tuple[int, ...], code: int) -> None:
    assert exit_codes.worst(codes) == exit_codes.worst(reversed(codes)) == code


def test_all_sources_are_those_of_the_settings_file(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    done = command("crawl", "--all-sources", "--json")
    assert (done.returncode, outcomes(done.stdout)) == (0, dict.fromkeys(("town1", "town2", "town3"), "complete"))
    assert {row["name"] for row in command.rows("SELECT name FROM sources")} == {"town1", "town2", "town3"}


def test_only_the_named_sources_are_crawled_each_once(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    done = command("crawl", "town3", "town1", "town3", "--json")
    assert (done.returncode, outcomes(done.stdout)) == (0, dict.fromkeys(("town3", "town1"), "complete"))
    assert not towns[1].asked


def test_sources_that_are_given_by_url_are_crawled_and_published(
    command: CommandLine, towns: list[ListingServer]
) -> None:
    (command.folder / "foreign-eyes.toml").write_text("")
    urls = [f"{towns[0].origin}{LISTING}", f"{towns[1].origin}{LISTING}"]
    done = command("up", *urls, "--no-serve", "--delay", "0", "--quiet")
    assert done.returncode == 0, done.stderr
    sources = {row["source"] for row in command.rows("SELECT source FROM crawl_log WHERE outcome = 'complete'")}
    assert len(sources) == 2
    assert {path.parent.name for path in command.folder.glob("public/*/atom.xml")} == {"all", *sources}


def test_one_source_among_all_prints_one_line_of_json(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns[:1])
    done = command("crawl", "--all-sources", "--json")
    assert outcomes(done.stdout) == {"town1": "complete"}


def test_a_source_that_fails_does_not_stop_the_others(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    towns[1].faults[LISTING] = status(403)
    done = command("crawl", "town1", "town2", "town3", "--json")
    assert done.returncode == 69
    assert outcomes(done.stdout) == {"town1": "complete", "town2": "blocked", "town3": "complete"}
    assert "error: town2: blocked: " in done.stderr


def test_a_source_that_does_not_exist_is_an_object_with_every_column(
    command: CommandLine, towns: list[ListingServer]
) -> None:
    configure(command, towns)
    done = command("crawl", "town9", "town1", "--json")
    missing, crawled = objects(done.stdout)
    assert done.returncode == 64
    assert (missing["source"], missing["outcome"], missing["crawl_id"]) == ("town9", "failed", None)
    assert str(missing["reason"]).startswith("no source 'town9'")
    assert list(missing) == list(crawled)
    assert crawled["outcome"] == "complete"


def test_the_sample_is_not_crawled_with_others(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    done = command("crawl", "sample", "town1", "--json")
    assert done.returncode == 64
    assert outcomes(done.stdout) == {"sample": "failed", "town1": "complete"}
    assert "crawled alone: foreign-eyes up sample" in done.stderr


@pytest.mark.parametrize("settings", [None, 'default_source = "live"\n'])
@pytest.mark.parametrize(
    "arguments", [("crawl",), ("up", "--no-serve"), ("publish",), ("watch",), ("schedule", "cron")]
)
def test_all_sources_without_any_is_refused_with_what_to_do(
    command: CommandLine, arguments: tuple[str, ...], settings: str | None
) -> None:
    if settings:
        (command.folder / "foreign-eyes.toml").write_text(settings)
    done = command(*arguments, "--all-sources")
    assert done.returncode == 78
    assert "add a table [sources.NAME]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("crawl", "--all-sources", "live"), "--all-sources cannot be combined"),
        (("up", "--all-sources", "live"), "--all-sources cannot be combined"),
        (("publish", "--all-sources", "--source", "live"), "--all-sources cannot be combined"),
        (("watch", "--all-sources", "live"), "--all-sources cannot be combined"),
        (("schedule", "cron", "--all-sources", "live"), "--all-sources cannot be combined"),
        (("crawl", "a", "b", "--name", "c"), "--name works with one source only"),
        (("crawl", "a", "b", "--days", "2"), "--days works with one source only"),
        (("crawl", "--all-sources", "--name", "c"), "--name works with one source only"),
        (("up", "a", "b", "--name", "c"), "--name works with one source only"),
        (("publish", "--source", "a", "--source", "b", "--output", "x"), "--output works with one source only"),
        (("publish", "--all-sources", "--base-url", "https://x.example/"), "--base-url works with one source only"),
    ],
)
def test_an_option_that_needs_one_source_is_refused_with_several(
    command: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert message in done.stderr


def test_several_results_are_a_line_each(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    towns[2].faults[LISTING] = status(403)
    done = command("crawl", "--all-sources")
    lines = done.stdout.splitlines()
    assert sorted(lines[:-1]) == [
        "town1: complete: 6 entries on 2 pages: 6 new",
        "town2: complete: 6 entries on 2 pages: 6 new",
        "town3: blocked",
    ]
    assert lines[-1] == "2 of 3 sources crawled without a problem"


def test_a_quiet_crawl_of_several_prints_only_errors(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    command("crawl", "town1", "--quiet")  # makes the archive
    towns[2].faults[LISTING] = status(403)
    done = command("crawl", "--all-sources", "--quiet")
    assert (done.returncode, done.stdout) == (69, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("error: town3: blocked: ")


def test_a_dry_run_of_several_changes_nothing(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns)
    done = command("crawl", "--all-sources", "--dry-run")
    assert done.returncode == 0
    assert "town1: complete: 6 entries on 2 pages: 6 would be new" in done.stdout
    assert not (command.folder / "archive.db").exists()


def test_contacts_that_are_missing_are_one_note(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        "".join(f'[sources.{name}]\nurl = "http://{name}.example/list.htm"\n' for name in ("one", "two"))
    )
    done = command("schedule", "cron", "--all-sources")
    notes = [line for line in done.stderr.splitlines() if "no contact is configured" in line]
    assert len(notes) == 1
    assert notes[0].startswith("2 sources: ")


def test_a_forgotten_source_is_not_among_all(command: CommandLine, towns: list[ListingServer]) -> None:
    configure(command, towns[:2])
    assert command("crawl", "--all-sources", "--quiet").returncode == 0
    with open_archive(command.folder / "archive.db") as db, writing(db):
        forget_source(db, "town2", now())
    done = command("crawl", "--all-sources", "--json")
    assert outcomes(done.stdout) == {"town1": "unchanged"}


def test_an_archive_in_use_is_reported_for_each_source(
    command: CommandLine, towns: list[ListingServer], tmp_path: Path
) -> None:
    configure(command, towns)
    with only_run(tmp_path / "archive.db", what="a test", since="noon"):
        done = command("crawl", "--all-sources", "--json")
    assert done.returncode == 75
    assert outcomes(done.stdout) == dict.fromkeys(("town1", "town2", "town3"), "failed")
    assert done.stderr.count("in use by") == 1
