"""Score how much a text resembles the name of a publication, and how much a title.

The weights were tuned on attributions with unknown publications (tests/test_parser_attribution.py). Points are not
probabilities: only the difference between two readings of one line matters.
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
_PATTERN_COSTS = ((re.compile("[,，]"), 4.0), (_NOT_IN_NAMES, 3.0), (_SENTENCE_STOP, 2.0), (_POSSESSIVE, 2.0))
_NUMBER = re.compile(r"\W*\d[\d.,]*(?:[gmk]|bn|tn|th|st|nd|rd)?\W*", re.IGNORECASE)


def publication_points(name: str, known: Collection[str], page_names: Collection[str] = ()) -> float:
    """Return the points of `name` as a publication.

    `known` and `page_names` are `name_key` forms.
    """
    words = name.split()
    if not words or not any(character.isalpha() for character in name):
        return NEVER
    key = name_key(name)
    if key in known:
        return KNOWN
    points = _points_of(name)
    return points + 2.5 if key in page_names else points


@lru_cache(maxsize=2048)  # a page names few publications, each many times
def _points_of(name: str) -> float:
    words = name.split()
    return _length_points(len(words)) + sum(map(_word_points, words)) + _style_points(name, words)


def is_ordinary(name: str) -> bool:
    """Return whether a known name is also a common word, such as Nature or Time."""
    return name_key(name) in ORDINARY_WORDS


def title_points(title: str) -> float:
    """Return the points of `title` as a title.

    They depend on its length, and on the words and punctuation of a sentence.
    """
    words = title.split()
    if not any(character.isalnum() for character in title):
        return NEVER
    points = (-2.0, -1.2, -0.3, 0.4, 0.8)[len(words) - 1] if 0 < len(words) < 6 else 1.2
    sentence = sum(1 for word in words if _bare(word) in SENTENCE)
    lower = sum(1 for word in words if word[:1].islower() and _bare(word) not in PARTICLES)
    points += min(sentence, 2) * 0.5 + min(lower, 3) * 0.4
    points += 0.6 if _NOT_IN_NAMES.search(title) or _POSSESSIVE.search(title) else 0.0
    return points


def is_enumerated(part: str) -> bool:
    """Return whether a part between commas resembles a list item: one or two capitalised words."""
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
    if not any(character.isupper() or character.isdigit() for character in word):
        return -1.8 if word[:1].islower() else 0.0
    # a plural or a verb, which are rare in names
    return -0.4 if bare.endswith("s") and not bare.endswith(("ss", "'s", "’s")) else 0.0


def _style_points(name: str, words: list[str]) -> float:
    bare = [_bare(word) for word in words]
    points = _press_points(bare) + _article_points(bare)
    points -= 2.5 if all(word in SUBJECTS or word in PARTICLES for word in bare) else 0.0
    points -= 0.4 if any(word.endswith("ing") for word in bare) else 0.0
    points -= 3.0 if name.islower() else 0.0
    return points - sum(cost for pattern, cost in _PATTERN_COSTS if pattern.search(name))


def _press_points(bare: list[str]) -> float:
    """Return the points for press words; they count most at the end of a name."""
    if any(word in PRESS for word in bare[-2:]):
        return 2.0
    if any(word in PRESS for word in bare):
        return 1.2
    return 0.8 if len(bare) > 1 and any(word in PRESS_OR_NOT for word in bare) else 0.0


def _article_points(bare: list[str]) -> float:
    if len(bare) < 2:
        return 0.0
    return 1.8 if bare[0] in ARTICLES else 0.8 if bare[0] == "the" else 0.0
