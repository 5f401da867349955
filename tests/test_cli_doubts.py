"""`foreign-eyes doubts` and `confirm`: what a person reads, what a program reads, and what an operator settles."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, Entry, make_entries, make_page, make_site
from support.processes import on_a_terminal
from support.settling import DAY, START

from foreign_eyes.archive import doubtful_matches
from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.doubtful_matches import find_doubts
from foreign_eyes.archive.matching import doubt_reasons as reasons
from foreign_eyes.archive.rebuilding.rebuild import rebuild_if_outdated
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing import parser
from foreign_eyes.listing.values import Verdict

SCREEN = {"TZ": "UTC", "COLUMNS": "80"}
URL = "http://town.example/index.htm"
AUTHORITY = "example.org,2026"
LABS = Entry(
    "The Labs",
    "The Economist",
    "In laboratories from Shenzhen to Hefei engineers file more patents than those of any other country, and the office"
    " that examines them has hired 13,000 examiners. The world has taken note.",
    "The office serves.",
)
BACK = replace(LABS, commentary="The office serves all who come to it.")
NAMESAKE = replace(
    LABS,
    excerpt="Barges on the river carry looms and pianos, which nobody thought of before the canal was opened to them.",
    commentary="Trade goes on where water flows.",
)
OTHERS = make_entries(3)
READ = """\
1 open doubt

The Labs
by The Economist

  entry        ID of source town, revision 2
  seen         2026-03-04 09:00, page 1, capture 4
  why          The entry had been withdrawn and came back with other words.
  matched by   METHOD
  compared to  revision 1 of the same entry
  the same     title, publication, excerpt
  commentary   The office serves {+all who come to it+}.
  right:       foreign-eyes confirm ID 2
  wrong:       foreign-eyes split ID 2
"""


def archive_days(command: CommandLine, *days: Sequence[Entry]) -> None:
    """Settle a complete crawl of one page a day, as the commands do."""
    with open_archive(command.folder / "archive.db") as db:
        rebuild_if_outdated(db, parser, at=START, authority=AUTHORITY)
        for number, entries in enumerate(days):
            at = START + number * DAY
            crawl_id = begin_crawl(db, Source("town", URL, "The column", "en"), "full", at)
            page = make_page(entries, 1, 1)
            record_capture(db, crawl_id, Fetched("listing", URL, URL, at, 200, (), page, pass_number=1, page=1))
            settled = at + timedelta(minutes=1)
            settle(db, crawl_id, Verdict("complete"), parser, Traffic(), at=settled, authority=AUTHORITY)


@pytest.fixture
def returned(command: CommandLine) -> CommandLine:
    """An entry that was withdrawn, and came back with another commentary."""
    archive_days(command, [LABS, *OTHERS], OTHERS, OTHERS, [BACK, *OTHERS])
    return command


@pytest.fixture
def namesake(command: CommandLine) -> CommandLine:
    """An entry that was withdrawn, and a new one with its title and publication and nothing else of it."""
    archive_days(command, [LABS, *OTHERS], OTHERS, OTHERS, [NAMESAKE, *OTHERS])
    return command


def tell(command: CommandLine, *arguments: str) -> str:
    done = command(*arguments, env=SCREEN)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def tell_json(command: CommandLine, *arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(tell(command, *arguments, "--json"))
    return told


def test_a_doubt_is_read_from_top_to_bottom(returned: CommandLine) -> None:
    text = tell(returned, "doubts")
    text = re.sub(r"\b\d{9}\b", "ID", re.sub(r"(?<=matched by   ).*", "METHOD", text))
    assert text == READ


def test_a_new_entry_is_compared_with_the_one_that_it_comes_near(namesake: CommandLine) -> None:
    [doubt] = tell_json(namesake, "doubts")["doubts"]
    old_id, new_id = doubt["before"]["entry_id"], doubt["after"]["entry_id"]
    assert (doubt["other_entry_id"], doubt["entry_id"], doubt["match_method"]) == (old_id, new_id, "new")
    assert (doubt["before"]["excerpt"], doubt["after"]["excerpt"]) == (LABS.excerpt, NAMESAKE.excerpt)
    assert doubt["commands"] == {
        "confirm": f"foreign-eyes confirm {new_id} 1",
        "merge": f"foreign-eyes merge {old_id} {new_id}",
    }
    text = tell(namesake, "doubts")
    assert f"compared to  {old_id}, revision 1: The Labs, by The Economist" in text
    assert "the same     title, publication" in text
    assert str(old_id) in doubt["why"]


def test_a_program_gets_the_columns_of_the_view_and_the_word_diff(returned: CommandLine) -> None:
    told = tell_json(returned, "doubts")
    assert list(told) == ["open", "doubts"]
    [doubt] = told["doubts"]
    [row] = returned.rows("SELECT * FROM doubts")
    assert list(doubt)[: len(row)] == list(row)
    assert row.items() <= doubt.items()
    assert doubt["diff"] == {
        "commentary": [["kept", "The office serves"], ["added", " all who come to it"], ["kept", "."]]
    }


def test_a_confirmed_doubt_is_gone_and_can_still_be_seen(returned: CommandLine) -> None:
    [row] = returned.rows("SELECT entry_id FROM doubts")
    entry_id = str(row["entry_id"])
    assert tell(returned, "confirm", "the labs", "2").startswith(f"revision 2 of {entry_id} is confirmed\n")
    assert tell(returned, "doubts") == "no open doubts\n"
    everything = tell(returned, "doubts", "--all")
    assert everything.startswith("no open doubts, 1 confirmed\n")
    assert "  confirmed    2" in everything
    assert "foreign-eyes split" not in everything
    assert "doubtful: returned with other words; confirmed 2" in tell(returned, "history", entry_id)
    assert tell_json(returned, "confirm", entry_id, "2") == {
        "entry_id": row["entry_id"],
        "revision": 2,
        "new": False,
        "open": 0,
    }
    assert not [one for one in json.loads(returned("check", "--json").stdout)["problems"] if "table" in one["where"]]
    assert returned("reparse", "--check").returncode == 0


def test_an_export_carries_confirmations(returned: CommandLine) -> None:
    tell(returned, "confirm", "the labs", "2")
    assert returned("export", "town.warc.gz").returncode == 0
    assert returned("--archive", "other.db", "import", "town.warc.gz").returncode == 0
    assert tell(returned, "--archive", "other.db", "doubts", "--all").startswith("no open doubts, 1 confirmed\n")


def test_a_merge_settles_a_doubt_and_leaves_nothing_to_confirm(namesake: CommandLine) -> None:
    [row] = namesake.rows("SELECT entry_id, other_entry_id FROM doubts")
    assert namesake("merge", str(row["other_entry_id"]), str(row["entry_id"])).returncode == 0
    assert tell(namesake, "doubts", "--all") == "no open doubts\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["doubts", "zebras"], "'zebras': no entry has this"),
        (["confirm", "zebras", "2"], "'zebras': no entry has this"),
        (["confirm", "the labs", "3"], "has no revision 3; see: foreign-eyes history"),
        (["confirm", "the labs", "1"], "has no doubt to confirm; see those that have one: foreign-eyes doubts"),
        (["confirm", "workshop", "1"], "name one by its id: foreign-eyes confirm ID"),
    ],
)
def test_what_cannot_be_found_or_confirmed_is_refused(returned: CommandLine, arguments: list[str], why: str) -> None:
    done = returned(*arguments)
    assert (done.returncode, done.stdout) == (66, "")
    assert why in done.stderr
    done = returned(*arguments, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (66, False)
    assert why in told["problems"][0]["what"]
    assert returned.rows("SELECT * FROM confirmations") == []


@pytest.mark.parametrize("arguments", [["doubts"], ["confirm", "1", "2"]])
def test_without_an_archive_none_is_made(command: CommandLine, arguments: list[str]) -> None:
    done = command(*arguments, "--json")
    assert done.returncode == 66
    assert json.loads(done.stdout)["problems"][0]["remedy"].startswith("foreign-eyes crawl")
    assert list(command.folder.iterdir()) == []


@pytest.mark.parametrize(("content", "remedy"), [("Dear archive", "--archive"), ("", "foreign-eyes restore FILE")])
def test_a_file_that_is_not_an_archive_is_an_error_with_its_remedy(
    command: CommandLine, content: str, remedy: str
) -> None:
    (command.folder / "archive.db").write_text(content)
    done = command("doubts", "--json")
    [problem] = json.loads(done.stdout)["problems"]
    assert (done.returncode, problem["what"]) == (66, done.stderr.removeprefix("error: ").rstrip())
    assert problem["remedy"].endswith(remedy)


def test_an_archive_without_doubts_is_reported_with_exit_code_0(command: CommandLine) -> None:
    archive_days(command, OTHERS)
    assert tell(command, "doubts") == "no open doubts\n"
    assert tell_json(command, "doubts") == {"open": 0, "doubts": []}


def test_status_counts_open_doubts_and_calls_them_no_problem(returned: CommandLine) -> None:
    report = json.loads(returned("status", "--json").stdout)
    assert report["doubts"] == 1
    assert [source["doubts"] for source in report["sources"]] == [1]
    assert not [problem for problem in report["problems"] if "doubt" in problem["what"]]
    assert "  1 open doubt: foreign-eyes doubts\n" in returned("status").stdout


def test_an_archive_of_another_version_is_said_to_hide_its_doubts(returned: CommandLine) -> None:
    with open_archive(returned.folder / "archive.db") as db:
        db.execute("PRAGMA user_version = 101")
    done = returned("doubts")
    assert done.returncode == 0
    assert "doubts may be missing; to find them: foreign-eyes reparse" in done.stderr


def test_nothing_is_wider_than_the_terminal_and_colours_take_the_place_of_marks(namesake: CommandLine) -> None:
    plain = on_a_terminal(namesake, "doubts", env={**SCREEN, "NO_COLOR": "1"})
    coloured = on_a_terminal(namesake, "doubts", env=SCREEN)
    assert "\x1b[" not in plain
    assert "{+" in plain
    assert "\x1b[" in coloured
    assert "{+" not in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert max(len(line) for line in (plain + bare).splitlines()) <= 80


def test_a_crawl_counts_its_doubtful_matches_in_one_line(command: CommandLine, server: ListingServer) -> None:
    crawl = ("crawl", server.origin + LISTING, "--name", "town", "--delay", "0")
    server.site = make_site([LABS, *OTHERS])
    assert "doubtful" not in command(*crawl).stdout
    copy = replace(LABS, title="What the examiners saw", publication="Nikkei", commentary="Nothing of it is new.")
    server.site = make_site([copy, LABS, *OTHERS])
    assert command(*crawl).stdout.endswith("  1 match is doubtful: foreign-eyes doubts\n")


def test_every_reason_is_reported_as_a_sentence() -> None:
    known = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
    assert known <= set(doubtful_matches._SENTENCES)
    for sentence in doubtful_matches._SENTENCES.values():
        told = sentence.format(other="entry 123456789")
        assert told[0].isupper()
        assert told.endswith(".")


def test_a_doubt_that_names_an_entry_as_the_other_one_is_its_doubt_too(namesake: CommandLine) -> None:
    with open_archive(namesake.folder / "archive.db") as db:
        [doubt] = find_doubts(db)
        for entry_id in (doubt.facts["entry_id"], doubt.facts["other_entry_id"]):
            assert find_doubts(db, entry_id) == [doubt]
        [(stranger,)] = db.execute("SELECT entry_id FROM entries WHERE title LIKE 'Workshop 2 %'").fetchall()
        assert find_doubts(db, stranger) == []
