"""Conditional requests, content negotiation and request targets for the sample server.

Pure.

The crawler depends on conditional requests, so the sample follows RFC 9110 exactly: with a lenient server, tests could
pass for a crawler that fails against a real one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import unquote

from foreign_eyes.sample.source import HOST

_ABSOLUTE_FORM = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)")
_AUTHORITY = re.compile(r"([^\s:@/?#\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?")
_ENTITY_TAG = r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")'
_ENTITY_TAGS = re.compile(rf"[ \t,]*{_ENTITY_TAG}(?:[ \t]*,[ \t,]*{_ENTITY_TAG})*[ \t,]*")
_HTTP_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
_QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def locate(target: str, host: str | None) -> str | HTTPStatus:
    """Return the path that a request asks for, or the status that refuses it.

    A target in absolute form must name the sample's host, and the Host field is ignored (RFC 9112 section 3.2.2). With a
    target in origin form, the Host field may also be a loopback name, as browsers send it. Everything else is refused as
    misdirected (RFC 9110 section 15.5.20), because this server forwards nothing.
    """
    absolute = _ABSOLUTE_FORM.fullmatch(target)
    scheme, authority, rest = absolute.groups() if absolute else ("http", host or HOST, target)
    named = _AUTHORITY.fullmatch(authority)
    if named is None or not (absolute or target.startswith("/")):
        return HTTPStatus.BAD_REQUEST
    name = named[1].lower()
    is_sample = scheme.lower() == "http" and name == HOST and named[2] in (None, "", "80")
    if not is_sample and (absolute or name not in _LOOPBACK):
        return HTTPStatus.MISDIRECTED_REQUEST
    return unquote(rest.partition("?")[0]) or "/"


def is_not_modified(if_none_match: list[str], if_modified_since: list[str], etag: str, modified: datetime) -> bool:
    """Return whether a GET or HEAD gets a 304 (RFC 9110 section 13.2.2).

    `if_none_match` and `if_modified_since` are all values of these fields. `etag` is strong and includes its quotes;
    `modified` is the Last-Modified date. If-None-Match compares weakly (section 13.1.2). If-Modified-Since counts only
    without If-None-Match, and if it is one valid HTTP date (section 13.1.3).
    """
    if if_none_match:
        value = ", ".join(if_none_match).strip()
        if value == "*":
            return True
        return bool(_ENTITY_TAGS.fullmatch(value)) and etag in re.findall(_ENTITY_TAG, value)
    since = _http_date(if_modified_since[0]) if len(if_modified_since) == 1 else None
    return since is not None and modified <= since


def accepts_gzip(accept_encoding: list[str]) -> bool:
    """Return whether Accept-Encoding, given all its values, prefers gzip to identity.

    Also return True if it rates both the same.

    Uses the quality values of RFC 9110 section 12.5.3, and ignores malformed members.
    """
    weights: dict[str, float] = {}
    for member in ",".join(accept_encoding).split(","):
        coding, _, parameter = member.partition(";")
        weight = parameter.strip().lower().removeprefix("q=") if parameter else "1"
        if _QVALUE.fullmatch(weight):
            weights[coding.strip().lower().removeprefix("x-")] = float(weight)
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _http_date(value: str) -> datetime | None:
    # a recipient must accept all three formats of RFC 9110 section 5.6.7
    for pattern in _HTTP_DATES:
        try:
            return datetime.strptime(value.strip(), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
