"""Events that mislead matching by shared text, neighbours or an unchanged excerpt."""

from __future__ import annotations

from collections.abc import Callable

from simulation.boilerplate import STOCK_EXCERPTS, agency_of, edition_of
from simulation.event_context import EventContext
from simulation.prose import Subject, Wording
from simulation.source import Article, State

BACKUPS = 60
LONGEST_BACKUP = 10
# as a share of the listing; more entries without an excerpt would look like a changed layout
MOST_LITTLE_TEXT = 0.1
# maximum length of an entry as a share of the text appended to it
SHORT = 0.8


class HostileEvents(EventContext):
    """Events that return the number of articles that they changed."""

    _backups: list[State] | None = None
    _newest: State | None = None
    _backup_until = 0

    def agency_report(self) -> bool:
        """List an agency report: the boilerplate of others with another city, other firms and goods."""
        return self._arrive_somewhere(self._agency_report(), "new, an agency report")

    def agency_report_as_other_goes(self) -> bool:
        return self._replace(self._is_boilerplate, self._agency_report, "an agency report")

    def yearly_report(self) -> bool:
        """List the next edition of a yearly report, during or after the listing of an earlier one."""
        return self._arrive_somewhere(self._yearly_report(), "new, the next edition of a yearly report")

    def yearly_report_as_other_goes(self) -> bool:
        """Replace an edition by the next one; in the same place this may count as an edit."""
        old = self._pick_listed(lambda one: self._edition(one) is not None and self.column.stands_once(one))
        if old is None:
            return False
        article = self._yearly_report(self._edition(old))
        place = self.column.take_down(old, "taken down as the next edition came")
        return self._arrive(self.random.choice([0, place]), article, f"new, the edition after {old.number}")

    def stock_excerpt(self) -> bool:
        return self._arrive_somewhere(self._stock_excerpt(), "new, with a stock excerpt")

    def stock_excerpt_as_other_goes(self) -> bool:
        return self._replace(lambda one: one.wording.excerpt in STOCK_EXCERPTS, self._stock_excerpt, "a stock excerpt")

    def stock_commentary(self) -> bool:
        article = self._article(self.boilerplate.stock_commentary)
        return self._arrive_somewhere(article, "new, with a stock commentary")

    def standing_title(self) -> bool:
        article = self._article(self.boilerplate.standing_title)
        return self._arrive_somewhere(article, "new, under a standing title")

    def little_text(self) -> bool:
        listed = self.column.listed
        if sum(1 for one in listed if self._has_little_text(one)) >= MOST_LITTLE_TEXT * len(listed):
            return False
        article = self._article(self.boilerplate.little_text)
        return self._arrive_somewhere(article, "new, without excerpt or commentary")

    def misspell_little_text(self) -> bool:
        """Make a typo in the title of an article with little other text."""
        article = self._pick_listed(self._has_little_text)
        if article is None:
            return False
        return self.column.edit(article, "a typo in the title", title=self.prose.typos(article.wording.title))

    def edit_at_an_end(self) -> bool:
        """Edit the newest entry, or sometimes the last one."""
        article = self.random.choice([*self.column.listed[:2], self.column.listed[-1]])
        return self._is_free(article) and self._edit_somehow(article)

    def edit_three_adjacent(self) -> int:
        """Edit three adjacent entries at once, so that neighbours do not identify the middle one."""
        listed = self.column.listed
        place = self.random.randrange(len(listed) - 2)
        trio = listed[place : place + 3]
        if not all(self._is_free(article) for article in trio):
            return 0
        return sum(self._edit_somehow(article) for article in trio)

    def correct_figure(self) -> bool:
        article = self._pick_listed(lambda one: any(map(str.isdigit, one.wording.excerpt)))
        return article is not None and self._correct_figure(article)

    def correct_figure_and_word(self) -> bool:
        article = self._pick_listed(lambda one: any(map(str.isdigit, one.wording.excerpt)))
        return article is not None and self._correct_figure_and_word(article)

    def correct_name(self) -> bool:
        """Correct one name in an agency report, but not in its title."""
        article = self._pick_listed(lambda one: one.subject.company in one.wording.excerpt)
        if article is None:
            return False
        excerpt = article.wording.excerpt.replace(article.subject.company, self.prose.subject().company, 1)
        return self.column.edit(article, "one name corrected", excerpt=excerpt)

    def rewrite_all_but_title_anywhere(self) -> bool:
        """Rewrite all except title and publication; the neighbours may change, too."""
        article = self._pick_listed()
        return article is not None and self._rewrite_all_but_title(article)

    def respace(self) -> bool:
        """Remove or insert a space: the same letters, other words."""
        article = self._pick_listed()
        if article is None:
            return False
        part = self.random.choice(
            [part for part in ("title", "excerpt", "commentary") if getattr(article.wording, part)]
        )
        respaced = self.prose.respaced(getattr(article.wording, part))
        return self.column.edit(article, f"a space less or more in the {part}", **{part: respaced})

    def join(self) -> bool:
        """Append the excerpt of the next entry to a short one, and remove the next one."""
        place, listed = self.random.randrange(len(self.column.listed) - 1), self.column.listed
        into, other = listed[place : place + 2]
        if into is other or not (self._is_free(into) and self._is_free(other)) or not self.column.stands_once(other):
            return False
        if not 0 < len(into.wording.excerpt) < SHORT * len(other.wording.excerpt):
            return False
        excerpt = f"{into.wording.excerpt} {other.wording.excerpt}"
        if not self.column.edit(into, f"the excerpt of {other.number} was appended", excerpt=excerpt):
            return False
        self.column.take_down(other, f"taken down as {into.number} got its excerpt")
        return True

    def split(self) -> bool:
        """Move the second half of an entry's excerpt to a new entry."""
        article = self._pick_listed(lambda one: one.wording.excerpt.count(". ") > 2 and self.column.stands_once(one))
        if article is None:
            return False
        sentences = article.wording.excerpt.split(". ")
        half = len(sentences) // 2
        other = self.column.new_article(
            article.subject, publication=article.wording.publication, excerpt=". ".join(sentences[half:])
        )
        excerpt = ". ".join(sentences[:half]) + "."
        if not self.column.edit(article, f"the rest of it became {other.number}", excerpt=excerpt):
            return False
        place = self.column.listed.index(article)
        return self._arrive(place + 1, other, f"new, was the rest of {article.number}")

    def edit_one_of_two(self) -> bool:
        """Edit an entry at one of its two positions; the other follows on another day."""
        article = self._pick_listed(
            lambda one: self.column.listed.count(one) == 2 and one.number not in self.column.lagging
        )
        if article is None:
            return False
        part = self.random.choice(
            [part for part in ("title", "excerpt", "commentary") if getattr(article.wording, part)]
        )
        old = getattr(article.wording, part)
        new = self.random.choice([self.prose.typos(old), self.prose.another_word(old)])
        which = self.random.randint(0, 1)
        return self.column.edit_one_place(article, which, f"edited at place {which + 1} of two ({part})", **{part: new})

    def edit_other_of_two(self) -> bool:
        article = self._pick_listed(lambda one: one.number in self.column.lagging)
        if article is None:
            return False
        self.column.edit_other_place(article, "edited at its other place alike")
        return True

    def drop_one_of_two(self) -> bool:
        article = self._pick_listed(lambda one: self.column.listed.count(one) == 2)
        if article is None:
            return False
        which = self.random.randint(0, 1)
        self.column.drop_place(article, which, f"dropped at place {which + 1} of two")
        return True

    def restore_backup(self) -> bool:
        """Show an older state of the whole listing for some days."""
        if not self._backups or self.column.touched:
            return False
        self._newest = self.column.state()
        self._backup_until = self.column.day + self.random.randint(1, LONGEST_BACKUP)
        self.column.restore(self.random.choice(self._backups), "a backup was restored")
        return True

    def backup_is_shown(self) -> bool:
        """End a backup when it is due; return whether other events must wait until tomorrow."""
        if self._newest is None:
            self._backups = [*(self._backups or []), self.column.state()][-BACKUPS:]
            return False
        if self.column.day >= self._backup_until and not self.column.touched:
            self.column.restore(self._newest, "the newer listing came back")
            self._newest = None
        return True

    def _edit_somehow(self, article: Article) -> bool:
        """Edit an article in a random way after which an archive should recognise it."""
        edits: list[Callable[[Article], bool]] = [
            self.edits.typos,
            self.edits.retitle,
            self.edits.comment_anew,
            self.edits.quote_anew,
            self.edits.several,
            self._correct_figure,
            self._correct_figure_and_word,
            self._correct_figure_and_word,
            self._rewrite_all_but_title,
        ]
        return self.random.choice(edits)(article)

    def _correct_figure(self, article: Article) -> bool:
        return self.column.edit(
            article, "one figure corrected", excerpt=self.prose.another_figure(article.wording.excerpt)
        )

    def _correct_figure_and_word(self, article: Article) -> bool:
        old = article.wording
        parts = {
            "excerpt": self.prose.another_figure(old.excerpt),
            "commentary": self.prose.another_word(old.commentary),
        }
        return self.column.edit(article, "one figure and one word of the commentary corrected", **parts)

    def _rewrite_all_but_title(self, article: Article) -> bool:
        texts = {"excerpt": self.prose.excerpt(article.subject), "commentary": self.prose.commentary(article.subject)}
        return self.column.edit(article, "excerpt and commentary rewritten, between whatever neighbours", **texts)

    def _replace(self, suits: Callable[[Article], bool], new: Callable[[], Article], what: str) -> bool:
        """Replace an article that `suits` accepts by one of its kind, in any position."""
        old = self._pick_listed(lambda one: suits(one) and self.column.stands_once(one))
        if old is None:
            return False
        place = self.column.take_down(old, f"taken down as {what} came")
        return self._arrive(
            self.random.choice([place, place, 0, self._anywhere()]), new(), f"new, {what} as {old.number} went"
        )

    def _arrive_somewhere(self, article: Article, what: str) -> bool:
        return self._arrive(0 if self.random.random() < 0.7 else self._anywhere(), article, what)

    def _agency_report(self) -> Article:
        return self._article(self.boilerplate.agency_report)

    def _stock_excerpt(self) -> Article:
        return self._article(self.boilerplate.stock_excerpt)

    def _yearly_report(self, edition: int | None = None) -> Article:
        number = self.random.randrange(1000) if edition is None else edition
        return self._article(lambda subject: self.boilerplate.yearly_report(number))

    def _article(self, write: Callable[[Subject], Wording | None]) -> Article:
        """Return a new article; draw again while its title or wording is taken."""
        while True:
            subject = self.prose.subject()
            wording = write(subject)
            if wording is not None and not self.column.is_written(wording):
                return self.column.article_of(subject, wording)

    def _is_boilerplate(self, article: Article) -> bool:
        return agency_of(article.wording) is not None

    def _edition(self, article: Article) -> int | None:
        return edition_of(article.wording)

    def _is_free(self, article: Article) -> bool:
        return article.number not in self.column.touched

    @staticmethod
    def _has_little_text(article: Article) -> bool:
        return not (article.wording.excerpt and article.wording.commentary)
