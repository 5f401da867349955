"""Write the WARC records of an export.

The same content gives the same bytes, including record ids. A body is stored decoded, so header fields of its coding
and length are renamed in the record, and a correct length is added. The original header fields are in the exported row
of the capture.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

WARC_VERSION = "WARC/1.1"
PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
RENAMED = "X-Archive-Orig-"

_OF_CODING = {"content-encoding", "transfer-encoding", "content-length"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")


class Output(Protocol):
    """A stream to write to."""

    def write(self, data: bytes, /) -> int:
        """Write all of `data`."""

    def flush(self) -> None:
        """Flush buffered data."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record that later records can refer to."""

    record_id: str
    url: str
    date: str
    payload_digest: str


def head_of(status: int, headers: Sequence[Sequence[str]], length: int | None) -> StatusAndHeaders:
    """Return the head of a response.

    `length` is that of its decoded body, None if it has no body.
    """
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    fields = [
        (f"{RENAMED}{name}" if name.lower() in _OF_CODING else name, _BREAKS.sub(" ", value))
        for name, value in headers
        if _TOKEN.fullmatch(name)
    ]
    if length is not None:
        fields.append(("Content-Length", str(length)))
    return StatusAndHeaders(f"{status} {phrase}".rstrip(), fields, protocol="HTTP/1.1")


class WarcFile:
    """The writer of WARC records to `out`, each in its own gzip member (WARC/1.1 annex D)."""

    def __init__(self, out: Output):
        self._writer = WARCWriter(out, gzip=True, warc_version=WARC_VERSION)
        self.records = 0

    def write_info(self, date: str, fields: Mapping[str, str]) -> None:
        """Write the `warcinfo` record (WARC/1.1 section 6.2), which describes the file."""
        text = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
        self._write("", "warcinfo", date, {}, payload=text, content_type="application/warc-fields")

    def write_metadata(self, name: str, date: str, content: bytes, content_type: str) -> None:
        """Write a `metadata` record (WARC/1.1 section 6.6)."""
        self._write(name, "metadata", date, {}, payload=content, content_type=content_type)

    def write_response(
        self, url: str, date: str, head: StatusAndHeaders, body: bytes, *, truncated: str | None = None
    ) -> Written:
        """Write a `response` record (WARC/1.1 section 6.3).

        `truncated` is the reason if its body is missing.
        """
        fields = {"WARC-Truncated": truncated} if truncated else {}
        record = self._write(url, "response", date, fields, payload=body, head=head)
        named = record.rec_headers.get_header
        return Written(named("WARC-Record-ID"), url, date, named("WARC-Payload-Digest"))

    def write_revisit(self, url: str, date: str, head: StatusAndHeaders, original: Written, profile: str) -> str:
        """Write a `revisit` record (WARC/1.1 section 6.7) that refers to the body of `original`.

        Return its id.
        """
        fields = {
            "WARC-Profile": PROFILES + profile,
            "WARC-Refers-To": original.record_id,
            "WARC-Refers-To-Target-URI": original.url,
            "WARC-Refers-To-Date": original.date,
            "WARC-Payload-Digest": original.payload_digest,
        }
        if profile == "identical-payload-digest":
            fields["WARC-Truncated"] = "length"  # required by section 6.7.2
        return str(self._write(url, "revisit", date, fields, head=head).rec_headers.get_header("WARC-Record-ID"))

    def _write(
        self,
        url: str,
        kind: str,
        date: str,
        fields: Mapping[str, str],
        *,
        payload: bytes = b"",
        head: StatusAndHeaders | None = None,
        content_type: str = "",
    ) -> Any:
        content = sha256(payload).hexdigest()
        record_id = uuid5(NAMESPACE_URL, f"{self.records}\n{kind}\n{url}\n{date}\n{content}")
        record = self._writer.create_warc_record(
            url,
            kind,
            payload=io.BytesIO(payload),
            length=len(payload),
            warc_content_type=content_type,
            warc_headers_dict={"WARC-Record-ID": f"<urn:uuid:{record_id}>", "WARC-Date": date, **fields},
            http_headers=head,
        )
        self._writer.write_record(record)
        self.records += 1
        return record
