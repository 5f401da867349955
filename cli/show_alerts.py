"""`foreign-eyes alerts`: show through which channels operators are told what goes wrong, and try them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.alerts.values import Channel, ChannelFailed, Message
from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.alert_channels import UnusableChannel, build_ping, channels_of
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.exit_codes import Stopped
from foreign_eyes.cli.terminal import print_json, print_line, program

if TYPE_CHECKING:
    from datetime import datetime

NONE = "no channel is configured, so nobody is told what goes wrong: add [alerts] to the settings"
EXAMPLES = """
\b
Examples:
  foreign-eyes alerts                        the channels of the settings
  foreign-eyes alerts --test                 send a test message to each
  foreign-eyes alerts --forget "round live"  this schedule has ended
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """A channel and the result of trying it.

    `error` is None if the channel is usable and, with `--test`, took the message. `is_usable` is False if its settings are
    wrong or a secret is missing.
    """

    name: str
    error: str | None
    is_usable: bool = True


@click.command("alerts", short_help="Show and test the channels that tell operators what goes wrong", epilog=EXAMPLES)
@click.option(
    "--test", is_flag=True, help="Send a test message to each channel, and one line to the monitor of the ping"
)
@click.option("--forget", metavar="NAME", help="End a schedule, such as 'round live', so that it is no longer overdue")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: ok, problems, channels")
@pass_context
def alerts(context: Context, test: bool, forget: str | None, as_json: bool) -> int:
    """Show the channels of [alerts] in the settings, or send a test message through each.

    Exits with 78 if a channel cannot be used as it is configured, and with 69 if one did not take the test message.
    """
    from foreign_eyes.archive.times import now

    if forget is not None:
        if test or as_json:
            raise click.UsageError("--forget NAME cannot be combined with other options")
        return _forget(context, forget)
    tried = [*_channels(context, now() if test else None), *_ping(context, test=test)]
    if as_json:
        print_json(_report(tried))
    else:
        _print(tried, test=test)
    if any(not one.is_usable for one in tried) or (test and not tried):
        return exit_codes.CONFIGURATION
    return exit_codes.UNAVAILABLE if any(one.error for one in tried) else exit_codes.DONE


def _forget(context: Context, subject: str) -> int:
    """End a schedule.

    Raises:
        Stopped: no schedule has this name.
    """
    from foreign_eyes.alerts.state_file import read_state
    from foreign_eyes.alerts.tasks import without_task
    from foreign_eyes.cli.alerts import change_state

    known = [name for name, task in read_state(context.archive).tasks.items() if task.every]
    if subject not in known:
        names = ", ".join(repr(name) for name in known) or "none"
        raise Stopped(exit_codes.USAGE, f"{subject!r} is not a schedule of {context.archive}; it has: {names}")
    change_state(context, lambda state: without_task(state, subject))
    print_line(f"{subject}: no longer overdue; the next run with --every records it again")
    return exit_codes.DONE


def test_message(at: datetime) -> Message:
    """Return the message that `--test` sends."""
    what = "This is a test of the channels, sent by: foreign-eyes alerts --test. Nothing is wrong."
    return Message(uuid.uuid4().hex, "test", "check", "channels", what, "", at, at)


def _channels(context: Context, test_at: datetime | None) -> Iterator[Tried]:
    """Yield each channel; with `test_at`, after it was sent a test message of that time."""
    for channel in channels_of(context):
        if isinstance(channel, UnusableChannel):
            yield Tried(channel.name, channel.reason, is_usable=False)
        else:
            yield Tried(channel.name, _send(channel, test_message(test_at)) if test_at else None)


def _send(channel: Channel, message: Message) -> str | None:
    try:
        channel.send(message)
    except ChannelFailed as error:
        return str(error)
    return None


def _ping(context: Context, *, test: bool) -> Iterator[Tried]:
    try:
        ping = build_ping(context)
    except ChannelFailed as error:
        yield Tried("ping", str(error), is_usable=False)
        return
    if ping is None:
        return
    try:
        if test:
            ping.test()
    except ChannelFailed as error:
        yield Tried("ping", str(error))
    else:
        yield Tried("ping", None)


def _report(tried: list[Tried]) -> dict[str, Any]:
    problems = [one.error.rpartition("; " if "; " in one.error else ": ") for one in tried if one.error]
    return {
        "ok": not problems,
        "problems": [{"what": what, "where": "settings", "remedy": remedy} for what, _, remedy in problems],
        "channels": [{"name": one.name, "ok": one.error is None, "error": one.error} for one in tried],
    }


def _print(tried: list[Tried], *, test: bool) -> None:
    good = "took the test message" if test else "configured"
    for one in tried:
        print_line(f"{one.name}: {one.error or good}", "" if one.error is None else "red")
    if not tried:
        print_line(NONE)
    elif not test:
        print_line(f"to send a test message to each: {program()} alerts --test")
