"""When scheduled rounds and checks run: times for cron and systemd. Pure."""

from __future__ import annotations

import hashlib
import os

import click

DAY = 86400
DAY_IN_MINUTES = 1440
# not when most clocks change, and not in the morning, when the operator may work on the archive
FIRST_CHECK_HOUR, CHECK_HOURS = 3, 3


def minute_of(host: str, what: str = "") -> int:
    """Return the minute of the hour at which `host` begins: installations must not ask a site all at once."""
    return int.from_bytes(hashlib.sha256(os.fsencode(f"{host}\n{what}")).digest()[:4]) % 60


def cron_times(seconds: int, minute: int) -> str:
    """Return the five time fields of a crontab line for an interval in seconds that begins at `minute`.

    Raises:
        click.BadParameter: a crontab line cannot express the interval.
    """
    minutes = seconds // 60
    if seconds == 60:
        return "* * * * *"
    if seconds % 60 == 0 and minutes < 60 and 60 % max(minutes, 1) == 0:
        return f"{minute % minutes}-59/{minutes} * * * *"
    hours = seconds // 3600
    if seconds % 3600 == 0 and hours < 24 and 24 % max(hours, 1) == 0:
        return f"{minute} */{hours} * * *" if hours > 1 else f"{minute} * * * *"
    if seconds == DAY:
        return f"{minute} 4 * * *"
    raise click.BadParameter(
        "use 1m to 30m or 1h to 12h, if it divides an hour or a day, or 1d; cron has no other intervals",
        param_hint="--every",
    )


def daily_cron_times(minute: int) -> str:
    """Return the time fields of the daily check, early in the morning."""
    return f"{minute} {FIRST_CHECK_HOUR + minute % CHECK_HOURS} * * *"


def calendar_times(seconds: int) -> list[str]:
    """Return the times of an interval as values of OnCalendar (systemd.time(7)).

    They are in UTC, so that no interval is longer when clocks change. An interval that does not divide a day into whole
    minutes has none.
    """
    minutes = seconds // 60
    if seconds % 60 or not minutes or DAY_IN_MINUTES % minutes:
        return []
    if 60 % minutes == 0:
        return [f"*-*-* *:00/{minutes}:00 UTC" if minutes < 60 else "*-*-* *:00:00 UTC"]
    if minutes % 60 == 0:
        return [f"*-*-* 00/{minutes // 60}:00:00 UTC" if minutes < DAY_IN_MINUTES else "*-*-* 00:00:00 UTC"]
    hours: dict[int, list[str]] = {}
    for at in range(0, DAY_IN_MINUTES, minutes):
        hours.setdefault(at % 60, []).append(f"{at // 60:02}")
    return [f"*-*-* {','.join(hours[minute])}:{minute:02}:00 UTC" for minute in sorted(hours)]


def timer_lines(seconds: int) -> str:
    """Return the lines of a timer that starts its service at an interval in seconds.

    A round that was due while the machine was off is made up for. Rounds that no calendar can say begin two minutes after
    the start of the machine.
    """
    spread = f"RandomizedDelaySec={min(seconds // 10, 600)}s"
    if times := calendar_times(seconds):
        calendar = [f"OnCalendar={time}" for time in times]
        # the same delay each time, and another one on each machine
        return "\n".join([*calendar, "Persistent=true", spread, "FixedRandomDelay=true"])
    return "\n".join(["OnActiveSec=2min", "OnBootSec=2min", f"OnUnitActiveSec={seconds}s", spread])
