"""Damaged archives: every command reports them and does not change them; and killed creations of archives."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import CommandLine
from faults.states import damage
from faults.strace import Call, hindrance, run_killed, trace
from faults.trials import command as arguments_for
from faults.trials import make_environment, run_forked
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.warcs import Warc

from foreign_eyes.archive.creation import make_archive
from foreign_eyes.archive.database import open_archive

COMMANDS = [
    ("up", "--no-serve"),
    ("crawl",),
    ("crawl", "--dry-run"),
    ("watch", "--every", "1s", "--rounds", "1"),
    ("publish",),
    ("status",),
    ("status", "--json"),
    ("check",),
    ("check", "--json"),
    ("history", "1"),
    ("reparse",),
    ("reparse", "--check"),
    ("merge", "1", "2"),
    ("import", "page.warc.gz", "--source", "sample"),
    ("import", "page.warc.gz", "--source", "sample", "--dry-run"),
    ("export", "out.warc.gz"),
    ("set-aside",),
    ("serve", "--port", "0"),
]


def emptied(archive: Path) -> None:
    os.truncate(archive, 0)


def cut_in_half(archive: Path) -> None:
    os.truncate(archive, archive.stat().st_size // 2)


def zeroed(archive: Path) -> None:
    with archive.open("r+b") as file:
        file.write(bytes(100))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    command = CommandLine(tmp_path_factory.mktemp("crawled"))
    assert command("crawl", "sample", "--quiet").returncode == 0
    return (command.folder / "archive.db").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "arguments"),
    [(emptied, arguments) for arguments in COMMANDS]
    + [(spoil, arguments) for spoil in (cut_in_half, zeroed) for arguments in (("crawl",), ("status", "--json"))],
)
def test_every_command_reports_a_damaged_archive_and_does_not_write_to_it(
    command: CommandLine, crawled: bytes, arguments: tuple[str, ...], spoil: Callable[[Path], None]
) -> None:
    archive = command.folder / "archive.db"
    archive.write_bytes(crawled)
    spoil(archive)
    before = archive.read_bytes(), archive.stat().st_mtime_ns
    warc = Warc()
    warc.response("http://town.example/", "2026-05-01T10:00:00Z", b"<p>x</p>")
    (command.folder / "page.warc.gz").write_bytes(warc.data)

    done = command(*arguments)
    assert done.returncode == 66, done.stderr
    assert "archive.db: the archive is damaged" in done.stderr
    assert "foreign-eyes restore FILE" in done.stderr
    assert "not a Foreign Eyes archive" not in done.stderr
    assert "Traceback" not in done.stderr
    assert (archive.read_bytes(), archive.stat().st_mtime_ns) == before
    beside = {path.name for path in command.folder.iterdir()} - {".public.serving"}
    assert beside == {"archive.db", "page.warc.gz"}
    if "--json" in arguments:
        report = json.loads(done.stdout)
        assert not report["ok"]
        assert report["problems"][0]["remedy"] == "foreign-eyes restore FILE"


def test_a_text_file_is_not_an_archive_and_gets_no_lock_beside_it(command: CommandLine) -> None:
    (command.folder / "archive.db").write_text("Dear archive,\n" * 100)
    for arguments in COMMANDS[1:12]:
        done = command(*arguments)
        assert done.returncode == 66
        assert "not a Foreign Eyes archive" in done.stderr
    assert [path.name for path in command.folder.iterdir()] == ["archive.db"]


@pytest.fixture(scope="module")
def traceable() -> None:
    if reason := hindrance():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and .ci/run was to see to it")
        pytest.skip(reason)


# the calls by which the new file is filled and named, and where in the birth each comes first
BIRTH = "?openat,?pwrite64,?fsync,?link,?linkat,?unlink,?unlinkat"
OF_A_BIRTH = re.compile(r"\.archive\.db\.\w+\.new")


def first_crawl(server: ListingServer) -> list[str]:
    return arguments_for("crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--quiet")


@pytest.fixture(scope="module")
def listing() -> Iterator[ListingServer]:
    with ListingServer(make_site(make_entries(15))) as running:
        yield running


@pytest.fixture(scope="module")
def calls_of_a_birth(traceable: None, listing: ListingServer, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """The calls that create the archive, in the order of every first crawl."""
    folder = tmp_path_factory.mktemp("traced")
    (folder / "run").mkdir()
    calls = trace(first_crawl(listing), folder / "run", make_environment(), folder / "log", BIRTH)
    return [call for call in calls if OF_A_BIRTH.search(call.arguments)]


@pytest.mark.parametrize("part", [0.0, 0.1, 0.4, 0.7, 0.9, 0.95, 1.0])
def test_killing_the_creation_of_an_archive_leaves_only_a_temporary_file_that_the_next_run_removes(
    tmp_path: Path, listing: ListingServer, calls_of_a_birth: list[Call], part: float
) -> None:
    folder, calls, crawl = tmp_path / "killed", calls_of_a_birth, first_crawl(listing)
    folder.mkdir()
    assert {call.syscall.removesuffix("at") for call in calls} >= {"open", "pwrite64", "fsync", "link", "unlink"}
    call = calls[round(part * (len(calls) - 1))]
    done = run_killed(crawl, folder, make_environment(), tmp_path / "killed.log", call.syscall, call.when)
    assert done.returncode == -signal.SIGKILL
    archive = folder / "archive.db"
    if archive.exists():
        assert list(damage(archive)) == []
        with closing(sqlite3.connect(archive)) as connection:
            assert connection.execute("SELECT count(*) FROM archive").fetchone() == (1,)

    run_forked(crawl, folder)
    assert list(damage(archive)) == []
    assert sorted(path.name for path in folder.iterdir()) == ["archive.db", "archive.db.lock"]
    assert archive.stat().st_nlink == 1


def test_creating_an_archive_keeps_the_temporary_file_of_a_running_process(tmp_path: Path) -> None:
    met: list[list[str]] = []

    def build(db: object) -> None:
        with open_archive(tmp_path / "archive.db"):
            met.append(sorted(path.name for path in tmp_path.iterdir()))

    make_archive(tmp_path / "archive.db", build)
    assert len(met[0]) == 2  # the archive that was made meanwhile, and our own file
    assert [path.name for path in tmp_path.iterdir()] == ["archive.db"]
    with open_archive(tmp_path / "archive.db") as db:  # the one that was there first stays
        assert db.execute("SELECT count(*) FROM archive").fetchone() == (1,)


def test_a_new_archive_is_created_at_the_target_of_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "archive.db").symlink_to("volume/eyes.db")
    with open_archive(tmp_path / "archive.db"):
        pass
    assert (tmp_path / "archive.db").is_symlink()
    assert [path.name for path in (tmp_path / "volume").iterdir()] == ["eyes.db"]
