"""If the disk is full or fails during a crawl: exit code 73, a message, and the next crawl is complete."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from faults import strace
from support.listing_server import ListingServer, page
from support.listings import LISTING, make_entries, make_site

HINDRANCE = strace.hindrance()
traced = pytest.mark.skipif(HINDRANCE is not None, reason=str(HINDRANCE))
CRAWL = (sys.executable, "-m", "foreign_eyes", "crawl")
# what fails, how, and whether all later ones do too: a full disk stays full
FAULTS = [("pwrite64", "ENOSPC", "+"), ("pwrite64", "EIO", ""), ("fdatasync", "EIO", "+"), ("fdatasync", "EIO", "")]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def arguments(server: ListingServer) -> list[str]:
    return [*CRAWL, server.origin + LISTING, "--name", "town", "--delay", "0", "--json"]


def prepare(command: CommandLine, server: ListingServer) -> Path:
    """Crawl once and keep the archive; then add one entry and remove another."""
    command.crawl(server)
    kept = command.folder / "kept.db"
    shutil.copyfile(command.folder / "archive.db", kept)
    server.site.update(make_site([*make_entries(1, first=99), *make_entries(14)]))
    return kept


def break_at(command: CommandLine, server: ListingServer, kept: Path, fault: tuple[str, str, str], when: int) -> None:
    """Crawl with a fault at the `when`th call, then without: the first reports it, the second is complete."""
    syscall, error, onward = fault
    archive = command.folder / "archive.db"
    (command.folder / "archive.db-journal").unlink(missing_ok=True)
    shutil.copyfile(kept, archive)
    injected = ["-o", os.devnull, "-e", f"trace={syscall}", "-e", f"inject={syscall}:error={error}:when={when}{onward}"]
    done = strace.run([*strace.STRACE, *injected, *arguments(server)], command.folder, environment())
    assert done.returncode in (73, 0), (when, done)  # what fails after the end, such as a last sync, harms nothing
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "archive.db: cannot be written" in done.stderr
        assert "free space" in done.stderr
    row = command.crawl(server)
    assert row["outcome"] in ("complete", "unchanged")
    assert sum(one["n"] for one in command.rows("SELECT count(*) AS n FROM entries")) == 16  # 15, and the new one
    assert command.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert command.rows("SELECT * FROM crawls WHERE outcome IS NULL") == []


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """How often each prepared crawl makes the calls that fail."""
    command = CommandLine(tmp_path_factory.mktemp("traced"))
    with ListingServer(make_site(make_entries(15))) as server:
        prepare(command, server)
        log, syscalls = command.folder / "trace.log", ",".join({fault[0] for fault in FAULTS})
        traced = strace.trace(arguments(server), command.folder, environment(), log, syscalls)
    found: Counter[str] = Counter()
    for call in traced:
        found[call.syscall] = max(found[call.syscall], call.when)
    return found


@traced
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(fault[:2]) + fault[2])
def test_a_disk_that_fails_in_the_middle_of_a_crawl_is_73_and_the_next_crawl_is_whole(
    command: CommandLine, server: ListingServer, calls: Counter[str], fault: tuple[str, str, str]
) -> None:
    kept = prepare(command, server)
    count = calls[fault[0]]
    assert count > 4
    for when in (count // 2, count - 1):
        break_at(command, server, kept, fault, when)


@pytest.mark.long
@traced
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(fault[:2]) + fault[2])
def test_a_disk_that_fails_at_more_moments_of_a_crawl_is_73_and_the_next_crawl_is_whole(
    command: CommandLine, server: ListingServer, calls: Counter[str], fault: tuple[str, str, str]
) -> None:
    kept = prepare(command, server)
    for when in range(1, calls[fault[0]] + 1, max(1, calls[fault[0]] // 5)):
        break_at(command, server, kept, fault, when)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1.3 MB, which only root may mount."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1300k", "tmpfs", str(place)], capture_output=True, check=False, timeout=20
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, timeout=20)


def test_a_full_disk_in_the_middle_of_a_crawl_is_73(
    command: CommandLine, server: ListingServer, small_disk: Path
) -> None:
    noise = os.urandom(1_500_000).hex().encode()
    server.faults[LISTING] = page(server.site[LISTING].replace(b"</html>", b"<!--" + noise + b"--></html>"))
    archive = small_disk / "archive.db"
    (command.folder / "foreign-eyes.toml").write_text("[archive]\nmin_free_mb = 0\n")
    done = command("--archive", str(archive), "crawl", server.origin + LISTING, "--name", "town", "--delay", "0")
    assert done.returncode == 73, done.stderr
    assert f"{archive}: cannot be written (database or disk is full)" in done.stderr
    assert "Traceback" not in done.stderr
    server.faults.clear()
    again = command(
        *("--archive", str(archive), "crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--json")
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["crawl_id"] == 2
