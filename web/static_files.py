"""The static server: an ASGI app that serves the published folder from a cache.

    path | cached file, checked with one `stat` | conditional request | 200, 304, or a page with the reason

Starlette's `StaticFiles` derives its ETag from time and size, so that two publishes in one second can get the same one,
and it reads the file system in a thread on every request. Here an ETag is a digest of the content, and the ASGI messages
of each response are built once, when the file is read. `FileResponse` sends files that are too large for the cache.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from foreign_eyes.feeds.site_map import ALL_FOLDER
from foreign_eyes.web.built_in_pages import (
    BUILT_IN_PAGE_HEADERS,
    NOT_FOUND,
    NOTHING_PUBLISHED,
    UNAVAILABLE_HEADERS,
)
from foreign_eyes.web.http_headers import (
    PUBLISHED_HEADERS,
    REVALIDATE,
    Messages,
    Representation,
    accepts_gzip,
    is_not_modified,
    link_header,
    read_request_headers,
    representations,
)

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

# bytes
LARGEST_CACHED_FILE = 4 * 1024 * 1024
_CACHE_SIZE = 64 * 1024 * 1024
# the header fields of a file's responses, and the objects that hold them
_SIZE_OF_HEADERS = 8_000

# the page over all sources; / leads there if no source is published at the root
_ALL_SOURCES = f"{ALL_FOLDER}/"
# parts of the path of a source's folder in which its page for missing files is searched
_DEEPEST_FOLDER = 4

Signature = tuple[int, int, int, int, int]


class PublishedFiles:
    """An ASGI app that serves the files of a folder.

    Args:
        output: the published folder; it may be made later.
        base_url: the URL of the folder, for `Link` fields; None makes them relative.
        hub: the URL of the WebSub hub, if there is one.
        own_base_urls: as in `link_header`.
        clock: returns seconds since 1970.
    """

    def __init__(
        self,
        output: Path,
        base_url: str | None = None,
        hub: str | None = None,
        own_base_urls: Mapping[str, str] = MappingProxyType({}),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cache = FileCache(output, lambda name: link_header(name, base_url, hub, own_base_urls), clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = self.respond(scope)
        if isinstance(response, Response):
            await response(scope, receive, send)
            return
        for message in response:
            await send(message)

    def respond(self, scope: Scope) -> Messages | Response:
        """Return the response to a request: ready-made messages if the file is in the cache."""
        if scope["method"] not in ("GET", "HEAD"):
            return _text_response("This server answers only GET and HEAD.\n", 405, allow="GET, HEAD")
        path: str = scope["path"].removeprefix("/")
        name = f"{path}index.html" if path.endswith("/") or not path else path
        try:
            file = self._cache.get(name)
            return self._without_file(path) if file is None else _file_response(file, scope)
        except PermissionError:
            return _text_response("The server may not read this file.\n", 403)

    def _without_file(self, path: str) -> Response:
        if not path:
            if self._cache.get(f"{_ALL_SOURCES}index.html"):
                return _text_response("", 302, location=f"./{_ALL_SOURCES}")
            return HTMLResponse(NOTHING_PUBLISHED, 503, UNAVAILABLE_HEADERS)
        if not path.endswith("/") and self._cache.get(f"{path}/index.html"):
            # a relative location is right behind any proxy
            return _text_response("", 301, location=f"./{quote(path.rpartition('/')[2])}/")
        for folder in _folders_above(path):
            published = self._cache.get(f"{folder}404.html")
            if published is not None and published.identity.body is not None:
                return HTMLResponse(published.identity.body, 404, {**PUBLISHED_HEADERS, "cache-control": REVALIDATE})
        return HTMLResponse(NOT_FOUND, 404, {**BUILT_IN_PAGE_HEADERS, "cache-control": REVALIDATE})


def _folders_above(path: str) -> Iterator[str]:
    """Yield the folders of a path that can be those of a source, the innermost first, then the root."""
    parts = path.split("/")[:-1][:_DEEPEST_FOLDER]
    for depth in range(len(parts), 0, -1):
        yield "/".join((*parts[:depth], ""))
    yield ""


def _file_response(file: CachedFile, scope: Scope) -> Messages | Response:
    request = read_request_headers(scope["headers"])
    selected = file.gzip if file.gzip is not None and accepts_gzip(request.accept_encoding) else file.identity
    if is_not_modified(request, selected.etag, file.last_modified):
        return selected.not_modified
    if selected.ok is not None:
        return selected.ok
    return FileResponse(file.path, headers={name.decode(): value.decode() for name, value in selected.headers})


def _text_response(text: str, status: int, **headers: str) -> Response:
    return PlainTextResponse(text, status, {**PUBLISHED_HEADERS, "cache-control": REVALIDATE, **headers})


# --- the cache


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file as it was last read.

    `last_modified` is None if the second of the last change was not over at that time.
    """

    path: str
    signature: Signature
    last_modified: int | None
    identity: Representation
    gzip: Representation | None

    @property
    def size(self) -> int:
        """Return the approximate size in memory, in bytes."""
        bodies = (form.body for form in (self.identity, self.gzip) if form is not None)
        return sum(len(body) for body in bodies if body is not None) + _SIZE_OF_HEADERS


class FileCache:
    """An LRU cache of the files of a folder, bounded by their size in memory.

    Args:
        output: the folder; it may be made later.
        link_of: returns the `Link` field of a file.
        clock: returns seconds since 1970.
    """

    def __init__(
        self, output: Path, link_of: Callable[[str], str] = lambda _name: "", clock: Callable[[], float] = time.time
    ) -> None:
        self._output = output
        self._link_of = link_of
        self._clock = clock
        self._files: OrderedDict[str, CachedFile] = OrderedDict()
        self._size = 0

    def get(self, name: str) -> CachedFile | None:
        """Return the current version of the published file `name`.

        Return None if the folder has no such file. One `stat` decides whether the cached version is current: publishing
        moves a new file into place, so its inode differs even if its time and size do not.

        Raises:
            PermissionError: the file may not be read.
        """
        file = self._files.get(name)
        if file is None:
            return self._load(name)
        if _signature_at(file.path) != file.signature or (
            file.last_modified is None and self._last_modified(file.signature) is not None
        ):
            self._evict(name)
            return self._load(name)
        self._files.move_to_end(name)
        return file

    def _load(self, name: str) -> CachedFile | None:
        path = self._output / name
        # stat before opening: opening a pipe would wait for a writer
        if not _may_be_published(name) or _signature_at(str(path)) is None:
            return None
        if not path.resolve().is_relative_to(self._output.resolve()):
            return None
        try:
            signature, digest, body = _read(path)
        except FileNotFoundError:  # a publish has just removed it
            return None
        modified = self._last_modified(signature)
        file = CachedFile(
            str(path), signature, modified, *representations(name, digest, body, self._link_of(name), modified)
        )
        self._files[name] = file
        self._size += file.size
        while self._size > _CACHE_SIZE:
            self._evict(next(iter(self._files)))
        return file

    def _evict(self, name: str) -> None:
        self._size -= self._files.pop(name).size

    def _last_modified(self, signature: Signature) -> int | None:
        """Return the second of the last change, or None if that second is not over.

        In the same second the file can change again. A date that two versions share would let a client without ETags
        keep the older one (RFC 9110 section 8.8.2.2). Moving a file into place sets its ctime and not its mtime, so the
        later of both counts.
        """
        second = max(signature[2], signature[3]) // 1_000_000_000
        return second if second < int(self._clock()) else None


def _may_be_published(name: str) -> bool:
    """Return whether publishing writes paths such as `name`.

    It writes no path with `..`, empty, hidden or temporary parts.
    """
    parts = name.split("/")
    return not any(part in ("", "..") or part.startswith(".") or part.endswith(".tmp") for part in parts) and not (
        "\\" in name or any(ord(character) < 32 for character in name)
    )


def _signature_at(path: str) -> Signature | None:
    try:
        return _signature(os.stat(path))  # noqa: PTH116 - half the time of Path.stat, once per request
    except PermissionError:
        raise
    except (OSError, ValueError):  # missing, a name too long, a circle of links, a lone surrogate
        return None


def _signature(status: os.stat_result) -> Signature | None:
    """Return the values that differ between versions of a file; None if it is not regular."""
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _read(path: Path) -> tuple[Signature, str, bytes | None]:
    """Return the signature of a file, its SHA-256 and its content.

    The content is None if it is too large for the cache.
    """
    with path.open("rb") as file:
        signature = _signature(os.fstat(file.fileno()))
        if signature is None:
            raise FileNotFoundError(path)
        if signature[-1] > LARGEST_CACHED_FILE:
            return signature, hashlib.file_digest(file, "sha256").hexdigest(), None
        body = file.read()
    return signature, hashlib.sha256(body).hexdigest(), body
