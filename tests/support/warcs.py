"""WARC files as other programs write them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

HTML = (("Content-Type", "text/html"),)


@dataclass
class Warc:
    """Writes a WARC with warcio into `data`."""

    gzip: bool = True
    version: str = "1.1"
    out: io.BytesIO = field(default_factory=io.BytesIO)

    def __post_init__(self) -> None:
        self.writer = WARCWriter(self.out, gzip=self.gzip, warc_version=self.version)

    @property
    def data(self) -> bytes:
        return self.out.getvalue()

    def info(self) -> None:
        """Write a warcinfo record."""
        self.writer.write_record(self.writer.create_warcinfo_record("x.warc.gz", {"software": "a test"}))

    def response(
        self,
        url: str,
        date: str,
        body: bytes,
        *,
        status: str = "200 OK",
        headers: Sequence[tuple[str, str]] = HTML,
        length: bool = True,
        fields: dict[str, str] | None = None,
    ) -> str:
        """Write a response record, by default with Content-Length; return its id."""
        lengths = [("Content-Length", str(len(body)))] if length else []
        head = StatusAndHeaders(status, [*headers, *lengths], protocol="HTTP/1.1")
        record = self.writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            http_headers=head,
            length=len(body),
            warc_headers_dict={"WARC-Date": date, **(fields or {})},
        )
        self.writer.write_record(record)
        return str(record.rec_headers.get_header("WARC-Record-ID"))

    def revisit(self, url: str, date: str, original: tuple[str, str], digest: str, *, status: str = "200 OK") -> None:
        """Write a revisit record for a response at another URL and date."""
        head = StatusAndHeaders(status, list(HTML), protocol="HTTP/1.1")
        record = self.writer.create_revisit_record(
            url, digest, *original, http_headers=head, warc_headers_dict={"WARC-Date": date}
        )
        self.writer.write_record(record)

    def other(self, kind: str, url: str, content: bytes) -> None:
        """Write a record of another type, such as a request."""
        self.writer.write_record(
            self.writer.create_warc_record(url, kind, payload=io.BytesIO(content), length=len(content))
        )
