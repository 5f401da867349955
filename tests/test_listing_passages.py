"""Where in the bytes of a page the texts of an entry stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.listings import make_entries, make_page

from foreign_eyes.listing.parser import parse_listing
from foreign_eyes.listing.passages import find_passages
from foreign_eyes.listing.values import TEXT_PARTS

PAGE = (
    "<html><body><p>“A first <b>report</b> on\n tea.”</p><p>&mdash;&mdash;Tea, by <i>Le&nbsp;Monde</i></p>"
    "<p>Tea is good.</p><p>A second report.</p><!-- Tea is good. --><p>——Silk, by BBC</p><p>Tea is good.</p></body></html>"
)
FIRST = {"excerpt": "“A first report on tea.”", "attribution": "——Tea, by Le Monde", "commentary": "Tea is good."}
SECOND = {"excerpt": "A second report.", "attribution": "——Silk, by BBC", "commentary": "Tea is good."}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_passages_are_found_through_tags_references_and_white_space(encoding: str) -> None:
    body = PAGE.encode(encoding)
    found = find_passages(body, FIRST, f"text/html; charset={encoding}")
    written = {
        name: body[slice(*passage.span)].decode(encoding.removesuffix("-sig")) for name, passage in found.items()
    }
    if encoding == "utf-16":  # the codec of the slices has no byte order mark
        written = {name: body[slice(*passage.span)].decode("utf-16-le") for name, passage in found.items()}
    assert written == {name: passage.text for name, passage in found.items()}
    assert written == {
        "excerpt": "“A first <b>report</b> on\n tea.”",
        "attribution": "&mdash;&mdash;Tea, by <i>Le&nbsp;Monde",
        "commentary": "Tea is good.",
    }


def test_of_equal_texts_the_one_beside_the_entry_counts() -> None:
    body = PAGE.encode()
    first, second = find_passages(body, FIRST), find_passages(body, SECOND)
    assert first["commentary"].span.start < second["excerpt"].span.start < second["commentary"].span.start
    assert body[slice(*second["attribution"].span)].decode() == "——Silk, by BBC"


def test_a_passage_comes_with_what_stands_around_it() -> None:
    passage = find_passages(PAGE.encode(), SECOND, around=5)["excerpt"]
    assert (passage.before, passage.text, passage.after) == ("p><p>", "A second report.", "</p><")


def test_texts_that_do_not_stand_there_are_left_out() -> None:
    assert find_passages(PAGE.encode(), {**SECOND, "excerpt": "A third report.", "title": ""}).keys() == {
        "attribution",
        "commentary",
    }
    assert find_passages(b"", FIRST) == {}


def test_bytes_that_cannot_be_decoded_do_not_move_the_places() -> None:
    body = b"\xfd\xff \xe4\xb8 " + PAGE.encode() + b"\xff"
    assert body[slice(*find_passages(body, SECOND)["excerpt"].span)] == b"A second report."


def test_every_text_that_the_parser_reads_is_found_again() -> None:
    body = make_page(make_entries(15), 1, 1)
    entries = parse_listing(body, "http://x/").entries
    assert len(entries) == 15
    places = []
    for entry in entries:
        texts = {part: getattr(entry, part) for part in TEXT_PARTS if getattr(entry, part)}
        found = find_passages(body, texts)
        assert found.keys() == texts.keys()
        places.append(found["excerpt"].span.start)
    assert places == sorted(set(places))


@given(st.binary(max_size=200), st.text(min_size=1, max_size=3))
def test_no_bytes_raise_and_each_span_holds_its_text(body: bytes, text: str) -> None:
    for passage in find_passages(body, {"excerpt": text}).values():
        assert 0 <= passage.span.start <= passage.span.end <= len(body)
