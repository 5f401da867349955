"""What makes wordings the same, and how ids are minted. Pure but for the random number that is handed in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from archive.text import comparable
from archive.values import ListedEntry

# Nine digits: short enough to say on the telephone, and a million entries meet one in a thousand times, which is checked
ID_RANGE = range(100_000_000, 1_000_000_000)

# In characters without white space: "He said it will." stands in many articles, a sentence and a half in one
SHORTEST_EXCERPT = 40
RARE_WORDS = 4
SHORTEST_RARE_WORD = 6
_WORD = re.compile(r"[^\W\d_]+")


def publication_key(name: str | None) -> str:
    """Return the form under which spellings of one press title meet: no case, no white space, no leading "the"."""
    words = (name or "").casefold().split()
    return comparable("".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words))


@lru_cache(maxsize=4096)  # a crawl asks it of each entry in every pass, and again when it settles
def wording_digest(entry: ListedEntry) -> str:
    """Return the digest (16 bytes of SHA-256, hexadecimal) of an entry's wording.

    White space, quote style and the spelling of the publication's name do not count. The attribution line counts only
    where it was not split: else `, by CNN` turned to `,CNN` would be an edit.
    """
    source = "" if entry.title else comparable(entry.attribution)
    parts = (comparable(entry.title), publication_key(entry.publication), source, comparable(entry.excerpt))
    return sha256("\x1f".join((*parts, comparable(entry.commentary))).encode()).hexdigest()[:32]


def title_key(entry: ListedEntry) -> str | None:
    """Return the key by which two rows share title and publication; None where there is no title to go by."""
    title = comparable(entry.title).casefold()
    return f"{title}\x1f{publication_key(entry.publication)}" if title else None


def excerpt_key(excerpt: str) -> str | None:
    """Return the digest (16 bytes of SHA-256, hexadecimal) by which two rows share an excerpt.

    None where it is too short to tell two articles apart.
    """
    text = comparable(excerpt)
    return sha256(text.encode()).hexdigest()[:32] if len(text) >= SHORTEST_EXCERPT else None


def rare_words(excerpt: str) -> str | None:
    """Return the key by which an edited excerpt is found again: its longest words, in alphabetical order.

    Length stands for rarity: it needs no count of the whole archive, so the key of a text never changes. None where the
    excerpt has too few long words to be known by them.
    """
    words = {word.casefold() for word in _WORD.findall(excerpt) if len(word) >= SHORTEST_RARE_WORD}
    longest = sorted(words, key=lambda word: (-len(word), word))[:RARE_WORDS]
    return " ".join(sorted(longest)) if len(longest) == RARE_WORDS else None


def mint_entry_id(taken: Callable[[int], bool], draw: Callable[[int], int] = secrets.randbelow) -> int:
    """Return a new random entry id of nine digits that is not `taken`; `draw(n)` gives a number below n."""
    while True:
        entry_id = ID_RANGE.start + draw(len(ID_RANGE))
        if not taken(entry_id):
            return entry_id


def entry_tag(authority: str, source: str, entry_id: int) -> str:
    """Return the `tag:` URI (RFC 4151) of an entry; `authority` is `name,date` as in section 2.1."""
    return f"tag:{authority}:{source}/{entry_id}"
