"""Parse the Hanweb "jpage" store.

It has records as XML, inside a page with an empty list or as a response of their own:

    <datastore><totalrecord>41</totalrecord><nextgroup>…</nextgroup><recordset><record><![CDATA[<li>…</li>]]></record>

The store is parsed with patterns instead of as XML, because sites put it into a script element and do not always escape it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from foreign_eyes.listing.parser.html_tokens import attributes, unescape

_RECORD = re.compile(r"<record\b[^<>]*+>(.*?)(?:</record\s*+>|\Z)", re.DOTALL | re.IGNORECASE)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_TOTAL = re.compile(r"<totalrecord\s*>\s*+(?:<!\[CDATA\[\s*+)?(\d{1,18})", re.IGNORECASE)
_NEXT = re.compile(r"<nextgroup\b[^<>]*+>(.*?)(?:</nextgroup\s*+>|\Z)", re.DOTALL | re.IGNORECASE)
_HREF = re.compile(r"<a\b([^>]*+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Store:
    """One store.

    `records` are the markup of each record, `next_href` is the unresolved link to the next group.
    """

    records: tuple[str, ...]
    total: int | None
    next_href: str | None


def read_store(source: str) -> Store | None:
    """Return the store in `source` (the content of a script or datastore element), or None."""
    if "<record" not in source.lower():
        return None
    total = _TOTAL.search(source)
    return Store(
        records=tuple(_content(match[1]) for match in _RECORD.finditer(source)),
        total=int(total[1]) if total else None,
        next_href=_next_href(source),
    )


def _next_href(source: str) -> str | None:
    group = _NEXT.search(source)
    if group is None:
        return None
    content = _content(group[1])
    anchor = _HREF.search(content)
    href = attributes(anchor[1]).get("href", "") if anchor else content
    return href.strip() or None


def _content(source: str) -> str:
    """Return the markup inside an element.

    That is its CDATA sections joined, or its text with character references resolved.
    """
    sections = _CDATA.findall(source)
    return "".join(sections) if sections else unescape(source)
