"""The group of commands, and how an error becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import click
from click.core import ParameterSource

from foreign_eyes import __version__
from foreign_eyes.cli import exit_codes, signals
from foreign_eyes.cli.backup import backup
from foreign_eyes.cli.check import check
from foreign_eyes.cli.completion import COMPLETE_VARIABLE, complete
from foreign_eyes.cli.config import config_command
from foreign_eyes.cli.confirm import confirm
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.crawl import crawl
from foreign_eyes.cli.doubts import doubts
from foreign_eyes.cli.export import export
from foreign_eyes.cli.forget import forget
from foreign_eyes.cli.history import history
from foreign_eyes.cli.import_ import import_files
from foreign_eyes.cli.init import init
from foreign_eyes.cli.log_lines import FORMATS, LOG_FORMAT_VARIABLE, JsonLines, log_as_json, wants_json
from foreign_eyes.cli.manual import manual
from foreign_eyes.cli.merge import merge
from foreign_eyes.cli.only_changes import release
from foreign_eyes.cli.probe import probe
from foreign_eyes.cli.publish import publish
from foreign_eyes.cli.redact import redact
from foreign_eyes.cli.redate import redate
from foreign_eyes.cli.rename import rename
from foreign_eyes.cli.reparse import reparse
from foreign_eyes.cli.restore import restore
from foreign_eyes.cli.schedule import schedule
from foreign_eyes.cli.serve import serve
from foreign_eyes.cli.set_aside import set_aside
from foreign_eyes.cli.show_alerts import alerts
from foreign_eyes.cli.split import split
from foreign_eyes.cli.sql import sql
from foreign_eyes.cli.status import status
from foreign_eyes.cli.terminal import print_error, print_line
from foreign_eyes.cli.up import up
from foreign_eyes.cli.watch import watch
from foreign_eyes.crawler.settings_file import ARCHIVE_VARIABLE

EXAMPLES = """
\b
Examples:
  foreign-eyes up                                 try the bundled sample
  foreign-eyes init                               write settings of your own
  foreign-eyes up live                            archive the live column
  foreign-eyes up live --no-serve --quiet         one unattended round
  foreign-eyes status                             what the archive holds
"""


def _say_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        print_line(f"foreign-eyes {__version__}")
        context.exit()


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The settings file  [default: foreign-eyes.toml here or in the user's configuration folder]",
)
@click.option(
    "--archive",
    metavar="FILE",
    type=click.Path(path_type=Path, readable=False),  # the command that reads the file reports a missing permission
    envvar=ARCHIVE_VARIABLE,
    show_default="as in the settings, else archive.db",
    show_envvar=True,
    help="The archive file",
)
@click.option(
    "--log-format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    envvar=LOG_FORMAT_VARIABLE,
    show_envvar=True,
    help="How messages are written to standard error: for people, or each line as a JSON object",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_say_version, help="Show the version"
)
@click.pass_context
def main(context: click.Context, config: Path | None, archive: Path | None, log_format: str) -> None:
    """Archive a listing that has no dates, links or ids, and publish it as feeds."""
    by_option = context.get_parameter_source("archive") is ParameterSource.COMMANDLINE
    origin = "option --archive" if by_option else f"environment {ARCHIVE_VARIABLE}"
    context.obj = Context(config, archive, origin, log_format=log_format)


for command in (
    init,
    config_command,
    up,
    crawl,
    probe,
    publish,
    serve,
    status,
    check,
    alerts,
    history,
    sql,
    doubts,
    confirm,
    merge,
    split,
    redact,
    redate,
    rename,
    forget,
    reparse,
    import_files,
    export,
    backup,
    restore,
    set_aside,
    schedule,
    watch,
    manual,
):
    main.add_command(command)


def run() -> None:
    """Run the command line and leave with its exit code."""
    code = exit_codes.INTERNAL
    try:
        code = _run()
    finally:
        signals.end()
        release(code)
    sys.exit(code)


def _run() -> int:
    if wants_json(sys.argv[1:], os.environ):  # before the arguments are parsed, so that their errors are JSON, too
        log_as_json()
    try:
        signals.raise_on_signal()
        if instruction := os.environ.get(COMPLETE_VARIABLE):
            return complete(main, instruction)
        code = main.main(prog_name="foreign-eyes", standalone_mode=False)
    except SystemExit as error:  # click turns a broken pipe into this, but standard streams ignore broken pipes
        return _report(error.__context__ or error)
    except (Exception, KeyboardInterrupt) as error:
        # an interrupt during an import or a callback can surface as any error
        return exit_codes.INTERRUPTED if signals.has_arrived() else _report(error)
    return code if isinstance(code, int) else exit_codes.DONE


def _report(error: BaseException) -> int:
    """Print the error, in one line if the user can fix it; return the exit code."""
    code = exit_codes.of_error(error)
    if code is None:
        if isinstance(sys.stderr, JsonLines):
            trace = "".join(traceback.format_exception(error))
            sys.stderr.write_event("error", "internal error; please report this line", traceback=trace)
        else:
            traceback.print_exception(error)
            print_error("internal error; please report the lines above")
        return exit_codes.INTERNAL
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    elif isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "foreign-eyes"
        print_error(f"{error.format_message().rstrip('.')}; see: {path} --help")
    elif code != exit_codes.INTERRUPTED:
        print_error(_message(error))
    return code


def _message(error: BaseException) -> str:
    from foreign_eyes.archive.errors import NoArchive
    from foreign_eyes.cli.new_archive import no_archive_message

    return no_archive_message(error.path) if isinstance(error, NoArchive) else str(error)
