"""Edits of one article; each leaves enough text that an archive must recognise the article."""

from __future__ import annotations

from random import Random

from simulation.prose import Prose, Wording
from simulation.source import Article, Column

PARTS = Wording.__slots__


class Edits:
    """Edits articles of a column; each method returns whether it changed anything."""

    def __init__(self, column: Column):
        self._column = column
        self._random: Random = column.random
        self._prose: Prose = column.prose

    def lightly(self, article: Article) -> bool:
        """Edit, but keep the excerpt except for typos: it identifies the article at any position."""
        edits = [self.typos, self.retitle, self.change_publication, self.comment_anew]
        return self._random.choice(edits)(article)

    def typos(self, article: Article) -> bool:
        parts = ["title", "excerpt", "excerpt", "commentary", "commentary", "publication"]
        part = self._random.choice([part for part in parts if getattr(article.wording, part)])
        count = self._random.randint(1, 3) if part in ("excerpt", "commentary") else 1
        edited = self._prose.typos(getattr(article.wording, part), count)
        return self._column.edit(article, f"{count} typos in the {part}", **{part: edited})

    def retitle(self, article: Article) -> bool:
        return self._column.edit(article, "another title", title=self._prose.title(article.subject))

    def change_publication(self, article: Article) -> bool:
        name = self._prose.publication(other_than=article.wording.publication)
        return self._column.edit(article, "another publication", publication=name)

    def comment_anew(self, article: Article) -> bool:
        commentary = self._prose.commentary(article.subject)
        return self._column.edit(article, "another commentary", commentary=commentary)

    def quote_anew(self, article: Article) -> bool:
        """Replace the excerpt; keep title, publication and commentary."""
        return self._column.edit(article, "another excerpt", excerpt=self._prose.excerpt(article.subject))

    def rewrite_all_but_title(self, article: Article) -> bool:
        """Keep only title and publication; the neighbours must stay, too."""
        if not self._column.pin(article):
            return False
        texts = {"excerpt": self._prose.excerpt(article.subject), "commentary": self._prose.commentary(article.subject)}
        return self._column.edit(article, "excerpt and commentary rewritten", **texts)

    def several(self, article: Article) -> bool:
        """Edit two parts or more; keep the excerpt, except for typos."""
        prose, old, subject = self._prose, article.wording, article.subject
        anew = {
            "title": prose.title(subject),
            "publication": prose.publication(other_than=old.publication),
            "commentary": prose.commentary(subject),
        }
        parts = {part: anew[part] for part in self._random.sample(sorted(anew), self._random.randint(2, 3))}
        if old.excerpt and self._random.random() < 0.5:
            parts["excerpt"] = prose.typos(old.excerpt, self._random.randint(1, 3))
        return self._column.edit(article, f"edited at once: {', '.join(sorted(parts))}", **parts)

    def quote_anew_with_typos(self, article: Article, *, in_title: bool) -> bool:
        """Replace the excerpt; keep the publication, and title and commentary except for typos.

        The neighbours must stay: without them it could be another article on the same subject.
        """
        if not article.wording.commentary or not self._column.pin(article):
            return False
        prose, old = self._prose, article.wording
        parts = {"excerpt": prose.excerpt(article.subject), "commentary": prose.typos(old.commentary)}
        if in_title:
            parts["title"] = prose.typos(old.title)
        return self._column.edit(
            article, f"another excerpt, and typos in {sorted(parts.keys() - {'excerpt'})}", **parts
        )

    def revert(self, article: Article) -> bool:
        earlier = [wording for wording in article.earlier if wording != article.wording]
        if not earlier:
            return False
        chosen = self._random.choice(earlier)
        parts = {part: getattr(chosen, part) for part in PARTS}
        return self._column.edit(article, "back to an earlier wording", **parts)
