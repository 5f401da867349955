"""What readers were told and are told, as operators see it: merge and split, then publish, history, export and import."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from conftest import CommandLine
from test_cli_decisions import FIRST, SECOND, THIRD, crawl_days

ATOM = "{http://www.w3.org/2005/Atom}"
PUBLISH = ("publish", "--output", "public", "--base-url", "http://feeds.example/", "--source", "town")


@pytest.fixture
def ids(command: CommandLine) -> dict[str, int]:
    """Of a published archive in which the second entry was withdrawn and the third came: the ids by title."""
    crawl_days(command.folder / "archive.db", [FIRST, SECOND], [FIRST, THIRD], [FIRST, THIRD])
    assert command(*PUBLISH).returncode == 0
    return {row["title"]: row["entry_id"] for row in command.rows("SELECT title, entry_id FROM current_entries")}


def entries_of(command: CommandLine, feed: str) -> dict[str, tuple[str, str, str]]:
    """The entries of a feed by id: title, time of the last change, content."""
    root = ET.parse(command.folder / "public" / feed).getroot()  # noqa: S314 - our own file
    return {
        str(one.findtext(f"{ATOM}id")): (
            *(str(one.findtext(f"{ATOM}{name}")) for name in ("title", "updated", "content")),
        )
        for one in root.findall(f"{ATOM}entry")
    }  # type: ignore[misc]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.words += data.split()


def page_of(command: CommandLine, entry_id: int) -> str:
    reader = _Text()
    reader.feed((command.folder / "public" / "entries" / str(entry_id) / "index.html").read_text("utf-8"))
    return " ".join(reader.words)


def test_after_a_merge_the_announced_withdrawal_is_as_it_was_and_two_changes_tell_of_the_merge(
    command: CommandLine, ids: dict[str, int]
) -> None:
    before = entries_of(command, "changes.xml")
    survivor, other = ids[THIRD.title], ids[SECOND.title]
    assert command("merge", str(survivor), str(other)).returncode == 0
    assert command(*PUBLISH).returncode == 0

    after = entries_of(command, "changes.xml")
    assert {key: after[key] for key in before} == before
    added = [after[key] for key in after if key not in before]
    assert sorted(title for title, _, _ in added) == [f"Corrected: {THIRD.title}", f"Merged: {SECOND.title}"]
    assert any(f"{other} is {survivor}, which answers for both." in content for _, _, content in added)
    assert len({at for _, at, _ in after.values()}) == len(after)
    note = f"{other} is {survivor}, which answers for both."
    assert note in page_of(command, survivor)
    assert note in " ".join(command("history", str(other)).stdout.split())
    told = json.loads(command("history", str(survivor), "--json").stdout)["changes"]
    assert [(one["kind"], one["entry_id"], one["decision"]) for one in told if one["decision"]] == [
        *(("merged", other, "merge"), ("corrected", other, "merge")),
    ]
    assert command("reparse", "--check").returncode == 0


def test_after_a_split_the_feed_has_the_entry_that_readers_never_saw(command: CommandLine, ids: dict[str, int]) -> None:
    command("merge", str(ids[SECOND.title]), str(ids[THIRD.title]))
    command(*PUBLISH)
    before = entries_of(command, "atom.xml")
    assert command("split", str(ids[SECOND.title]), "2").returncode == 0
    assert command(*PUBLISH).returncode == 0

    after = entries_of(command, "atom.xml")
    tags = {row["title"]: row["tag_uri"] for row in command.rows("SELECT title, tag_uri FROM current_entries")}
    assert after.keys() == set(tags.values())
    assert after[tags[SECOND.title]][0] == SECOND.title
    assert after[tags[SECOND.title]][1] > before[tags[SECOND.title]][1]
    assert after[tags[FIRST.title]] == before[tags[FIRST.title]]
    files = {path: path.read_bytes() for path in (command.folder / "public").rglob("*") if path.is_file()}
    assert json.loads(command(*PUBLISH, "--json").stdout)["written"] == 0
    assert all(path.read_bytes() == content for path, content in files.items())


def test_an_export_carries_the_words_that_were_told(command: CommandLine, ids: dict[str, int]) -> None:
    command("merge", str(ids[THIRD.title]), str(ids[SECOND.title]))
    command(*PUBLISH)
    here = entries_of(command, "changes.xml")
    assert command("export", "town.warc.gz").returncode == 0
    (command.folder / "archive.db").rename(command.folder / "first.db")
    done = command("import", "town.warc.gz")
    assert done.returncode == 0, done.stderr
    (command.folder / "public").rename(command.folder / "first")
    assert command(*PUBLISH).returncode == 0
    assert entries_of(command, "changes.xml") == here
    assert command("reparse", "--check").returncode == 0
