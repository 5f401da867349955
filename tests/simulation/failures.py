"""What the oracle reads and reports: doubts on record, failures, and the story of an article beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from simulation.prose import Wording
from simulation.source import Article


class Connection(Protocol):
    """Anything that runs SQL: sqlite3's connection, or sqlite-utils' database."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any:
        """Run a statement."""


def load_doubts(db: Connection) -> dict[int, list[str]]:
    """Return by revision the reasons for which an operator should look at the match that made it."""
    doubts: dict[int, list[str]] = {}
    for revision_id, reason in db.execute("SELECT revision_id, value FROM revisions, json_each(flags)"):
        doubts.setdefault(revision_id, []).append(reason)
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'match_doubts'").fetchone():
        for revision_id, reason in db.execute("SELECT revision_id, reason FROM match_doubts"):
            doubts.setdefault(revision_id, []).append(reason)
    return doubts


def in_a_line(text: str | None) -> str:
    """Return `text` with each run of white space as one space."""
    return " ".join((text or "").split())


@dataclass(frozen=True, slots=True)
class Failure:
    """A promise that the archive broke: which kind, on which day of which seed, and whom it is about."""

    kind: str
    seed: int
    day: int
    detail: str
    articles: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}, day {self.day}: {self.kind}: {self.detail}", *self.articles])


def told(article: Article) -> str:
    """Return what happened to an article lately, and how its wording changed, to be read beside a failure."""
    lines = [f"  article {article.number}: {'; '.join(article.story[-6:])}"]
    before = article.earlier[-1] if article.earlier else article.wording
    for part in Wording.__slots__:
        old, new = getattr(before, part), getattr(article.wording, part)
        lines += [f"    = {part}: {new}"] if old == new else [f"    - {part}: {old}", f"    + {part}: {new}"]
    return "\n".join(lines)
