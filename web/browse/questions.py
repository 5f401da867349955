"""Questions: canned queries whose parameters have kinds, defaults and suggestions. Pure.

`questions.yaml` describes them. An invalid value raises an error with a message for the reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

# characters of one value; searches are shorter
LONGEST_VALUE = 1_000
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# an id; the address of an entry's page, here or published; a tag URI
_ENTRY = re.compile(r"(?:.*/entr(?:ies|y)/|tag:.*/)?(\d{1,18})/?(?:index\.html)?(?:[?#].*)?")


class WrongValue(ValueError):
    """A reader's value for a parameter is invalid; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a question's form; the attributes are those of `questions.yaml`."""

    name: str
    label: str
    kind: str = "text"
    default: str | None = None
    options: str | None = None
    only_options: bool = False
    not_after: str | None = None
    example: str | None = None
    help: str | None = None

    @property
    def example_value(self) -> str:
        """Return an example of a value."""
        return self.example or {"date": "2026-03-31", "month": "2026-03", "number": "12"}.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter with its current value and the values to choose from."""

    parameter: Parameter
    value: str
    options: tuple[str, ...] = ()


def parameters_of(query: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Return the parameters of a canned query in the order of its form."""
    found: Mapping[str, Mapping[str, Any]] = query.get("parameters") or {}
    return tuple(Parameter(name=name, **about) for name, about in found.items())


def check_value(parameter: Parameter, value: str) -> str:
    """Return a value in the form that the SQL needs.

    Raises:
        WrongValue: the value is too long or not of the parameter's kind.
    """
    value = value.strip()
    shown = f"{parameter.label}: “{value[:40]}{'…' * (len(value) > 40)}”"
    if len(value) > LONGEST_VALUE:
        raise WrongValue(f"{shown} is too long. Write at most {LONGEST_VALUE} characters.")
    if not value:
        return value
    if parameter.kind == "date" and not _is_date(value):
        raise WrongValue(f"{shown} is not a date. Write year, month and day, such as {parameter.example_value}.")
    if parameter.kind == "month" and not _MONTH.fullmatch(value):
        raise WrongValue(f"{shown} is not a month. Write year and month, such as {parameter.example_value}.")
    if parameter.kind == "number" and not re.fullmatch(r"[0-9]{1,9}", value):
        raise WrongValue(f"{shown} is not a number. Write digits, such as {parameter.example_value}.")
    if parameter.kind == "entry":
        if not (entry := _ENTRY.fullmatch(value)) or not value.isascii():
            raise WrongValue(f"{shown} is not an entry. Write its id, its tag URI or the address of its page.")
        return str(int(entry[1]))
    return value


def check_option(parameter: Parameter, value: str, options: tuple[str, ...]) -> None:
    """Check that a value is one of `options`.

    Raises:
        WrongValue: it is none of them.
    """
    if value not in options:
        known = ", ".join(options[:10]) or "none yet"
        raise WrongValue(f"{parameter.label}: “{value[:40]}” does not exist. Choose one of: {known}.")


def check_order(parameters: tuple[Parameter, ...], values: Mapping[str, str]) -> None:
    """Check that each value is not later than the value of the parameter named by `not_after`.

    Raises:
        WrongValue: a value is later.
    """
    labels = {parameter.name: parameter.label for parameter in parameters}
    for parameter in parameters:
        later = parameter.not_after
        first, last = values.get(parameter.name, ""), values.get(later or "", "")
        if later and first and last and first > last:
            raise WrongValue(
                f"“{parameter.label}” ({first}) is after “{labels[later]}” ({last}). Write the earlier date first."
            )


def with_options(field: Field, options: tuple[str, ...]) -> Field:
    """Return the field with `options`, to which its own value is added if it must be one."""
    if field.parameter.only_options and field.value and field.value not in options:
        options = (field.value, *options)
    return replace(field, options=options)


def _is_date(value: str) -> bool:
    try:
        # SQL compares with the next day, which the last day has not
        return bool(_DATE.fullmatch(value)) and date.fromisoformat(value) < date.max and value.isascii()
    except ValueError:
        return False
