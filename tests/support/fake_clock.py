"""A wrong clock for real commands: libfaketime in front of the C library, set by a file that can change while they run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

# read when a process starts; the offset is read whenever a process asks for the time. The clock of seconds since boot stays right
PRELOADED = {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}


@cache
def library() -> Path | None:
    """Return libfaketime where the machine has it."""
    return next(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"), None)


@dataclass
class FakeClock:
    """The clock of the commands that run with `env`: as far ahead of the machine's as `set` says."""

    file: Path

    def __post_init__(self) -> None:
        if library() is None:
            pytest.skip("libfaketime is not installed")
        self.set("+0")

    def set(self, offset: str) -> None:
        """Set the clock by an offset in libfaketime's form: seconds, or a number with y, d, h or m."""
        self.file.write_text(f"{offset}\n", encoding="ascii")

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command that this clock is to fool."""
        return {**PRELOADED, "LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": str(self.file)}


def days_ahead(days: float) -> dict[str, str]:
    """Return the environment of a command whose clock is so many days ahead."""
    if library() is None:
        pytest.skip("libfaketime is not installed")
    return {**PRELOADED, "LD_PRELOAD": str(library()), "FAKETIME": f"+{round(days * 24)}h"}
