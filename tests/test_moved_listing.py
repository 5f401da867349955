"""A listing whose address changes goes on with its history."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site


def configure(command: CommandLine, url: str, name: str = "town") -> None:
    settings = f'[sources.{name}]\nurl = "{url}"\ndelay = 0\nheading = "China\'s IP in Foreign Eyes"\n'
    (command.folder / "foreign-eyes.toml").write_text(settings, "utf-8")


def crawled(command: CommandLine, name: str = "town") -> dict[str, object]:
    done = command("crawl", name, "--json")
    assert done.stdout, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def ids(command: CommandLine) -> dict[str, int]:
    return {row["title"]: row["entry_id"] for row in command.rows("SELECT title, entry_id FROM current_entries")}


def test_a_source_whose_url_leads_to_another_host_and_path_keeps_its_entries(command: CommandLine) -> None:
    entries = make_entries(15)
    with ListingServer(make_site(entries)) as former, ListingServer() as later:
        configure(command, former.origin + LISTING)
        crawled(command)
        before = ids(command)
        moved = [replace(entries[0], commentary="Edited since."), *entries[1:], *make_entries(1, first=99)]
        later.site = {f"/new{path}": body for path, body in make_site(moved).items()}
        # another host, as far as the guard and the politeness of the crawler know
        configure(command, later.origin.replace("127.0.0.1", "localhost") + f"/new{LISTING}")
        found = crawled(command)
        assert (found["outcome"], found["new"], found["revised"], found["withdrawn"]) == ("complete", 1, 1, 0)
        assert {title: ids(command)[title] for title in before} == before
        assert crawled(command)["outcome"] == "unchanged"
        assert [row["url"] for row in command.rows("SELECT url FROM sources")] == [
            later.origin.replace("127.0.0.1", "localhost") + f"/new{LISTING}"
        ]
    assert command("reparse", "--check").returncode == 0
    assert command("check", "--deep").returncode == 0


@pytest.mark.long
def test_addresses_that_were_crawled_in_turns_under_two_names_are_joined(command: CommandLine) -> None:
    with ListingServer(make_site(make_entries(15))) as former, ListingServer(make_site(make_entries(15))) as later:
        configure(command, former.origin + LISTING)
        crawled(command)
        before = ids(command)
        configure(command, later.origin + LISTING, "city")
        crawled(command, "city")
        configure(command, former.origin + LISTING)
        assert crawled(command)["outcome"] == "unchanged"
        assert command.rows("SELECT count(*) AS n FROM current_entries") == [{"n": 30}]
        found = json.loads(command("rename", "town", "city", "--json").stdout)
        assert len(found["merged"]) == 15
        assert ids(command) == before
        configure(command, later.origin + LISTING, "city")
        assert crawled(command, "city")["new"] == 0
    assert command("reparse", "--check").returncode == 0
    assert command("check", "--deep").returncode == 0
