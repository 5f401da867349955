"""The middleware next to the downloader, which stores every response as a capture.

Nothing is decided about a response before it is stored.

It adds the archive's validators to a request. It decodes the body of a response strictly, stores the exchange, and
replaces a 304 with a response with the stored body.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from foreign_eyes.archive.captures import Validators
from foreign_eyes.archive.values import ENDED_BY_CLOSE, Fetched
from foreign_eyes.crawler.download_errors import UNANSWERED, FetchFault, fault_of
from foreign_eyes.crawler.proxy_errors import exception_fault, response_fault
from foreign_eyes.crawler.session import Session
from foreign_eyes.crawler.settings import MAX_BODY_BYTES
from foreign_eyes.crawler.ssrf_guard import AddressRules
from foreign_eyes.crawler.tls_handshakes import Handshake
from foreign_eyes.listing.content_coding import BadCodingError, OversizedError, decode_body
from foreign_eyes.listing.values import Fault

# Pragma is for HTTP/1.0 caches (RFC 9111 section 5.4)
_NO_CACHE = {"Cache-Control": "no-cache", "Pragma": "no-cache"}


class CaptureMiddleware:
    """Stores each exchange through the session of the running spider."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware."""
        return cls(crawler)

    @property
    def _session(self) -> Session:
        session: Session = self._crawler.spider.session  # type: ignore[union-attr]
        return session

    @property
    def _address_rules(self) -> AddressRules:
        rules: AddressRules = self._crawler.spider.address_rules  # type: ignore[union-attr]
        return rules

    def process_request(self, request: Request) -> None:
        """Make the request conditional if the archive has a whole capture of the URL.

        A fresh crawl sends `no-cache` with every request and makes the first request for each page unconditional.
        """
        for name in ("If-None-Match", "If-Modified-Since", *_NO_CACHE):
            request.headers.pop(name, None)  # a redirect copies them from the previous URL
        is_listing = request.meta["purpose"] == "listing"
        asked_fresh = is_listing and self._session.asks_fresh(request.url)
        if is_listing and self._session.fresh:
            request.headers.update(_NO_CACHE)
        validators = None if asked_fresh else self._session.validators(request.url)
        request.meta.update(validators=validators, asked_fresh=asked_fresh)
        if validators is not None:
            if validators.etag:
                request.headers["If-None-Match"] = validators.etag
            if validators.last_modified:
                request.headers["If-Modified-Since"] = validators.last_modified
        self._session.count_request()

    def process_response(self, request: Request, response: Response) -> Response:
        """Store the exchange.

        Return the response with its decoded body, or the stored body for a 304.

        Sets `body_sha256` in the request's meta. A 304 gets the flag `not modified`. A response that is not whole gets the
        flag `fault` and an empty body, and the request's meta gets the fault.
        """
        self._session.count_response(response.status, len(response.body))
        validators: Validators | None = request.meta.get("validators")
        if fault := self._proxy_fault(request, response):
            return self._faulty(request, response, fault)
        if response.status == 304:
            return self._not_modified(request, response, validators)
        tolerated: list[str] = []
        try:
            limit = request.meta.get("download_maxsize", MAX_BODY_BYTES)
            body = decode_body(response.body, _header(response, "Content-Encoding") or "", limit, tolerated)
        except BadCodingError as error:
            return self._faulty(request, response, FetchFault("incomplete", str(error), transient=True))
        except OversizedError as error:
            return self._faulty(request, response, FetchFault("oversized", str(error)))
        flags = list(response.flags)
        if _may_be_cut(request, response, body):
            tolerated.append(ENDED_BY_CLOSE)
            flags.append("may be cut")
        digest = request.meta["body_sha256"] = sha256(body).hexdigest()
        fetched = self._fetched(request, response, body=body, body_sha256=digest)
        self._session.record(replace(fetched, leniency="; ".join(tolerated) or None))
        return _with_body(response, body, flags)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Store the fault of a request that brought no response."""
        proxy = self._session.access.proxies.proxy_for(request.url)
        fault = self._address_rules.refusal(urlsplit(request.url).hostname or "")
        if fault is None and proxy is not None:
            fault = exception_fault(exception, proxy, request.url)
        fault = fault or fault_of(exception)
        if fault is None:
            return
        if fault.fault == "oversized" and "download_maxsize" in request.meta:
            fault = FetchFault("oversized", f"the body is larger than {request.meta['download_maxsize']} bytes")
        fault = _failed_handshake(self._session.handshakes.of(request.url), exception, fault) or fault
        request.meta["fault"] = fault
        self._session.record(_request_facts(request, self._session, fault=fault.fault, detail=fault.detail))

    def _not_modified(self, request: Request, response: Response, validators: Validators | None) -> Response:
        if validators is None:
            return self._faulty(
                request,
                response,
                FetchFault("unreachable", "answers 304 to an unconditional request", transient=True),
            )
        digest = request.meta["body_sha256"] = validators.body_sha256
        self._session.record(self._fetched(request, response, revalidates=validators.capture_id, body_sha256=digest))
        headers = {"Content-Type": validators.content_type} if validators.content_type else {}
        body = self._session.body(digest)
        return Response(request.url, 200, headers=headers, body=body, flags=["not modified"])

    def _proxy_fault(self, request: Request, response: Response) -> FetchFault | None:
        proxy = self._session.access.proxies.proxy_for(request.url)
        if proxy is None:
            return None
        names = ("X-Squid-Error", "Proxy-Status", "Server")
        headers = {name.lower(): _header(response, name) or "" for name in names}
        return response_fault(response.status, headers, proxy, request.url)

    def _faulty(self, request: Request, response: Response, fault: FetchFault) -> Response:
        self._session.record(self._fetched(request, response, fault=fault.fault, detail=fault.detail))
        request.meta["fault"] = fault
        return _with_body(response, b"", [*response.flags, "fault"])

    def _fetched(
        self,
        request: Request,
        response: Response,
        *,
        body: bytes | None = None,
        body_sha256: str | None = None,
        revalidates: int | None = None,
        fault: Fault | None = None,
        detail: str | None = None,
    ) -> Fetched:
        facts = _request_facts(request, self._session, fault=fault, detail=detail)
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
            if self._session.access.keeps_set_cookie or name.lower() != b"set-cookie"
        )
        return replace(
            facts,
            status=response.status,
            headers=headers,
            body=body,
            revalidates=revalidates,
            body_sha256=body_sha256,
        )


def _request_facts(request: Request, session: Session, *, fault: Fault | None, detail: str | None) -> Fetched:
    meta = request.meta
    return Fetched(
        purpose=meta["purpose"],
        asked_url=meta["asked_url"],
        url=request.url,
        at=session.now(),
        pass_number=meta.get("pass_number"),
        page=meta.get("page"),
        fault=fault,
        detail=detail,
        asked_fresh=meta.get("asked_fresh"),
    )


def _may_be_cut(request: Request, response: Response, body: bytes) -> bool:
    """Return whether a listing page ended with the connection, before its end tag.

    Such a response may have lost its end (RFC 9112 section 6.3, rule 8).
    """
    if request.meta["purpose"] != "listing" or "partial" not in response.flags or response.status != 200:
        return False
    if body != response.body:
        return False  # decoding reached the end of the coded stream
    tail = body[-1024:].lower()
    return b"</html" not in tail and b"</datastore" not in tail


def _failed_handshake(handshake: Handshake, error: Exception, fault: FetchFault) -> FetchFault | None:
    """Return the fault of a failed TLS handshake if the exception does not state it."""
    if error is fault or not handshake.began or handshake.accepted:
        return None
    if handshake.problem:
        return FetchFault("unreachable", handshake.problem)
    if isinstance(error, DownloadTimeoutError):
        late = "the TLS handshake timed out: the site or a device on the route is slow"
        return FetchFault("unreachable", f"{late}; try again later", transient=True)
    if fault.detail == UNANSWERED:
        return FetchFault("unreachable", "the server closed the connection during the TLS handshake", transient=True)
    return None


def _with_body(response: Response, body: bytes, flags: list[str]) -> Response:
    """Return the response with another body.

    `response.replace` would detect the encoding of a page, which takes longer than to parse it; the parser detects its own.
    """
    return Response(
        response.url,
        response.status,
        headers=response.headers,
        body=body,
        flags=flags,
        request=response.request,
        certificate=response.certificate,
        ip_address=response.ip_address,
        protocol=response.protocol,
    )


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
