"""Topics: names with patterns that match the words of entries. Pure.

An operator configures them. A pattern is a word or a phrase, and matches whole words. Letter case counts only in
patterns whose letters are all capitals ("AI", "5G"). White space and hyphens match each other. An asterisk at the end of a
word matches any ending ("robot*"). Patterns are not regular expressions, so no text can make one slow.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from foreign_eyes.feeds.slugs import slug

_BETWEEN_WORDS = r"[\s\u2010\u2011-]+"
_PARTS = re.compile(r"[\s\u2010\u2011-]+")
_WORD = re.compile(r"\w+")


class Topics:
    """The configured topics: patterns by name.

    Raises:
        ValueError: a name or a pattern has no letters or digits, an asterisk is not at the end of a word, or two names
            would share a folder.
    """

    def __init__(self, patterns: Mapping[str, Sequence[str]]) -> None:
        check_names(patterns)
        for name, of_topic in patterns.items():
            check_topic(name, of_topic)
        self.patterns = {name: tuple(of_topic) for name, of_topic in patterns.items()}

    def classify(self, title: str, excerpt: str, commentary: str) -> frozenset[str]:
        """Return the topics that an entry with these texts matches."""
        text = f"{title}\0{excerpt}\0{commentary}"  # a phrase cannot continue from one text into the next
        return frozenset(name for name in self._possible(text) if self._expressions[name].search(text))

    @cached_property
    def _expressions(self) -> dict[str, re.Pattern[str]]:
        return {name: re.compile("|".join(map(_expression, found))) for name, found in self.patterns.items()}

    @cached_property
    def _by_head(self) -> dict[str, set[str]]:
        """The topics by the first word of their patterns.

        A trailing asterisk represents any ending of that word.
        """
        topics: dict[str, set[str]] = defaultdict(set)
        for name, found in self.patterns.items():
            for pattern in found:
                topics[_head(pattern)].add(name)
        return dict(topics)

    @cached_property
    def _by_beginning(self) -> dict[int, dict[str, set[str]]]:
        """The topics whose first word ends in an asterisk, by length and beginning of the word."""
        topics: dict[int, dict[str, set[str]]] = defaultdict(dict)
        for head, found in self._by_head.items():
            if head.endswith("*"):
                topics[len(head) - 1][head[:-1]] = found
        return dict(topics)

    def _possible(self, text: str) -> set[str]:
        """Return the topics whose first words occur in `text`.

        Only these few need a search by regular expression. `re` tries an expression at every character of a text, so
        searching for all topics would be slow.
        """
        words = set(_folded(" ".join(_WORD.findall(text))).split(" "))
        found = [self._by_head[word] for word in words & self._by_head.keys()]
        for length, topics in self._by_beginning.items():
            found += [topics[beginning] for beginning in {word[:length] for word in words} & topics.keys()]
        return set().union(*found)


def check_names(names: Iterable[str]) -> None:
    """Check that no two names would be published to one folder.

    Names collide if they differ only in letter case or white space.

    Raises:
        ValueError: the message names the two.
    """
    by_slug: dict[str, str] = {}
    for name in names:
        if (other := by_slug.setdefault(slug(name), name)) != name:
            raise ValueError(f"{other!r} and {name!r}: the names of two topics must differ in more than letter case")


def check_topic(name: str, patterns: Sequence[str]) -> None:
    """Check that a topic can match something, and not everything.

    Raises:
        ValueError: the message says what is wrong, and what is allowed.
    """
    if not any(character.isalnum() for character in name) or any(not c.isprintable() for c in name) or len(name) > 100:
        raise ValueError(f"{name!r}: a topic's name must have letters or digits, on one line of at most 100 characters")
    if not patterns:
        raise ValueError(f"{name!r}: a topic must have at least one pattern")
    for pattern in patterns:
        words = [word for word in _PARTS.split(pattern.strip()) if word]
        if not any(character.isalnum() for character in pattern):
            raise ValueError(f"{name!r}: pattern {pattern!r} has no letter and no digit")
        if any("*" in word[:-1] or word == "*" for word in words):
            raise ValueError(
                f"{name!r}: pattern {pattern!r}: an asterisk is allowed only at the end of a word, for any ending"
            )


def _head(pattern: str) -> str:
    """Return the folded letters and digits at the beginning of a pattern.

    An asterisk follows them if the pattern has one there. Return the asterisk alone if the pattern begins with another
    character.
    """
    first = next(word for word in _PARTS.split(pattern.strip()) if word)
    letters = _WORD.match(first)
    if letters is None:
        return "*"
    return _folded(letters[0]) + ("*" if first == f"{letters[0]}*" else "")


def _folded(text: str) -> str:
    """Return `text` without letter case, as `re.IGNORECASE` compares it.

    `re.IGNORECASE` takes dotted and dotless i as one letter.
    """
    return text.replace("\u0130", "i").replace("\u0131", "i").casefold()


def _expression(pattern: str) -> str:
    words = [word for word in _PARTS.split(pattern.strip()) if word]
    phrase = _BETWEEN_WORDS.join(
        re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in words
    )
    letters = [character for character in pattern if character.isalpha()]
    case_counts = bool(letters) and all(letter.isupper() for letter in letters)
    return rf"(?<!\w)(?{'' if case_counts else 'i'}:{phrase})(?!\w)"
