"""Fetch the files of a published site: one request at a time, with bounds, without credentials."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

import httpx

from foreign_eyes import __version__
from foreign_eyes.alerts.channels.deadlines import TooSlow, run_within
from foreign_eyes.feeds.site_answers import Answer

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_RENEW = "renew or correct the certificate of the web server, and let it send the certificates of its issuers"
_WRONG_CODING = "the content is not in the coding that Content-Encoding names"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that fetching a site may take: seconds for a file, seconds for all, bytes of a file, requests."""

    seconds: float = 20
    seconds_for_all: float = 300
    file_bytes: int = 32 * 1024 * 1024
    requests: int = 300


class _Failed(Exception):
    """No whole answer came; `unreached` if no connection was made."""

    def __init__(self, why: str, *, unreached: bool = False) -> None:
        super().__init__(why)
        self.unreached = unreached


@dataclass
class SiteFetcher:
    """Fetches addresses, and counts requests and time."""

    bounds: Bounds = field(default_factory=Bounds)
    _made: int = 0
    _began: float = field(default_factory=time.monotonic)
    _tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def get(self, url: str, *, again: bool = False) -> Answer:
        """Fetch an address; with `again`, make a conditional request with the answer's own ETag or date after it."""
        answer = self._follow(url, {})
        if not again or answer.fault or answer.status != 200:
            return answer
        etag, date = answer.headers.get("etag"), answer.headers.get("last-modified")
        fields = {"if-none-match": etag} if etag else {"if-modified-since": date} if date else {}
        return replace(answer, again=self._follow(answer.url, fields).status) if fields else answer

    def _follow(self, url: str, fields: Mapping[str, str]) -> Answer:
        seen = [url]
        while True:
            answer = self._ask(seen[-1], fields)
            if answer.status not in _REDIRECTS or answer.fault:
                return answer
            target = urljoin(answer.url, answer.headers.get("location", ""))
            if target in seen or len(seen) > _MOST_REDIRECTS:
                return replace(answer, fault=f"it redirects in a circle, or more than {_MOST_REDIRECTS} times")
            if _host(target) != _host(url):
                return replace(answer, fault=f"it redirects to another host: {target[:200]}")
            seen.append(target)

    def _ask(self, url: str, fields: Mapping[str, str]) -> Answer:
        left = self.bounds.seconds_for_all - (time.monotonic() - self._began)
        if self._made >= self.bounds.requests or left <= 0:
            return Answer(url, fault="it was not fetched: the site took too long, or needs too many requests")
        self._made += 1
        seconds = min(self.bounds.seconds, left)
        found: list[Answer] = []
        try:
            run_within(seconds, lambda: found.append(self._fetch(url, fields, seconds)))
        except _Failed as error:
            return Answer(url, fault=str(error), unreached=error.unreached)
        except (TooSlow, httpx.TimeoutException) as error:
            unreached = isinstance(error, httpx.ConnectTimeout)
            return Answer(url, fault=f"no whole answer within {seconds:.3g} s", unreached=unreached)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return _not_fetched(url, error)
        return found[0]

    def _fetch(self, url: str, fields: Mapping[str, str], seconds: float) -> Answer:
        headers = {
            "user-agent": f"foreign-eyes/{__version__} (check --url)",
            "accept-encoding": "gzip",
            "cache-control": "no-cache",
            **fields,
        }
        with (
            httpx.Client(verify=self._tls, timeout=seconds, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            body = b"" if response.status_code in _REDIRECTS else self._body(response)
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(str(response.url), response.status_code, found, body)

    def _body(self, response: httpx.Response) -> bytes:
        """Read the body, and unpack it once.

        Raises:
            _Failed: it is larger than allowed, or not packed as its header says.
        """
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("gzip", "x-gzip", "identity", ""):
            raise _Failed(f"Content-Encoding is {coding}, but only gzip was asked for")
        unpack = zlib.decompressobj(31) if "gzip" in coding else None
        most, body = self.bounds.file_bytes, bytearray()
        try:
            for chunk in response.iter_raw():
                body += chunk if unpack is None else unpack.decompress(chunk, most + 1 - len(body))
                if len(body) > most:
                    raise _Failed(f"it is larger than {most:,} bytes; the rest was not read")
        except zlib.error as error:
            raise _Failed(_WRONG_CODING) from error
        if unpack is not None and body and not unpack.eof:
            raise _Failed(f"{_WRONG_CODING}: it ends too early")
        return bytes(body)


def _not_fetched(url: str, error: Exception) -> Answer:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Answer(url, fault=f"readers refuse its HTTPS certificate: {cause.verify_message}", remedy=_RENEW)
    words = " ".join(str(error).split()) or type(error).__name__
    unreached = isinstance(error, httpx.ConnectError | httpx.InvalidURL | UnicodeError | httpx.UnsupportedProtocol)
    return Answer(url, fault=f"no whole answer: {words}", unreached=unreached)


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
