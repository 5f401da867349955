"""Content codings are decoded completely or refused."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.listing.content_coding import BadCodingError, OversizedError, decode_body

LIMIT = 10_000
PAGE = b"<html>" + b"an excerpt, and then a commentary " * 20 + bytes(range(256)) + b"</html>"


def raw_deflate(body: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(body) + engine.flush()


CODERS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}


@pytest.mark.parametrize(
    ("coded", "coding"),
    [
        (PAGE, ""),
        (PAGE, "identity"),
        (gzip.compress(PAGE), "gzip"),
        (gzip.compress(PAGE), " GZip "),
        (gzip.compress(PAGE), "x-gzip"),
        (zlib.compress(PAGE), "deflate"),
        (zlib.compress(PAGE, 0), "deflate"),
        (raw_deflate(PAGE), "deflate"),
        (gzip.compress(PAGE[:100]) + gzip.compress(PAGE[100:]), "gzip"),
        (gzip.compress(PAGE) + gzip.compress(b""), "gzip"),
        (gzip.compress(zlib.compress(PAGE)), "deflate, gzip"),
        (gzip.compress(PAGE), "identity,gzip"),
    ],
)
def test_a_whole_body_is_decoded(coded: bytes, coding: str) -> None:
    assert decode_body(coded, coding, LIMIT) == PAGE


@given(st.binary(max_size=2000), st.lists(st.sampled_from(sorted(CODERS)), max_size=3))
def test_decoding_restores_the_body(body: bytes, codings: list[str]) -> None:
    coded = body
    for coding in codings:
        coded = CODERS[coding](coded)
    assert decode_body(coded, ", ".join(codings), LIMIT) == body


@pytest.mark.parametrize(
    ("coded", "coding"),
    [(gzip.compress(PAGE), "gzip"), (zlib.compress(PAGE), "deflate"), (raw_deflate(PAGE), "deflate")],
    ids=["gzip", "deflate", "raw deflate"],
)
def test_a_body_cut_at_any_byte_is_refused(coded: bytes, coding: str) -> None:
    for end in range(len(coded)):
        with pytest.raises(BadCodingError):
            decode_body(coded[:end], coding, LIMIT)


def test_a_second_member_cut_at_any_byte_is_refused() -> None:
    first, second = gzip.compress(PAGE), gzip.compress(b"more")
    for end in range(1, len(second)):
        with pytest.raises(BadCodingError):
            decode_body(first + second[:end], "gzip", LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_data_after_the_end_is_refused(coding: str) -> None:
    with pytest.raises(BadCodingError):
        decode_body(CODERS[coding](PAGE) + b"<script>", coding, LIMIT)


def test_a_flipped_bit_in_data_or_checksum_is_refused() -> None:
    coded = gzip.compress(PAGE)
    for place in (*range(10, len(coded), 7), *range(len(coded) - 8, len(coded))):
        with pytest.raises((BadCodingError, OversizedError)):
            decode_body(coded[:place] + bytes([coded[place] ^ 0x10]) + coded[place + 1 :], "gzip", LIMIT)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br", "\x1b[31m"])
def test_a_coding_that_was_not_requested_is_refused_by_name(coding: str) -> None:
    with pytest.raises(BadCodingError, match="was not requested") as refusal:
        decode_body(gzip.compress(PAGE), coding, LIMIT)
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize("coding", ["", *sorted(CODERS)])
def test_a_body_of_the_limit_is_accepted_and_a_larger_one_is_not(coding: str) -> None:
    code = CODERS.get(coding, bytes)
    assert len(decode_body(code(b"a" * LIMIT), coding, LIMIT)) == LIMIT
    with pytest.raises(OversizedError, match="more than 10000 bytes"):
        decode_body(code(b"a" * (LIMIT + 1)), coding, LIMIT)


def test_the_limit_applies_to_all_members_together() -> None:
    member = gzip.compress(b"a" * 4000)
    assert len(decode_body(member * 2, "gzip", LIMIT)) == 8000
    with pytest.raises(OversizedError):
        decode_body(member * 3, "gzip", LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip"])
def test_a_gzip_bomb_is_inflated_to_the_limit_only(coding: str) -> None:
    bomb = b"\0" * 20_000_000
    for name in coding.split(", "):
        bomb = CODERS[name](bomb)
    tracemalloc.start()
    try:
        with pytest.raises(OversizedError):
            decode_body(bomb, coding, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_body_of_endless_empty_members_is_refused() -> None:
    """Each member copies the rest of the body: half a million of them in 10 MB would take minutes."""
    with pytest.raises(BadCodingError, match="members"):
        decode_body(gzip.compress(b"") * 2000, "gzip", LIMIT)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_uncoded_bytes_are_refused_with_no_other_exception(body: bytes, coding: str) -> None:
    try:
        decode_body(body, coding, LIMIT)
    except (BadCodingError, OversizedError):
        pass
    else:
        assert coding != "gzip" or body.startswith(b"\x1f\x8b")
