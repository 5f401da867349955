"""Below the floor of free disk space nothing is written, and `status` and `check` report it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING

from foreign_eyes.archive.free_space import MEGABYTE, FreeSpace, free_spaces, low_spaces

# more than any disk has
BEYOND_ANY_DISK = 1_000_000_000
WRITING = [
    ("crawl", "town"),
    ("crawl", "--all-sources"),
    ("up", "town", "--no-serve", "--quiet"),
    ("up", "--all-sources", "--no-serve", "--quiet"),
    ("publish",),
    ("publish", "--all-sources"),
]


def configure(command: CommandLine, server: ListingServer, floor: int | None) -> None:
    line = "" if floor is None else f"[archive]\nmin_free_mb = {floor}\n"
    (command.folder / "foreign-eyes.toml").write_text(
        f'{line}[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_a_run_below_the_floor_changes_no_file_and_asks_for_no_page(
    command: CommandLine, server: ListingServer, words: tuple[str, ...]
) -> None:
    configure(command, server, 0)
    assert command("up", "town", "--no-serve", "--quiet").returncode == 0
    configure(command, server, BEYOND_ANY_DISK)
    before = contents(command.folder)
    server.asked.clear()

    done = command(*words)
    assert (done.returncode, done.stdout) == (73, "")
    assert f"MB free, less than {BEYOND_ANY_DISK} MB; nothing was written" in done.stderr
    assert "min_free_mb" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (contents(command.folder), server.asked) == (before, [])


def test_status_and_check_report_a_disk_below_the_floor(command: CommandLine, server: ListingServer) -> None:
    configure(command, server, 0)
    command("up", "town", "--no-serve", "--quiet")
    configure(command, server, BEYOND_ANY_DISK)

    for name in ("status", "check"):
        [problem] = json.loads(command(name, "--json").stdout)["problems"]
        assert problem["where"] == "disk of archive.db"
        assert "crawls and publishes do not begin" in problem["what"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 5 MB, which only root may mount."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(place)], capture_output=True, check=False, timeout=20
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, timeout=20)


def test_nothing_is_written_to_a_disk_below_the_floor(
    command: CommandLine, server: ListingServer, small_disk: Path
) -> None:
    configure(command, server, None)
    crawl = command("--archive", str(small_disk / "archive.db"), "crawl", "town")
    assert crawl.returncode == 73, crawl.stderr
    assert f"{small_disk / 'archive.db'}: its file system has 5.2 MB free, less than 100 MB" in crawl.stderr
    assert contents(small_disk) == {}

    assert command("crawl", "town").returncode == 0
    publish = command("publish", "--output", str(small_disk / "public"))
    assert publish.returncode == 73
    assert contents(small_disk) == {}

    configure(command, server, 2)
    assert command("publish", "--output", str(small_disk / "public"), "--quiet").returncode == 0
    (small_disk / "filler").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - MEGABYTE))
    assert command("publish", "--output", str(small_disk / "public")).returncode == 73


def test_free_space_is_found_for_paths_that_do_not_exist_yet(tmp_path: Path) -> None:
    [space] = free_spaces([tmp_path / "a/b/archive.db", tmp_path / "public"])
    assert space.place == tmp_path / "a/b/archive.db"
    assert abs(space.free - shutil.disk_usage(tmp_path).free) < 100 * MEGABYTE


@pytest.mark.parametrize(
    ("option", "shown"),
    [("--json", '"free_bytes": null'), ("--prometheus", "foreign_eyes_ok"), (None, "space unknown")],
)
def test_status_works_on_a_file_system_that_does_not_say_how_large_it_is(
    command: CommandLine, tmp_path: Path, option: str | None, shown: str
) -> None:
    command("crawl", "sample", "--quiet")
    (tmp_path / "unsized").mkdir()
    (tmp_path / "unsized/sitecustomize.py").write_text(
        "import os\nsize = os.statvfs('/')\nos.statvfs = lambda _: os.statvfs_result((*size[:2], 0, 0, 0, *size[5:]))\n"
    )
    done = command("status", *filter(None, [option]), env={"PYTHONPATH": str(tmp_path / "unsized")})
    assert done.stderr == ""
    assert shown in done.stdout


@pytest.mark.parametrize(("free", "floor", "is_low"), [(99, 100, True), (100, 100, False), (0, 0, False)])
def test_less_than_the_floor_is_low(free: int, floor: int, is_low: bool) -> None:
    spaces = [FreeSpace(Path("archive.db"), free * MEGABYTE)]
    assert low_spaces(spaces, floor) == (spaces if is_low else [])


@pytest.mark.parametrize("value", ["-1", "1.5", '"100"', "true"])
def test_a_floor_that_is_not_a_number_of_megabytes_is_refused(command: CommandLine, value: str) -> None:
    (command.folder / "foreign-eyes.toml").write_text(f"[archive]\nmin_free_mb = {value}\n")
    done = command("status")
    assert done.returncode == 78
    assert "[archive] min_free_mb" in done.stderr
    assert "0 for no floor" in done.stderr
