"""The types of columns in an export: integers, timestamps and texts.

They accept only values that an archive can hold. SQLite would refuse some wrong values, convert some, and store the rest,
which would then break later reads.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from foreign_eyes.archive.redaction.redacted_pages import unpack_page
from foreign_eyes.archive.times import from_text

T = TypeVar("T")

_LARGEST = 2**63 - 1  # SQLite stores integers in 64 bits
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_LINE_BREAK = re.compile(r"[\r\n]")

Int = Annotated[int, Meta(ge=-_LARGEST - 1, le=_LARGEST)]
Count = Annotated[int, Meta(ge=0, le=_LARGEST)]
Ordinal = Annotated[int, Meta(ge=1, le=_LARGEST)]
Score = Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)]
HttpStatus = Annotated[int, Meta(ge=100, le=999)]
Flag = Literal[0, 1]


class Timestamp:
    """A text column that holds a time in the archive's form."""

    def __init__(self, text: str):
        if _TIME.fullmatch(text) is None:
            raise ValueError(f"{text[:40]!r} is not a UTC timestamp like 2026-05-01T10:00:00.000000Z")
        try:
            from_text(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a timestamp: {error}") from None


class Url:
    """A text column that holds a URL; a line break in it would forge fields of a WARC record."""

    def __init__(self, text: str):
        if _LINE_BREAK.search(text):
            raise ValueError(f"{text[:40]!r} is not a URL: it contains a line break")


class HeaderList:
    """A text column that holds HTTP header fields as a JSON list of [name, value] pairs."""

    def __init__(self, text: str):
        _check_json(text, list[tuple[str, str]], "a JSON list of [name, value] pairs")


class WordList:
    """A text column that holds a JSON list of strings."""

    def __init__(self, text: str):
        _check_json(text, list[str], "a JSON list of strings")


class PackedPage:
    """A text column that holds a packed parsed page."""

    def __init__(self, text: str):
        try:
            unpack_page(text)
        except ValueError as error:
            raise ValueError(f"not a packed page ({error})") from None


def read_text_column(kind: type[T], value: object) -> T:
    """Return the value of a text column as one of the classes above.

    This is msgspec's `dec_hook`.

    Raises:
        TypeError: the value is not a string.
        ValueError: the string is not of that kind.
    """
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    return kind(value)  # type: ignore[call-arg] # each of them takes the text


def _check_json(text: str, kind: object, description: str) -> None:
    try:
        msgspec.json.decode(text, type=kind)
    except ValueError as error:
        raise ValueError(f"not {description} ({error})") from None
