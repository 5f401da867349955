"""A folder whose name is not UTF-8: what runs record and print about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import CommandLine

from foreign_eyes.alerts.state_file import read_state
from foreign_eyes.cli.schedule_times import minute_of


@pytest.fixture
def odd(tmp_path: Path) -> CommandLine:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")
    return CommandLine(folder)


def test_a_folder_whose_name_is_not_utf8_can_be_published_and_backed_up(odd: CommandLine) -> None:
    done = odd("up", "--no-serve", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    done = odd("backup", "backups", "--keep", "2", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    recorded = read_state(odd.folder / "archive.db").tasks["backup"].path
    assert recorded
    assert Path(recorded).exists()


@pytest.mark.parametrize("words", [("status", "--json"), ("status", "--prometheus"), ("check",)])
def test_no_problem_is_found_in_a_folder_whose_name_is_not_utf8(odd: CommandLine, words: tuple[str, ...]) -> None:
    assert odd("up", "--no-serve", "--quiet").returncode == 0
    assert odd(*words).returncode == 0


def test_cron_lines_have_a_minute_for_an_archive_whose_path_is_not_utf8() -> None:
    assert 0 <= minute_of("host", os.fsdecode(b"/caf\xe9/archive.db")) < 60


def test_no_unit_is_printed_that_systemd_would_not_read(odd: CommandLine) -> None:
    done = odd("schedule", "systemd")
    assert (done.returncode, done.stdout) == (78, "")
    assert "caf\\udce9: a scheduler cannot be given this path" in done.stderr
