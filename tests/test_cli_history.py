"""`foreign-eyes history`: what a person reads, what a program reads, and what reaches neither raw."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from conftest import CommandLine
from support.processes import on_a_terminal
from support.settling import A, B, C, Column, entry, listing

from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.settling.operator_decisions import Decision, record_decision

UTC = {"TZ": "UTC", "COLUMNS": "80"}
FIRST = (
    "In laboratories from Shenzhen to Hefei engineers file more patents than those of any other country, and the office"
    " that examines them has hired 13,000 examiners. The world has taken note."
)
SECOND = FIRST.replace("13,000", "16,000").replace("The world", "They take 15 months on average. The world")
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u009b2J \u202eback\u2069 \x7f\x08 soft\u00adhyphen"
READ = """\
The Labs
by The Economist

  id           ID of source town
  tag          tag:example.org,2026:town/ID
  state        listed; last seen 2026-03-07 09:00, page 2, place 2
  first seen   2026-03-02 09:00, not before 2026-03-01 09:00
  feed date    2026-03-02 09:00, fixed when first seen

revision 1 · 2026-03-02 09:00 · page 1, place 1
  capture 2 (sha256 SHA) · new
  title        The Labs
  publication  The Economist
  excerpt      In laboratories from Shenzhen to Hefei engineers file more
               patents than those of any other country, and the office that
               examines them has hired 13,000 examiners. The world has taken
               note.
  commentary   The office serves.

revision 2 · 2026-03-03 09:00 · page 1, place 1
  capture 3 (sha256 SHA) · matched by METHOD
  excerpt      … other country, and the office that examines them has hired
               [-13,000-]{+16,000+} examiners. {+They take 15 months on
               average.+} The world has taken note.

withdrawn · 2026-03-05 09:01 · two complete crawls in a row lacked it

returned · 2026-03-07 09:00

revision 3 · 2026-03-07 09:00 · page 2, place 2
  capture 8 (sha256 SHA) · matched by METHOD
  doubtful: returned with other words; see: foreign-eyes doubts ID
  commentary   The office serves {+all+}.
"""
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def labs(excerpt: str, commentary: str = "The office serves.", title: str = "The Labs") -> str:
    return entry(title, publication="The Economist", excerpt=excerpt, commentary=commentary)


@pytest.fixture
def archived(command: CommandLine) -> CommandLine:
    """An entry that came, was edited, was withdrawn and returned with another edit; others beside it."""
    with open_archive(command.folder / "archive.db") as db:
        column = Column(db)
        column.crawl(listing(A, B))
        column.crawl(listing(labs(FIRST), A, B))
        column.crawl(listing(labs(SECOND), A, B))
        for _ in range(3):
            column.crawl(listing(A, B))
        column.crawl(listing(A, B), listing(C, labs(SECOND, "The office serves all.")))
    return command


def tell(command: CommandLine, *arguments: str, env: dict[str, str] | None = None) -> str:
    done = command("history", *arguments, env={**UTC, **(env or {})})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def tell_json(command: CommandLine, wanted: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(tell(command, wanted, "--json"))
    return told


def test_a_history_is_read_from_top_to_bottom(archived: CommandLine) -> None:
    text = tell(archived, "labs")
    for pattern, name in ((r"\b\d{9}\b", "ID"), (r"(?<=sha256 )\w{12}", "SHA"), (r"(?<=matched by ).*", "METHOD")):
        text = re.sub(pattern, name, text)
    assert text == READ


def test_every_name_of_an_entry_tells_the_same(archived: CommandLine) -> None:
    [row] = archived.rows("SELECT entry_id, tag_uri FROM current_entries WHERE title = 'The Labs'")
    assert len({tell(archived, name) for name in ("the labs", " LABS ", row["tag_uri"], str(row["entry_id"]))}) == 1


def test_a_program_gets_one_object(archived: CommandLine) -> None:
    told = tell_json(archived, "labs")
    [row] = archived.rows("SELECT * FROM current_entries WHERE title = 'The Labs'")
    assert {key: told[key] for key in row} == row
    assert list(told)[len(row) :] == ["missed", "answers_for", "revisions", "changes", "decisions", "restyles"]
    assert (told["missed"], told["answers_for"], told["decisions"]) == (0, [], [])
    assert [change["kind"] for change in told["changes"]] == ["new", "revised", "withdrawn", "returned", "revised"]
    assert [(one["revision"], one["technical"]) for one in told["revisions"]] == [(1, False), (2, False), (3, False)]
    history = archived.rows("SELECT * FROM entry_history WHERE title = 'The Labs' ORDER BY revision")
    for revision, stored in zip(told["revisions"], history, strict=True):
        assert {"entry_id": told["entry_id"], **revision}.items() >= stored.items()


def test_the_object_holds_the_word_diff_of_each_part_that_differs(archived: CommandLine) -> None:
    first, second, third = tell_json(archived, "labs")["revisions"]
    assert first["diff"] == {}
    assert third["diff"] == {"commentary": [["kept", "The office serves"], ["added", " all"], ["kept", "."]]}
    [(part, pieces)] = second["diff"].items()
    assert part == "excerpt"
    assert "".join(text for op, text in pieces if op != "added") == FIRST
    assert "".join(text for op, text in pieces if op != "removed") == SECOND


def test_of_the_first_crawl_nothing_is_known_of_the_time_before(archived: CommandLine) -> None:
    assert "first seen   2026-03-01 09:00; it appeared at an unknown earlier time" in tell(archived, "apples")


def test_times_are_reported_in_the_readers_zone(archived: CommandLine) -> None:
    assert "revision 1 · 2026-03-01 17:00" in tell(archived, "apples", env={"TZ": "Asia/Shanghai"})


def test_the_state_shows_since_when_an_entry_is_missing(command: CommandLine) -> None:
    with open_archive(command.folder / "archive.db") as db:
        column = Column(db)
        column.crawl(listing(A, B))
        column.crawl(listing(A))
        assert "state        not in the last complete crawl; last seen 2026-03-01 09:00" in tell(command, "bears")
        column.crawl(listing(A))
    assert "state        withdrawn since 2026-03-03 09:01; last seen 2026-03-01 09:00" in tell(command, "bears")


def test_a_merged_id_answers_with_the_entry_it_was_merged_into(archived: CommandLine) -> None:
    ids = {row["title"]: row["entry_id"] for row in archived.rows("SELECT title, entry_id FROM current_entries")}
    with open_archive(archived.folder / "archive.db") as db, writing(db):
        column = Column(db, day=9)
        record_decision(db, Decision("merge", ids["Apples"], ids["Bears"]), column.today)
    for options in ([], ["--json"]):
        done = archived("history", str(ids["Bears"]), *options, env=UTC)
        assert done.returncode == 0
        assert done.stderr == f"{ids['Bears']} was merged into {ids['Apples']}\n"
    told = json.loads(done.stdout)
    assert (told["title"], told["answers_for"]) == ("Apples", [ids["Bears"]])
    decided = f"decided      2026-03-10 09:00: {ids['Bears']} was merged into {ids['Apples']}\n"
    assert decided in tell(archived, "apples")


def test_an_entry_found_by_a_former_title_is_named_with_it(archived: CommandLine) -> None:
    with open_archive(archived.folder / "archive.db") as db:
        db.execute("UPDATE revisions SET title = 'Aples' WHERE title = 'Apples'")
    done = archived("history", "aples", env=UTC)
    assert re.fullmatch(r'\d{9} was formerly titled "Aples"\n', done.stderr)
    assert done.stdout.startswith("Apples\n")


@pytest.mark.parametrize("wanted", ["Zebras", "000000000", "tag:example.org,2026:town/1", "\x1b[31m", "1" * 5_000])
def test_an_unknown_entry_is_reported_with_a_remedy(archived: CommandLine, wanted: str) -> None:
    for options in ([], ["--json"]):
        done = archived("history", wanted, *options)
        assert (done.returncode, done.stdout) == (66, "")
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith(f"error: {wanted!r}: no entry has this")
        assert "foreign-eyes history PART" in done.stderr


def test_several_entries_are_listed_to_choose_from(command: CommandLine) -> None:
    with open_archive(command.folder / "archive.db") as db:
        Column(db).crawl(listing(*[entry(f"Apples {'and so on ' * 9}{n}") for n in range(12)]))
    done = command("history", "apples", env=UTC)
    assert (done.returncode, done.stdout) == (66, "")
    head, *offered, more = done.stderr.splitlines()
    assert head == "error: 'apples' is in the titles of 12 entries; name one by its id: foreign-eyes history ID"
    assert all(re.fullmatch(r"  \d{9}  Apples and so on .*…", line) and len(line) <= 80 for line in offered)
    assert (len(offered), more) == (10, "  and 2 more")


@pytest.mark.parametrize("wanted", ["", "  "])
def test_an_empty_name_is_wrong_usage(archived: CommandLine, wanted: str) -> None:
    done = archived("history", wanted)
    assert (done.returncode, done.stdout) == (64, "")
    assert "ENTRY is empty" in done.stderr


def test_without_an_archive_there_is_no_entry(command: CommandLine) -> None:
    done = command("history", "apples")
    assert (done.returncode, done.stdout) == (66, "")
    assert "no such archive" in done.stderr
    assert list(command.folder.iterdir()) == []


def test_reading_a_history_changes_nothing(archived: CommandLine) -> None:
    before = (archived.folder / "archive.db").read_bytes()
    tell(archived, "labs")
    assert (archived.folder / "archive.db").read_bytes() == before
    assert [path.name for path in archived.folder.iterdir()] == ["archive.db"]


@pytest.fixture
def hostile(command: CommandLine) -> CommandLine:
    """Entries whose texts would like to be obeyed by a terminal."""
    with open_archive(command.folder / "archive.db") as db:
        column = Column(db)
        for mood in ("Calm.", "Wild."):
            column.crawl(listing(*[labs(f"{mood} {HOSTILE}", HOSTILE, f"Labs {n} {HOSTILE}") for n in (1, 2)]))
        db.execute("UPDATE revisions SET flags = ?", (json.dumps([HOSTILE]),))
    return command


@pytest.mark.parametrize("arguments", [["Labs 1"], ["Labs 1", "--json"], ["Labs"], ["Labs\x1b[31m"]])
def test_what_a_terminal_would_obey_is_written_out(hostile: CommandLine, arguments: list[str]) -> None:
    done = hostile("history", *arguments, env=UTC)
    assert not RAW.search(done.stdout + done.stderr)
    if arguments == ["Labs 1"]:
        assert "\\x1b[31mred\\x1b]0;title" in done.stdout
        assert "\\u202eback" in done.stdout
        assert "softhyphen" in done.stdout.replace("\n", "").replace(" ", "")


def test_a_program_gets_hostile_text_as_it_is_stored(hostile: CommandLine) -> None:
    told = tell_json(hostile, "Labs 1")
    assert (
        told["commentary"] == hostile.rows("SELECT commentary FROM entries WHERE title LIKE 'Labs 1%'")[0]["commentary"]
    )


@pytest.mark.parametrize("columns", ["80", "40", "300"])
def test_lines_are_no_wider_than_the_terminal_nor_than_can_be_read(archived: CommandLine, columns: str) -> None:
    widths = [len(line) for line in tell(archived, "labs", env={"COLUMNS": columns}).splitlines()]
    assert min(int(columns), 100) - 15 <= max(widths) <= min(int(columns), 100)


def test_wide_characters_are_wrapped_by_the_room_they_take(command: CommandLine) -> None:
    with open_archive(command.folder / "archive.db") as db:
        Column(db).crawl(listing(labs("中国的创新能力" * 20)))
    lines = tell(command, "labs").splitlines()
    assert max(len(line) + sum(character >= "一" for character in line) for line in lines) <= 80
    assert "".join(re.findall("[中国的创新能力]", "".join(lines))) == "中国的创新能力" * 20


def test_a_terminal_shows_what_was_removed_struck_out_and_what_was_added_in_green(archived: CommandLine) -> None:
    written = on_a_terminal(archived, "history", "labs", env=UTC)
    assert "\x1b[9;31m13,000\x1b[0m \x1b[1;32m16,000\x1b[0m examiners" in written
    assert "[-" not in written.replace("\x1b[", "")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_refuses_colours_gets_marks(archived: CommandLine, env: dict[str, str]) -> None:
    written = on_a_terminal(archived, "history", "labs", env={**UTC, **env})
    assert "\x1b" not in written
    assert "[-13,000-]{+16,000+}" in written


def test_what_the_terminals_encoding_lacks_is_written_out(archived: CommandLine) -> None:
    env = {"PYTHONIOENCODING": "ascii"}
    assert "revision 2 \\xb7 2026-03-03" in tell(archived, "labs", env=env)
    assert json.loads(tell(archived, "labs", "--json", env=env)) == tell_json(archived, "labs")
