"""Programs of the machine that the tests run: newsboat, xmllint, Chromium, nginx and the like."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def needs(tool: str) -> str:
    """Return the path of a program; skip where it is not installed, but fail where all are meant to be."""
    if path := shutil.which(tool):
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is not installed, and .ci/run was to install it")
    pytest.skip(f"{tool} is not installed")


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
