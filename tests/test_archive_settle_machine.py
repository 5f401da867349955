"""A listing with random edits, crawled in every way, compared with an oracle that knows the articles."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from simulation.absence_oracle import Absences
from support.settling import Column, LineParser

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.values import Counts
from foreign_eyes.listing.values import Outcome

PER_PAGE = 3


class Article:
    """An article of the listing, and what the archive should have of it."""

    def __init__(self, number: int):
        self.title = f"Article {number}"
        self.excerpt = "It begins."
        self.commentary = "It was said."
        self.wordings: list[str] = []  # as settled, in order
        self.entry_id: int | None = None
        self.missed = 0

    @property
    def line(self) -> str:
        return f"{self.title}|Le Monde|{self.excerpt}|{self.commentary}"

    def edit(self, part: str, words: str) -> None:
        """Rewrite one part, if another part will identify the entry.

        So never both between two sightings, nor the excerpt of an entry that is missing: a commentary that other entries
        have identifies only an entry that is still listed.
        """
        if part == "excerpt" and self.missed:
            return
        before = getattr(self, part)
        setattr(self, part, words)
        if self.wordings:
            _, _, excerpt, commentary = self.wordings[-1].split("|")
            if self.excerpt != excerpt and self.commentary != commentary:
                setattr(self, part, before)


class EditedListing(RuleBasedStateMachine):
    """Ids never change and are never shared, revisions are only appended, nothing is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        folder = self.resources.enter_context(TemporaryDirectory())
        self.column = Column(self.resources.enter_context(open_archive(Path(folder) / "archive.db")))
        self.articles: list[Article] = []
        self.listed: list[Article] = []
        self.unchanged = False  # since the last complete crawl
        self.absences = Absences()
        self.before: dict[str, list[Any]] = {}

    def teardown(self) -> None:
        self.resources.close()

    @initialize()
    def first_crawl(self) -> None:
        for _ in range(4):
            self.publish_an_article(0)
        self.crawl_it_whole()

    @rule(place=st.integers(0, 9))
    def publish_an_article(self, place: int) -> None:
        article = Article(len(self.articles) + 1)
        self.articles.append(article)
        self.listed.insert(place % (len(self.listed) + 1), article)
        self.unchanged = False

    @precondition(lambda self: self.listed)
    @rule(
        which=st.integers(0, 9), part=st.sampled_from(["excerpt", "commentary"]), words=st.sampled_from(["x", "y", "z"])
    )
    def edit_one(self, which: int, part: str, words: str) -> None:
        self.listed[which % len(self.listed)].edit(part, words)
        self.unchanged = False

    @precondition(lambda self: len(self.listed) > 1)
    @rule(which=st.integers(0, 9))
    def take_one_down(self, which: int) -> None:
        self.listed.pop(which % len(self.listed))
        self.unchanged = False

    @precondition(lambda self: len(self.listed) < len(self.articles))
    @rule(which=st.integers(0, 9), place=st.integers(0, 9))
    def put_one_back(self, which: int, place: int) -> None:
        down = [article for article in self.articles if article not in self.listed]
        self.listed.insert(place % (len(self.listed) + 1), down[which % len(down)])
        self.unchanged = False

    @rule(order=st.randoms(use_true_random=False))
    def move_them(self, order: Any) -> None:
        order.shuffle(self.listed)
        self.unchanged = False

    @rule(fresh=st.booleans())
    def crawl_it_whole(self, fresh: bool = False) -> None:
        outcome: Outcome = "unchanged" if self.unchanged else "complete"
        counts = self.column.crawl(*self.pages(), outcome=outcome, fresh=fresh)
        self.absences.begin(complete=True)
        expected = self.settle(self.listed)
        for article in self.articles:
            if article not in self.listed and article.entry_id is not None:
                more = self.absences.crawls_without(id(article), self.column.today, fresh=fresh)
                expected.withdrawn += article.missed < 2 <= article.missed + more
                article.missed += more
                if article.missed:
                    article.excerpt = article.wordings[-1].split("|")[2]
        self.unchanged = True
        self.check(counts, expected, len(self.pages()))

    @rule()
    def derive_the_archive_again(self) -> None:
        rebuilt = rebuild(self.column.db, LineParser(), at=self.column.today, authority="example.org,2026", apply=False)
        assert (rebuilt.differences, rebuilt.minted) == ((), 0)

    @rule(times=st.integers(1, 3))
    def crawl_it_whole_again_and_again(self, times: int) -> None:
        for _ in range(times):
            self.crawl_it_whole()

    @rule(days=st.integers(1, 9))
    def let_days_pass(self, days: int) -> None:
        self.column.day += days

    @precondition(lambda self: len(self.listed) > 1)
    @rule(which=st.integers(0, 9), crawls=st.integers(0, 3), edited=st.booleans())
    def take_one_down_for_a_while(self, which: int, crawls: int, edited: bool) -> None:
        article = self.listed.pop(which % len(self.listed))
        self.unchanged = False
        self.crawl_it_whole_again_and_again(crawls)
        if edited:
            article.edit("commentary", "Put right.")
        self.listed.insert(0, article)
        self.unchanged = False

    @rule(pages=st.integers(1, 3), quick=st.booleans())
    def crawl_the_first_pages(self, pages: int, quick: bool) -> None:
        shown = self.pages()[:pages]
        counts = self.column.crawl(*shown, mode="quick") if quick else self.column.crawl(*shown, outcome="partial")
        self.unchanged = False
        self.check(counts, self.settle(self.listed[: pages * PER_PAGE]), len(shown))

    @rule(outcome=st.sampled_from(["suspect", "blocked", "unreachable", "failed"]))
    def crawl_in_vain(self, outcome: Any) -> None:
        truth = self.column.truth()
        assert self.column.crawl("a page|of|some|kind", outcome=outcome) == Counts()
        assert self.column.truth() == truth

    def pages(self) -> list[str]:
        lines = [article.line for article in self.listed]
        return ["\n".join(lines[start : start + PER_PAGE]) for start in range(0, len(lines), PER_PAGE)]

    def settle(self, seen: list[Article]) -> Counts:
        """Apply a crawl that shows these articles to the oracle."""
        expected = Counts(entries=len(seen))
        pages = dict(enumerate(self.pages()[: -(-len(seen) // PER_PAGE)], start=1))
        self.absences.see(pages, {id(article): 1 + rank // PER_PAGE for rank, article in enumerate(seen)})
        for article in seen:
            expected.new += not article.wordings
            expected.revised += bool(article.wordings) and article.wordings[-1] != article.line
            expected.returned += article.missed >= 2
            article.missed = 0
            if not article.wordings or article.wordings[-1] != article.line:
                article.wordings.append(article.line)
        return expected

    def check(self, counts: Counts, expected: Counts, pages: int) -> None:
        expected.pages = pages
        assert counts == expected
        ids = self.column.ids()
        for article in self.articles:
            if article.wordings:
                assert article.entry_id in (None, ids[article.title])
                article.entry_id = ids[article.title]
        known = [article.entry_id for article in self.articles if article.wordings]
        assert len(known) == len(set(known)) == len(ids)

    @invariant()
    def the_archive_tells_what_the_oracle_does(self) -> None:
        history = self.column.rows("SELECT entry_id, title, excerpt, commentary FROM entry_history ORDER BY revision")
        told: dict[int, list[str]] = {}
        for entry_id, title, excerpt, commentary in history:
            told.setdefault(entry_id, []).append(f"{title}|Le Monde|{excerpt}|{commentary}")
        assert told == {one.entry_id: one.wordings for one in self.articles if one.wordings}
        states = self.column.rows("SELECT entry_id, missed, withdrawn_at IS NOT NULL FROM entries")
        expected = {(one.entry_id, min(one.missed, 2), one.missed >= 2) for one in self.articles if one.wordings}
        assert set(states) == expected

    @invariant()
    def what_was_kept_is_kept_for_good(self) -> None:
        kept = {
            "SELECT entry_id, tag_uri, feed_date, not_before, first_seen FROM entries": [],
            "SELECT * FROM revisions": [],
            "SELECT * FROM changes": [],
            "SELECT * FROM bodies": [],
            "SELECT * FROM captures": [],
        }
        now = {query: self.column.rows(query) for query in kept}
        assert all(set(rows) <= set(now[query]) for query, rows in self.before.items())
        self.before = now

    @invariant()
    def revisions_count_from_one_without_a_gap(self) -> None:
        for (numbers,) in self.column.rows("SELECT json_group_array(number) FROM revisions GROUP BY entry_id"):
            found = sorted(int(number) for number in numbers.strip("[]").split(","))
            assert found == list(range(1, len(found) + 1))

    @invariant()
    def the_journal_rises(self) -> None:
        times = [at for (at,) in self.column.rows("SELECT at FROM changes ORDER BY change_id")]
        assert all(earlier < later for earlier, later in pairwise(times))

    @invariant()
    def dates_lie_in_their_interval_and_references_hold(self) -> None:
        query = "SELECT count(*) FROM entries WHERE feed_date > first_seen OR feed_date < not_before"
        assert self.column.rows(query) == [(0,)]
        assert self.column.rows("PRAGMA foreign_key_check") == []


TestEditedListing = EditedListing.TestCase
TestEditedListing.settings = settings(max_examples=25, stateful_step_count=15)
