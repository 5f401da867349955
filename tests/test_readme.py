"""The README, the papers and docs/ followed line by line on the sample: every command works as printed.

Fenced blocks without a language, or with `sh`, are what a reader types; other languages show what is printed or a file. A block
that no test can run has a comment above it, `<!-- not run: KEY -->`; `NOT_RUN` has the reason of each key.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from filelock import FileLock
from support.processes import running

NOT_RUN = {
    "checkout": "changes or sets up a checkout, or runs tests inside a test; `make test` and CI run these commands",
    "network": "asks the real site, or downloads packages",
    "long": "a benchmark or a search that takes minutes to hours; its figures are on the page",
    "root": "installs files for the whole machine",
    "elsewhere": "needs another machine, a store or a file that only its owner has",
    "sources": "needs sources that the sample's archive does not have; tests of the commands run it",
}
BLOCK = re.compile(r"^( *)(?:<!-- not run: ([^\n]+) -->\n\1)?```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# where `make run` serves, as the pages print it
SERVED = "http://127.0.0.1:8423/"


@dataclass(frozen=True)
class Block:
    """A fenced block that a reader types."""

    key: str | None
    commands: tuple[str, ...]


def blocks_of(page: str) -> list[Block]:
    found = []
    for _, key, language, text in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if language in {"", "sh"}:
            lines = text.replace("\\\n", "").splitlines()
            found.append(Block(key or None, tuple(line.strip() for line in lines if line.strip())))
    return found


PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCKS = {page: blocks_of(page) for page in PAGES}
FOLLOWED = {
    page: [line for block in blocks if block.key is None for line in block.commands] for page, blocks in BLOCKS.items()
}


def test_each_block_that_is_not_run_has_a_reason() -> None:
    assert {block.key for blocks in BLOCKS.values() for block in blocks if block.key} == NOT_RUN.keys()


def test_the_pages_are_read_as_they_are_meant() -> None:
    lines = [line for followed in FOLLOWED.values() for line in followed]
    assert len(FOLLOWED["README.md"]) >= 10
    assert len(lines) > 40
    assert {line.split()[0] for line in lines} == {"foreign-eyes", "sqlite-utils", "curl"}


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make run` makes before it serves, once for all workers."""
    shared = (
        tmp_path_factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else tmp_path_factory.mktemp("x")
    )
    folder = shared / "followed-sample"
    with FileLock(shared / "followed-sample.lock"):
        if not (folder / "public").exists():
            folder.mkdir(exist_ok=True)
            done = CommandLine(folder)("up", "--no-serve")
            assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if FOLLOWED[page]])
def test_every_command_of_a_page_works_as_printed(page: str, sample_folder: Path, tmp_path: Path) -> None:
    command = CommandLine(shutil.copytree(sample_folder, tmp_path / "followed"))
    with ExitStack() as stack:
        address = SERVED
        if any(SERVED in line for line in FOLLOWED[page]):
            server = stack.enter_context(running(command, "serve", "--port", "0"))
            address = server.wait_for(r"pages +(http://\S+)")[1]
        failed = {}
        for line in FOLLOWED[page]:
            done = typed(line.replace(SERVED, address), command)
            if done.returncode != 0:
                failed[line] = f"exit {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
    assert failed == {}


def typed(line: str, command: CommandLine) -> subprocess.CompletedProcess[str]:
    """Run a line in the environment of this checkout; a line of `foreign-eyes` may have words, quotes and a comment."""
    program, *arguments = shlex.split(line, comments=True)
    if program == "foreign-eyes":
        # in quotation marks a shell replaces only these
        unquoted = re.sub(r'"[^"$`]*"', "", line).partition("#")[0]
        assert not set(unquoted) & set("|;&<>$`*?~")
        return command(*arguments, timeout=120)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=command.folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
