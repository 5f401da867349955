"""rename and forget, as operators run them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, Entry, make_entries, make_page
from support.settling import DAY, START

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.rebuilding.rebuild import rebuild_if_outdated
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing import parser
from foreign_eyes.listing.values import Verdict

URL = "http://town.example/index.htm"
FIRST, SECOND, THIRD = make_entries(3)


def crawl_as(archive: Path, name: str, day: int, *entries: Entry, url: str = URL) -> None:
    """Settle a complete crawl of one page, read by the parser that the commands use."""
    with open_archive(archive) as db:
        at = START + day * DAY
        rebuild_if_outdated(db, parser, at=at, authority="example.org,2026")
        crawl_id = begin_crawl(db, Source(name, url, "The column", "en"), "full", at)
        page = make_page(entries, 1, 1)
        record_capture(db, crawl_id, Fetched("listing", url, url, at, 200, (), page, pass_number=1, page=1))
        end = at + timedelta(minutes=1)
        settle(db, crawl_id, Verdict("complete"), parser, Traffic(), at=end, authority="example.org,2026")


def ids(command: CommandLine) -> dict[str, int]:
    return {row["title"]: row["entry_id"] for row in command.rows("SELECT title, entry_id FROM current_entries")}


@pytest.fixture
def town(command: CommandLine) -> CommandLine:
    """An archive of the source `town`, and settings that still name it so."""
    crawl_as(command.folder / "archive.db", "town", 0, FIRST, SECOND)
    (command.folder / "foreign-eyes.toml").write_text(
        f'default_source = "town"\n[sources.town]\nurl = "{URL}"\nheading = "The column"\n', "utf-8"
    )
    return command


def test_rename_keeps_the_ids_and_says_what_to_change_in_the_settings(town: CommandLine) -> None:
    before = ids(town)
    done = town("rename", "town", "city")
    assert (done.returncode, done.stdout) == (0, "town is city\n")
    assert "rename the table [sources.town] to [sources.city]" in done.stderr
    assert 'set default_source = "city"' in done.stderr
    assert ids(town) == before
    assert town.rows("SELECT DISTINCT source FROM current_entries") == [{"source": "city"}]


def test_the_feeds_of_a_renamed_source_stay_where_they_are(town: CommandLine) -> None:
    assert town("publish").returncode == 0
    atom = town.folder / "public" / "atom.xml"
    before = atom.read_bytes()
    town("rename", "town", "city")
    done = town("publish")
    assert (done.returncode, done.stderr) == (0, "")
    assert atom.read_bytes() == before
    assert town("publish").stdout.startswith(f"{Path('public')}: 0 files written")


def test_a_renamed_source_below_the_root_keeps_its_folder(town: CommandLine) -> None:
    crawl_as(town.folder / "archive.db", "village", 1, THIRD, url="http://village.example/index.htm")
    for name in ("town", "village"):
        assert town("publish", "--source", name).returncode == 0
    atom = town.folder / "public" / "village" / "atom.xml"
    before = atom.read_bytes()
    town("rename", "village", "hamlet")
    done = town("publish", "--source", "hamlet")
    assert (done.returncode, done.stderr) == (0, "")
    assert atom.read_bytes() == before
    assert not (town.folder / "public" / "hamlet").exists()


def test_a_crawl_by_the_former_name_is_refused_and_mints_no_id(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    before = ids(command)
    command("rename", "town", "city")
    done = command("crawl", server.origin + LISTING, "--name", "town", "--delay", "0")
    assert done.returncode == 78
    assert "source town has been renamed to city" in done.stderr
    assert ids(command) == before
    (command.folder / "foreign-eyes.toml").write_text(
        "".join(
            f'[sources.{name}]\nurl = "{server.origin}{LISTING}{ending}"\ndelay = 0\nheading = "In Foreign Eyes"\n'
            for name, ending in (("town", ""), ("village", "?again"))
        )
    )
    found = [json.loads(line) for line in command("crawl", "--all-sources", "--json").stdout.splitlines()]
    refused = {row["source"]: "has been renamed" in row["reason"] for row in found}
    assert refused == {"town": True, "village": False}


def test_rename_joins_a_source_that_was_crawled_under_the_new_name(town: CommandLine) -> None:
    before, archive = ids(town), town.folder / "archive.db"
    town("publish", "--source", "town")
    crawl_as(archive, "city", 1, FIRST, THIRD)
    town("publish", "--source", "city", "--output", "city")
    would = json.loads(town("rename", "town", "city", "--dry-run", "--json").stdout)
    done = town("rename", "town", "city", "--json")
    found = json.loads(done.stdout)
    assert [pair["entry_id"] for pair in found["merged"]] == [before[FIRST.title]]
    assert (would["merged"], would["joined"]) == (found["merged"], found["joined"]) == (found["merged"], True)
    assert f"{town.folder / 'city'}: nothing more of city is published there" in done.stderr
    assert {title: ids(town)[title] for title in before} == before
    assert town("publish", "--source", "city").stdout.startswith("public: ")
    tags = [row["tag_uri"] for row in town.rows("SELECT tag_uri FROM current_entries")]
    feed = (town.folder / "public" / "atom.xml").read_text("utf-8")
    assert len(tags) == 3
    assert [tag for tag in tags if f"<id>{tag}</id>" not in feed] == []
    assert town("reparse", "--check").returncode == 0
    (town.folder / "foreign-eyes.toml").write_text("")
    [problem] = json.loads(town("check", "--deep", "--json").stdout)["problems"]
    assert problem["what"].startswith("no good crawl")  # nothing else: the seals hold


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["rename", "village", "city"], 64, "the archive has no source village (it has: town)"),
        (["rename", "town", "City of Gold"], 64, "'City of Gold' is not a name for a source"),
        (["rename", "town", "town"], 66, "the source is already named town"),
        (["forget", "village", "--yes"], 64, "the archive has no source village (it has: town)"),
        (["forget", "town"], 64, "There is no terminal to ask at; nothing was changed. Add --yes"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(
    town: CommandLine, arguments: list[str], code: int, message: str
) -> None:
    done = town(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def test_a_forgotten_source_is_not_published_and_has_no_problems(town: CommandLine) -> None:
    town("publish")
    assert json.loads(town("status", "--json").stdout)["ok"] is False  # not crawled for a long time
    done = town("forget", "town", "--yes")
    assert done.stdout == "town is forgotten; its entries stay in archive.db\n"
    assert f"{town.folder / 'public'}: its files stay as they are" in done.stderr
    told = json.loads(town("status", "--json").stdout)
    assert (told["ok"], told["sources"][0]["forgotten"], told["sources"][0]["entries"]) == (True, True, 2)
    refused = town("publish", "--source", "town")
    assert refused.returncode == 64
    assert "resume it with: foreign-eyes crawl town" in refused.stderr
    assert (town.folder / "public" / "atom.xml").exists()
    assert "foreign-eyes forget town --files" in town("redact", str(ids(town)[FIRST.title]), "--json").stdout


def test_forget_with_files_removes_the_published_files_alone(town: CommandLine) -> None:
    town("publish")
    (town.folder / "public" / "own.txt").write_text("mine", "utf-8")
    found = json.loads(town("forget", "town", "--files", "--yes", "--json").stdout)
    assert (found["forgotten"], found["changed"], found["left"]) == (True, True, [])
    assert [path.name for path in (town.folder / "public").iterdir()] == ["own.txt"]
    assert found["removed"] > 5
    assert len(ids(town)) == 2
    again = json.loads(town("forget", "town", "--yes", "--json").stdout)
    assert (again["changed"], again["removed"]) == (False, 0)


def test_a_crawl_by_its_name_takes_a_forgotten_source_up_again(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    before = ids(command)
    command("forget", "town", "--yes")
    assert command.crawl(server)["outcome"] == "unchanged"
    assert json.loads(command("status", "--json").stdout)["sources"][0]["forgotten"] is False
    assert ids(command) == before
    assert command("publish").returncode == 0
    assert command("check", "--deep").returncode == 0
