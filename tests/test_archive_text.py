"""Text at the archive's door, and text as it is compared."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from archive.text import clean, comparable

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)  # lone surrogates too
LEGAL = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")  # XML 1.0 section 2.2, production [2]


def test_of_every_code_point_there_is_only_what_xml_can_carry_is_kept() -> None:
    everything = "".join(map(chr, range(0x110000)))
    kept = clean(everything)
    assert LEGAL.fullmatch(kept)
    assert etree.fromstring(f"<a>{kept.replace('&', '').replace('<', '')}</a>") is not None
    kept.encode("utf-8")


@given(ANY_TEXT)
@example("\x00\x0b\x1b\ufffe\uffff\ud800\udfff")
def test_cleaned_text_is_legal_xml_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert LEGAL.fullmatch(cleaned)
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co"))))
def test_printable_text_is_kept_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(("text", "cleaned"), [("a\r\nb", "a\nb"), ("a\rb", "a\nb"), ("a\tb\n", "a\tb\n")])
def test_line_ends_become_line_feeds_and_tabs_stay(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b", "ab"),
        ("a\u00a0b", "a b"),
        ("a\u3000b\n", "ab"),
        ("a\u200bb\ufeff", "ab"),
        ("soft\u00adhyphen", "softhyphen"),
        ("it’s", "it's"),
        ("it`s", "it's"),
        ("“quoted”", '"quoted"'),
        ("''quoted''", '"quoted"'),
        ("「quoted」", "«quoted»"),
        ("cafe\u0301", "caf\u00e9"),
        (None, ""),
    ],
)
def test_white_space_quote_style_and_composition_do_not_count(one: str | None, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("China", "china"), ("a-b", "a—b"), ("a.", "a"), ("a,b", "a;b"), ("1", "１"), ("cafe", "café"), ("'a'", '"a"')],
)
def test_case_dashes_and_every_other_sign_count(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@given(ANY_TEXT, st.sampled_from([" ", "\n", "\t", "\u00a0", "\u2003", "\u200b"]), st.integers(0, 200))
def test_white_space_anywhere_between_words_makes_no_difference(text: str, space: str, place: int) -> None:
    if place < len(text) and (unicodedata.combining(text[place]) or text[place] in "'’‘`´"):
        return  # a sign that joins the one before it: parting them is an edit
    first, rest = text[:place], text[place:]
    if unicodedata.is_normalized("NFC", text):
        assert comparable(first + space + rest) == comparable(text)
