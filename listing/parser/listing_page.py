"""Parse one listing page.

bytes | decode | read paragraphs | find parts | split attributions = ListingPage
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from foreign_eyes.listing.parser import attribution_scores, markers
from foreign_eyes.listing.parser.attribution import Attribution, AttributionReading, attribution_of, best_reading
from foreign_eyes.listing.parser.charset import decode
from foreign_eyes.listing.parser.entries import Parts, find_parts
from foreign_eyes.listing.parser.link_keys import link_key
from foreign_eyes.listing.parser.page_content import PageContent
from foreign_eyes.listing.parser.pagers import find_pager
from foreign_eyes.listing.parser.paragraphs import read_page_content
from foreign_eyes.listing.parser.publications import KNOWN_KEYS, name_key
from foreign_eyes.listing.parser.url_resolving import resolver
from foreign_eyes.listing.values import Link, ListedEntry, ListingPage

_PATENT_SEARCH = re.compile(r"patent\s*search", re.IGNORECASE)
_LABEL_LENGTH = 200
_CERTAIN_POINTS = 1.0
_MOST_HEADINGS = 50


def parse_listing(
    body: bytes, url: str, content_type: str | None = None, *, heading: str = markers.COLUMN_HEADING
) -> ListingPage:
    """Return the listing page in `body`, fetched from `url`. Never raises.

    `heading` identifies the listing. A body that is not a listing gives a page without entries; the quality gate decides
    whether that is suspect.
    """
    decoded = decode(body, content_type)
    document = read_page_content(decoded.text)
    parts, outside = find_parts(document, _is_press)
    result = find_pager(document, outside, url)
    return ListingPage(
        entries=_entries(parts),
        page_count=result.page_count,
        links=_links(document, url),
        pager=result.pager,
        has_heading=any(markers.has_heading(text, heading) for text in (*document.headings, *outside)),
        encoding=decoded.encoding,
        replacements=decoded.replacements,
        headings=tuple(dict.fromkeys(text[:_LABEL_LENGTH] for text in document.headings if text))[:_MOST_HEADINGS],
    )


def _entries(parts: Sequence[Parts]) -> tuple[ListedEntry, ...]:
    return tuple(
        part.to_entry(split.title, split.publication, split.flags)
        for part, split in zip(parts, _split_all([part.attribution for part in parts]), strict=True)
    )


def _split_all(lines: Sequence[str]) -> list[Attribution]:
    """Split the attributions of a page.

    A name that is certain in one of them scores higher in the others.
    """
    readings = [best_reading(line, KNOWN_KEYS) for line in lines]
    names = frozenset(name_key(reading.publication) for reading in readings if reading and _is_certain(reading))
    names -= KNOWN_KEYS
    if names:
        readings = [
            reading
            if reading and name_key(reading.publication) in KNOWN_KEYS
            else best_reading(line, KNOWN_KEYS, names)
            for line, reading in zip(lines, readings, strict=True)
        ]
    return [attribution_of(line, reading) for line, reading in zip(lines, readings, strict=True)]


def _is_certain(reading: AttributionReading) -> bool:
    return (
        reading.style == "by"
        and attribution_scores.publication_points(reading.publication, KNOWN_KEYS) >= _CERTAIN_POINTS
    )


def _is_press(line: str, strict: bool) -> bool:
    """Return whether a line inside prose is an attribution.

    It can be split, and the name resembles a publication.
    """
    reading = best_reading(line, KNOWN_KEYS)
    if reading is None:
        return False
    least = attribution_scores.KNOWN if strict else _CERTAIN_POINTS
    return attribution_scores.publication_points(reading.publication, KNOWN_KEYS) >= least


def _links(document: PageContent, url: str) -> tuple[Link, ...]:
    """Return the "Patent Search" links of the page in order, each key once."""
    resolve = resolver(url, document.base)
    found: dict[str, Link] = {}
    for anchor in document.anchors:
        if len(anchor.label) > _LABEL_LENGTH or _PATENT_SEARCH.search(anchor.label) is None:
            continue
        if (link_url := resolve(anchor.href)) is not None:
            key = link_key(link_url)
            found.setdefault(key, Link(" ".join(anchor.label.split()), link_url, key))
    return tuple(found.values())
