"""Which server serves a folder: one, that others can name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT

from foreign_eyes.web.output_lock import AlreadyServed, address_of_server, lock_path, only_server

ADDRESS = "http://127.0.0.1:8423/"
SERVING = """
import sys
from pathlib import Path
from foreign_eyes.web.output_lock import only_server
with only_server(Path(sys.argv[1]), sys.argv[2]):
    print("serves", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_server(output: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is the server of `output` until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVING, str(output), ADDRESS],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "serves\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_server_of_a_folder_is_refused_and_told_where_the_first_one_is(tmp_path: Path) -> None:
    output = tmp_path / "public"
    with another_server(output):
        for _ in range(2):  # being refused does not wipe out the address
            assert address_of_server(output) == ADDRESS
            with pytest.raises(AlreadyServed, match=ADDRESS) as refusal, only_server(output, "http://127.0.0.1:1/"):
                pass
            assert refusal.value.address == ADDRESS


def test_a_server_that_was_killed_serves_no_more(tmp_path: Path) -> None:
    output = tmp_path / "public"
    with another_server(output) as process:
        process.kill()
        process.wait()
    assert lock_path(output).read_text(encoding="utf-8") == f"{ADDRESS}\n"  # nobody removed the text
    assert address_of_server(output) is None
    with only_server(output, ADDRESS):
        pass


def test_a_folder_is_the_same_by_any_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "real" / "public").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "public")
    with another_server(tmp_path / "link"):
        assert address_of_server(tmp_path / "real" / "public") == ADDRESS
        assert address_of_server(tmp_path / "real" / ".." / "link") == ADDRESS


def test_two_folders_beside_each_other_have_a_server_each(tmp_path: Path) -> None:
    with another_server(tmp_path / "one"), only_server(tmp_path / "two", "http://127.0.0.1:1/"):
        assert address_of_server(tmp_path / "one") == ADDRESS


def test_nothing_is_written_into_the_folder_that_is_published(tmp_path: Path) -> None:
    output = tmp_path / "public"
    output.mkdir()
    with only_server(output, ADDRESS):
        assert list(output.iterdir()) == []


def test_asking_who_serves_a_folder_makes_no_file(tmp_path: Path) -> None:
    assert address_of_server(tmp_path / "public") is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_server_cannot_be_recorded_is_served_all_the_same(tmp_path: Path) -> None:
    with only_server(tmp_path / "missing" / "public", ADDRESS):
        pass
    assert list(tmp_path.iterdir()) == []
