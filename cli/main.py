"""The entry: the group of commands, and how an error becomes one line and an exit code."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import click
from click.core import ParameterSource

from cli import exits, stopping
from cli.backup import backup
from cli.check import check
from cli.config import config_command
from cli.confirm import confirm
from cli.context import Context
from cli.crawl import crawl
from cli.doubts import doubts
from cli.export import export
from cli.history import history
from cli.import_ import import_files
from cli.init import init
from cli.merge import merge
from cli.probe import probe
from cli.publish import publish
from cli.redact import redact
from cli.redate import redate
from cli.reparse import reparse
from cli.restore import restore
from cli.schedule import schedule
from cli.serve import serve
from cli.set_aside import set_aside
from cli.split import split
from cli.status import status
from cli.terminal import complain, say
from cli.up import up
from cli.watch import watch
from crawler.settings_file import ARCHIVE_VARIABLE

EXAMPLES = """
\b
Examples:
  foreign-eyes up                                 try it on the bundled sample
  foreign-eyes init                               write settings of your own
  foreign-eyes up live                            archive the live column
  foreign-eyes up live --no-serve --quiet         one unattended round
  foreign-eyes status                             what the archive holds
"""


def _say_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("foreign-eyes")
        except PackageNotFoundError:
            number = "(a checkout that is not installed)"
        say(f"foreign-eyes {number}")
        context.exit()


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The settings  [default: foreign-eyes.toml here, else in the user's configuration folder, if there is one]",
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
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_say_version, help="Show the version"
)
@click.pass_context
def main(context: click.Context, config: Path | None, archive: Path | None) -> None:
    """Archive a listing that has no dates, links or ids, and publish it as feeds."""
    by_option = context.get_parameter_source("archive") is ParameterSource.COMMANDLINE
    context.obj = Context(config, archive, "option --archive" if by_option else f"environment {ARCHIVE_VARIABLE}")


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
    history,
    doubts,
    confirm,
    merge,
    split,
    redact,
    redate,
    reparse,
    import_files,
    export,
    backup,
    restore,
    set_aside,
    schedule,
    watch,
):
    main.add_command(command)


def run() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = _run()
    finally:
        stopping.end()
    sys.exit(code)


def _run() -> int:
    try:
        stopping.raise_on_signal()
        code = main.main(prog_name="foreign-eyes", standalone_mode=False)
    except SystemExit as error:  # click turns a broken pipe into this; ours do not break, so it is some other one
        return _tell(error.__context__ or error)
    except (Exception, KeyboardInterrupt) as error:
        # an interrupt during an import or a callback can come out as any error
        return exits.INTERRUPTED if stopping.is_told() else _tell(error)
    return code if isinstance(code, int) else exits.DONE


def _tell(error: BaseException) -> int:
    """Say what went wrong, in one line where it is the user's to mend; return the exit code."""
    code = exits.of_error(error)
    if code is None:
        traceback.print_exception(error)
        complain("internal error; please report the lines above")
        return exits.INTERNAL
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    elif isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "foreign-eyes"
        complain(f"{error.format_message().rstrip('.')}; see: {path} --help")
    elif code != exits.INTERRUPTED:
        complain(_words(error))
    return code


def _words(error: BaseException) -> str:
    from archive.errors import NoArchive
    from cli.new_archive import no_archive_message

    return no_archive_message(error.path) if isinstance(error, NoArchive) else str(error)
