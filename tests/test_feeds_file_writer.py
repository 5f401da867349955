"""Atomic writes: a file has its old or its new bytes, and other files are not changed."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foreign_eyes.feeds.errors import FeedsError, OutputUnwritable
from foreign_eyes.feeds.file_writer import remove_file, write_file

ROOT = Path(__file__).parents[1]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let every write beyond `size` fail with a real OSError, for root too; Python ignores the signal that goes with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_a_file_is_written_with_the_folders_it_needs(tmp_path: Path) -> None:
    assert write_file(tmp_path / "public", "entries/1/index.html", b"one")

    assert (tmp_path / "public/entries/1/index.html").read_bytes() == b"one"
    assert files(tmp_path) == ["public/entries/1/index.html"]


def test_a_file_with_the_right_bytes_is_not_written(tmp_path: Path) -> None:
    write_file(tmp_path, "atom.xml", b"one")
    before = (tmp_path / "atom.xml").stat()

    assert not write_file(tmp_path, "atom.xml", b"one")
    after = (tmp_path / "atom.xml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("content", [b"two", b"three"])
def test_a_reader_with_an_open_file_keeps_the_old_bytes(tmp_path: Path, content: bytes) -> None:
    write_file(tmp_path, "atom.xml", b"one")

    with (tmp_path / "atom.xml").open("rb") as reader:
        assert write_file(tmp_path, "atom.xml", content)
        assert reader.read() == b"one"
    assert (tmp_path / "atom.xml").read_bytes() == content


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002, 0o777])
@pytest.mark.parametrize(
    ("mode", "of_folders"), [(0o644, 0o755), (0o640, 0o750), (0o600, 0o700), (0o664, 0o775), (0o604, 0o705)]
)
def test_permissions_come_from_the_mode_and_not_from_the_umask(
    tmp_path: Path, mask: int, mode: int, of_folders: int
) -> None:
    with umask(mask):
        write_file(tmp_path / "public", "folder/atom.xml", b"one", mode)

    assert mode_of(tmp_path / "public/folder/atom.xml") == mode
    assert mode_of(tmp_path / "public/folder") == mode_of(tmp_path / "public") == of_folders


def test_an_existing_file_keeps_its_mode_unless_it_is_to_be_repaired(tmp_path: Path) -> None:
    write_file(tmp_path / "public", "folder/atom.xml", b"one", 0o600)

    write_file(tmp_path / "public", "folder/atom.xml", b"one", 0o644)
    assert mode_of(tmp_path / "public/folder/atom.xml") == 0o600
    assert not write_file(tmp_path / "public", "folder/atom.xml", b"one", 0o644, repair_mode=True)
    assert mode_of(tmp_path / "public/folder/atom.xml") == 0o644
    assert mode_of(tmp_path / "public/folder") == mode_of(tmp_path / "public") == 0o755


def test_a_folder_keeps_its_setgid_bit(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public").chmod(0o2700)
    write_file(tmp_path / "public", "folder/atom.xml", b"one", 0o644, repair_mode=True)
    assert mode_of(tmp_path / "public") == 0o2755


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../atom.xml", "a/../../atom.xml", "a/..", "folder/", "a\0b", "."])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    output = tmp_path / "public"
    with pytest.raises(ValueError, match="not a path inside"):
        write_file(output, name, b"one")
    with pytest.raises(ValueError, match="not a path inside"):
        remove_file(output, name)

    assert files(tmp_path) == []


def test_a_failed_write_leaves_the_old_file_and_no_temporary_file(tmp_path: Path) -> None:
    write_file(tmp_path, "atom.xml", b"old")

    with file_size_limit(100), pytest.raises(OutputUnwritable) as raised:
        write_file(tmp_path, "atom.xml", b"new" * 100)

    assert (tmp_path / "atom.xml").read_bytes() == b"old"
    assert files(tmp_path) == ["atom.xml"]
    assert raised.value.path == tmp_path / "atom.xml"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_on_a_device_is_refused_in_one_line() -> None:
    with pytest.raises(FeedsError) as raised:
        write_file(Path("/dev/full"), "atom.xml", b"one")

    assert str(raised.value) == (
        "/dev/full/atom.xml: cannot be written (a file has the name of a folder);"
        " check permissions and free space, or choose another --output"
    )


@pytest.mark.parametrize("name", ["atom.xml", "entries/1/index.html"])
def test_an_output_that_is_a_file_is_refused(tmp_path: Path, name: str) -> None:
    output = tmp_path / "public"
    output.write_bytes(b"mine")

    with pytest.raises(OutputUnwritable):
        write_file(output, name, b"one")
    assert output.read_bytes() == b"mine"


def test_a_folder_in_the_place_of_a_file_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "atom.xml").mkdir()
    (tmp_path / "atom.xml/mine.txt").write_bytes(b"mine")

    with pytest.raises(OutputUnwritable):
        write_file(tmp_path, "atom.xml", b"one")
    assert files(tmp_path) == ["atom.xml/mine.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    write_file(tmp_path, "atom.xml", b"old")
    tmp_path.chmod(0o555)

    with pytest.raises(OutputUnwritable, match="Permission denied"):
        write_file(tmp_path, "atom.xml", b"new")
    tmp_path.chmod(0o755)
    assert (tmp_path / "atom.xml").read_bytes() == b"old"


@pytest.mark.parametrize("content", [b"one", b""])
def test_a_pipe_in_the_place_of_a_file_is_replaced_and_not_read(tmp_path: Path, content: bytes) -> None:
    os.mkfifo(tmp_path / "atom.xml")

    assert write_file(tmp_path, "atom.xml", content)
    assert (tmp_path / "atom.xml").is_file()
    assert (tmp_path / "atom.xml").read_bytes() == content


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "public").symlink_to("real")

    assert write_file(tmp_path / "public", "atom.xml", b"one")
    assert (tmp_path / "real/atom.xml").read_bytes() == b"one"
    assert (tmp_path / "public").is_symlink()


def test_removing_takes_the_folders_that_it_empties_and_no_other(tmp_path: Path) -> None:
    write_file(tmp_path, "entries/1/index.html", b"one")
    write_file(tmp_path, "entries/2/index.html", b"two")

    assert remove_file(tmp_path, "entries/1/index.html")
    assert files(tmp_path) == ["entries/2/index.html"]
    assert not (tmp_path / "entries/1").exists()
    assert remove_file(tmp_path, "entries/2/index.html")
    assert tmp_path.is_dir()
    assert not (tmp_path / "entries").exists()


def test_a_missing_file_or_a_folder_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "note").write_bytes(b"mine")

    assert not remove_file(tmp_path, "atom.xml")
    assert not remove_file(tmp_path, "mine")
    assert not remove_file(tmp_path, "note/atom.xml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "note"]


@pytest.mark.parametrize("content", [b"one", b"two"])
def test_the_next_write_removes_the_temporary_file_of_a_killed_run_and_nothing_else(
    tmp_path: Path, content: bytes
) -> None:
    write_file(tmp_path, "entries/1/index.html", b"one")
    kept = [".atom.xml.swp", "atom.xml~", ".notes.foreign-eyes", "entries/1/.note.txt"]
    for name in [*kept, "entries/1/.index.html.foreign-eyes"]:
        (tmp_path / name).write_bytes(b"?")

    write_file(tmp_path, "entries/1/index.html", content)
    assert files(tmp_path) == sorted([*kept, "entries/1/index.html"])


def test_a_link_in_the_place_of_the_temporary_file_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(b"mine")
    (tmp_path / ".atom.xml.foreign-eyes").symlink_to("mine.txt")

    assert write_file(tmp_path, "atom.xml", b"one")
    assert (tmp_path / "mine.txt").read_bytes() == b"mine"
    assert files(tmp_path) == ["atom.xml", "mine.txt"]


def test_removing_a_file_removes_its_temporary_file_too(tmp_path: Path) -> None:
    write_file(tmp_path, "entries/1/index.html", b"one")
    (tmp_path / "entries/1/.index.html.foreign-eyes").write_bytes(b"?")

    assert remove_file(tmp_path, "entries/1/index.html")
    assert list(tmp_path.iterdir()) == []


def test_a_kill_while_writing_leaves_the_old_file_whole(tmp_path: Path) -> None:
    write_file(tmp_path, "atom.xml", b"old")
    script = """
import os, signal, sys
from pathlib import Path
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
from foreign_eyes.feeds.file_writer import write_file
write_file(Path(sys.argv[1]), "atom.xml", b"new")
"""
    killed = subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "atom.xml").read_bytes() == b"old"
    assert len(files(tmp_path)) == 2
    assert write_file(tmp_path, "atom.xml", b"new")
    assert files(tmp_path) == ["atom.xml"]
