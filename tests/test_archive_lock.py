"""One run at a time on an archive."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT

from archive.errors import ArchiveBusy, ArchiveUnwritable
from archive.lock import holder, lock_path, only_run

HOLDING = """
import sys
from pathlib import Path
from archive.lock import only_run
with only_run(Path(sys.argv[1]), what="a crawl of town", since="noon"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(archive: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the archive until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(archive)],
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


def test_a_second_run_is_refused_and_told_who_holds_the_archive(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with another_process(archive) as process:
        for _ in range(2):  # being refused does not wipe out the name
            with pytest.raises(ArchiveBusy) as refusal, only_run(archive, what="mine", since="now"):
                pass
            assert refusal.value.holder == f"a crawl of town, process {process.pid}, since noon"
            assert str(refusal.value).startswith(f"{archive}: in use by a crawl of town, process {process.pid}")
        assert holder(archive) == refusal.value.holder


def test_the_archive_is_free_after_its_holder_was_killed(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with another_process(archive) as process:
        process.kill()
        process.wait()
    assert lock_path(archive).read_text(encoding="utf-8") != ""  # its last words are still there
    assert holder(archive) is None
    with only_run(archive, what="mine", since="now"):
        pass


def test_the_archive_is_free_after_a_run_that_failed(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with pytest.raises(ValueError, match="mine"), only_run(archive, what="mine", since="now"):
        raise ValueError("mine")
    assert holder(archive) is None
    with only_run(archive, what="mine", since="now"):
        pass


def test_asking_who_holds_an_archive_makes_no_file(tmp_path: Path) -> None:
    assert holder(tmp_path / "archive.db") is None
    assert list(tmp_path.iterdir()) == []


def test_two_archives_in_one_folder_do_not_hinder_each_other(tmp_path: Path) -> None:
    with only_run(tmp_path / "one.db", what="one", since="now"), only_run(tmp_path / "two.db", what="two", since="now"):
        pass


def test_a_lock_that_cannot_be_made_is_told_as_such(tmp_path: Path) -> None:
    lock_path(tmp_path / "archive.db").mkdir()
    with (
        pytest.raises(ArchiveUnwritable, match="cannot be written"),
        only_run(tmp_path / "archive.db", what="mine", since="now"),
    ):
        pass
