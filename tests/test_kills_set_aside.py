"""Setting the sample aside, killed on the way: nothing is lost, and doing it again reaches what would have been."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
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

# the calls by which files come and go; how far into the run each of them is killed
SYSCALLS = "?rename,?renameat,?renameat2,?unlink,?unlinkat"
PARTS = (0.0, 0.2, 0.5, 0.8, 1.0)
SET_ASIDE = arguments_for("set-aside")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=["sample alone", "mixed"])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample in `archive.db` and `public`; with a real source, which is published to `site`, or without."""
    if reason := hindrance():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and .ci/run was to see to it")
        pytest.skip(reason)
    command = CommandLine(tmp_path_factory.mktemp("prepared"))
    assert command("up", "--no-serve", "--quiet").returncode == 0
    if request.param == "mixed":
        add_real_source(command)
    return command.folder


def add_real_source(command: CommandLine) -> None:
    """Let the archive hold a real source too, as older versions did; both are published."""
    with closing(sqlite3.connect(command.folder / "archive.db")) as connection, connection:
        connection.execute("UPDATE sources SET url = replace(url, '.invalid', '.example')")
    with ListingServer(make_site(make_entries(15))) as server:
        command("crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--quiet")
    assert command("publish", "--source", "town", "--output", "site", "--quiet").returncode == 0
    with closing(sqlite3.connect(command.folder / "archive.db")) as connection, connection:
        connection.execute("UPDATE sources SET url = replace(url, '.example', '.invalid') WHERE name = 'sample'")


@pytest.fixture(scope="module")
def calls(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """The calls of every set-aside of the prepared folder, in order."""
    folder = tmp_path_factory.mktemp("traced")
    shutil.copytree(prepared, folder / "run")
    return trace(SET_ASIDE, folder / "run", make_environment(), folder / "log", SYSCALLS)


def identities(folder: Path) -> dict[str, set[tuple[object, ...]]]:
    """Return what every archive of a folder has of every source: id, tag and feed date of its entries."""
    found: dict[str, set[tuple[object, ...]]] = {}
    for archive in folder.glob("archive*.db"):
        with closing(sqlite3.connect(archive)) as connection:
            for source, *identity in connection.execute(
                "SELECT source, entry_id, tag_uri, feed_date FROM current_entries"
            ):
                found.setdefault(source, set()).add(tuple(identity))
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_set_aside_loses_nothing_and_is_done_again(
    prepared: Path, calls: list[Call], tmp_path: Path, part: float
) -> None:
    folder = tmp_path / "killed"
    call = calls[round(part * (len(calls) - 1))]
    shutil.copytree(prepared, folder)
    done = run_killed(SET_ASIDE, folder, make_environment(), tmp_path / "log", call.syscall, call.when)
    assert done.returncode == -signal.SIGKILL
    before = identities(prepared)
    assert identities(folder) == before

    again = run_forked(SET_ASIDE, folder)
    assert again.returncode == 0, again.stderr
    assert identities(folder) == before
    for archive in folder.glob("archive*.db"):
        assert list(damage(archive)) == []
    assert not (folder / "public").exists()
    assert files(folder / "site") == files(prepared / "site")
    with closing(sqlite3.connect(folder / "archive-sample.db")) as connection:
        assert connection.execute("SELECT name FROM sources").fetchall() == [("sample",)]
