"""WARC files as they come: whole ones are read whatever made them, and nothing damaged passes for whole."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zlib
from pathlib import Path

import pytest
from support.warcs import HTML, Warc

from foreign_eyes.warc.bodies import Bodies
from foreign_eyes.warc.digest_fields import agrees
from foreign_eyes.warc.errors import BadWarc, TemporaryUnwritable
from foreign_eyes.warc.http_message import split_message
from foreign_eyes.warc.inputs import Input, InputContents, read_files
from foreign_eyes.warc.record_reader import Record, read_records
from foreign_eyes.warc.responses import timestamp_of
from foreign_eyes.warc.unpacking import Unpacked

URL = "http://town.example/list/index.htm"
PAGE = b"<html><h1>A page</h1>" + b"<p>words and more words</p>" * 50 + b"</html>"
DATE = "2020-05-01T10:00:00Z"
LIMIT = 100_000


def squeezed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def read(*files: bytes, limit: int = LIMIT) -> InputContents:
    inputs = [Input(f"{number}.warc", io.BytesIO(data)) for number, data in enumerate(files, start=1)]
    return read_files(inputs, Bodies(io.BytesIO()), limit=limit)


def one_page(**options: object) -> bytes:
    warc = Warc()
    warc.response(URL, DATE, PAGE, **options)  # type: ignore[arg-type]
    return warc.data


def records(data: bytes) -> list[Record]:
    return list(read_records(io.BytesIO(data), "x.warc", keep=LIMIT))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("packing", ["each record", "the whole file", "none"])
def test_a_warc_is_read_however_it_is_packed(version: str, packing: str) -> None:
    warc = Warc(gzip=packing == "each record", version=version)
    warc.info()
    warc.response(URL, DATE, PAGE)
    warc.other("request", URL, b"GET / HTTP/1.1\r\n\r\n")
    data = squeezed(warc.data) if packing == "the whole file" else warc.data
    contents = read(data)
    assert contents.records == 3
    assert [(one.url, one.status, one.unusable) for one in contents.responses] == [(URL, 200, None)]


def test_a_damaged_record_is_reported_by_its_offset() -> None:
    warc = Warc()
    warc.info()
    second = len(warc.data)
    warc.response(URL, DATE, PAGE)
    assert [record.offset for record in records(warc.data)] == [0, second]


def test_every_cut_of_a_compressed_file_is_reported_except_between_records() -> None:
    warc = Warc()
    warc.info()
    between = len(warc.data)
    warc.response(URL, DATE, PAGE)
    for size in range(len(warc.data)):
        if size == between:
            assert len(records(warc.data[:size])) == 1
            continue
        with pytest.raises(BadWarc, match=r"cut|empty|not a WARC"):
            records(warc.data[:size])


def test_every_cut_of_a_plain_file_within_a_record_is_reported() -> None:
    warc = Warc(gzip=False)
    warc.response(URL, DATE, PAGE)
    for size in range(len(warc.data) - len(b"\r\n\r\n")):
        with pytest.raises(BadWarc):
            records(warc.data[:size])


def test_a_flipped_bit_in_a_compressed_block_is_reported() -> None:
    data = one_page()
    padding = (
        len(data) - 9
    )  # the last byte before checksum and size (RFC 1952 section 2.3) may end in bits of no meaning
    for place in {*range(12, len(data), 7)} - {padding}:
        damaged = bytearray(data)
        damaged[place] ^= 4
        with pytest.raises(BadWarc) as told:
            records(bytes(damaged))
        assert "x.warc: the record at offset 0: " in str(told.value) or "not a WARC" in str(told.value)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "an empty file, not a WARC"),
        (b"Dear diary of mine, to day we went\n" * 9, "not a WARC file"),
        (squeezed(b"Dear diary"), "not a WARC file"),
        (b"filedesc://x.arc 0.0.0.0 2020 text/plain 9\n", "warcio recompress"),
        (b"\x28\xb5\x2f\xfd rest", "unzstd"),
        (b"WARC/9.9\r\nContent-Length: 0\r\n\r\n", "no WARC record starts here"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "its head is cut"),
        (b"WARC/1.0\r\nContent-Length: x\r\nWARC-Type: response\r\n\r\n", "its head is cut"),
    ],
    ids=["empty", "text", "compressed text", "ARC", "zstd", "version", "no length", "no number"],
)
def test_a_file_that_is_not_a_warc_is_reported_with_a_remedy(data: bytes, why: str) -> None:
    with pytest.raises(BadWarc) as told:
        records(data)
    assert why in str(told.value)
    assert str(told.value).startswith("x.warc: ")


@pytest.mark.parametrize(
    "change",
    [(b"<h1>A", b"<h1>B"), (b"</html>\r\n\r\n", b"</html>more\r\n\r\n")],
    ids=["other bytes", "more bytes"],
)
def test_changed_bytes_are_reported(change: tuple[bytes, bytes]) -> None:
    warc = Warc(gzip=False)
    warc.response(URL, DATE, PAGE)
    warc.info()
    with pytest.raises(BadWarc, match=r"offset 0: its (bytes do not match the digest|Content-Length is wrong)"):
        records(warc.data.replace(*change))


def test_a_payload_with_another_digest_is_reported() -> None:
    wrong = {"WARC-Payload-Digest": f"sha1:{'A' * 32}"}
    with pytest.raises(BadWarc, match="its payload does not match the digest sha1:AAAA"):
        read(one_page(fields=wrong))


@pytest.mark.parametrize(
    "label",
    [
        "sha1:2FD4E1C67A2D28FCED849EE1BB76E7391B93EB12",
        "SHA-1:2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "sha1:F7KODRT2FUUPZ3MET3Q3W5XHHENZH2YS",
        "md5:9e107d9d372bb6826bd81d3542a419d6",
        "sha256:16j7swfXgJRpypq8sAguT41WUeRtPNt2LQLQvzfJ5ZI=",
        "blake3:unheard-of",
        "nonsense",
    ],
)
def test_digests_are_understood_as_writers_write_them(label: str) -> None:
    assert agrees(b"The quick brown fox jumps over the lazy dog", label)
    assert not agrees(b"the quick brown fox", label) or label in ("blake3:unheard-of", "nonsense")


def chunked(body: bytes) -> bytes:
    return b"%x;ext=1\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (9, body[:9], len(body) - 9, body[9:])


CHUNKED = (*HTML, ("Transfer-Encoding", "chunked"))
GZIPPED = (*HTML, ("Content-Encoding", "gzip"))


@pytest.mark.parametrize(
    ("payload", "headers", "length"),
    [
        (PAGE, HTML, True),
        (PAGE, HTML, False),
        (chunked(PAGE), CHUNKED, False),
        (squeezed(PAGE), GZIPPED, True),
        (zlib.compress(PAGE), (*HTML, ("Content-Encoding", "deflate")), True),
        (chunked(squeezed(PAGE)), (*GZIPPED, *CHUNKED), False),
    ],
    ids=["length", "connection", "chunks", "gzip", "deflate", "gzip in chunks"],
)
def test_bodies_are_decoded(payload: bytes, headers: tuple[tuple[str, str], ...], length: bool) -> None:
    warc = Warc()
    warc.response(URL, DATE, payload, headers=headers, length=length)
    (found,) = read(warc.data).responses
    assert (found.unusable, found.may_be_cut) == (None, False)
    assert found.body_sha256 == read(one_page()).responses[0].body_sha256


@pytest.mark.parametrize(
    ("payload", "headers", "why"),
    [
        (chunked(PAGE)[:-20], CHUNKED, "a chunk was cut short"),
        (chunked(PAGE)[:-5], CHUNKED, "the last chunk is missing"),
        (PAGE, CHUNKED, "the last chunk is missing"),
        (squeezed(PAGE)[:-9], GZIPPED, "cut short before its end"),
        (PAGE, (*HTML, ("Content-Length", "99999")), "bytes of the 99999 in Content-Length"),
        (PAGE, (*HTML, ("Content-Encoding", "br")), "content coding 'br'"),
        (squeezed(b"\0" * 50_000_000), GZIPPED, "more than 100000 bytes"),
        (b"x" * 2 * LIMIT, HTML, "more than 100000 bytes"),
        (b"\x89PNG", (("Content-Type", "image/png"),), "not a page"),
    ],
    ids=["cut chunk", "no last chunk", "cut gzip", "no chunks", "length", "brotli", "bomb", "large", "image"],
)
def test_a_body_that_is_not_whole_is_no_body(payload: bytes, headers: tuple[tuple[str, str], ...], why: str) -> None:
    warc = Warc()
    warc.response(URL, DATE, payload, headers=headers, length=False)
    (found,) = read(warc.data).responses
    assert found.body_sha256 is None
    assert why in str(found.unusable)


@pytest.mark.parametrize("field", ["WARC-Truncated", "WARC-Segment-Number"])
def test_a_record_that_says_it_is_a_part_is_no_page(field: str) -> None:
    (found,) = read(one_page(fields={field: "1"})).responses
    assert "the record holds only a part of it" in str(found.unusable)


def test_a_page_that_ended_with_its_connection_needs_its_end_tag() -> None:
    warc = Warc()
    warc.response(URL, DATE, PAGE[:-20], length=False)
    assert read(warc.data).responses[0].may_be_cut


def test_payload_digests_are_accepted_of_the_payload_with_or_without_its_chunks() -> None:
    digest = "sha1:" + agreed(PAGE)
    warc = Warc()
    warc.response(URL, DATE, chunked(PAGE), headers=CHUNKED, length=False, fields={"WARC-Payload-Digest": digest})
    assert read(warc.data).responses[0].unusable is None


def agreed(data: bytes) -> str:
    return base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize("order", ["original first", "original in a later file"])
@pytest.mark.parametrize("status", ["200 OK", "304 Not Modified"])
def test_a_revisit_has_the_body_of_what_it_repeats(order: str, status: str) -> None:
    original, repeat = Warc(), Warc()
    original.response(URL, DATE, PAGE)
    repeat.revisit(URL, "2020-05-02T10:00:00Z", (URL, DATE), f"sha1:{agreed(PAGE)}", status=status)
    files = [original.data, repeat.data]
    contents = read(*(files if order == "original first" else files[::-1]))
    first, again = sorted(contents.responses, key=lambda one: one.at)
    assert again.body_sha256 == first.body_sha256
    assert (again.status, again.shows_page) == (int(status[:3]), True)
    assert again.content_type == "text/html"
    assert (again.confirms is None) == (again.status == 200)


def test_a_revisit_of_what_no_file_holds_is_passed_over() -> None:
    warc = Warc()
    warc.revisit(URL, DATE, ("http://other.example/", DATE), f"sha1:{agreed(PAGE)}")
    assert read(warc.data).responses == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2020-05-01T10:00:00Z", "2020-05-01T10:00:00+00:00"),
        ("2020-05-01T10:00:00.5Z", "2020-05-01T10:00:00.500000+00:00"),
        ("2020-05-01T10:00:00.123456789Z", "2020-05-01T10:00:00.123456+00:00"),
        ("2020-05", "None"),
        ("2020-13-01T10:00:00Z", "None"),
        ("yesterday", "None"),
    ],
)
def test_dates_are_moments_or_nothing(text: str, said: str) -> None:
    moment = timestamp_of(text)
    assert (moment.isoformat() if moment else "None") == said


def test_a_response_without_a_moment_or_a_web_address_is_passed_over() -> None:
    warc = Warc()
    warc.response(URL, "yesterday", PAGE)
    warc.response("urn:screenshot:x", DATE, PAGE)
    assert read(warc.data).responses == []


@pytest.mark.parametrize("date", ["2020", "2020-05", "2020-05-01", "2020-05-01T10:00Z"])
def test_a_response_that_is_dated_by_a_span_of_time_is_unusable(date: str) -> None:
    warc = Warc()
    warc.response(URL, date, PAGE)
    (found,) = read(warc.data).responses
    assert (found.body_sha256, found.unusable) == (None, f"its date {date} is not a full timestamp")
    assert found.at.year == 2020


def test_a_full_temporary_folder_is_reported_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with (
        (tmp_path / "x").open("rb") as read_only,
        pytest.raises(TemporaryUnwritable, match="set TMPDIR to another folder"),
    ):
        Bodies(read_only).put(b"x")


def test_a_redirect_says_where_to() -> None:
    warc = Warc()
    warc.response(URL, DATE, b"", status="301 Moved", headers=[("Location", "/new/")])
    assert read(warc.data).responses[0].moved_to == "http://town.example/new/"


def test_heads_are_read_as_servers_write_them() -> None:
    message = split_message(b"HTTP/2 200\r\nX: 1\r\n 2\r\nx: caf\xe9\r\nbroken\r\n\r\nbody")
    assert message is not None
    assert (message.status, message.payload) == (200, b"body")
    assert message.headers == (("X", "1 2"), ("x", "café"))
    assert message.header("X") == "café"
    assert split_message(b"<html>") is None


def test_unpacking_gives_no_more_than_is_asked_for() -> None:
    bomb = Unpacked(io.BytesIO(squeezed(b"\0" * 100_000_000)))
    assert len(bomb.read(10)) <= 10
    assert bomb.tell() <= 10


def test_zeros_behind_a_compressed_file_are_no_matter_and_other_bytes_are() -> None:
    assert len(records(one_page() + b"\0" * 512)) == 1
    with pytest.raises(BadWarc):
        records(one_page() + b"garbage")


def test_an_unpacked_stream_is_read_in_pieces() -> None:
    stream = Unpacked(io.BytesIO(b"WARC/1.0"))
    assert stream.peek(4) == b"WARC"
    assert stream.read(100) + stream.read(100) == b"WARC/1.0"
    with pytest.raises(ValueError, match="in pieces"):
        stream.read()
