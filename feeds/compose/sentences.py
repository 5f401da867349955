"""What is done to archived text before readers get it, and dates in words. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

# Property Bidi_Control of Unicode: in a title or a name they turn round what a reader prints next to it
_BIDI_CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_OPENING_WORDS = 8
_OPENING_LENGTH = 80
# fmt: off
_MONTHS = ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December")
# fmt: on


def one_line(text: str | None) -> str:
    """Return `text` as one line without bidi controls; empty where nothing of it could be seen."""
    line = " ".join((text or "").translate(_BIDI_CONTROLS).split())
    return line if any(character.isprintable() and character != " " for character in line) else ""


def opening(text: str) -> str:
    """Return the first words of `text`, from its first line only: what is quoted in a text fragment, or as a name."""
    line = next((line.strip(" \t") for line in text.split("\n") if line.strip(" \t")), "")
    words = line.replace("\t", " ").split(" ")
    kept: list[str] = []
    for word in filter(None, words):
        if len(kept) == _OPENING_WORDS or (kept and len(" ".join([*kept, word])) > _OPENING_LENGTH):
            break
        kept.append(word)
    return " ".join(kept)[:_OPENING_LENGTH]


def day(moment: datetime) -> str:
    """Return the UTC day of `moment` in words; not by `strftime`, whose months follow the locale."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def minute(moment: datetime) -> str:
    """Return `moment` in words, to the minute, in UTC."""
    return f"{day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"


def month(year_and_month: str) -> str:
    """Return a month that is written as `2021-03` in words."""
    year, _, number = year_and_month.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"
