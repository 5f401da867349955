"""The home of Datasette: what the archive holds, and the questions that it answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.archive_figures import ArchiveFigures, read_figures
from foreign_eyes.feeds.compose.collection_pages import Chart, compose_chart
from foreign_eyes.web.browse.metadata import DATABASE

# the heading of questions whose metadata has no `group`
_OTHER = "More questions"

Question = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Home:
    """What the home shows. `questions` are canned queries by their heading, in the order of the metadata."""

    figures: ArchiveFigures
    chart: Chart
    questions: tuple[tuple[str, tuple[Question, ...]], ...]


async def read_home(datasette: Any, actor: Any) -> Home:
    """Return what the home shows now."""
    figures = await datasette.get_database(DATABASE).execute_fn(_figures)
    queries = await datasette.get_canned_queries(DATABASE, actor)
    return Home(figures, compose_chart(figures.months), group_questions(queries.values()))


def _figures(connection: sqlite3.Connection) -> ArchiveFigures:
    return read_figures(Database(connection, recursive_triggers=False))


def group_questions(queries: Iterable[Question]) -> tuple[tuple[str, tuple[Question, ...]], ...]:
    """Return the queries by their `group`; those without one come last."""
    groups: dict[str, list[Question]] = {}
    for query in queries:
        groups.setdefault(query.get("group") or _OTHER, []).append(query)
    ordered = sorted(groups.items(), key=lambda item: item[0] == _OTHER)
    return tuple((name, tuple(questions)) for name, questions in ordered)
