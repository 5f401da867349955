"""Asking a person: at a terminal until the answer is right, else by lines of standard input, or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from foreign_eyes.cli.exit_codes import USAGE, Stopped
from foreign_eyes.cli.terminal import print_error, print_line


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask for, unless it is `given` by its option.

    `check` returns the answer as it is used, or raises ValueError with what is allowed.
    """

    option: str
    given: str | None
    why: str
    prompt: str
    check: Callable[[str], str]


def answer(question: Question, default: str | None, *, yes: bool) -> str:
    """Return the checked answer: as given by option, else with `yes` the default, else as asked for.

    Raises:
        Stopped: an answer is missing or wrong, and there is nobody to ask again.
        click.Abort: the person at the terminal wants out.
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
    """Return the next line of standard input; an empty one stands for the default."""
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
