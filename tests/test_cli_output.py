"""Standard output and standard error that are closed, full or without a reader: a command ends with its own result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine

from foreign_eyes.cli.main import main

# what each command is tried with; one that is not here is tried with --help
ARGUMENTS = {
    "check": ["check", "--json"],
    "config": ["config"],
    "crawl": ["crawl", "sample"],
    "history": ["history", "Zipper"],
    "init": ["init", "--help"],
    "merge": ["merge", "1", "2"],
    "publish": ["publish", "--base-url", "https://feeds.example/"],
    "reparse": ["reparse"],
    "schedule": ["schedule", "cron"],
    "serve": ["serve", "--port", "99999"],
    "split": ["split", "1", "2"],
    "redact": ["redact", "1"],
    "status": ["status"],
    "up": ["up", "sample", "--no-serve"],
    "watch": ["watch", "sample", "--rounds", "1"],
}
COMMANDS = [
    ["--help"],
    ["--version"],
    ["nonsense"],
    ["status", "--json"],
    ["crawl", "sample", "--json", "--quiet"],
    ["history", "nothing like it"],
    *(ARGUMENTS.get(name, [name, "--help"]) for name in sorted(main.commands)),
]

# these take seconds, so they are tried in fewer ways
SLOW = {"crawl", "publish", "reparse", "up", "watch"}

Start = Callable[[list[str], Path], "subprocess.Popen[str]"]


def started(redirection: str, *, reads_errors: bool) -> Start:
    """Return what starts a command under a redirection of the shell."""

    def start(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-P", "-m", "foreign_eyes", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if reads_errors else subprocess.DEVNULL,
            text=True,
        )

    return start


def without_reader(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start a command whose output goes to a pipe that nobody reads, as with `| head -0`."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "foreign_eyes", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writer)


AS_IT_IS = started("", reads_errors=True)
WAYS = {
    "full": started(">/dev/full", reads_errors=True),
    "closed": started(">&-", reads_errors=True),
    "no reader": without_reader,
    "errors full": started("2>/dev/full", reads_errors=False),
    "errors closed": started("2>&-", reads_errors=False),
    "both closed": started(">&- 2>&-", reads_errors=False),
    "all closed": started("<&- >&- 2>&-", reads_errors=False),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of the sample."""
    folder = tmp_path_factory.mktemp("prepared")
    assert CommandLine(folder)("crawl", "sample", "--quiet").returncode == 0
    return folder


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_command_ends_with_its_own_result_whatever_becomes_of_its_output(
    prepared: Path, tmp_path: Path, arguments: list[str]
) -> None:
    processes = {}
    ways = {name: WAYS[name] for name in ("full", "both closed")} if arguments[0] in SLOW else WAYS
    for name, start in {"as it is": AS_IT_IS, **ways}.items():
        folder = tmp_path / name
        shutil.copytree(prepared, folder)
        processes[name] = start(arguments, folder)
    codes, errors = {}, {}
    for name, process in processes.items():
        _, errors[name] = process.communicate(timeout=120)
        codes[name] = process.returncode
    assert codes == dict.fromkeys(codes, codes["as it is"])
    assert codes["as it is"] not in (70, 120, 255)
    told = {name: text for name, text in errors.items() if text is not None}
    assert [name for name, text in told.items() if "Traceback" in text or "Exception" in text] == []
    assert [name for name, text in told.items() if len(text.splitlines()) != len(told["as it is"].splitlines())] == []


@pytest.mark.parametrize("way", ["full", "closed", "no reader", "both closed"])
def test_an_export_that_cannot_be_written_to_standard_output_is_an_error(prepared: Path, way: str) -> None:
    process = WAYS[way](["export", "-"], prepared)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 73
    assert errors is None or errors.startswith("error: standard output: cannot be written")
    assert errors is None or len(errors.splitlines()) == 1


def test_no_file_takes_the_number_of_a_closed_stream(prepared: Path, tmp_path: Path) -> None:
    """The first file that is opened would get it, and what is printed would go into the archive."""
    folder = tmp_path / "closed"
    shutil.copytree(prepared, folder)
    process = WAYS["all closed"](["crawl", "sample"], folder)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert CommandLine(folder)("check").returncode == 0
    assert CommandLine(folder).rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
