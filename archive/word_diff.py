"""Compute a word diff of two texts as a sequence of kept, removed and added pieces. Pure.

    texts | words | trim the common start and end | match words | slide to sentences | merge islands | pieces

Words are compared, as in `wdiff` and `git --word-diff`. Unlike there, the pieces contain both texts exactly, with all white
space.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, NamedTuple

Op = Literal["kept", "removed", "added"]

# limits beyond which matching could take many seconds: words of one text after trimming, and pairs of equal words
MOST_DIFFED_WORDS = 3_000
MOST_PAIRS = 200_000
# up to this many kept words between two changes are merged with them, if they are shorter than either change
ISLAND = 2

# scripts without spaces are compared by character: kana and Han, each with its voicing mark or variation selector
_CHARACTER = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
_MARK = "[\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_SIGNS = "!-/:-@\\[-`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_LETTER = f"[^\\s{_SIGNS}{_CHARACTER[1:-1]}]"
# white space and the word after it; "state-owned", "don't" and "3,000" are one word; any other sign is a separate word
_WORD = re.compile(
    rf"(\s*)({_CHARACTER}{_MARK}*|{_LETTER}+(?:(?:['’‐‑-]|(?<=\d)[.,](?=\d)){_LETTER}+)*|\S|\Z)",
)
_SENTENCE_ENDS = frozenset(".!?。！？”»")


class Piece(NamedTuple):
    """A piece of text and whether it was kept, removed or added."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class _Change:
    """A replacement of words `old_from:old_to` by words `new_from:new_to`."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int

    def moved(self, by: int) -> _Change:
        return _Change(self.old_from + by, self.old_to + by, self.new_from + by, self.new_to + by)


class _Text:
    """A text as words, each with the white space before it.

    Trailing white space precedes an empty word.
    """

    def __init__(self, text: str):
        found = [(space, word) for space, word in _WORD.findall(text) if space or word]
        self.spaces = [space for space, _ in found]
        self.words = [word for _, word in found]

    def __getitem__(self, span: slice) -> str:
        return "".join(space + word for space, word in zip(self.spaces[span], self.words[span], strict=True))


def word_diff(
    old: str, new: str, *, most_words: int = MOST_DIFFED_WORDS, most_pairs: int = MOST_PAIRS
) -> tuple[Piece, ...]:
    """Return the word diff of two texts; two adjacent pieces never have the same `op`.

    The kept and removed pieces together are exactly `old`, the kept and added ones exactly `new`. In a replacement, the
    removed piece comes before the added one. Chinese and Japanese are compared by character. If texts are so long or so
    repetitive that matching their words would take seconds (more than `most_words` or `most_pairs`), everything between
    their common start and end is one replacement.
    """
    before, after = _Text(old), _Text(new)
    changes = _merge_islands(before, after, _slide(before, after, _match_words(before, after, most_words, most_pairs)))
    return tuple(_pieces(_steps(before, after, changes)))


def abridged(pieces: Sequence[Piece], around: int = 60) -> tuple[Piece, ...]:
    """Shorten kept pieces to about `around` characters next to each change.

    The rest is replaced by "…". Pieces without any change are returned as they are.
    """
    if all(op == "kept" for op, _ in pieces):
        return tuple(pieces)
    last = len(pieces) - 1
    return tuple(
        Piece(op, _shortened(text, around * (number > 0), around * (number < last)) if op == "kept" else text)
        for number, (op, text) in enumerate(pieces)
    )


def _match_words(before: _Text, after: _Text, most_words: int, most_pairs: int) -> list[_Change]:
    old, new = before.words, after.words
    start = _common_start(old, new)
    end = _common_start(old[start:][::-1], new[start:][::-1])
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if not a and not b:
        return []
    in_b = Counter(b)
    if max(len(a), len(b)) > most_words or sum(n * in_b[word] for word, n in Counter(a).items()) > most_pairs:
        return [_Change(start, start + len(a), start, start + len(b))]
    opcodes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [_Change(*(start + index for index in span)) for tag, *span in opcodes if tag != "equal"]


def _slide(old: _Text, new: _Text, changes: Sequence[_Change]) -> list[_Change]:
    """Move pure insertions and deletions to the start of a sentence, if equal words allow it.

    Without this, an inserted "The bird flew." before "The dog barked." reads as "The {bird flew. The} dog barked."
    """
    slid: list[_Change] = []
    for number, change in enumerate(changes):
        back = change.old_from - (slid[-1].old_to if slid else 0)
        ahead = (changes[number + 1].old_from if number + 1 < len(changes) else len(old.words)) - change.old_to
        if change.old_from == change.old_to:
            slid.append(change.moved(_slide_distance(new.words, change.new_from, change.new_to, back, ahead)))
        elif change.new_from == change.new_to:
            slid.append(change.moved(_slide_distance(old.words, change.old_from, change.old_to, back, ahead)))
        else:
            slid.append(change)
    return slid


def _slide_distance(words: Sequence[str], start: int, end: int, back: int, ahead: int) -> int:
    """Return how far to move words `start:end` so that they follow a sentence.

    The distance is from -`back` to `ahead`; 0 if that is not possible.
    """
    for by in range(back + 1):
        if start == by or words[start - by - 1] in _SENTENCE_ENDS:
            return -by
        if words[start - by - 1] != words[end - by - 1]:
            break
    for by in range(1, ahead + 1):
        if words[start + by - 1] != words[end + by - 1]:
            break
        if words[start + by - 1] in _SENTENCE_ENDS:
            return by
    return 0


def _merge_islands(old: _Text, new: _Text, changes: Sequence[_Change]) -> list[_Change]:
    """Merge replacements with only a word or two between them.

    An example is "[-big plan of two-]{+small idea of one+}".
    """
    merged: list[_Change] = []
    for change in changes:
        if merged and _is_island(old, new, merged[-1], change):
            merged[-1] = replace(merged[-1], old_to=change.old_to, new_to=change.new_to)
        else:
            merged.append(change)
    return merged


def _is_island(old: _Text, new: _Text, left: _Change, right: _Change) -> bool:
    removed = left.old_from < left.old_to or right.old_from < right.old_to
    added = left.new_from < left.new_to or right.new_from < right.new_to
    if right.old_from - left.old_to > ISLAND or not (removed and added):
        return False
    length = len(old[left.old_to : right.old_from])
    return all(
        length < max(len(old[side.old_from : side.old_to]), len(new[side.new_from : side.new_to]))
        for side in (left, right)
    )


def _steps(old: _Text, new: _Text, changes: Sequence[_Change]) -> Iterator[Piece]:
    """Yield the words in order.

    A kept word after changed white space is kept, and the white space is replaced.
    """
    i = j = 0
    for change in (*changes, _Change(len(old.words), len(old.words), len(new.words), len(new.words))):
        kept = slice(i, change.old_from)
        new_spaces = new.spaces[j : change.new_from]
        for old_space, new_space, word in zip(old.spaces[kept], new_spaces, old.words[kept], strict=True):
            if old_space == new_space:
                yield Piece("kept", old_space)
            else:
                yield from (Piece("removed", old_space), Piece("added", new_space))
            yield Piece("kept", word)
        yield Piece("removed", old[change.old_from : change.old_to])
        yield Piece("added", new[change.new_from : change.new_to])
        i, j = change.old_to, change.new_to


def _pieces(steps: Iterable[Piece]) -> Iterator[Piece]:
    """Join steps into pieces.

    White space at the start or end of both sides of a replacement is kept.
    """
    kept = ""
    for is_kept, group in groupby((step for step in steps if step.text), key=lambda step: step.op == "kept"):
        texts = list(group)
        if is_kept:
            kept += "".join(text for _, text in texts)
            continue
        removed = "".join(text for op, text in texts if op == "removed")
        added = "".join(text for op, text in texts if op == "added")
        lead, removed, added = _common_space(removed, added)
        trail, removed, added = (text[::-1] for text in _common_space(removed[::-1], added[::-1]))
        changed = [piece for piece in (Piece("removed", removed), Piece("added", added)) if piece.text]
        kept += lead
        if changed and kept:
            yield Piece("kept", kept)
        yield from changed
        kept = trail if changed else kept + trail
    if kept:
        yield Piece("kept", kept)


def _common_space(one: str, other: str) -> tuple[str, str, str]:
    both = one[: _common_start(one, other)]
    space = both[: len(both) - len(both.lstrip())]
    return space, one.removeprefix(space), other.removeprefix(space)


def _common_start(one: Sequence[str], other: Sequence[str]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _shortened(text: str, head: int, tail: int) -> str:
    """Return about `head` characters from the start and `tail` from the end, cut between words.

    A short text is not cut.
    """
    if len(text) <= head + tail + 20:
        return text
    starts = [found.start(2) for found in _WORD.finditer(text) if found[2]]
    first = max((start for start in starts if start <= head), default=0)
    second = min((start for start in starts if start >= len(text) - tail), default=len(text))
    before, after = text[:first].rstrip(), text[second:]
    return f"{before}{' ' * bool(before)}…{' ' * bool(after)}{after}"
