"""Click types of options.

They check ports, seconds between requests, durations such as 6h, and revision numbers.
"""

from __future__ import annotations

import re
from typing import Any

import click

DEFAULT_PORT = 8423
# the interval of unattended rounds, for cron, systemd and watch
DEFAULT_EVERY = "6h"

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Port(click.ParamType[int]):
    """A click type for a port to listen on."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; fail with the allowed values."""
        text = str(value).strip()
        if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
            self.fail(f"{value!r} is not a port: use 0 (any free port) to 65535", param, ctx)
        return int(text)


class Seconds(click.ParamType[float]):
    """A click type for seconds between requests, at most one hour."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; fail with the allowed values."""
        text = str(value).strip()
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]*)?|\.[0-9]+", text) or float(text) > 3600:
            self.fail(f"{value!r} is not a delay: use 0 to 3600 seconds, such as 2 or 0.5", param, ctx)
        return float(text)


class Duration(click.ParamType[float]):
    """A click type that turns `6h` into seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds; fail with the allowed values."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value).strip().lower())
        if not found or int(found[1]) == 0:
            self.fail(f"{value!r} is not a duration: write it as 90s, 30m, 6h or 1d", param, ctx)
        return float(int(found[1]) * _SECONDS[found[2]])


def duration_text(seconds: float) -> str:
    """Return a duration of whole seconds as `DURATION` reads it, such as 6h. Pure."""
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0 or unit == "s")
    return f"{seconds / _SECONDS[unit]:.0f}{unit}"


class RevisionNumber(click.ParamType[int]):
    """A click type for the number of a revision."""

    name = "revision"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; fail with the allowed values."""
        text = str(value).strip()
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) == 0:
            self.fail(f"{value!r} is not a revision: use a number from 1", param, ctx)
        return int(text)


PORT = Port()
REVISION = RevisionNumber()
SECONDS = Seconds()
DURATION = Duration()
