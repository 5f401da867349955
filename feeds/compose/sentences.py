"""Cleaning of archived texts for readers, and dates in words. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

# Unicode property Bidi_Control: in a title or name they would reverse the text that a feed reader prints next to it
_BIDI_CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_OPENING_WORDS = 8
_OPENING_LENGTH = 80
# fmt: off
_MONTHS = ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December")
# fmt: on


def one_line(text: str | None) -> str:
    """Return `text` as one line without bidi controls; empty if no character of it is visible."""
    line = " ".join((text or "").translate(_BIDI_CONTROLS).split())
    return line if any(character.isprintable() and character != " " for character in line) else ""


def opening(text: str) -> str:
    """Return the first words of the first line of `text`, for a text fragment or a title."""
    line = next((line.strip(" \t") for line in text.split("\n") if line.strip(" \t")), "")
    words = line.replace("\t", " ").split(" ")
    kept: list[str] = []
    for word in filter(None, words):
        if len(kept) == _OPENING_WORDS or (kept and len(" ".join([*kept, word])) > _OPENING_LENGTH):
            break
        kept.append(word)
    return " ".join(kept)[:_OPENING_LENGTH]


def day(moment: datetime) -> str:
    """Return the UTC day of `moment` in words, independent of the locale."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def minute(moment: datetime) -> str:
    """Return `moment` in words, in UTC, to the minute."""
    return f"{day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"


def month(year_and_month: str) -> str:
    """Return a month such as `2021-03` in words."""
    year, _, number = year_and_month.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"
