"""The pages that exist under `/browse/`, and how a request is decoded. Pure.

`read_request` decodes path and query once, in the way Datasette decodes them. Datasette gets them encoded again, never
the original. So the checks and Datasette see the same request, whatever its encoding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from datasette.utils import tilde_decode, tilde_encode  # type: ignore[import-untyped]

from foreign_eyes.web.browse.metadata import DATABASE

HTML = ""


class Lane(Enum):
    """The queue in which a request takes its turn."""

    NONE = "none"  # runs no statement
    PAGE = "page"
    QUERY = "query"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class PageKind:
    """A kind of page.

    In `pattern`, `{name}` is a table, view or query, `{key}` the primary key of a row, `{sha256}` a digest, `{id}` an entry
    id, and `{file}` one or more names of folders and files.
    """

    name: str
    pattern: str
    formats: frozenset[str] = frozenset({HTML})
    runs_sql: bool = True


# every other address is answered with 404
PAGES = (
    PageKind("home", "/", frozenset({HTML, "json"})),
    PageKind("static", "/-/static/{file}", runs_sql=False),
    PageKind("static", "/-/static-plugins/{file}", runs_sql=False),
    PageKind("static", "/assets/{file}", runs_sql=False),
    PageKind("static", "/site/{file}", runs_sql=False),
    PageKind("metadata", "/-/metadata", frozenset({HTML, "json"}), runs_sql=False),
    PageKind("health", "/-/health", frozenset({"json"})),
    PageKind("database", f"/{DATABASE}", frozenset({HTML, "json", "csv", "atom", "blob"})),
    PageKind("table", f"/{DATABASE}/{{name}}", frozenset({HTML, "json", "csv", "atom", "blob"})),
    PageKind("row", f"/{DATABASE}/{{name}}/{{key}}", frozenset({HTML, "json", "csv", "blob"})),
    PageKind("capture", "/captures/{sha256}"),
    PageKind("about capture", "/captures/{sha256}/about", frozenset({HTML, "json"})),
    PageKind("provenance", "/entry/{id}/provenance", frozenset({HTML, "json"})),
)

_PLACEHOLDERS = {
    "{name}": re.compile(r"[^/]+"),
    "{key}": re.compile(r".+", re.DOTALL),
    "{sha256}": re.compile(r"[0-9a-f]{64}"),
    "{id}": re.compile(r"[0-9]{1,19}"),
    "{file}": re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*"),
}
# parameters of a table page that cannot make it read the whole table; all others select, sort or count rows
_LIGHT_PARAMETERS = frozenset(
    {
        "_col", "_columns", "_hide_sql", "_json", "_json_infinity", "_label", "_labels", "_nl", "_nocol", "_nocount", "_nofacet",
        "_nosuggest", "_shape", "_show_sql", "_size", "_timelimit", "_ttl",
    }
)  # fmt: skip
# Datasette obeys these even if its settings switch tracing and debugging off
_IGNORED_PARAMETERS = frozenset({"_trace", "_context"})


class Asked(NamedTuple):
    """A decoded request for an existing kind of page; the table, row or file may be missing."""

    kind: PageKind
    # the decoded parts of the path
    parts: tuple[str, ...]
    format: str
    # names and values of the query, decoded
    query: tuple[tuple[str, str], ...]
    # the path has an extra slash at its end
    is_misspelt: bool = False

    @property
    def parameters(self) -> set[str]:
        """Return the names in the query."""
        return {name for name, _ in self.query}

    @property
    def has_sql(self) -> bool:
        """Return whether the request contains the reader's own SQL."""
        names = self.parameters
        return (self.kind.name == "database" and "sql" in names) or (self.kind.name == "table" and "_where" in names)

    @property
    def raw_path(self) -> bytes:
        """Return the path for Datasette, without `base_url`."""
        ending = f".{self.format}" if self.format else ""
        encoded = [_encoded(part, like) for part, like in zip(self.parts, _likes(self), strict=True)]
        return f"/{'/'.join(encoded)}{ending}".encode()

    @property
    def raw_query(self) -> bytes:
        """Return the query string for Datasette."""
        return urlencode(self.query).encode()


def read_request(raw_path: bytes, raw_query: bytes) -> Asked | None:
    """Return the decoded request, or None if no kind of page matches it.

    Args:
        raw_path: the path as sent, after `base_url`.
        raw_query: the query string as sent.
    """
    try:
        parts = [unquote(part, errors="strict") for part in raw_path.decode("ascii").split("/")]
    except UnicodeDecodeError:
        return None
    if len(parts) < 2 or parts[0]:
        return None
    pairs = parse_qsl(raw_query.decode("latin-1"), keep_blank_values=True)
    query = tuple((name, value) for name, value in pairs if name not in _IGNORED_PARAMETERS)
    is_misspelt = len(parts) > 2 and not parts[-1]
    if is_misspelt:
        del parts[-1]
    for kind in PAGES:
        if found := _match(kind, parts[1:]):
            asked = Asked(kind, *found, query, is_misspelt)
            # the page of the database has the other formats only for the result of a reader's SQL
            is_result = kind.name != "database" or asked.has_sql
            return asked if is_result or asked.format in (HTML, "json") else None
    return None


def lane_of(asked: Asked, *, is_canned_query: bool) -> Lane:
    """Return the lane of a request; plain pages do not wait for readers' statements."""
    if not asked.kind.runs_sql:
        return Lane.NONE
    names = asked.parameters
    if asked.format == "csv" and "_stream" in names:
        return Lane.DOWNLOAD
    if asked.kind.name == "database":
        return Lane.QUERY if "sql" in names else Lane.PAGE
    if asked.kind.name == "table":
        return Lane.QUERY if is_canned_query or names - _LIGHT_PARAMETERS else Lane.PAGE
    return Lane.PAGE


def _match(kind: PageKind, parts: list[str]) -> tuple[tuple[str, ...], str] | None:
    """Return the decoded parts of a path and its format, or None if the path is not of this kind."""
    pattern = kind.pattern[1:].split("/")
    if pattern[-1] == "{file}":
        pattern[-1:] = ["{file}"] * max(1, len(parts) - len(pattern) + 1)
        ending = HTML
    else:
        *above, last = parts
        stem, _, ending = last.rpartition(".") if "." in last else (last, "", HTML)
        parts = [*above, stem]
    if len(parts) != len(pattern) or ending not in kind.formats:
        return None
    names = [_decoded(part, like) for part, like in zip(parts, pattern, strict=True)]
    for name, like in zip(names, pattern, strict=True):
        placeholder = _PLACEHOLDERS.get(like)
        if name != like if placeholder is None else not placeholder.fullmatch(name):
            return None
    return tuple(names), ending


def _likes(asked: Asked) -> list[str]:
    pattern = asked.kind.pattern[1:].split("/")
    return pattern[:-1] + pattern[-1:] * (len(asked.parts) - len(pattern) + 1)


def _decoded(part: str, like: str) -> str:
    # a key stays encoded, so that commas between its columns differ from commas in its values
    return part if like in ("{key}", "{file}") else str(tilde_decode(part))


def _encoded(part: str, like: str) -> str:
    if like == "{key}":
        return ",".join(tilde_encode(tilde_decode(column)) for column in part.split(","))
    return part if like == "{file}" else str(tilde_encode(part))
