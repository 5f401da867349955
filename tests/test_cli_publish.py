"""`foreign-eyes publish`: which source, which files, what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING


def publish(command: CommandLine, *options: str) -> dict[str, Any]:
    done = command("publish", "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def files(command: CommandLine) -> dict[str, tuple[bytes, int]]:
    """All files by path, the folder's record among them."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (command.folder / "public").rglob("*")
        if path.is_file()
    }


def test_the_result_is_reported_in_four_numbers(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    first = publish(command)
    assert list(first) == ["written", "unchanged", "removed", "seconds"]
    assert (first["written"], first["unchanged"], first["removed"]) == (len(files(command)) - 1, 0, 0)


@pytest.mark.parametrize("options", [(), ("--all",)])
def test_publishing_again_changes_no_file(
    command: CommandLine, server: ListingServer, options: tuple[str, ...]
) -> None:
    command.crawl(server)
    publish(command)
    before = files(command)
    again = publish(command, *options)
    assert (again["written"], again["unchanged"], again["removed"]) == (0, len(before) - 1, 0)
    assert files(command) == before


def test_an_unchanged_crawl_changes_no_file(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    publish(command)
    before = files(command)
    assert command.crawl(server)["outcome"] == "unchanged"
    assert publish(command)["written"] == 0
    assert files(command) == before


def test_an_archive_without_entries_publishes_nothing(command: CommandLine, server: ListingServer) -> None:
    server.site.clear()
    assert command.crawl(server)["new"] == 0
    done = command("publish")
    assert (done.returncode, done.stdout) == (66, "")
    assert "crawl it first" in done.stderr
    assert not (command.folder / "public").exists()


def test_the_only_source_there_is_needs_no_name(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    assert publish(command)["written"] > 15


def test_of_several_sources_the_default_is_published(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    village = server.origin + LISTING
    command("crawl", village, "--name", "village", "--delay", "0")
    (command.folder / "foreign-eyes.toml").write_text(
        f'default_source = "village"\n[sources.village]\nurl = "{village}"\n'
    )
    publish(command)
    assert ":village/feed" in (command.folder / "public" / "atom.xml").read_text()


def test_a_source_is_chosen_by_name(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    command("crawl", server.origin + LISTING, "--name", "village", "--delay", "0")
    publish(command, "--source", "town")
    assert ":town/feed" in (command.folder / "public/town/atom.xml").read_text()


def test_an_unknown_source_is_reported_with_the_known_ones(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    done = command("publish", "--source", "nope")
    assert done.returncode == 64
    assert "'nope' (it has: town)" in done.stderr
    assert not (command.folder / "public").exists()


def test_a_default_that_was_never_crawled_is_reported(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    command("crawl", server.origin + LISTING, "--name", "village", "--delay", "0")
    (command.folder / "foreign-eyes.toml").write_text('default_source = "live"\n')
    done = command("publish")
    assert done.returncode == 64
    assert "choose one with --source" in done.stderr


def test_the_address_and_the_folder_come_from_the_options_over_the_settings(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    (command.folder / "foreign-eyes.toml").write_text('[publish]\nbase_url = "https://a.example/"\noutput = "a"\n')
    publish(command)
    publish(command, "--output", "b", "--base-url", "https://b.example/x")
    assert "https://a.example/atom.xml" in (command.folder / "a" / "atom.xml").read_text()
    assert "https://b.example/x/atom.xml" in (command.folder / "b" / "atom.xml").read_text()


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://example.org/", "https://example.org/?q", "https://", "http://[::1"]
)
def test_an_address_that_is_none_is_wrong_usage(command: CommandLine, server: ListingServer, url: str) -> None:
    command.crawl(server)
    done = command("publish", "--base-url", url)
    assert done.returncode == 64
    assert done.stderr.startswith("error: --base-url: ")
    assert not (command.folder / "public").exists()
