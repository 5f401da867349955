"""`foreign-eyes init`: ask an operator for settings, and write them to a file.

It asks only for the settings without a good default.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from foreign_eyes.cli.context import Context
from foreign_eyes.cli.init_places import default_places, make_folders, refuse_existing, write_settings
from foreign_eyes.cli.init_settings_text import Answers, default_authority, settings_text
from foreign_eyes.cli.terminal import print_line, program

EXAMPLES = """
\b
Examples:
  foreign-eyes init
  foreign-eyes init --contact you@example.org --yes
  foreign-eyes init --contact you@example.org --archive-file /srv/eyes.db \\
    --output /var/www/eyes --base-url https://eyes.example.org/ --yes
"""
INTRODUCTION = """\
Your answers are written to
{file}.
Enter accepts the value in [brackets]; Ctrl-C writes nothing.
"""


@click.command(short_help="Write a settings file: contact, tag authority, paths, address", epilog=EXAMPLES)
@click.option("--contact", metavar="ADDRESS", help="Your mail or web address, for operators of crawled sites")
@click.option(
    "--tag-authority",
    metavar="DOMAIN,YEAR",
    help="The authority in the ids of entries  [default: the contact's domain, this year]",
)
@click.option("--archive-file", metavar="FILE", help="The archive file")
@click.option("--output", metavar="DIR", help="The folder that feeds and pages are written to")
@click.option("--base-url", metavar="URL", help="The address at which readers find that folder")
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="The settings file to write")
@click.option("-y", "--yes", is_flag=True, help="Do not ask; use the defaults for options not given")
@click.option("--force", is_flag=True, help="Replace settings that exist; the old file is kept as FILE.bak")
@click.pass_obj
def init(
    context: Context,
    contact: str | None,
    tag_authority: str | None,
    archive_file: str | None,
    output: str | None,
    base_url: str | None,
    file: Path | None,
    yes: bool,
    force: bool,
) -> None:
    """Ask for the settings without a good default, and write foreign-eyes.toml.

    The questions are about contact, tag authority, archive file, output folder and base URL. In a checkout or a folder
    that holds an archive, the proposed paths are in the working directory; otherwise they are in the user's folders for
    configuration and data. In a script, answer by options and add --yes.
    """
    from foreign_eyes.cli import init_questions as questions
    from foreign_eyes.cli.prompts import answer
    from foreign_eyes.cli.settings_loader import DEFAULT_BASE_URL

    places = default_places(context, file)
    refuse_existing(places.settings, force=force)
    if not yes:
        print_line(INTRODUCTION.format(file=places.settings.absolute()), err=True)
    ask = partial(answer, yes=yes)
    now = datetime.now(UTC)
    contact = ask(questions.contact_question(contact), None)
    answers = Answers(
        contact=contact,
        authority=ask(questions.authority_question(tag_authority), default_authority(contact, now.year)),
        archive=ask(questions.archive_question(archive_file, places), str(places.archive)),
        output=ask(questions.output_question(output, places), str(places.output)),
        base_url=ask(questions.base_url_question(base_url), DEFAULT_BASE_URL),
    )
    make_folders(places.settings, Path(answers.archive), Path(answers.output))
    kept = write_settings(places.settings, settings_text(answers, now.date()))
    _report(context, places.settings, answers, kept)


def _report(context: Context, file: Path, answers: Answers, kept: Path | None) -> None:
    """Print what was written and the next command."""
    from foreign_eyes.crawler.settings_file import find_settings_file, user_settings_file

    archive = Path(answers.archive).absolute()
    print_line(f"wrote {file.absolute()}", style="bold")
    if kept is not None:
        print_line(f"  the old settings are kept as {kept.absolute()}")
    print_line(f"  archive  {archive}  ({'exists' if archive.exists() else 'the first crawl creates it'})")
    print_line(f"  site     {Path(answers.output).absolute()}/  for {answers.base_url}")
    found, user_file = find_settings_file(), user_settings_file()
    is_found = found is not None and found.absolute() == file.absolute()
    if is_found and found != user_file and user_file.exists():
        print_line(f"note: in this folder these settings replace {user_file}", err=True)
    elsewhere = context.archive_option is not None and context.archive_option.absolute() != archive
    if elsewhere and context.archive_option_from.startswith("environment"):
        print_line(
            f"note: {context.archive_option_from} is set, and takes precedence over the archive named here", err=True
        )
    start = program() if is_found else f"{program()} --config {file.absolute()}"
    print_line(f"next: {start} up live")
    print_line(f"to see all settings: {start} config")
