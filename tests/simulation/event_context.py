"""The context of events of the simulated source: column, random generator, prose and edits."""

from __future__ import annotations

from collections.abc import Callable

from simulation.boilerplate import Boilerplate
from simulation.edits import Edits
from simulation.source import Article, Column


class EventContext:
    """Finds articles for an event; lists, moves and removes them."""

    def __init__(self, column: Column):
        self.column, self.random, self.prose = column, column.random, column.prose
        self.edits = Edits(column)
        self.boilerplate = Boilerplate(column.prose)

    def _anywhere(self) -> int:
        return self.random.randint(0, len(self.column.listed))

    def _pick_listed(self, suits: Callable[[Article], bool] = lambda article: True) -> Article | None:
        """Return a listed, untouched article that `suits` accepts."""
        return self.column.pick(self.column.listed, suits)

    def _edit_one(self, edit: Callable[[Article], bool]) -> bool:
        article = self._pick_listed()
        return article is not None and edit(article)

    def _arrive(self, place: int, article: Article, what: str) -> bool:
        self.column.insert(place, article, what)
        return True

    def _take_down(self, among: list[Article], what: str) -> bool:
        article = self.column.pick(among)
        if article is not None:
            self.column.take_down(article, what)
        return article is not None

    def _move(self, article: Article) -> bool:
        self.column.listed.remove(article)
        self.column.insert(self._anywhere(), article, "moved")
        return True
