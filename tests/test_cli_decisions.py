"""merge, split, redate and reparse, as operators run them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listings import Entry, make_entries, make_page
from support.settling import DAY, START

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing import parser
from foreign_eyes.listing.values import Verdict

URL = "http://town.example/index.htm"
FIRST, SECOND, THIRD = make_entries(3)


def crawl_days(archive: Path, *days: Sequence[Entry]) -> None:
    """Settle a complete crawl of one page a day, read by the parser that the commands use."""
    with open_archive(archive) as db:
        for number, entries in enumerate(days):
            at = START + number * DAY
            crawl_id = begin_crawl(db, Source("town", URL, "The column", "en"), "full", at)
            page = make_page(entries, 1, 1)
            record_capture(db, crawl_id, Fetched("listing", URL, URL, at, 200, (), page, pass_number=1, page=1))
            settle(
                *(db, crawl_id, Verdict("complete"), parser, Traffic()),
                at=at + timedelta(minutes=1),
                authority="example.org,2026",
            )


@pytest.fixture
def ids(command: CommandLine) -> list[int]:
    """Of an archive in which the second entry made way for the third: the ids of the three."""
    crawl_days(command.folder / "archive.db", [FIRST, SECOND], [FIRST, THIRD])
    by_title = {row["title"]: row["entry_id"] for row in command.rows("SELECT title, entry_id FROM current_entries")}
    return [by_title[entry.title] for entry in (FIRST, SECOND, THIRD)]


def titles(command: CommandLine) -> dict[int, str]:
    return {row["entry_id"]: row["title"] for row in command.rows("SELECT entry_id, title FROM current_entries")}


def test_merge_makes_two_entries_one_that_answers_for_both(command: CommandLine, ids: list[int]) -> None:
    done = command("merge", str(ids[1]), str(ids[2]))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{ids[2]} is {ids[1]}\n")
    assert titles(command) == {ids[0]: FIRST.title, ids[1]: THIRD.title}
    told = json.loads(command("history", str(ids[2]), "--json").stdout)
    assert (told["entry_id"], told["answers_for"]) == (ids[1], [ids[2]])
    assert [revision["title"] for revision in told["revisions"]] == [SECOND.title, THIRD.title]


def test_entries_are_named_by_a_part_of_their_titles_too(command: CommandLine, ids: list[int]) -> None:
    done = command("merge", "workshop 2", "WORKSHOP 3", "--json")
    assert json.loads(done.stdout)["merged"] == ids[2]


def test_a_dry_run_reports_and_changes_nothing(command: CommandLine, ids: list[int]) -> None:
    before = (command.folder / "archive.db").read_bytes()
    assert command("merge", str(ids[1]), str(ids[2]), "--dry-run").stdout.startswith(f"{ids[2]} would be {ids[1]}\n")
    assert (command.folder / "archive.db").read_bytes() == before


def test_split_gives_a_merged_entry_its_id_back(command: CommandLine, ids: list[int]) -> None:
    command("merge", str(ids[1]), str(ids[2]))
    done = command("split", str(ids[1]), "2")
    assert done.stdout.startswith(f"revision 2 of {ids[1]} is {ids[2]}\n")
    assert titles(command) == {ids[0]: FIRST.title, ids[1]: SECOND.title, ids[2]: THIRD.title}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["merge", "workshop 1", "workshop 1"], "are already the same entry"),
        (["merge", "workshop", "workshop 1"], "is in the titles of 3 entries"),
        (["merge", "workshop 1", "5"], "'5': no entry has this"),
        (["split", "workshop 1", "2"], "has no revision 2; see: foreign-eyes history"),
        (["split", "workshop 1", "1"], "split it at a later revision"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    command: CommandLine, ids: list[int], arguments: list[str], why: str
) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (66, "")
    assert why in done.stderr
    assert sorted(titles(command)) == sorted(ids)


@pytest.mark.usefixtures("ids")
def test_reparse_finds_an_archive_that_its_captures_bear_out(command: CommandLine) -> None:
    done = command("reparse", "--check")
    assert (done.returncode, done.stdout) == (0, "2 crawls settled again: nothing differs\n")
    assert json.loads(command("reparse", "--json").stdout) == {"ok": True, "crawls": 2, "minted": 0, "differences": []}


@pytest.mark.usefixtures("ids")
def test_reparse_reports_differences_and_corrects_them(command: CommandLine) -> None:
    with open_archive(command.folder / "archive.db") as db:
        db.execute("UPDATE entries SET commentary = 'Vandals.' WHERE missed = 1")
    checked = command("reparse", "--check")
    assert checked.returncode == 1
    assert "entries: 1 changed (such as entry_id" in checked.stdout
    assert "(commentary)" in checked.stdout
    assert command("reparse").stdout.startswith("2 crawls settled again: corrected\n")
    assert command("reparse", "--check").returncode == 0


@pytest.mark.parametrize("arguments", [["reparse"], ["reparse", "--check"], ["merge", "1", "2"], ["split", "1", "2"]])
def test_without_an_archive_none_is_made(command: CommandLine, arguments: list[str]) -> None:
    done = command(*arguments)
    assert done.returncode == 66
    assert "no such archive" in done.stderr
    assert list(command.folder.iterdir()) == []


def in_the_future(command: CommandLine) -> None:
    """An archive whose second crawl was made with the clock 40 years ahead."""
    archive = command.folder / "archive.db"
    crawl_days(archive, [FIRST])
    with open_archive(archive) as db:
        at = START + 40 * 365 * DAY
        crawl_id = begin_crawl(db, Source("town", URL, "The column", "en"), "full", at)
        page = make_page([THIRD, SECOND, FIRST], 1, 1)
        record_capture(db, crawl_id, Fetched("listing", URL, URL, at, 200, (), page, pass_number=1, page=1))
        settle(*(db, crawl_id, Verdict("complete"), parser, Traffic()), at=at + SHORT, authority="example.org,2026")


SHORT = timedelta(minutes=1)


@pytest.mark.parametrize("ask", ["status", "check"])
def test_times_in_the_future_are_a_problem_until_the_crawl_is_dated_anew(command: CommandLine, ask: str) -> None:
    in_the_future(command)
    problems = json.loads(command(ask, "--json").stdout)["problems"]
    (problem,) = [problem for problem in problems if "future" in problem["what"]]
    assert "crawl 2 is dated in the future, 2066-" in problem["what"]
    assert "foreign-eyes redate 2 TIME" in problem["remedy"]
    assert any("no good crawl for" in problem["what"] for problem in problems)
    command("redate", "2", "2026-03-02T09:00:00Z")
    assert not any("future" in problem["what"] for problem in json.loads(command(ask, "--json").stdout)["problems"])


def test_redate_moves_the_dates_of_the_future_in_feeds_and_tells_readers_once(command: CommandLine) -> None:
    in_the_future(command)
    publish = ("publish", "--output", "public", "--base-url", "http://feeds.example/", "--source", "town")
    assert command(*publish).returncode == 0
    atom = command.folder / "public" / "atom.xml"
    ids = {line for line in atom.read_text("utf-8").splitlines() if "<id>" in line}
    done = command("redate", "2", "2026-03-02T17:00+08:00", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["crawl_id"], told["began_at"], len(told["moved"])) == (2, "2026-03-02T09:00:00.000000Z", 2)
    assert command(*publish).returncode == 0
    assert "2066-" not in atom.read_text("utf-8")
    assert {line for line in atom.read_text("utf-8").splitlines() if "<id>" in line} == ids
    changes = (command.folder / "public" / "changes.xml").read_text("utf-8")
    assert changes.count("<entry>") == 1
    assert "Corrected: the dates of 2 entries" in changes
    assert command("reparse", "--check").returncode == 0
    pages = [path.read_text("utf-8") for path in (command.folder / "public" / "entries").rglob("*.html")]
    assert len(pages) == 3
    assert not any("2066" in page for page in pages)


def test_an_export_carries_what_was_dated_anew(command: CommandLine) -> None:
    in_the_future(command)
    command("redate", "2", "2026-03-02T09:00:00Z")
    assert command("export", "town.warc.gz").returncode == 0
    done = command("--archive", "other.db", "import", "town.warc.gz")
    assert done.returncode == 0, done.stderr
    query = "SELECT entry_id, feed_date, first_seen, not_before, last_seen FROM current_entries ORDER BY 1"
    here = command.rows(query)
    (command.folder / "archive.db").rename(command.folder / "first.db")
    (command.folder / "other.db").rename(command.folder / "archive.db")
    assert command.rows(query) == here
    assert command("reparse", "--check").returncode == 0


def test_an_import_leaves_out_crawls_of_the_future(command: CommandLine) -> None:
    in_the_future(command)
    assert command("export", "town.warc.gz").returncode == 0
    crawl_days(command.folder / "other.db", [FIRST], [FIRST, SECOND])
    done = command("--archive", "other.db", "import", "town.warc.gz", "--json")
    warnings = json.loads(done.stdout)["warnings"]
    assert [warning for warning in warnings if "is in the future" in warning]


def test_an_archive_of_the_future_comes_back_whole_and_says_so(command: CommandLine) -> None:
    in_the_future(command)
    assert command("export", "town.warc.gz").returncode == 0
    done = command("--archive", "other.db", "import", "town.warc.gz", "--json")
    assert any("foreign-eyes redate 2 TIME" in warning for warning in json.loads(done.stdout)["warnings"])


@pytest.mark.parametrize(
    ("time", "why"),
    [
        ("2026-03-02T09:00:00", "has no time zone"),
        ("yesterday", "is not a time"),
        ("0001-01-01T00:00:00Z", "the year must be"),
    ],
)
def test_a_malformed_time_is_refused(command: CommandLine, time: str, why: str) -> None:
    done = command("redate", "2", time)
    assert done.returncode == 64
    assert why in done.stderr


def test_a_redating_to_the_future_is_refused(command: CommandLine) -> None:
    in_the_future(command)
    done = command("redate", "1", "2066-01-01T00:00:00Z")
    assert done.returncode == 66
    assert "in the future" in done.stderr
