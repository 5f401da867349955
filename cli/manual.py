"""`foreign-eyes manual`: the manual page and the completion of shells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from foreign_eyes.cli.completion import SHELLS
from foreign_eyes.cli.exit_codes import CANNOT_WRITE, Stopped
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from collections.abc import Mapping

# where each shell looks for its script, below a data folder
PLACES = {
    "bash": "bash-completion/completions/foreign-eyes",
    "zsh": "zsh/site-functions/_foreign-eyes",
    "fish": "fish/vendor_completions.d/foreign-eyes.fish",
}

EXAMPLES = """
\b
Examples:
  foreign-eyes manual | man -l -                     read it
  foreign-eyes manual --install                      for yourself
  sudo foreign-eyes manual --install --prefix /usr/local
  eval "$(foreign-eyes manual --completion bash)"    in this shell only
"""


@click.command(short_help="Print or install the manual page and shell completion", epilog=EXAMPLES)
@click.option("--completion", "shell", type=click.Choice(list(SHELLS)), help="Print the completion script of a shell")
@click.option(
    "--install", is_flag=True, help="Write the page and the scripts of all shells into the folders of --prefix"
)
@click.option(
    "--prefix",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Install into DIR/share  [default: the user's data folder, ~/.local/share]",
)
@click.pass_context
def manual(context: click.Context, shell: str | None, install: bool, prefix: Path | None) -> None:
    """Print the manual page; with --install, write it and the completion scripts of bash, zsh and fish.

    The shells then complete commands, options, the names of sources, and ids of entries with their titles. Run it again
    after an upgrade.
    """
    from foreign_eyes import __version__
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.completion import script_for
    from foreign_eyes.cli.manual_page import manual_page

    if shell is not None and install:
        raise click.UsageError("--install writes the scripts of all shells: leave --completion out")
    if prefix is not None and not install:
        raise click.UsageError("--prefix works with --install only")
    group = cast("click.Group", context.find_root().command)
    day = now().date()
    if shell is not None:
        click.echo(script_for(shell, group), nl=False)
    elif not install:
        click.echo(manual_page(group, __version__, day), nl=False)
    else:
        share = user_data_folder(os.environ) if prefix is None else prefix / "share"
        written = _write(share, {"man/man1/foreign-eyes.1": manual_page(group, __version__, day)})
        written += _write(share, {place: script_for(name, group) for name, place in PLACES.items()})
        for path in written:
            print_line(str(path))
        print_line(f"zsh: put this before compinit in ~/.zshrc: fpath+=({share / 'zsh/site-functions'})", err=True)


def user_data_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's data folder (XDG Base Directory Specification)."""
    named = environment.get("XDG_DATA_HOME", "")
    return Path(named) if named.startswith("/") else Path.home() / ".local/share"


def _write(share: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write files below the data folder; return their paths."""
    written = []
    for name, text in texts.items():
        path = share / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            message = f"{path}: cannot be written ({error.strerror}); choose another folder with --prefix DIR"
            raise Stopped(CANNOT_WRITE, message) from error
        written.append(path)
    return written
