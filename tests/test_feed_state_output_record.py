"""The record of an output folder: writing and reading, killed writers, and hostile lines."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.output_record import (
    RECORD_NAME,
    FolderRecord,
    RecordedId,
    is_file_name,
    read_record,
    read_summary,
)
from foreign_eyes.archive.feed_state.output_record_writer import (
    append_lines,
    begin_line,
    end_line,
    file_line,
    id_lines,
    missing_ids,
    owner_line,
    remove_record,
    removed_line,
    replace_record,
)

ARCHIVE, SEAL, TOKEN = "a1" * 16, "5e" * 32, "70" * 8
WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
URL = "https://town.example/list/index.htm"


def minted(number: int = 123456789, *more: str) -> RecordedId:
    return RecordedId(number, f"tag:town.example,2026:town/{number}", WHEN, WHEN, "town", URL, ("ab" * 32, *more))


def lines(*ids: RecordedId) -> list[str]:
    return [
        owner_line(ARCHIVE, "town", URL),
        begin_line(TOKEN, SEAL, len(ids), "2026-03-04T05:06:07.000000Z"),
        *(line for one in ids for line in id_lines(one)),
        file_line("entries/123456789/index.html"),
        file_line("index.html"),
    ]


def test_a_folder_without_a_record_has_none(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    assert read_record(tmp_path / "missing") is None
    assert read_summary(tmp_path) is None


def test_appended_lines_are_read_back(tmp_path: Path) -> None:
    append_lines(tmp_path, lines(minted()))
    append_lines(tmp_path, [end_line(TOKEN, SEAL, ARCHIVE, "town")])
    record = read_record(tmp_path)
    assert record == FolderRecord(
        ARCHIVE,
        *("town", URL, SEAL, 1, WHEN),
        ids={123456789: minted()},
        files={"index.html", "entries/123456789/index.html"},
        published_token=TOKEN,
    )
    append_lines(tmp_path, [removed_line("index.html"), *id_lines(minted(123456789, "cd" * 32), known=("ab" * 32,))])
    later = read_record(tmp_path)
    assert later is not None
    assert later.files == {"entries/123456789/index.html"}
    assert later.ids[123456789].text_digests == ("ab" * 32, "cd" * 32)
    assert list(missing_ids(later, [minted(123456789, "cd" * 32)])) == []
    assert len(list(missing_ids(later, [minted(5), minted(123456789, "ef" * 32)]))) == 2


def test_a_record_without_an_end_line_is_that_of_a_killed_publish(tmp_path: Path) -> None:
    append_lines(tmp_path, [*lines(), end_line(TOKEN, SEAL, ARCHIVE, "town")])
    summary = read_summary(tmp_path)
    assert summary is not None
    assert (summary.archive_id, summary.source, summary.seal, summary.published_token) == (ARCHIVE, "town", SEAL, TOKEN)
    append_lines(tmp_path, [begin_line(TOKEN, None, 1, "")])
    summary = read_summary(tmp_path)
    assert summary is not None
    assert (summary.seal, summary.published_token) == (None, None)


@given(cut=st.integers(0, 10_000))
def test_a_record_truncated_at_any_byte_is_read_up_to_there_and_can_be_appended_to(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    append_lines(folder, [*lines(minted()), end_line(TOKEN, SEAL, ARCHIVE, "town")])
    content = (folder / RECORD_NAME).read_bytes()
    (folder / RECORD_NAME).write_bytes(content[: cut % len(content)])
    record = read_record(folder)
    whole = content[: cut % len(content)].count(b"\n")
    assert (record is None) == (whole == 0)
    rest = content.decode().splitlines(keepends=True)[whole:]
    append_lines(folder, rest)
    assert (folder / RECORD_NAME).read_bytes() == content


HOSTILE = {
    "not JSON": b"{\n",
    "not UTF-8": b'{"file":"\xff"}\n',
    "a list": b"[]\n",
    "an unknown line": b'{"evil":1}\n',
    "a file above": b'{"file":"../index.html"}\n',
    "a file by its whole path": b'{"file":"/etc/passwd"}\n',
    "a hidden file": b'{"file":".ssh/authorized_keys"}\n',
    "a file with a line end": b'{"file":"a\\nb"}\n',
    "no id": b'{"id":"1","tag":"t","date":"2026-01-01T00:00:00Z","crawl":"2026-01-01T00:00:00Z","wording":"ab"}\n',
    "no date": b'{"id":1,"tag":"t","date":"soon","crawl":"2026-01-01T00:00:00Z","wording":"ab"}\n',
    "no tag": b'{"id":1,"date":"2026-01-01T00:00:00Z","crawl":"2026-01-01T00:00:00Z","wording":"ab"}\n',
    "a tag with a terminal's codes": b'{"id":1,"tag":"\\u001b[2J","date":"2026-01-01","crawl":"2026-01-01","wording":"ab"}\n',
    "a number without end": b'{"id":' + b"9" * 30_000 + b"}\n",
    "a nest": b"[" * 30_000 + b"\n",
    "a line without end": b"x" * 200_000,
    "another archive": owner_line("b2" * 16, "town", URL).encode(),
    "a newer version": b'{"record":2}\n',
    "nothing but zeros": bytes(5_000) + b"\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_damaged_or_hostile_record_is_an_error_that_names_the_remedy(tmp_path: Path, name: str) -> None:
    append_lines(tmp_path, lines(minted()))
    with (tmp_path / RECORD_NAME).open("ab") as file:
        file.write(HOSTILE[name])
    with pytest.raises(RecordDamaged, match="--take-over") as caught:
        read_record(tmp_path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1_000
    with pytest.raises(RecordDamaged):
        read_summary(tmp_path)


def test_a_record_that_is_a_link_or_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("".join(lines()))
    for name, make in {
        "link": lambda path: path.symlink_to(target),
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        make(folder / RECORD_NAME)
        with pytest.raises(RecordDamaged):
            read_record(folder)
    with pytest.raises(OSError, match="symbolic links"):
        append_lines(tmp_path / "link", lines())
    assert target.read_text() == "".join(lines())


def test_replacing_a_record_keeps_a_copy_of_the_former_one(tmp_path: Path) -> None:
    append_lines(tmp_path, lines(minted()))
    former = (tmp_path / RECORD_NAME).read_bytes()
    kept = replace_record(tmp_path, [owner_line("b2" * 16, "live", URL)])
    assert kept is not None
    assert kept.read_bytes() == former
    again = replace_record(tmp_path, [owner_line("c3" * 16, "live", URL)])
    assert again not in (None, kept)
    record = read_record(tmp_path)
    assert record is not None
    assert record.archive_id == "c3" * 16
    remove_record(tmp_path)
    assert read_record(tmp_path) is None


def test_a_record_is_readable_by_others_with_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        append_lines(tmp_path, lines())
    finally:
        os.umask(before)
    assert (tmp_path / RECORD_NAME).stat().st_mode & 0o777 == 0o644


def test_adding_an_entry_takes_the_same_time_in_a_record_of_any_size(tmp_path: Path) -> None:
    """Measured by the bytes that are read and written."""
    append_lines(tmp_path, [*lines(*map(minted, range(20_000))), end_line(TOKEN, SEAL, ARCHIVE, "town")])
    more = [*id_lines(minted(20_001)), end_line(TOKEN, SEAL, ARCHIVE, "town")]
    before = json.loads((tmp_path / RECORD_NAME).read_bytes().splitlines()[-1])
    read, written = io_counts()
    append_lines(tmp_path, more)
    assert read_summary(tmp_path) is not None
    read_now, written_now = io_counts()
    assert before["end"] == TOKEN
    assert written_now - written < 4_000
    assert read_now - read < 200_000  # one look back for a line end


def io_counts() -> tuple[int, int]:
    values = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(values["rchar"]), int(values["wchar"])


@pytest.mark.parametrize("name", ["", ".", "..", "a/../b", "a//b", "/a", "a/", ".x", "a/.x", "a\\b", "a\0b", "./a"])
def test_names_that_publishing_never_writes_are_refused(name: str) -> None:
    assert not is_file_name(name)
    assert is_file_name("publications/le-monde/atom.xml")
