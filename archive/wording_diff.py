"""What an edit changed: two texts as one sequence of pieces that were kept, removed and added. Pure.

    texts | words | trim what both begin and end with | pair words off | slide to sentences | swallow islands | pieces

As in `wdiff` and `git --word-diff`, words are what is compared; unlike theirs, the pieces hold both texts to the last space.
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

# Beyond this, pairing words off could take many seconds: words of one text after trimming, and pairs of equal words in both
MOST_DIFFED_WORDS = 3_000
MOST_PAIRS = 200_000
# Up to so many kept words between two changes are read with them, where they are shorter than either
ISLAND = 2

# Scripts without spaces go by characters: kana and Han, each with its voicing mark or variation selector
_CHARACTER = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
_MARK = "[\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_SIGNS = "!-/:-@\\[-`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_LETTER = f"[^\\s{_SIGNS}{_CHARACTER[1:-1]}]"
# white space, and the word behind it: "state-owned", "don't" and "3,000" are one; any other sign is a word of its own
_WORD = re.compile(
    rf"(\s*)({_CHARACTER}{_MARK}*|{_LETTER}+(?:(?:['’‐‑-]|(?<=\d)[.,](?=\d)){_LETTER}+)*|\S|\Z)",
)
_SENTENCE_ENDS = frozenset(".!?。！？”»")


class Piece(NamedTuple):
    """A stretch of text and what became of it."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class _Change:
    """Words `old_from:old_to` of the old text gave way to words `new_from:new_to` of the new one."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int

    def moved(self, by: int) -> _Change:
        return _Change(self.old_from + by, self.old_to + by, self.new_from + by, self.new_to + by)


class _Text:
    """A text as words, each with the white space before it; trailing white space stands before an empty word."""

    def __init__(self, text: str):
        found = [(space, word) for space, word in _WORD.findall(text) if space or word]
        self.spaces = [space for space, _ in found]
        self.words = [word for _, word in found]

    def __getitem__(self, span: slice) -> str:
        return "".join(space + word for space, word in zip(self.spaces[span], self.words[span], strict=True))


def word_diff(old: str, new: str) -> tuple[Piece, ...]:
    """Return what was kept, removed and added between two texts, never two pieces of one kind in a row.

    The kept and removed pieces together are `old`, the kept and added ones `new`, exactly; where both were changed at one
    place, removed comes before added. Chinese and Japanese are compared by character. Texts so long or so repetitive that
    pairing their words off would take seconds (see `MOST_DIFFED_WORDS`, `MOST_PAIRS`) are one replacement between what both begin
    and end with.
    """
    before, after = _Text(old), _Text(new)
    changes = _swallow_islands(before, after, _slide(before, after, _pair_off(before.words, after.words)))
    return tuple(_pieces(_steps(before, after, changes)))


def abridged(pieces: Sequence[Piece], around: int = 60) -> tuple[Piece, ...]:
    """Return `pieces` for reading: of what was kept, about `around` characters next to each change, and "…" for the rest.

    Nothing is left out where nothing was changed.
    """
    if all(op == "kept" for op, _ in pieces):
        return tuple(pieces)
    last = len(pieces) - 1
    return tuple(
        Piece(op, _shortened(text, around * (number > 0), around * (number < last)) if op == "kept" else text)
        for number, (op, text) in enumerate(pieces)
    )


def _pair_off(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    start = _common_start(old, new)
    end = _common_start(old[start:][::-1], new[start:][::-1])
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if not a and not b:
        return []
    in_b = Counter(b)
    if max(len(a), len(b)) > MOST_DIFFED_WORDS or sum(n * in_b[word] for word, n in Counter(a).items()) > MOST_PAIRS:
        return [_Change(start, start + len(a), start, start + len(b))]
    opcodes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [_Change(*(start + index for index in span)) for tag, *span in opcodes if tag != "equal"]


def _slide(old: _Text, new: _Text, changes: Sequence[_Change]) -> list[_Change]:
    """Move what was only added or only removed to the start of a sentence, where the same words allow it.

    An inserted "The bird flew." before "The dog barked." else reads as "The {bird flew. The} dog barked."
    """
    slid: list[_Change] = []
    for number, change in enumerate(changes):
        back = change.old_from - (slid[-1].old_to if slid else 0)
        on = (changes[number + 1].old_from if number + 1 < len(changes) else len(old.words)) - change.old_to
        if change.old_from == change.old_to:
            slid.append(change.moved(_way(new.words, change.new_from, change.new_to, back, on)))
        elif change.new_from == change.new_to:
            slid.append(change.moved(_way(old.words, change.old_from, change.old_to, back, on)))
        else:
            slid.append(change)
    return slid


def _way(words: Sequence[str], start: int, end: int, back: int, on: int) -> int:
    """Return how far words `start:end` can move, at most `back` (below zero) or `on`, to stand behind a sentence."""
    for by in range(back + 1):
        if start == by or words[start - by - 1] in _SENTENCE_ENDS:
            return -by
        if words[start - by - 1] != words[end - by - 1]:
            break
    for by in range(1, on + 1):
        if words[start + by - 1] != words[end + by - 1]:
            break
        if words[start + by - 1] in _SENTENCE_ENDS:
            return by
    return 0


def _swallow_islands(old: _Text, new: _Text, changes: Sequence[_Change]) -> list[_Change]:
    """Join replacements that only a word or two stand between: "[-big plan of two-]{+small idea of one+}" is read at once."""
    joined: list[_Change] = []
    for change in changes:
        if joined and _is_island(old, new, joined[-1], change):
            joined[-1] = replace(joined[-1], old_to=change.old_to, new_to=change.new_to)
        else:
            joined.append(change)
    return joined


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
    """Yield the words in order; a kept word behind another white space is kept, and the white space is not."""
    i = j = 0
    for change in (*changes, _Change(len(old.words), len(old.words), len(new.words), len(new.words))):
        kept = slice(i, change.old_from)
        spaces_now = new.spaces[j : change.new_from]
        for was, now, word in zip(old.spaces[kept], spaces_now, old.words[kept], strict=True):
            if was == now:
                yield Piece("kept", was)
            else:
                yield from (Piece("removed", was), Piece("added", now))
            yield Piece("kept", word)
        yield Piece("removed", old[change.old_from : change.old_to])
        yield Piece("added", new[change.new_from : change.new_to])
        i, j = change.old_to, change.new_to


def _pieces(steps: Iterable[Piece]) -> Iterator[Piece]:
    """Join steps to pieces; white space that both sides of a replacement begin or end with is kept."""
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
    """Return about `head` characters from the start and `tail` from the end, cut between words; all, where that is most."""
    if len(text) <= head + tail + 20:
        return text
    starts = [found.start(2) for found in _WORD.finditer(text) if found[2]]
    first = max((start for start in starts if start <= head), default=0)
    second = min((start for start in starts if start >= len(text) - tail), default=len(text))
    before, after = text[:first].rstrip(), text[second:]
    return f"{before}{' ' * bool(before)}…{' ' * bool(after)}{after}"
