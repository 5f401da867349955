"""`foreign-eyes schedule`: what to give to cron or systemd for unattended rounds of crawl and publish."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from cli.amounts import DURATION
from cli.context import Context, pass_context
from cli.crawl import make_job
from cli.new_archive import say_new_archive

CRON_EXAMPLES = """
\b
Examples:
  foreign-eyes schedule cron live
  (crontab -l; foreign-eyes schedule cron live --every 12h) | crontab -
"""

SYSTEMD_EXAMPLES = """
\b
Examples:
  foreign-eyes schedule systemd
  foreign-eyes schedule systemd live --every 3h
"""

UNITS = """\
# /etc/systemd/system/foreign-eyes.service
[Unit]
Description=Foreign Eyes: crawl {source} and publish it
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
WorkingDirectory={directory}
ExecStart={command}
# 65, 69 and 75 are the source's doing: they are in the journal and in "foreign-eyes status"; the next round tries again
SuccessExitStatus=65 69 75
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths={writes}

# /etc/systemd/system/foreign-eyes.timer
[Unit]
Description=Foreign Eyes every {every}

[Timer]
OnActiveSec=2min
OnUnitActiveSec={seconds}s
RandomizedDelaySec={spread}s

[Install]
WantedBy=timers.target

# then: systemctl daemon-reload && systemctl enable --now foreign-eyes.timer
"""


@click.group(
    short_help="Print what runs unattended rounds: cron or systemd",
    epilog="\b\nExamples:\n  foreign-eyes schedule cron live\n  foreign-eyes schedule systemd live --every 3h",
)
def schedule() -> None:
    """Print what runs a round of crawl and publish unattended; nothing is installed."""


@schedule.command(epilog=CRON_EXAMPLES)
@click.argument("source", required=False)
@click.option("--every", type=DURATION, default="6h", show_default=True, help="30m, 6h, 1d: what cron can say exactly")
@pass_context
def cron(context: Context, source: str | None, every: float) -> None:
    """Print a crontab line. It is silent unless something goes wrong, which cron then mails."""
    command = f"cd {shlex.quote(str(Path.cwd()))} && {shlex.join(round_command(context, source))}"
    click.echo(f"{cron_times(int(every))} {command}".replace("%", r"\%"))


@schedule.command(epilog=SYSTEMD_EXAMPLES)
@click.argument("source", required=False)
@click.option("--every", type=DURATION, default="6h", show_default=True, help="From one round to the next: 30m, 6h, 1d")
@pass_context
def systemd(context: Context, source: str | None, every: float) -> None:
    """Print a service and a timer."""
    import getpass

    seconds = int(every)
    click.echo(
        UNITS.format(
            source=source or context.configuration.default_source,
            user=getpass.getuser(),
            directory=str(Path.cwd()).replace("%", "%%"),  # taken as it is to the end of the line, quotes and all
            writes=" ".join(_unit_quoted(part) for part in written_paths(context)),
            command=" ".join(_unit_quoted(part) for part in round_command(context, source)),
            every=f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds} s",
            seconds=seconds,
            spread=min(seconds // 10, 600),
        ),
        nl=False,
    )


def round_command(context: Context, source: str | None) -> list[str]:
    """Return the command of one unattended round, with whole paths.

    Raises:
        SourceError: there is no such source.
    """
    say_new_archive(context, make_job(context, source))
    program = Path(sys.executable).with_name("foreign-eyes")
    start = [str(program)] if program.exists() else [sys.executable, "-P", "-m", "cli"]
    config = ["--config", str(context.config.absolute())] if context.config else []
    archive = ["--archive", str(context.archive.absolute())]
    return [*start, *config, *archive, "up", *([source] if source else []), "--no-serve", "--quiet"]


def written_paths(context: Context) -> list[str]:
    """Return what a round writes to; the published folder may be one that is yet to be made."""
    folder, archive, output = Path.cwd(), context.archive.absolute().parent, context.output.absolute()
    elsewhere = [str(archive)] if not archive.is_relative_to(folder) else []
    elsewhere += [f"-{output}"] if not output.is_relative_to(folder) else []
    return [str(folder), *elsewhere]


def cron_times(seconds: int) -> str:
    """Return the five time fields for a round every so many seconds.

    The minute is not 0: on the hour everybody's crawlers set out.

    Raises:
        click.BadParameter: cron cannot say it.
    """
    minutes = seconds // 60
    if seconds % 60 == 0 and minutes < 60 and 60 % max(minutes, 1) == 0:
        return f"*/{minutes} * * * *"
    hours = seconds // 3600
    if seconds % 3600 == 0 and hours < 24 and 24 % max(hours, 1) == 0:
        return f"17 */{hours} * * *" if hours > 1 else "17 * * * *"
    if seconds == 86400:
        return "17 4 * * *"
    raise click.BadParameter(
        "cron can do 1m to 30m, 1h to 12h by divisors of an hour or a day, or 1d", param_hint="--every"
    )


def _unit_quoted(text: str) -> str:
    """Quote one word for a unit file (systemd.service(5), "Command lines"): % and $ stand for something there."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(sign in escaped for sign in " \"\\'") else escaped
