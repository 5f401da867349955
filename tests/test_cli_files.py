"""Files that are not what they must be: told by exit code, in one line, and left as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import CommandLine

READERS = ["status", "check", "publish", "crawl sample", "crawl sample --dry-run", "up --no-serve"]


def make_text(path: Path) -> None:
    path.write_text("Dear diary\n" * 200)


def make_other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("make", [make_text, make_other_database])
def test_a_file_that_is_no_archive_is_refused_and_left_alone(
    command: CommandLine, name: str, make: Callable[[Path], None]
) -> None:
    path = command.folder / "file"
    make(path)
    before = path.read_bytes()
    done = command("--archive", "file", *name.split())
    assert done.returncode == 66
    assert done.stderr.startswith("error: file: not a Foreign Eyes archive (")
    assert len(done.stderr.splitlines()) == 1
    assert path.read_bytes() == before
    assert not (command.folder / "public").exists()


@pytest.mark.parametrize("name", [*READERS, "serve", "watch --rounds 1"])
def test_a_folder_is_no_archive(command: CommandLine, name: str) -> None:
    done = command("--archive", ".", *name.split())
    assert done.returncode == 66
    assert done.stderr == "error: .: a folder; name a file in it with --archive\n"
    assert list(command.folder.iterdir()) == []


def test_an_archive_that_cannot_be_created_is_reported(command: CommandLine) -> None:
    (command.folder / "file").write_text("")
    done = command("--archive", "file/archive.db", "crawl", "sample", "--quiet")
    assert done.returncode == 73
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("output", ["file", "file/public", "/proc/foreign-eyes", "/dev/null"])
def test_output_that_cannot_be_written_is_reported(command: CommandLine, output: str) -> None:
    (command.folder / "file").write_text("mine")
    command("crawl", "sample")
    done = command("publish", "--output", output)
    assert (done.returncode, done.stdout) == (73, "")
    assert len(done.stderr.splitlines()) == 1
    assert "choose another --output" in done.stderr
    assert (command.folder / "file").read_text() == "mine"


def test_the_environment_names_the_archive(command: CommandLine) -> None:
    assert command("crawl", "sample", env={"FOREIGN_EYES_ARCHIVE": "mine.db"}).returncode == 0
    assert sorted(path.name for path in command.folder.glob("*.db")) == ["mine.db"]


def test_the_option_names_it_over_the_environment(command: CommandLine) -> None:
    done = command("--archive", "this.db", "crawl", "sample", env={"FOREIGN_EYES_ARCHIVE": "that.db"})
    assert done.returncode == 0
    assert sorted(path.name for path in command.folder.glob("*.db")) == ["this.db"]
