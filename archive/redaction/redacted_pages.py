"""The stored form of a listing page whose body shows redacted words. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from foreign_eyes.archive.redaction.redaction_records import pack, unpack
from foreign_eyes.listing.values import TEXT_PARTS, Link, ListedEntry, ListingPage, Pager

EMPTY_PAGE = ListingPage((), None, (), Pager("none"), has_heading=False, encoding="utf-8")


def pack_page(page: ListingPage) -> str:
    """Return a page in the form of `withheld_bodies.rest`."""
    return pack(asdict(page))


def unpack_page(rest: str) -> ListingPage:
    """Return the page from a value that `pack_page` returned.

    Raises:
        ValueError: the value is damaged.
    """
    value = unpack(rest)
    try:
        return ListingPage(
            entries=tuple(map(_entry, value["entries"])),
            page_count=value["page_count"],
            links=tuple(Link(**link) for link in value["links"]),
            pager=_pager(value["pager"]),
            has_heading=value["has_heading"],
            encoding=value["encoding"],
            replacements=value["replacements"],
            headings=tuple(value["headings"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a page ({error!r})") from None


def _entry(value: dict[str, Any]) -> ListedEntry:
    entry = ListedEntry(**{**value, "flags": tuple(value["flags"])})
    texts = (*(getattr(entry, part) or "" for part in TEXT_PARTS), *entry.flags)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is not a string")
    return entry


def _pager(value: dict[str, Any]) -> Pager:
    numbered = {int(number): url for number, url in value["numbered"].items()}
    return Pager(value["kind"], value["next_url"], numbered, tuple((url, first) for url, first in value["guesses"]))
