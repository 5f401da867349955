"""How much a text looks like the name of a publication, and how much like a title. Points, not probabilities.

The weights were set on attributions with publications that no list knows (tests/test_parser_attribution.py): what counts is
the difference between two ways of splitting one line.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from foreign_eyes.listing.parser.attribution_words import ARTICLES, PARTICLES, PRESS, PRESS_OR_NOT, SENTENCE, SUBJECTS
from foreign_eyes.listing.parser.publications import ORDINARY_WORDS, name_key

KNOWN = 7.0
NEVER = -9.0

_NOT_IN_NAMES = re.compile(r"[:;：；?？!！%$€£¥“”\"()\[\]]")
_SENTENCE_STOP = re.compile(r"(?<![A-Z])(?<!Inc)\.\s")
_POSSESSIVE = re.compile(r"['’]s?\s")
_AGAINST = ((re.compile("[,，]"), 4.0), (_NOT_IN_NAMES, 3.0), (_SENTENCE_STOP, 2.0), (_POSSESSIVE, 2.0))
_NUMBER = re.compile(r"\W*\d[\d.,]*(?:[gmk]|bn|tn|th|st|nd|rd)?\W*", re.IGNORECASE)


def publication_points(name: str, known: Collection[str], page_names: Collection[str] = ()) -> float:
    """Return how much `name` looks like a publication; `known` and `page_names` hold `name_key` forms."""
    words = name.split()
    if not words or not any(sign.isalpha() for sign in name):
        return NEVER
    key = name_key(name)
    if key in known:
        return KNOWN
    points = _points_of(name)
    return points + 2.5 if key in page_names else points


@lru_cache(maxsize=2048)  # a page names few publications, each of them many times
def _points_of(name: str) -> float:
    words = name.split()
    return _length_points(len(words)) + sum(map(_word_points, words)) + _look_points(name, words)


def is_ordinary(name: str) -> bool:
    """Tell whether a known name is an ordinary word as well, such as Nature or Time."""
    return name_key(name) in ORDINARY_WORDS


def title_points(title: str) -> float:
    """Return how much `title` looks like a title: its length, and the words and signs that make a sentence."""
    words = title.split()
    if not any(sign.isalnum() for sign in title):
        return NEVER
    points = (-2.0, -1.2, -0.3, 0.4, 0.8)[len(words) - 1] if 0 < len(words) < 6 else 1.2
    sentence = sum(1 for word in words if _bare(word) in SENTENCE)
    lower = sum(1 for word in words if word[:1].islower() and _bare(word) not in PARTICLES)
    points += min(sentence, 2) * 0.5 + min(lower, 3) * 0.4
    points += 0.6 if _NOT_IN_NAMES.search(title) or _POSSESSIVE.search(title) else 0.0
    return points


def is_enumerated(part: str) -> bool:
    """Tell whether a part between commas looks like one of a list: one or two capitalised words."""
    words = part.split()
    return 0 < len(words) <= 2 and all(word[:1].isupper() or word[:1].isdigit() for word in words)


def _bare(word: str) -> str:
    return word.strip("\"'“”‘’.,:;?!()").casefold()


def _length_points(count: int) -> float:
    return (1.2, 1.2, 1.0, 0.4, 0.0, -1.0, -2.0)[count - 1] if count <= 7 else -5.0


def _word_points(word: str) -> float:
    bare = _bare(word)
    if bare in PRESS:
        return 0.0
    if bare in PARTICLES:
        return 0.0
    if bare in SENTENCE:
        return -1.6
    if _NUMBER.fullmatch(word) and word.isascii():
        return -0.8 if len(bare) <= 3 else -1.5
    if not any(sign.isupper() or sign.isdigit() for sign in word):
        return -1.8 if word[:1].islower() else 0.0
    # A plural or a verb: names have few of either
    return -0.4 if bare.endswith("s") and not bare.endswith(("ss", "'s", "’s")) else 0.0


def _look_points(name: str, words: list[str]) -> float:
    bare = [_bare(word) for word in words]
    points = _press_points(bare) + _article_points(bare)
    points -= 2.5 if all(word in SUBJECTS or word in PARTICLES for word in bare) else 0.0
    points -= 0.4 if any(word.endswith("ing") for word in bare) else 0.0
    points -= 3.0 if name.islower() else 0.0
    return points - sum(cost for sign, cost in _AGAINST if sign.search(name))


def _press_points(bare: list[str]) -> float:
    """Press words count most where names have them, at the end; some are ordinary words as well."""
    if any(word in PRESS for word in bare[-2:]):
        return 2.0
    if any(word in PRESS for word in bare):
        return 1.2
    return 0.8 if len(bare) > 1 and any(word in PRESS_OR_NOT for word in bare) else 0.0


def _article_points(bare: list[str]) -> float:
    if len(bare) < 2:
        return 0.0
    return 1.8 if bare[0] in ARTICLES else 0.8 if bare[0] == "the" else 0.0
