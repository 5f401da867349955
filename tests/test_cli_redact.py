"""The command `redact`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listings import make_entries
from test_cli_decisions import crawl_days

FIRST, SECOND, THIRD = make_entries(3)


@pytest.fixture
def entry_id(command: CommandLine) -> int:
    """The second of three entries that were crawled and published."""
    crawl_days(command.folder / "archive.db", [FIRST, SECOND, THIRD], [FIRST, SECOND, THIRD])
    assert command("publish", "--quiet").returncode == 0
    rows = command.rows("SELECT title, entry_id FROM current_entries")
    return next(int(row["entry_id"]) for row in rows if row["title"] == SECOND.title)


def holding(folder: Path, words: str) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.relative_to(folder).as_posix() for path in files if words in path.read_text("utf-8", "ignore")]


def found_wrong(command: CommandLine) -> list[str]:
    """Return the problems that `check --deep` finds, except the age of crawls that the test made."""
    problems = json.loads(command("check", "--deep", "--json").stdout)["problems"]
    return [one["what"] for one in problems if not one["what"].startswith("no good crawl")]


def test_redact_names_the_command_that_publishes_and_the_copies_that_contain_the_text(
    command: CommandLine, entry_id: int
) -> None:
    command("backup", "copy.db", "--quiet")
    assert command("redact", str(entry_id), "--dry-run").returncode == 0
    assert command("history", str(entry_id), "--json").stdout.count(SECOND.title or "") > 0
    done = command("redact", str(entry_id), "--reason", "as asked", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["entry_id"], told["did"]) == (0, entry_id, "redact")
    assert told["publish"] == ["foreign-eyes publish"]
    assert [Path(path).name for path in told["copies"]] == ["copy.db"]
    problems = json.loads(command("status", "--json").stdout)["problems"]
    assert "its files still show the words of an entry that was redacted" in [one["what"] for one in problems]
    command("publish", "--quiet")
    assert holding(command.folder / "public", SECOND.title or "") == []
    assert found_wrong(command) == []


def test_redact_names_other_entries_with_the_same_excerpt(command: CommandLine) -> None:
    quoting = replace(THIRD, excerpt=SECOND.excerpt)
    crawl_days(command.folder / "archive.db", [FIRST, SECOND, quoting], [FIRST, SECOND, quoting])
    ids = {row["title"]: row["entry_id"] for row in command.rows("SELECT title, entry_id FROM current_entries")}
    done = command("redact", str(ids[SECOND.title]))
    assert f"foreign-eyes redact {ids[quoting.title]}" in done.stdout
    assert f"foreign-eyes redact {ids[FIRST.title]}" not in done.stdout


def test_a_restore_applies_a_redaction_again(command: CommandLine, entry_id: int) -> None:
    command("backup", "copy.db", "--quiet")
    command("redact", str(entry_id), "--quiet")
    command("publish", "--quiet")
    done = command("restore", "copy.db", "--force", "--json")
    assert json.loads(done.stdout)["redactions_taken_back"] == 1
    titles = [row["title"] for row in command.rows("SELECT title FROM current_entries")]
    assert sorted(titles) == sorted([FIRST.title, THIRD.title, f"Redacted entry {entry_id}"])
    command("publish", "--quiet")
    assert holding(command.folder / "public", SECOND.title or "") == []
    assert found_wrong(command) == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["redact", "123456789"], 66, "no entry has this"),
        (["redact", "{id}", "--purge"], 64, "--yes"),
        (["redact", "{id}", "--undo"], 66, "is not redacted"),
        (["redact", "{id}", "--undo", "--purge"], 64, "--undo takes neither"),
        (["redact", "{id}", "--reason", " "], 64, "--reason is empty"),
    ],
)
def test_a_redaction_that_does_not_fit_the_archive_is_refused(
    command: CommandLine, entry_id: int, arguments: list[str], code: int, told: str
) -> None:
    done = command(*(argument.format(id=entry_id) for argument in arguments))
    assert done.returncode == code
    assert told in done.stderr
