"""External programs that tests run: newsboat, xmllint, Chromium, nginx and others."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest
from conftest import IN_CI

# Debian installs nginx here, which is not on an ordinary user's PATH
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def needs(tool: str) -> str:
    """Return the path of a program; skip the test if it is not installed, but fail in CI."""
    return find(tool) or lacking(f"{tool} is not installed")


def find(tool: str) -> str | None:
    """Return the path of a program, searching root's PATH too; None if it is not installed."""
    return shutil.which(tool, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS]))


def lacking(reason: str) -> NoReturn:
    """Skip a test whose requirements are missing; fail in CI, where .ci/run installs them."""
    if IN_CI:
        pytest.fail(f"{reason}, and .ci/run was to see to it")
    pytest.skip(reason)


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    elsewhere = ("XDG_CONFIG_HOME", "XDG_DATA_HOME")  # these variables would override the folders below HOME
    return subprocess.run(
        command,
        cwd=folder,
        env={**{name: value for name, value in os.environ.items() if name not in elsewhere}, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
