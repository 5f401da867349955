"""Locks: one run at a time writes to an archive."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT

from foreign_eyes.archive.archive_lock import holder, lock_path, only_run
from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.errors import ArchiveBusy, ArchiveUnwritable

HOLDING = """
import sys
from pathlib import Path
from foreign_eyes.archive.archive_lock import only_run
with only_run(Path(sys.argv[1]), what="a crawl of town", since="noon"):
    print("held", flush=True)
    sys.stdin.read()
"""


HOLDING_A_BIRTH = """
import sys
from pathlib import Path
from foreign_eyes.archive.archive_lock import only_run
from foreign_eyes.archive.database import open_archive
with only_run(Path(sys.argv[1]), what="a crawl of town", since="noon"), open_archive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(archive: Path, script: str = HOLDING) -> Iterator[subprocess.Popen[str]]:
    """A process that locks the archive until its stdin is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(archive)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_refused_with_the_holder_in_the_message(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with another_process(archive) as process:
        for _ in range(2):  # being refused does not wipe out the name
            with pytest.raises(ArchiveBusy) as refusal, only_run(archive, what="mine", since="now"):
                pass
            assert refusal.value.holder == f"a crawl of town, process {process.pid}, since noon"
            assert str(refusal.value).startswith(f"{archive}: in use by a crawl of town, process {process.pid}")
        assert holder(archive) == refusal.value.holder


def test_the_lock_is_released_when_its_holder_is_killed(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with another_process(archive) as process:
        process.kill()
        process.wait()
    assert lock_path(archive).read_text(encoding="utf-8") != ""  # its last words are still there
    assert holder(archive) is None
    with only_run(archive, what="mine", since="now"):
        pass


def test_the_lock_is_released_when_a_run_fails(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with pytest.raises(ValueError, match="mine"), only_run(archive, what="mine", since="now"):
        raise ValueError("mine")
    assert holder(archive) is None
    with only_run(archive, what="mine", since="now"):
        pass


def test_reading_the_holder_of_an_archive_makes_no_file(tmp_path: Path) -> None:
    assert holder(tmp_path / "archive.db") is None
    assert list(tmp_path.iterdir()) == []


def test_two_archives_in_one_folder_are_locked_independently(tmp_path: Path) -> None:
    with only_run(tmp_path / "one.db", what="one", since="now"), only_run(tmp_path / "two.db", what="two", since="now"):
        pass


def test_a_lock_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    lock_path(tmp_path / "archive.db").mkdir()
    with (
        pytest.raises(ArchiveUnwritable, match="cannot be written"),
        only_run(tmp_path / "archive.db", what="mine", since="now"),
    ):
        pass


def symbolic_link(archive: Path, other: Path) -> None:
    other.symlink_to(archive)


def hard_link(archive: Path, other: Path) -> None:
    os.link(archive, other)


def new_name(archive: Path, other: Path) -> None:
    archive.rename(other)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with open_archive(tmp_path / "archive.db"):
        pass
    return tmp_path / "archive.db"


@pytest.mark.parametrize("name", ["other.db", "elsewhere/archive.db"])
@pytest.mark.parametrize("give", [symbolic_link, hard_link, new_name])
def test_a_lock_covers_all_names_of_an_archive(archive: Path, give: Callable[[Path, Path], None], name: str) -> None:
    other = archive.parent / name
    other.parent.mkdir(exist_ok=True)
    if give is not new_name:
        give(archive, other)
    with another_process(archive) as process:
        if give is new_name:
            give(archive, other)
        with pytest.raises(ArchiveBusy, match=f"process {process.pid}"), only_run(other, what="mine", since="now"):
            pass
        assert f"process {process.pid}, since" in (holder(other) or "")
        process.kill()
        process.wait()
        assert holder(other) is None
        with only_run(other, what="mine", since="now"):
            pass


def test_a_lock_covers_all_names_of_an_archive_that_is_being_created(tmp_path: Path) -> None:
    archive, other = tmp_path / "archive.db", tmp_path / "other.db"
    with another_process(archive, HOLDING_A_BIRTH) as process:
        with pytest.raises(ArchiveBusy, match=f"process {process.pid}"), only_run(archive, what="mine", since="now"):
            pass
        os.link(archive, other)
        with pytest.raises(ArchiveBusy, match=f"process {process.pid}"), only_run(other, what="mine", since="now"):
            pass


def test_two_runs_of_one_process_cannot_lock_the_same_file(archive: Path) -> None:
    other = archive.with_name("other.db")
    os.link(archive, other)
    with only_run(archive, what="mine", since="now"):
        assert f"process {os.getpid()}" in (holder(other) or "")
        with pytest.raises(ArchiveBusy), only_run(other, what="mine, too", since="now"):
            pass
    with only_run(other, what="mine", since="now"):
        pass


def test_locking_an_archive_and_reading_its_holder_drop_no_locks_of_sqlite(archive: Path) -> None:
    """POSIX drops all locks of a process on a file when it closes any descriptor of it."""
    with open_archive(archive) as db, writing(db):
        db.execute("INSERT INTO publications (name) VALUES ('Le Monde')")
        with only_run(archive, what="mine", since="now"):
            holder(archive)
        writer = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN IMMEDIATE')"
        done = subprocess.run([sys.executable, "-c", writer, archive], capture_output=True, text=True, check=False)
        assert "database is locked" in done.stderr


def test_sqlite_reads_and_writes_a_locked_archive(archive: Path) -> None:
    with another_process(archive), open_archive(archive) as db:
        with writing(db):
            db.execute("INSERT INTO publications (name) VALUES ('Le Monde')")
        assert db.execute("SELECT count(*) FROM publications").fetchone() == (1,)


def test_an_archive_is_locked_even_if_its_lock_file_cannot_be_written(archive: Path) -> None:
    """The lock file may belong to another user."""
    lock_path(archive).mkdir()
    with another_process(archive) as process:
        with pytest.raises(ArchiveBusy, match=f"process {process.pid}"), only_run(archive, what="mine", since="now"):
            pass
        assert f"process {process.pid}" in (holder(archive) or "")


def test_a_lock_covers_a_bind_mount_of_the_archive(archive: Path) -> None:
    other = archive.parent / "mounted" / "archive.db"
    other.parent.mkdir()
    other.touch()
    mounting = f"mount --bind {archive} {other} && exec {sys.executable} -c 'import sys; exec(sys.argv[1])'"
    script = "import sys; from pathlib import Path; from foreign_eyes.archive.archive_lock import holder, only_run"
    script += "\nprint(holder(Path(sys.argv[2])))\nwith only_run(Path(sys.argv[2]), what='mine', since='now'): pass"
    with another_process(archive) as process:
        done = subprocess.run(
            ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{mounting} "$0" "$1"', script, other],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if "unshare:" in done.stderr or "mount:" in done.stderr:
            pytest.skip(f"nothing can be mounted here: {done.stderr.splitlines()[0]}")
        assert f"process {process.pid}, since" in done.stdout, done.stderr
        assert "ArchiveBusy" in done.stderr


ANOTHER_USER = """
import os, sys
from pathlib import Path
from foreign_eyes.archive.errors import ArchiveBusy
from foreign_eyes.archive.archive_lock import holder, only_run
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print(holder(Path(sys.argv[1])))
try:
    with only_run(Path(sys.argv[1]), what="mine", since="now"):
        print("held")
except ArchiveBusy as error:
    print(error)
"""


def test_a_run_of_another_user_is_refused() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive.db"
        with open_archive(archive):
            pass
        lock_path(archive).touch(0o600)
        archive.chmod(0o666)
        archive.parent.chmod(0o777)
        command = [sys.executable, "-c", ANOTHER_USER, archive]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with another_process(archive) as process:
            held = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        free = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert held.stdout.count(f"process {process.pid}, since") == 2
    assert "held" not in held.stdout
    assert free.stdout == "None\nheld\n"
