"""Ask for values: at a terminal until the answer is valid, elsewhere only once.

Elsewhere each answer is a line of standard input.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from foreign_eyes.cli.exit_codes import USAGE, Stopped
from foreign_eyes.cli.terminal import print_error, print_line


@dataclass(frozen=True, slots=True)
class Question:
    """A question, unless the answer is `given` by its option.

    `check` returns the normalised answer, or raises ValueError with the allowed values.
    """

    option: str
    given: str | None
    why: str
    prompt: str
    check: Callable[[str], str]


def answer(question: Question, default: str | None, *, yes: bool) -> str:
    """Return the checked answer.

    It comes from the option; with `yes` it is the default; otherwise the user is asked.

    Raises:
        Stopped: an answer is missing or wrong, and there is no terminal to ask again.
        click.Abort: the user pressed Ctrl-C.
    """
    if question.given is not None or yes:
        value = question.given if question.given is not None else default
        if value is None:
            raise Stopped(
                USAGE, f"{question.option} has no default; add {question.option} VALUE to --yes; nothing was written"
            )
        return _checked_once(question, value)
    print_line(question.why, err=True)
    if not _at_a_terminal():
        return _checked_once(question, _line(question, default))
    while True:
        value = _prompted(question, default)
        try:
            checked = question.check(value)
        except ValueError as error:
            print_error(str(error))
        else:
            print_line(err=True)
            return checked


def _checked_once(question: Question, value: str) -> str:
    try:
        return question.check(value)
    except ValueError as error:
        raise Stopped(USAGE, f"{question.option}: {error}; nothing was written") from None


def _prompted(question: Question, default: str | None) -> str:
    try:
        return str(click.prompt(f"  {question.prompt}", default=default, err=True)).strip()
    except click.Abort:
        print_line("\nnothing was written", err=True)
        raise


def _line(question: Question, default: str | None) -> str:
    """Return the next line of standard input; an empty line means the default."""
    print_line(f"  {question.prompt}{f' [{default}]' if default else ''}:", err=True)
    try:
        line = sys.stdin.readline() if sys.stdin is not None else ""
    except UnicodeDecodeError:
        raise Stopped(USAGE, f"{question.option}: the answer is not UTF-8 text; nothing was written") from None
    if not line:
        raise Stopped(
            USAGE,
            f"{question.option}: no answer on standard input, and no terminal to ask at; nothing was written."
            " Give it as an option, and --yes for the defaults of the others",
        )
    return line.strip() or default or ""


def _at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
