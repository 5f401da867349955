"""Judge the answers of a web server that serves published files. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from lxml import etree

from foreign_eyes.archive.problems import Problem
from foreign_eyes.feeds.site_map import HTML_TYPE, XML_TYPE, CacheClass, PublishedPath, find_in_folders

FIELDS = "set the header fields as in docs/serving.md (nginx block, upload scripts)"
UPLOAD = "upload the whole published folder again and purge the caches in front of the server"
REACH = "open the address in a browser, and read the log of the web server"
_GZIP = b"\x1f\x8b"
_ATOM = "{http://www.w3.org/2005/Atom}"
# feeds and pages that clients keep for longer than this reach readers late
_LONGEST_KEPT = 3600
_SHORTEST_FROZEN = 86400
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request.

    `url` is the address after redirects. `body` is unpacked once. `fault` says in words why there is no whole answer,
    `remedy` what to do then, and `unreached` that no connection was made. `again` is the status of a conditional request,
    None if none was made.
    """

    url: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""
    remedy: str = REACH
    unreached: bool = False
    again: int | None = None


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """A published file: its path below the site, its address, and the digest of its bytes, None if that is not known."""

    name: str
    url: str
    digest: str | None = None


def is_as_published(expected: ExpectedFile, answer: Answer) -> bool:
    """Return whether an answer has the bytes of the file."""
    return answer.status == 200 and expected.digest in (None, sha256(answer.body).hexdigest())


def answer_problems(expected: ExpectedFile, answer: Answer) -> Iterator[Problem]:
    """Yield what is wrong with an answer, except that it is old or of another archive."""
    _, row = find_in_folders(expected.name)
    if answer.fault or answer.status != 200 or row is None:
        if answer.fault or answer.status != 200:
            yield _failed(expected, answer)
        return
    if wrong := _wrong_kind(row, answer.body):
        yield Problem(wrong, expected.url, UPLOAD if answer.body[:2] != _GZIP else _no_second_gzip())
        return
    if wrong := _wrong_type(row, answer.headers.get("content-type", "")):
        yield Problem(wrong, expected.url, FIELDS)
    if wrong := _wrong_cache(row, answer.headers.get("cache-control", "")):
        yield Problem(wrong, expected.url, FIELDS)
    if row.is_frozen and not is_as_published(expected, answer):
        yield Problem("an archive document, which never changes, differs from what was published", expected.url, UPLOAD)
    if wrong := _wrong_again(answer):
        yield Problem(wrong, expected.url, "let the web server send ETag or Last-Modified, and answer 304 (RFC 9110)")


def _failed(expected: ExpectedFile, answer: Answer) -> Problem:
    if answer.fault:
        return Problem(answer.fault, expected.url, answer.remedy)
    return Problem(f"a published file is answered with HTTP status {answer.status}", expected.url, UPLOAD)


def _no_second_gzip() -> str:
    return "let only one of web server, cache and object store compress"


def _wrong_kind(row: PublishedPath, body: bytes) -> str | None:
    if body.startswith(_GZIP):
        return "the content is compressed twice: unpacked once, it is still gzip"
    if row.media_type == HTML_TYPE:
        return None if _HTML.match(body) else "a page is not HTML"
    if _HTML.match(body):
        return "an HTML page is sent with status 200 instead of the file, such as an error or a login page"
    if row.media_type.endswith("json") and json_of(body) is None:
        return "a feed is not JSON: it is cut off, or another file"
    if (row.media_type.endswith("+xml") or row.media_type == XML_TYPE) and xml_of(body) is None:
        return "a file is not well-formed XML: it is cut off, or another file"
    return None


def _wrong_type(row: PublishedPath, sent: str) -> str | None:
    kind, _, parameters = sent.partition(";")
    if kind.strip().lower() != row.media_type:
        return f"the content type is {sent or 'missing'}, not {row.media_type}"
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        return f"the content type says charset {charset[1]}, but published files are UTF-8"
    return None


def _wrong_cache(row: PublishedPath, sent: str) -> str | None:
    if not sent:
        return f"Cache-Control is missing (expected: {row.cache.value}), so caches guess"
    found = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,18})", sent, re.IGNORECASE)
    age = int(found[1]) if found else 0
    unused = re.search(r"no-store|no-cache", sent, re.IGNORECASE) is not None
    if row.cache is CacheClass.FROZEN:
        slow = unused or age < _SHORTEST_FROZEN or "immutable" not in sent.lower()
        return f"Cache-Control of an archive document is {sent}, not {row.cache.value}" if slow else None
    if not unused and (age > _LONGEST_KEPT or "immutable" in sent.lower()):
        return f"Cache-Control is {sent}, so readers get changes late (expected: {row.cache.value})"
    return None


def _wrong_again(answer: Answer) -> str | None:
    if not {"etag", "last-modified"} & answer.headers.keys():
        return "neither ETag nor Last-Modified is sent, so each reader fetches the whole file each time"
    if answer.again not in (None, 304):
        return f"a conditional request with its own ETag or date is answered {answer.again}, not 304"
    return None


def json_of(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object; None if the bytes are not one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def xml_of(body: bytes) -> etree._Element | None:
    """Return the root of an XML document; None if it is not well-formed. Entities are not resolved."""
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except (etree.XMLSyntaxError, ValueError):
        return None


def self_link(answer: Answer) -> str | None:
    """Return the address that a feed in Atom, RSS or JSON gives for itself."""
    if (found := json_of(answer.body)) is not None:
        return str(found.get("feed_url", "")) or None
    if (root := xml_of(answer.body)) is None:
        return None
    links = root.iter(f"{_ATOM}link")
    return next((link.get("href") for link in links if link.get("rel") == "self"), None)


def self_link_problem(expected: ExpectedFile, answer: Answer, base_url: str) -> Problem | None:
    """Return the problem of a feed that gives another address for itself than the one it was fetched from."""
    link = self_link(answer)
    if answer.status != 200 or link in (None, answer.url):
        return None
    return Problem(
        f"the feed says that its address is {link}, but it was fetched from {answer.url}: readers follow the former",
        expected.url,
        f'if readers should use the latter, set base_url = "{base_url}" in [publish], then: foreign-eyes publish',
    )
