"""The word diff: examples, and properties for any two texts."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foreign_eyes.archive.word_diff import MOST_DIFFED_WORDS, Piece, abridged, word_diff

MARKS = {"kept": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
ANY_TEXT = st.text(max_size=60)
# Few words, many repetitions: where pairing them off is hardest
PROSE = st.lists(st.sampled_from(["the", "The", "cat", "sat", ".", " ", " ", " ", "\n", "中", "国", ","])).map("".join)


def marked(old: str, new: str) -> str:
    return "".join(MARKS[op].format(text) for op, text in word_diff(old, new))


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ("the same", "the same", "the same"),
        ("", "", ""),
        ("", "all new", "{+all new+}"),
        ("all gone", "", "[-all gone-]"),
        ("a quick fix", "a slow fix", "a [-quick-]{+slow+} fix"),
        ("Apples", "Apples and pears", "Apples{+ and pears+}"),
        ("Bears", "The Bears", "{+The +}Bears"),
        ("one two three", "one three", "one[- two-] three"),
        ("he said, then left", "he said; then left", "he said[-,-]{+;+} then left"),
        ("a state-owned firm", "a state-run firm", "a [-state-owned-]{+state-run+} firm"),
        ("they don’t", "they won’t", "they [-don’t-]{+won’t+}"),
        ("3,000 men, 2.5 days", "3,500 men, 2.6 days", "[-3,000-]{+3,500+} men, [-2.5-]{+2.6+} days"),
        ("an end.The start", "an end.A start", "an end.[-The-]{+A+} start"),
        ("re\u0301sume\u0301 here", "resume here", "[-re\u0301sume\u0301-]{+resume+} here"),
    ],
)
def test_words_are_compared(old: str, new: str, diff: str) -> None:
    assert marked(old, new) == diff


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ("中国的创新能力", "中国的研发能力很强", "中国的[-创新-]{+研发+}能力{+很强+}"),
        ("日本のニュース", "日本語のニュース", "日本{+語+}のニュース"),
        ("在Shenzhen有专利", "在Hefei有专利", "在[-Shenzhen-]{+Hefei+}有专利"),
    ],
)
def test_chinese_and_japanese_are_compared_by_character(old: str, new: str, diff: str) -> None:
    assert marked(old, new) == diff


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ("It sat. The dog barked.", "It sat. The bird flew. The dog barked.", "It sat.{+ The bird flew.+} The dog barked."),
        ("It sat. The bird flew. The dog barked.", "It sat. The dog barked.", "It sat.[- The bird flew.-] The dog barked."),
        ("He has one. Well.", "He has one. He has two. Well.", "He has one.{+ He has two.+} Well."),
    ],
)  # fmt: skip
def test_an_added_or_removed_sentence_is_one_piece(old: str, new: str, diff: str) -> None:
    assert marked(old, new) == diff


def test_one_or_two_kept_words_in_a_rewritten_sentence_are_part_of_the_replacement() -> None:
    assert marked("so a great plan of three parts, then", "so some small idea of one kind, then") == (
        "so [-a great plan of three parts-]{+some small idea of one kind+}, then"
    )


def test_a_kept_word_between_two_typos_is_a_kept_piece() -> None:
    assert marked("teh end of teh road", "the end of the road") == "[-teh-]{+the+} end of [-teh-]{+the+} road"


def test_changed_white_space_does_not_change_its_words() -> None:
    assert word_diff("a  b", "a\nb") == (
        Piece("kept", "a"), Piece("removed", "  "), Piece("added", "\n"), Piece("kept", "b"),
    )  # fmt: skip


@given(ANY_TEXT | PROSE, ANY_TEXT | PROSE)
@example(" \u3000a", "a ")
@example("A. B.", "A. A. B.")
def test_the_pieces_contain_both_texts_exactly(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert "".join(text for op, text in pieces if op != "added") == old
    assert "".join(text for op, text in pieces if op != "removed") == new


@given(PROSE, PROSE)
def test_no_piece_is_empty_and_adjacent_pieces_differ_in_kind(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert all(text for _, text in pieces)
    kinds = [op for op, _ in pieces]
    assert all(one != other for one, other in pairwise(kinds))
    assert ("added", "removed") not in pairwise(kinds)


@given(ANY_TEXT | PROSE)
def test_equal_texts_are_one_kept_piece(text: str) -> None:
    assert word_diff(text, text) == ((Piece("kept", text),) if text else ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b " * 5_000, "b b a " * 3_000),
        ("x " * 10_000, "x " * 9_000 + "y"),
        (" ".join(map(str, range(10_000))), " ".join(map(str, reversed(range(10_000))))),
        ("能" * 10_000, "能" * 4_000 + "力" + "能" * 4_000),
        ("start " + "a" * 100_000 + "-" * 100_000, "-" * 100_000),
        (" " * 100_000, "\n" * 100_000),
        *[(" ".join(f"{n} a{n}" for n in range(size)), " ".join(f"{n} b{n}" for n in range(size))) for size in (1_400, 9_000)],
    ],
)  # fmt: skip
def test_no_two_texts_take_long_to_compare(old: str, new: str) -> None:
    began = time.process_time()
    pieces = word_diff(old, new)
    abridged(pieces)
    assert time.process_time() - began < 5
    assert "".join(text for op, text in pieces if op != "removed") == new


def test_texts_beyond_the_limits_are_one_replacement() -> None:
    many = " ".join(f"w{n}" for n in range(MOST_DIFFED_WORDS))
    pieces = word_diff(f"same start A {many} B same end", f"same start C {many} D same end")
    assert [op for op, _ in pieces] == ["kept", "removed", "added", "kept"]
    assert (pieces[0].text, pieces[-1].text) == ("same start ", " same end")


def test_long_kept_pieces_are_shortened_to_the_text_next_to_changes() -> None:
    far = "word " * 30
    pieces = word_diff(f"{far}old {far}gone {far}end", f"{far}new {far}{far}end")
    texts = [text for _, text in abridged(pieces, around=12)]
    assert texts == ["… word word ", "old", "new", " word word … word word", " gone", " word word …"]


def test_short_kept_pieces_are_not_shortened() -> None:
    pieces = word_diff("one two three old four", "one two three new four")
    assert abridged(pieces) == pieces


def test_pieces_without_changes_are_not_shortened() -> None:
    text = "word " * 100
    assert abridged(word_diff(text, text)) == (Piece("kept", text),)


def test_a_kept_piece_without_spaces_is_cut_between_characters() -> None:
    pieces = abridged(word_diff("中" * 100 + "国", "中" * 100 + "文"), around=10)
    assert pieces[0] == Piece("kept", "… " + "中" * 10)
