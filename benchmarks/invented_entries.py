"""Invented entries for large archives: the same texts, ids and dates each time."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.settling import DAY, START  # noqa: E402

from foreign_eyes.archive.times import to_text  # noqa: E402
from foreign_eyes.listing.text_digests import wording_digest  # noqa: E402
from foreign_eyes.listing.values import ListedEntry  # noqa: E402

# entries that the listing still shows; the others are withdrawn
LISTED = 40
DAYS = 3650
# numbers of different excerpts and commentaries; primes, so that pairs of them repeat late
EXCERPTS, COMMENTARIES = 1009, 503
PUBLICATIONS = [f"The Paper {number}" for number in range(200)]
SYLLABLES = ["al", "mor", "ten", "vis", "por", "lun", "gar", "pel", "ander", "ission", "ument", "ity", "ous", "ive"]
WORDS = sorted({"".join(parts) for count in (1, 2, 3) for parts in itertools.product(SYLLABLES, repeat=count)})
# phrases of topics, and the fraction of excerpts that has each
TOPIC_PHRASES = {
    "patents": 0.3,
    "universities": 0.1,
    "artificial intelligence": 0.08,
    "chips": 0.05,
    "robots": 0.05,
    "trademark": 0.04,
    "high-speed trains": 0.03,
    "quantum": 0.02,
    "copyright": 0.02,
}


@dataclass(frozen=True, slots=True)
class Invented:
    """An entry with its id and its texts.

    `number` counts from the oldest entry, and `crawl` is the crawl that first showed it.
    """

    number: int
    entry_id: int
    crawl: int
    title: str
    publication: str
    excerpt: str
    commentary: str
    wording: str


class Inventor:
    """The inventor of a number of entries, which are the same each time."""

    def __init__(self, entries: int) -> None:
        chance = random.Random(entries)  # noqa: S311 - nothing secret
        self.entries, self.crawls = entries, min(entries, DAYS)
        self.ids = chance.sample(range(100_000_000, 1_000_000_000), entries)
        self.excerpts = [prose(chance, 60, [word for word, rate in TOPIC_PHRASES.items() if chance.random() < rate])
                         for _ in range(EXCERPTS)]  # fmt: skip
        self.commentaries = [prose(chance, 40) for _ in range(COMMENTARIES)]
        weights = [1 / rank for rank in range(1, len(PUBLICATIONS) + 1)]
        self.publications = chance.choices(PUBLICATIONS, weights, k=entries)

    def entry(self, number: int) -> Invented:
        """Return entry `number`, counted from 0."""
        listed = number >= self.entries - LISTED
        excerpt, commentary = self.excerpts[number % EXCERPTS], self.commentaries[number % COMMENTARIES]
        title, publication = f"Title {number}", self.publications[number]
        # no row is ever compared with the digest of a withdrawn entry, so a faster digest of the same length is enough
        wording = (
            wording_digest(ListedEntry(excerpt, "", title, publication, commentary))
            if listed
            else sha256(title.encode()).hexdigest()[:32]
        )
        crawl = number * self.crawls // self.entries
        return Invented(number, self.ids[number], crawl, title, publication, excerpt, commentary, wording)

    def by_id(self) -> Iterator[Invented]:
        """Yield all entries in the order of their ids, in which their rows are stored."""
        return map(self.entry, sorted(range(self.entries), key=self.ids.__getitem__))

    def by_time(self) -> Iterator[Invented]:
        """Yield all entries, oldest first."""
        return map(self.entry, range(self.entries))

    def at(self, crawl: int, seconds: float = 0) -> str:
        """Return the start of a crawl, counted from 0, plus `seconds`."""
        begun = START - DAY - (self.crawls - 1 - crawl) * (DAYS / self.crawls) * DAY
        return to_text(begun + timedelta(seconds=seconds))


def prose(chance: random.Random, words: int, phrases: Sequence[str] = ()) -> str:
    """Return a number of random words, followed by `phrases`."""
    return " ".join([*chance.choices(WORDS, k=words), *phrases])


def line_of(title: str, publication: str, excerpt: str, commentary: str) -> str:
    """Return an entry as a line that `LineParser` reads."""
    return f"{title}|{publication}|{excerpt}|{commentary}"
