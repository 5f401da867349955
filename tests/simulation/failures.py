"""What the oracle reads and reports: stored doubts, failures, the history of an article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from simulation.prose import Wording
from simulation.source import Article


class Connection(Protocol):
    """A connection of sqlite3 or a database of sqlite-utils."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any:
        """Run a statement."""


def load_doubts(db: Connection) -> dict[int, list[str]]:
    """Return the reasons of the stored doubts by revision."""
    doubts: dict[int, list[str]] = {}
    for revision_id, reason in db.execute("SELECT revision_id, value FROM revisions, json_each(flags)"):
        doubts.setdefault(revision_id, []).append(reason)
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'match_doubts'").fetchone():
        for revision_id, reason in db.execute("SELECT revision_id, reason FROM match_doubts"):
            doubts.setdefault(revision_id, []).append(reason)
    return doubts


def in_a_line(text: str | None) -> str:
    """Return `text` with white space collapsed."""
    return " ".join((text or "").split())


@dataclass(frozen=True, slots=True)
class Failure:
    """A broken promise: its kind, the day and the seed, and the article."""

    kind: str
    seed: int
    day: int
    detail: str
    articles: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}, day {self.day}: {self.kind}: {self.detail}", *self.articles])


def told(article: Article) -> str:
    """Return the recent events and wordings of an article, to explain a failure."""
    lines = [f"  article {article.number}: {'; '.join(article.story[-6:])}"]
    before = article.earlier[-1] if article.earlier else article.wording
    for part in Wording.__slots__:
        old, new = getattr(before, part), getattr(article.wording, part)
        lines += [f"    = {part}: {new}"] if old == new else [f"    - {part}: {old}", f"    + {part}: {new}"]
    return "\n".join(lines)
