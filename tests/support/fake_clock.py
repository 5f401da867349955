"""A wrong clock for real commands, by libfaketime; a file sets it at any time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# a folder with a `sitecustomize` that makes `time.sleep` work under libfaketime
_SLEEPING = Path(__file__).parent / "steady_sleep"
# libfaketime reads these at start-up, and the offset on every call. The monotonic clock stays right
PRELOADED = {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}


@cache
def library() -> Path | None:
    """Return the path of libfaketime, or None if it is not installed."""
    return next(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"), None)


@dataclass
class FakeClock:
    """The clock of commands that run with `env`: the system clock plus the offset `set`."""

    file: Path

    def __post_init__(self) -> None:
        if library() is None:
            pytest.skip("libfaketime is not installed")
        self.set("+0")

    def set(self, offset: str) -> None:
        """Set the offset in libfaketime's format: seconds, or a number with y, d, h or m."""
        new = self.file.with_suffix(".new")  # a process that reads the time meanwhile must not read half a number
        new.write_text(f"{offset}\n", encoding="ascii")
        new.replace(self.file)

    @property
    def env(self) -> dict[str, str]:
        """The environment variables of a command that uses this clock."""
        return {**PRELOADED, "LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": str(self.file)}

    @property
    def waiting_env(self) -> dict[str, str]:
        """The environment variables of a command that uses this clock and sleeps."""
        return {**self.env, "PYTHONPATH": os.pathsep.join(map(str, (_SLEEPING, ROOT)))}


def days_ahead(days: float) -> dict[str, str]:
    """Return the environment variables of a command whose clock is `days` ahead."""
    if library() is None:
        pytest.skip("libfaketime is not installed")
    return {**PRELOADED, "LD_PRELOAD": str(library()), "FAKETIME": f"+{round(days * 24)}h"}
