"""A simulated source: the articles of its column in order, and the pages that list them.

An `Article` corresponds to one entry of a perfect archive; the column may list it twice. `Column` limits the changes, so that
the promises decide every expectation:

- an article changes at most once between two complete crawls, so that edits do not accumulate unseen;
- `delicate` is set after a change that only an undisturbed crawl of the whole listing can explain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Protocol

from simulation.prose import STYLES, Prose, Subject, Wording

NEAR = 3


@dataclass(eq=False, slots=True)
class Article:
    """One article through all its edits; `story` is a log that explains failures."""

    number: int
    subject: Subject
    wording: Wording
    style: int = 0
    earlier: list[Wording] = field(default_factory=list)
    # its neighbours when it was removed
    neighbours: frozenset[int] = frozenset()
    # articles removed from its position when it was added, and so similar that it looks like an edit of them
    instead_of: set[int] = field(default_factory=set)
    story: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of a page: the article and its wording."""

    article: Article
    wording: Wording
    style: int


class Render(Protocol):
    """Renders a page as bytes."""

    def __call__(self, rows: Sequence[Shown], page: int, count: int, layout: int) -> bytes:
        """Render a page; equal arguments give equal bytes, another layout gives other bytes."""


@dataclass(frozen=True, slots=True)
class State:
    """A backup of the listing: articles in order, their wordings, and those of second positions."""

    listed: tuple[Article, ...]
    wordings: dict[int, Wording]
    lagging: dict[int, tuple[int, Wording]]


class Column:
    """The current listing, and operations that change it."""

    def __init__(self, random: Random, entries: int, per_page: int):
        self.random, self.prose = random, Prose(random)
        self.entries, self.per_page = entries, per_page
        self.day = 0
        self.layout = 0
        self.listed: list[Article] = []
        self.gone: list[Article] = []
        self.touched: set[int] = set()
        self.delicate = False
        # by article at two positions: which one, 0 or 1, still shows an earlier wording
        self.lagging: dict[int, tuple[int, Wording]] = {}
        self._fixed: set[frozenset[int]] = set()  # pairs of neighbours that must stay adjacent
        self._shy: set[int] = set()  # new articles with an old title: neighbours of the old one must not come near
        self._numbers = 0
        self._written: dict[Wording, int] = {}  # by wording: the article that has or had it
        for _ in range(entries):
            self.insert(len(self.listed), self.new_article(self.prose.subject()), "there from the start")
        self.rest()

    def rest(self, also_touched: set[int] | None = None) -> None:
        """Record a complete crawl; changes during the crawl may be unseen."""
        self.touched = set(also_touched or ())
        self.delicate = bool(self.lagging)  # a page may show only one of two wordings
        self._fixed.clear()
        self._shy.clear()
        self._order = [article.number for article in self.listed]

    def new_article(self, subject: Subject, **parts: str) -> Article:
        """Return a new, unlisted article; `parts` sets parts of its wording."""
        written = self.prose.wording(subject)
        return self.article_of(
            subject, Wording(**{part: parts.get(part) or getattr(written, part) for part in Wording.__slots__})
        )

    def article_of(self, subject: Subject, wording: Wording) -> Article:
        """Return a new, unlisted article with this wording."""
        self._numbers += 1
        self._written[wording] = self._numbers
        return Article(self._numbers, subject, wording, style=self.random.randrange(STYLES))

    def is_written(self, wording: Wording) -> bool:
        """Return whether an article has or had this wording."""
        return wording in self._written

    def pick(self, among: Sequence[Article], suits: Callable[[Article], bool] = lambda article: True) -> Article | None:
        """Return a random untouched article that `suits` accepts, or None."""
        found = [article for article in among if article.number not in self.touched and suits(article)]
        return self.random.choice(found) if found else None

    def stands_once(self, article: Article) -> bool:
        return self.listed.count(article) == 1

    def touch(self, article: Article, what: str) -> None:
        self.touched.add(article.number)
        article.story.append(f"day {self.day}: {what}")

    def edit(self, article: Article, what: str, **parts: str) -> bool:
        """Change `parts` of an article, unless nothing changes or another article has the wording."""
        old = article.wording
        wording = Wording(*(parts.get(part, getattr(old, part)) for part in Wording.__slots__))
        if self._written.setdefault(wording, article.number) != article.number or wording == old:
            return False
        article.earlier.append(old)
        article.wording = wording
        if self.lagging.get(article.number, (0, None))[1] == wording:
            del self.lagging[article.number]
        self.touch(article, what)
        return True

    def edit_one_place(self, article: Article, which: int, what: str, **parts: str) -> bool:
        """Change an article at one of its two positions, 0 or 1; the other keeps the old wording."""
        old = article.wording
        if not self.edit(article, what, **parts):
            return False
        self.lagging[article.number] = (1 - which, old)
        self.delicate = True
        return True

    def edit_other_place(self, article: Article, what: str) -> None:
        """Change the other position, too, so that both show the same wording."""
        del self.lagging[article.number]
        self.touch(article, what)

    def insert(self, place: int, article: Article, what: str) -> None:
        """Insert an article at `place`, or below it if pinned pairs or namesakes are in the way."""
        known = bool(article.story)
        while self._is_taboo(place, known=known):
            place += 1
        article.instead_of |= self._looks_like(article, place)
        self.listed.insert(place, article)
        self.touch(article, f"{what} (place {place + 1} of {len(self.listed)})")

    def take_down(self, article: Article, what: str) -> int:
        """Remove an article from all its positions; return the first one."""
        place = self.listed.index(article)
        near = self.listed[max(place - NEAR, 0) : place + NEAR + 1]
        article.neighbours = frozenset(one.number for one in near) - {article.number}
        self.listed = [one for one in self.listed if one is not article]
        self.lagging.pop(article.number, None)
        self.gone.append(article)
        self.touch(article, what)
        return place

    def drop_place(self, article: Article, which: int, what: str) -> None:
        """Remove an article from one of its two positions, 0 or 1; the other sets its wording."""
        places = [place for place, one in enumerate(self.listed) if one is article]
        del self.listed[places[which]]
        lagging = self.lagging.pop(article.number, None)
        if lagging is not None and lagging[0] != which:
            article.earlier.append(article.wording)
            article.wording = lagging[1]
        self.touch(article, what)

    def state(self) -> State:
        """Return a backup of the listing."""
        return State(tuple(self.listed), {one.number: one.wording for one in self.listed}, dict(self.lagging))

    def restore(self, state: State, what: str) -> None:
        """Restore a backup."""
        for article in [one for one in dict.fromkeys(self.listed) if one not in state.listed]:
            self.take_down(article, f"{what}: gone")
        self.gone = [article for article in self.gone if article not in state.listed]
        for article in dict.fromkeys(state.listed):
            wording = state.wordings[article.number]
            if article not in self.listed or wording != article.wording:
                self.touch(article, f"{what}: {'as it was' if article in self.listed else 'back'}")
            if wording != article.wording:
                article.earlier.append(article.wording)
                article.wording = wording
        self.listed = list(state.listed)
        self.lagging = dict(state.lagging)
        self.delicate = True

    def put_back(self, article: Article) -> None:
        """Insert a removed article again: at the top, near its old position, or anywhere."""
        self.gone.remove(article)
        near = [place for place, one in enumerate(self.listed) if one.number in article.neighbours]
        anywhere = self.random.randint(0, len(self.listed))
        place = self.random.choice([0, self.random.choice(near) if near else 0, anywhere])
        self.insert(place, article, "put back")

    def keep_apart(self, namesake: Article) -> None:
        """Keep known articles away from a new namesake: they could be neighbours of the old one."""
        self._shy.add(namesake.number)

    def place_away_from(self, old: Article) -> int | None:
        """Return a position, the top first, where the neighbours do not suggest `old`."""
        around = old.neighbours | self._near(old)
        for place in (0, *(self.random.randint(0, len(self.listed)) for _ in range(20))):
            near = {one.number for one in self.listed[max(place - NEAR, 0) : place + NEAR]}
            if not near & around:
                return place
        return None

    def pin(self, article: Article) -> bool:
        """Keep the neighbours of the last complete crawl; return False if they have changed already."""
        place = self.listed.index(article)
        trio = self.listed[max(place - 1, 0) : place + 2]
        numbers = [one.number for one in trio]
        with suppress(ValueError):
            at = self._order.index(numbers[0])
            if (
                len(set(numbers)) == 3
                and self._order[at : at + 3] == numbers
                and all(self.stands_once(one) for one in trio)
                and not self.touched & set(numbers)
            ):
                self._fixed |= {frozenset(numbers[:2]), frozenset(numbers[1:])}
                self.touched |= set(numbers)
                self.delicate = True
                return True
        return False

    def pages(self) -> Iterator[list[Shown]]:
        """Yield the rows of each page; the second position of an article has another style."""
        seen: Counter[int] = Counter()
        rows: list[Shown] = []
        for article in self.listed:
            which = seen[article.number]
            seen[article.number] += 1
            lagging = self.lagging.get(article.number)
            wording = lagging[1] if lagging is not None and lagging[0] == which else article.wording
            rows.append(Shown(article, wording, (article.style + which) % STYLES))
        for start in range(0, len(rows), self.per_page):
            yield rows[start : start + self.per_page]

    def _looks_like(self, article: Article, place: int) -> set[int]:
        """Return similar articles removed near this position since the last complete crawl."""
        near = {one.number for one in self.listed[max(place - NEAR, 0) : place + NEAR]}
        gone = [one for one in self.gone if one.number in self.touched and one.neighbours & near]
        return {one.number for one in gone if _is_like(article.wording, one.wording)}

    def _is_taboo(self, place: int, *, known: bool) -> bool:
        beside = frozenset(one.number for one in self.listed[max(place - 1, 0) : place + 1])
        near = {one.number for one in self.listed[max(place - NEAR, 0) : place + NEAR]}
        return beside in self._fixed or (known and bool(near & self._shy))

    def _near(self, article: Article) -> frozenset[int]:
        if article not in self.listed:
            return frozenset()
        place = self.listed.index(article)
        return frozenset(one.number for one in self.listed[max(place - NEAR, 0) : place + NEAR + 1])


def _is_like(one: Wording, other: Wording) -> bool:
    """Return whether wordings share title and publication, or all parts except one."""
    same = {part for part in Wording.__slots__ if getattr(one, part) == getattr(other, part)}
    return {"title", "publication"} <= same or len(same) == len(Wording.__slots__) - 1


class Site:
    """The pages that the source serves, and the rows of every body that it has served."""

    def __init__(self, column: Column, render: Render):
        self.column, self._render = column, render
        self.bodies: list[bytes] = []
        self.shown: dict[str, list[Shown]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Serve the current column."""
        pages = list(self.column.pages())
        self.bodies = []
        for number, rows in enumerate(pages, start=1):
            body = self._render(rows, number, len(pages), self.column.layout)
            self.bodies.append(body)
            self.shown[sha256(body).hexdigest()] = rows
