"""The events of the simulated source, and their rates.

Every event leaves an expectation that the promises decide. An edit lets the excerpt survive, or the title with the
publication, exactly or but for a few typos; where that is only the title while excerpt and commentary are both rewritten,
the entry keeps its place between two untouched neighbours. A recurring title never arrives where its namesake was just
taken down. Articles that differ by one typo, after one of two places was edited, get no other edits than typos.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields

from simulation.hostile_events import HostileEvents
from simulation.prose import STYLES
from simulation.source import Article, Column


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate of each event on a day that is not quiet; field names are methods of `Editor`."""

    arrive: float = 0.6
    arrive_in_a_run: float = 0.1
    arrive_elsewhere: float = 0.06
    fix_typos: float = 0.5
    retitle: float = 0.12
    change_publication: float = 0.08
    comment_anew: float = 0.15
    quote_anew: float = 0.1
    quote_anew_with_typos: float = 0.03
    quote_anew_with_typos_in_title: float = 0.03
    rewrite_all_but_title: float = 0.06
    edit_several_parts: float = 0.15
    revert: float = 0.12
    restyle: float = 0.3
    restyle_all: float = 0.01
    swap: float = 0.12
    move: float = 0.15
    move_and_edit: float = 0.06
    remove: float = 0.35
    come_back: float = 0.15
    come_back_edited: float = 0.1
    list_twice: float = 0.1
    edit_one_of_two: float = 0.12
    drop_one_of_two: float = 0.04
    twin: float = 0.08
    twin_as_other_goes: float = 0.06
    namesake: float = 0.06
    namesake_as_other_goes: float = 0.05
    namesake_of_gone: float = 0.05
    reuse_title: float = 0.06
    reuse_title_in_place: float = 0.04
    lay_out_anew: float = 0.02
    agency_report: float = 0.12
    agency_report_as_other_goes: float = 0.06
    yearly_report: float = 0.05
    yearly_report_as_other_goes: float = 0.02
    stock_excerpt: float = 0.06
    stock_excerpt_as_other_goes: float = 0.03
    stock_commentary: float = 0.1
    standing_title: float = 0.05
    little_text: float = 0.05
    misspell_little_text: float = 0.05
    edit_at_an_end: float = 0.15
    edit_three_adjacent: float = 0.06
    correct_figure: float = 0.1
    correct_figure_and_word: float = 0.06
    correct_name: float = 0.05
    rewrite_all_but_title_anywhere: float = 0.04
    respace: float = 0.06
    join: float = 0.04
    split: float = 0.04
    edit_other_of_two: float = 0.1
    restore_backup: float = 0.006


@dataclass(frozen=True, slots=True)
class Weather:
    """The share of days on which the source or the network is in a certain state."""

    quiet: float = 0.5
    blocked: float = 0.02
    unreachable: float = 0.01
    cut_short: float = 0.01
    half_read: float = 0.03
    shifting: float = 0.12
    restless: float = 0.005
    clock_leaps: float = 0.004
    clock_zones: float = 0.006


class Editor(HostileEvents):
    """Changes the column; each event returns the number of articles that it changed."""

    def __init__(self, column: Column, rates: Rates | None = None):
        super().__init__(column)
        self.rates = rates or Rates()
        self.events: Counter[str] = Counter()

    def work_a_day(self, pace: float = 1.0) -> None:
        """Run the events of a day in random order; while a backup is shown, only its end."""
        if self.backup_is_shown():
            return
        if self.random.random() < self.rates.restore_backup * pace and self.restore_backup():
            self.events["restore_backup"] += 1
            return
        due = [one.name for one in fields(self.rates) for _ in range(self._times(getattr(self.rates, one.name) * pace))]
        due = [name for name in due if name != "restore_backup"]
        self.random.shuffle(due)
        for name in due:
            self.events[name] += getattr(self, name)()
        while len(self.column.listed) > 1.25 * self.column.entries:
            if not self._take_down(self.column.listed[-3:], "cut off at the end"):
                break

    def shift(self) -> None:
        """Shift entries across page borders, as happens during a crawl."""
        name = self.random.choice(["arrive", "arrive_in_a_run", "remove", "move", "swap"])
        self.events["while crawling"] += getattr(self, name)()

    def arrive(self) -> bool:
        return self._arrive(0, self.column.new_article(self.prose.subject()), "new at the top")

    def arrive_in_a_run(self) -> int:
        subject, count = self.prose.subject(), self.random.randint(2, 4)
        for _ in range(count):
            self._arrive(0, self.column.new_article(subject), "new in a run on one story")
        return count

    def arrive_elsewhere(self) -> bool:
        return self._arrive(self._anywhere(), self.column.new_article(self.prose.subject()), "new further down")

    def fix_typos(self) -> bool:
        return self._edit_one(self.edits.typos)

    def retitle(self) -> bool:
        return self._edit_one(self.edits.retitle)

    def change_publication(self) -> bool:
        return self._edit_one(self.edits.change_publication)

    def comment_anew(self) -> bool:
        return self._edit_one(self.edits.comment_anew)

    def quote_anew(self) -> bool:
        return self._edit_one(self.edits.quote_anew)

    def quote_anew_with_typos(self) -> bool:
        return self._edit_one(lambda one: self.edits.quote_anew_with_typos(one, in_title=False))

    def quote_anew_with_typos_in_title(self) -> bool:
        return self._edit_one(lambda one: self.edits.quote_anew_with_typos(one, in_title=True))

    def rewrite_all_but_title(self) -> bool:
        return self._edit_one(self.edits.rewrite_all_but_title)

    def edit_several_parts(self) -> bool:
        return self._edit_one(self.edits.several)

    def revert(self) -> bool:
        article = self._pick_listed(lambda one: bool(one.earlier))
        return article is not None and self.edits.revert(article)

    def restyle(self) -> bool:
        """Change white space and quotes, which does not count as an edit."""
        article = self.random.choice(self.column.listed)
        article.style = self.random.randrange(STYLES)
        return True

    def restyle_all(self) -> bool:
        for article in self.column.listed:
            article.style = self.random.randrange(STYLES)
        return True

    def swap(self) -> bool:
        article = self._pick_listed()
        if article is None:
            return False
        listed, place = self.column.listed, self.column.listed.index(article)
        if place + 1 == len(listed) or listed[place + 1].number in self.column.touched or listed[place + 1] is article:
            return False
        self.column.touch(listed[place + 1], "swapped with the one above")
        del listed[place]
        self.column.insert(place + 1, article, "swapped with the one below")
        return True

    def move(self) -> bool:
        article = self._pick_listed(self.column.stands_once)
        return article is not None and self._move(article)

    def move_and_edit(self) -> bool:
        article = self._pick_listed(self.column.stands_once)
        return article is not None and self.edits.lightly(article) and self._move(article)

    def remove(self) -> bool:
        small = len(self.column.listed) < 0.8 * self.column.entries
        return not small and self._take_down(self.column.listed, "taken down")

    def come_back(self) -> bool:
        article = self.column.pick(self.column.gone)
        if article is None:
            return False
        self.column.put_back(article)
        return True

    def come_back_edited(self) -> bool:
        article = self.column.pick(self.column.gone)
        if article is None or not self.random.choice([self.edits.lightly, self.edits.quote_anew])(article):
            return False
        self.column.put_back(article)
        return True

    def list_twice(self) -> bool:
        article = self._pick_listed(self.column.stands_once)
        if article is None:
            return False
        self.column.insert(self._anywhere(), article, "listed a second time")
        return True

    def twin(self) -> bool:
        """List another article on the same subject with almost the same commentary."""
        old = self._pick_listed()
        if old is None:
            return False
        self.column.touch(old, "got a near-twin")
        return self._arrive(self._anywhere(), self._twin_of(old), f"new, a near-twin of {old.number}")

    def twin_as_other_goes(self) -> bool:
        old = self._pick_listed(self.column.stands_once)
        if old is None:
            return False
        place = self.column.take_down(old, "taken down as a near-twin came")
        place = self.random.choice([0, place, self._anywhere()])
        return self._arrive(place, self._twin_of(old), f"new, as its near-twin {old.number} went")

    def namesake(self) -> bool:
        old = self._pick_listed()
        if old is None:
            return False
        self.column.touch(old, "got a namesake")
        return self._arrive_as_namesake(old)

    def namesake_as_other_goes(self) -> bool:
        old = self._pick_listed(self.column.stands_once)
        if old is None or self.column.place_away_from(old) is None:
            return False
        self.column.take_down(old, "taken down as a namesake came elsewhere")
        return self._arrive_as_namesake(old)

    def namesake_of_gone(self) -> bool:
        old = self.column.pick(self.column.gone)
        if old is None:
            return False
        self.column.touch(old, "got a namesake after it was gone")
        return self._arrive_as_namesake(old)

    def reuse_title(self) -> bool:
        """List an article with the title of an old one, in another publication."""
        old = self.column.pick([*self.column.listed, *self.column.gone])
        return old is not None and self._reuse_title(old, 0)

    def reuse_title_in_place(self) -> bool:
        old = self._pick_listed(self.column.stands_once)
        return old is not None and self._reuse_title(old, self.column.take_down(old, "made way for its own title"))

    def lay_out_anew(self) -> bool:
        self.column.layout += 1
        return True

    def _times(self, rate: float) -> int:
        return int(rate) + (self.random.random() < rate % 1)

    def _twin_of(self, old: Article) -> Article:
        return self.column.new_article(old.subject, commentary=self.prose.almost(old.wording.commentary))

    def _arrive_as_namesake(self, old: Article) -> bool:
        place = self.column.place_away_from(old)
        if place is None:
            return False
        parts = {"title": old.wording.title, "publication": old.wording.publication}
        article = self.column.new_article(old.subject, **parts)
        self.column.keep_apart(article)
        return self._arrive(place, article, f"new, a namesake of {old.number}")

    def _reuse_title(self, old: Article, place: int) -> bool:
        self.column.touch(old, "its title was used again")
        other = self.prose.publication(other_than=old.wording.publication)
        article = self.column.new_article(old.subject, title=old.wording.title, publication=other)
        return self._arrive(place, article, f"new, with the title of {old.number} under another publication")
