"""Standard output and standard error that are closed, full or without a reader: a command ends with its own result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import IO

import pytest
from conftest import ROOT, CommandLine, forks_for
from support.command_forks import ForkedCommand

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

# the redirections of a shell: file descriptors 0 to 2, where None is closed
Streams = tuple[int | None, int | None, int | None]


@contextmanager
def streams_of(way: str, errors: IO[bytes]) -> Iterator[Streams]:
    """Yield the standard streams of a command; what it says goes to `errors`, unless the way is about that stream."""
    with Path(os.devnull).open("r+b") as nothing, Path("/dev/full").open("wb") as full:
        reader, no_reader = os.pipe()
        os.close(reader)
        try:
            ways: dict[str, Streams] = {
                "as it is": (nothing.fileno(), nothing.fileno(), errors.fileno()),
                "full": (nothing.fileno(), full.fileno(), errors.fileno()),
                "closed": (nothing.fileno(), None, errors.fileno()),
                "no reader": (nothing.fileno(), no_reader, errors.fileno()),
                "errors full": (nothing.fileno(), nothing.fileno(), full.fileno()),
                "errors closed": (nothing.fileno(), nothing.fileno(), None),
                "both closed": (nothing.fileno(), None, None),
                "all closed": (None, None, None),
            }
            yield ways[way]
        finally:
            os.close(no_reader)


WAYS = ("full", "closed", "no reader", "errors full", "errors closed", "both closed", "all closed")


@dataclass
class Started:
    """A command and the file that its errors go to."""

    process: subprocess.Popen[bytes] | ForkedCommand
    errors: Path

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and the errors."""
        return self.process.wait(300), self.errors.read_text(encoding="utf-8")


def start(arguments: list[str], folder: Path, way: str, *, anew: bool = False) -> Started:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    errors = folder.parent / f"{folder.name}.{way}.txt"
    with errors.open("wb") as file, streams_of(way, file) as streams:
        if not anew and (forks := forks_for({})):
            return Started(forks.start(arguments, folder, environment, streams), errors)
        closing = " ".join(f"{number}>&-" for number, stream in enumerate(streams) if stream is None)
        stdin, stdout, stderr = (DEVNULL if stream is None else stream for stream in streams)
        command = [sys.executable, "-P", "-m", "foreign_eyes", *arguments]
        process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" {closing}', "sh", *command],
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
        return Started(process, errors)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of the sample."""
    folder = tmp_path_factory.mktemp("prepared")
    assert CommandLine(folder)("crawl", "sample", "--quiet").returncode == 0
    return folder


def check_every_way(prepared: Path, tmp_path: Path, arguments: list[str], *, anew: bool = False) -> None:
    ways = ("full", "both closed") if arguments[0] in SLOW else WAYS
    started = {}
    for way in ("as it is", *ways):
        folder = tmp_path / way
        shutil.copytree(prepared, folder)
        started[way] = start(arguments, folder, way, anew=anew)
    codes, errors = {}, {}
    for way, run in started.items():
        codes[way], errors[way] = run.end()
    assert codes == dict.fromkeys(codes, codes["as it is"])
    assert codes["as it is"] not in (70, 120, 255)
    told = {way: text for way, text in errors.items() if way in ("as it is", "full", "closed", "no reader")}
    assert [way for way, text in told.items() if "Traceback" in text or "Exception" in text] == []
    assert [way for way, text in told.items() if len(text.splitlines()) != len(told["as it is"].splitlines())] == []


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_command_ends_with_its_own_result_whatever_becomes_of_its_output(
    prepared: Path, tmp_path: Path, arguments: list[str]
) -> None:
    check_every_way(prepared, tmp_path, arguments)


def test_a_new_interpreter_ends_with_the_commands_own_result_whatever_becomes_of_its_output(
    prepared: Path, tmp_path: Path
) -> None:
    """The other commands are forked: here are the interpreter's start and end with such streams."""
    check_every_way(prepared, tmp_path, ["status"], anew=True)


@pytest.mark.parametrize("way", ["full", "closed", "no reader", "both closed"])
def test_an_export_that_cannot_be_written_to_standard_output_is_an_error(
    prepared: Path, tmp_path: Path, way: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(prepared, folder)
    code, errors = start(["export", "-"], folder, way).end()
    assert code == 73
    if way != "both closed":
        assert errors.startswith("error: standard output: cannot be written")
        assert len(errors.splitlines()) == 1


def test_no_file_takes_the_number_of_a_closed_stream(prepared: Path, tmp_path: Path) -> None:
    """The first file that is opened would get it, and what is printed would go into the archive."""
    folder = tmp_path / "closed"
    shutil.copytree(prepared, folder)
    assert start(["crawl", "sample"], folder, "all closed", anew=True).end()[0] == 0
    assert CommandLine(folder)("check").returncode == 0
    assert CommandLine(folder).rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
