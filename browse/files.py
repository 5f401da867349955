"""The published folder over HTTP: an ASGI app with content-based ETags, answers from memory, and no way out of the folder.

    path | published file of that name | content, digest and gzip from memory | preconditions | answer

Starlette's `StaticFiles` makes its ETag of time and size, so two publishes in one second can look alike, and asks the
file system in a thread for every request. What is kept of it is `FileResponse`, for files too large to hold.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from browse.headers import PAGE_HEADERS
from browse.pages import NOT_FOUND, NOTHING_YET

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

# by name, else by the end of the name
_MEDIA_TYPES = {
    "rss.xml": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    "sitemap.xml": "application/xml; charset=utf-8",
    ".xml": "application/atom+xml; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_OTHER = "application/octet-stream"

# feeds and pages are asked for again each time, which costs a 304; frozen archive documents never change
_REVALIDATE = "no-cache"
_FROZEN = "public, max-age=86400"

LARGEST_IN_MEMORY = 4 * 1024 * 1024
_MEMORY = 64 * 1024 * 1024

Signature = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Held:
    """A file as last read: what it was read from, and both forms of what is sent (no `body`: too large to hold)."""

    signature: Signature
    file: Path
    digest: str
    body: bytes | None
    zipped: bytes | None

    @property
    def weight(self) -> int:
        return len(self.body or b"") + len(self.zipped or b"") + 1000


class PublishedFiles:
    """An ASGI app that serves the files of `output`, which need not exist yet; `clock` gives seconds since 1970."""

    def __init__(self, output: Path, clock: Callable[[], float] = time.time) -> None:
        self._output = output
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._weight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = self._respond(scope)
        response.headers.update(PAGE_HEADERS)
        await response(scope, receive, send)

    def _respond(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Only reading is possible here.\n", 405, {"allow": "GET, HEAD"})
        path: str = scope["path"].removeprefix("/")
        name = f"{path}index.html" if path.endswith("/") or not path else path
        if not _may_be_published(name):
            return self._missing(path)
        try:
            held = self._hold(name)
            if held is None and (path and not path.endswith("/")) and self._hold(f"{path}/index.html"):
                # relative, so that it holds behind any proxy
                return Response(status_code=301, headers={"location": f"./{quote(path.rpartition('/')[2])}/"})
        except PermissionError:
            return PlainTextResponse("The server may not read this file.\n", 403)
        return self._missing(path) if held is None else self._answer(name, held, Headers(scope=scope))

    def _missing(self, path: str) -> Response:
        if not path:
            return HTMLResponse(NOTHING_YET, 503, {"retry-after": "60", "cache-control": "no-store"})
        own = self._hold("404.html")
        return HTMLResponse((own and own.body) or NOT_FOUND, 404, {"cache-control": _REVALIDATE})

    def _answer(self, name: str, held: _Held, asked: Headers) -> Response:
        zipped = held.zipped if _accepts_gzip(asked.get("accept-encoding", "")) else None
        headers = {
            # two forms of one file are two representations (RFC 9110 section 8.8.3.3)
            "etag": f'"{held.digest}-gzip"' if zipped else f'"{held.digest}"',
            "cache-control": _FROZEN if _is_frozen(name) else _REVALIDATE,
            "vary": "accept-encoding",
        }
        if modified := self._last_modified(held.signature):
            headers["last-modified"] = formatdate(modified, usegmt=True)
        if is_unchanged(asked, headers["etag"], modified):
            return Response(status_code=304, headers=headers)
        headers["content-type"] = media_type(name)
        if held.body is None:
            return FileResponse(held.file, headers=headers)
        if zipped:
            headers["content-encoding"] = "gzip"
        return Response(zipped or held.body, headers=headers)

    def _last_modified(self, signature: Signature) -> int | None:
        """Return the second of the last change; None while that second is not over, since it can bring another change.

        A date that two versions share would let a client that knows no ETag keep the older one (RFC 9110 section
        8.8.2.2). Moving a file into place changes its status, not its content, so the later of both times counts.
        """
        second = max(signature[2], signature[3]) // 1_000_000_000
        return second if second < int(self._clock()) else None

    def _hold(self, name: str) -> _Held | None:
        """Return the published file `name` as it is now; None where there is none inside the folder."""
        path = self._output / name
        held = self._held.get(name)
        try:
            signature = _signature(path.stat())
        except PermissionError:
            raise
        except (OSError, ValueError):  # no such file, a name too long, a circle of links, a lone surrogate
            signature = None
        if held is not None and held.signature == signature:
            self._held.move_to_end(name)
            return held
        self._forget(name)
        if signature is None or not path.resolve().is_relative_to(self._output.resolve()):
            return None
        held = _read(path)
        self._held[name] = held
        self._weight += held.weight
        while self._weight > _MEMORY:
            self._forget(next(iter(self._held)))
        return held

    def _forget(self, name: str) -> None:
        if (held := self._held.pop(name, None)) is not None:
            self._weight -= held.weight


def media_type(name: str) -> str:
    """Return the media type of a published file; every other .xml is Atom."""
    last = name.rpartition("/")[2]
    return _MEDIA_TYPES.get(last) or _MEDIA_TYPES.get(Path(last).suffix.lower(), _OTHER)


def is_unchanged(asked: Headers, etag: str, modified: int | None) -> bool:
    """Say whether the preconditions of a GET or HEAD ask for a 304 (RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2).

    A date counts only where no ETags are given; ETags are compared weakly.
    """
    if (tags := asked.get("if-none-match")) is not None:
        given = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return tags.strip() == "*" or etag in given
    if modified is None or (since := asked.get("if-modified-since")) is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError):
        return False


def _may_be_published(name: str) -> bool:
    """Whether a path is one that publishing writes: no way up, no hidden, temporary or oddly written part."""
    parts = name.split("/")
    return not any(part in ("", "..") or part.startswith(".") or part.endswith(".tmp") for part in parts) and not (
        "\\" in name or any(ord(character) < 32 for character in name)
    )


def _accepts_gzip(field: str) -> bool:
    for coding in field.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _is_frozen(name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return folder.rpartition("/")[2] == "archive" and last.removesuffix(".xml").isdigit()


def _signature(status: os.stat_result) -> Signature | None:
    """Return what tells one content of a file from another without reading it; None for what is no file."""
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _read(path: Path) -> _Held:
    with path.open("rb") as file:
        signature = _signature(os.fstat(file.fileno()))
        if signature is None:
            raise FileNotFoundError(path)
        if signature[-1] > LARGEST_IN_MEMORY:
            return _Held(signature, path, hashlib.file_digest(file, "sha256").hexdigest(), None, None)
        body = file.read()
    zipped = (
        gzip.compress(body, 6, mtime=0)
        if not media_type(path.name).startswith(("image/p", "image/x-", _OTHER))
        else b""
    )
    digest = hashlib.sha256(body).hexdigest()
    return _Held(signature, path, digest, body, zipped if 0 < len(zipped) < len(body) else None)
