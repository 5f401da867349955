"""The system calls of rounds, checks, backups and the server are among those that the units allow."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.processes import signals_by_default
from support.programs import needs
from support.unit_files import units

ROUND = ("up", "sample", "--no-serve", "--quiet", "--every", "6h")
# root's SQLite gives a journal the owner of the archive, and goes on if it may not
OF_ROOT = {"fchown"}
# the server gets a signal when it answers
SERVE = ("serve", "--port", "0")


def members(group: str) -> set[str]:
    """Return the system calls of a group, with those of the groups in it."""
    done = subprocess.run(
        [needs("systemd-analyze"), "syscall-filter", "--no-pager", f"@{group}"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = re.findall(r"^ +(@?[\w-]+)$", done.stdout, re.MULTILINE)
    inner = [members(name[1:]) for name in names if name.startswith("@")]
    return {name for name in names if not name.startswith("@")}.union(*inner)


def allowed(command: CommandLine) -> set[str]:
    """Return the system calls that the printed units allow."""
    services = units(command("schedule", "systemd").stdout)
    [filters] = {one["Service"]["SystemCallFilter"] for name, one in services.items() if name.endswith(".service")}
    first, second = filters.splitlines()
    assert second.startswith("~")
    refused = set[str]().union(*(members(group[1:]) for group in second[1:].split()))
    return members(first.removeprefix("@")) - refused


def traced(folder: Path, arguments: Sequence[str]) -> set[str]:
    """Return the system calls of a command and its children."""
    log = folder.parent / "calls"
    trace = [needs("strace"), "-f", "-c", "-U", "name", "-o", str(log)]
    with signals_by_default():
        process = subprocess.Popen(
            [*trace, sys.executable, "-P", "-m", "foreign_eyes", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
    assert process.stdout is not None
    try:
        if arguments == SERVE:
            while "Ctrl-C" not in process.stdout.readline():
                assert process.poll() is None
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=300)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0
    return set(re.findall(r"^(\w+)$", log.read_text(), re.MULTILINE)) - {"syscall", "total"}


@pytest.mark.skipif(sys.platform != "linux", reason="strace")
def test_the_units_allow_the_system_calls_of_all_commands(tmp_path: Path) -> None:
    command = CommandLine(tmp_path / "eyes")
    command.folder.mkdir()
    may = allowed(command)
    assert {"openat", "connect", "fsync"} <= may
    assert not {"mount", "ptrace", "reboot", "setpriority"} & may
    for arguments in (ROUND, ("check",), ("backup", "backups", "--keep", "2"), SERVE):
        assert traced(command.folder, arguments) - may - OF_ROOT == set(), arguments


def test_memory_may_become_executable(tmp_path: Path) -> None:
    # pyOpenSSL makes callbacks at run time; without them no crawl by HTTPS starts
    text = CommandLine(tmp_path)("schedule", "systemd").stdout
    assert "NoNewPrivileges=true" in text
    assert "MemoryDenyWriteExecute" not in text
