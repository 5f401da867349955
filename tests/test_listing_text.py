"""Text is cleaned for the archive and normalised for comparison."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from foreign_eyes.listing.text import clean, comparable, folded, unstyled

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)  # lone surrogates too
LEGAL = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")  # XML 1.0 section 2.2, production [2]


def test_only_code_points_that_xml_allows_are_kept() -> None:
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
def test_case_dashes_and_all_other_characters_count(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@given(ANY_TEXT, st.sampled_from([" ", "\n", "\t", "\u00a0", "\u2003", "\u200b"]), st.integers(0, 200))
def test_white_space_anywhere_between_words_makes_no_difference(text: str, space: str, place: int) -> None:
    if place < len(text) and (unicodedata.combining(text[place]) or text[place] in "'’‘`´"):
        return  # a sign that joins the one before it: parting them is an edit
    first, rest = text[:place], text[place:]
    if unicodedata.is_normalized("NFC", text):
        assert comparable(first + space + rest) == comparable(text)


PROSE = st.text(st.sampled_from("abcXYZ019 .,;!?\"'-—()é ßﬁ"), max_size=60)
RESTYLES = {
    "more spaces": lambda text: text.replace(" ", "  "),
    "line breaks": lambda text: text.replace(" ", "\n\t"),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "narrow no-break spaces": lambda text: text.replace(" ", "\u202f"),
    "ideographic spaces": lambda text: text.replace(" ", "\u3000"),
    "spaces around": lambda text: f" {text}\u00a0\n",
    "zero-width spaces": "\u200b".join,
    "curly single quotes": lambda text: text.replace("'", "’"),
    "curly double quotes": lambda text: text.replace('"', "“"),
    "guillemets": lambda text: text.replace('"', "»"),
    "single quotes for double": lambda text: text.replace('"', "'"),
    "en dashes": lambda text: text.replace("-", "–"),
    "em dashes": lambda text: text.replace("-", "—"),
    "no-break hyphens": lambda text: text.replace("-", "\u2011"),
    "two hyphens": lambda text: text.replace("—", "--"),
    "spaces on both sides of dashes": lambda text: re.sub(r"(?<=\w)—(?=\w)", " — ", text),
    "ligatures": lambda text: text.replace("fi", "ﬁ").replace("fl", "ﬂ"),
    "full width": lambda text: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
}


@pytest.mark.parametrize("restyle", RESTYLES.values(), ids=RESTYLES.keys())
@given(text=PROSE)
@example(text='He said "it\'s a pre-war—or later—caf\u00e9, offi cially": 83 million.')
def test_a_restyle_does_not_change_the_unstyled_text(restyle: Callable[[str], str], text: str) -> None:
    assert unstyled(restyle(text)) == unstyled(text)
    assert folded(restyle(text)) == folded(text)


@given(ANY_TEXT, ANY_TEXT, st.sampled_from([*"azÉ世09"]), st.sampled_from([*"bßé界18"]), st.sampled_from(" \u00a0\n"))
def test_a_word_boundary_between_letters_and_digits_counts(
    before: str, after: str, left: str, right: str, space: str
) -> None:
    glued, parted = before + left + right + after, before + left + space + right + after
    assert unstyled(glued) != unstyled(parted)
    assert folded(glued) == folded(parted)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("percent", "per cent"),
        ("accordingto", "according to"),
        ("83million", "83 million"),
        ("The end.Then", "The end. Then"),
        ("pre- and post-war", "pre-and post-war"),
        ("well-known", "well known"),
        ("China", "china"),
        ("a.", "a"),
        ("m²", "m2"),
        ("½", "1/2"),
        ("cafe", "café"),
        ('"a"', "a"),
    ],
)
def test_an_edit_besides_style_counts(one: str, other: str) -> None:
    assert unstyled(one) != unstyled(other)


@given(ANY_TEXT)
@example("'''\u2018")
@example("a - -\u2014 b")
def test_removing_style_is_idempotent(text: str) -> None:
    assert unstyled(unstyled(text)) == unstyled(text)
    assert folded(folded(text)) == folded(text) == folded(unstyled(text)) == folded(comparable(text))


@given(ANY_TEXT)
def test_cleaned_text_stays_clean_without_its_style(text: str) -> None:
    for plain in (unstyled(clean(text)), folded(clean(text))):
        assert clean(plain) == plain


def test_a_long_run_of_spaces_takes_linear_time() -> None:
    assert unstyled("a" + "\u00a0" * 200_000 + "b" + "-" * 200_000) == "a b-"
