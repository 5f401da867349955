"""The README followed line by line on the sample: every command works as printed, in the order in which it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.processes import running

README = (ROOT / "README.md").read_text(encoding="utf-8")
# blocks without a language are what a reader types; the others show what is printed
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LINES = [line for language, block in BLOCKS if not language for line in block.splitlines() if line.strip()]
# what no test can do: these set up a checkout, ask the real site, or need a network
ELSEWHERE = re.compile(r"make |git |\. \.venv/|rm |foreign-eyes up live|foreign-eyes schedule systemd live")
SERVED = "http://127.0.0.1:8423/"


def test_the_readme_is_read_as_it_is_meant() -> None:
    followed = [line for line in LINES if not ELSEWHERE.match(line)]
    assert len(followed) > 20
    assert {line.split()[0] for line in followed} == {"foreign-eyes", "sqlite-utils", "curl"}


@pytest.mark.timeout(600)
def test_every_printed_command_works_as_printed(tmp_path: Path) -> None:
    command = CommandLine(tmp_path)
    assert command("up", "--no-serve").returncode == 0  # what `make run` does before it serves
    with running(command, "serve", "--port", "0") as server:
        address = server.wait_for(r"pages +(http://\S+)")[1]
        failed = {}
        for line in LINES:
            if ELSEWHERE.match(line):
                continue
            done = typed(line.replace(SERVED, address), tmp_path)
            if done.returncode != 0:
                failed[line] = f"exit {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
    assert failed == {}


def typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as a shell of somebody who has activated the environment does."""
    environment = {name: value for name, value in os.environ.items() if name != "FOREIGN_EYES_ARCHIVE"}
    programs = f"{folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    own = folder / "bin" / "foreign-eyes"  # the checkout under test, whatever is installed
    own.parent.mkdir(exist_ok=True)
    own.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m foreign_eyes "$@"\n')
    own.chmod(0o755)
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**environment, "PATH": programs, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder / "config")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
