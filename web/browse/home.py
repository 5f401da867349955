"""The home page of Datasette: the size and health of the archive, and the questions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlite_utils import Database

from foreign_eyes.archive.archive_figures import ArchiveFigures, read_figures
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.times import from_text
from foreign_eyes.web.browse.health import read_health
from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.pictures import bars

# months; a longer picture has one bar per year
_MOST_MONTHS = 36
# the heading of questions whose metadata has no `group`
_OTHER = "More questions"

Question = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Home:
    """The content of the home page.

    `last_crawls` are the ends of the last complete crawls by the titles of the sources; None if there was none. `picture` and
    `table` are the entries by month, or by year, as markup; `unit` says which. `questions` are canned queries by their
    heading, in the order of the metadata.
    """

    figures: ArchiveFigures
    last_crawls: tuple[tuple[str, datetime | None], ...]
    problems: tuple[Problem, ...]
    unit: str
    picture: Markup
    table: Markup
    questions: tuple[tuple[str, tuple[Question, ...]], ...]


async def read_home(datasette: Any, actor: Any) -> Home:
    """Return the current content of the home page."""
    figures = await datasette.get_database(DATABASE).execute_fn(_figures)
    health = await read_health(datasette)
    titles = {source.name: source.title for source in datasette.frame.sources}
    crawls = tuple(
        (titles.get(found.source, found.source), from_text(found.last_good_crawl) if found.last_good_crawl else None)
        for found in health.sources
    )
    queries = await datasette.get_canned_queries(DATABASE, actor)
    unit, counted = entries_over_time(figures.months)
    # the picture escapes its texts, and these are numbers
    picture = bars(f"Entries by {unit}", counted, name=unit.capitalize())
    return Home(
        figures=figures,
        last_crawls=crawls,
        problems=health.problems,
        unit=unit,
        picture=Markup(picture.svg),  # noqa: S704
        table=Markup(picture.table),  # noqa: S704
        questions=group_questions(queries.values()),
    )


def _figures(connection: sqlite3.Connection) -> ArchiveFigures:
    return read_figures(Database(connection, recursive_triggers=False))


def entries_over_time(months: Mapping[str, int]) -> tuple[str, list[tuple[str, int]]]:
    """Return "month" or "year", and the number of entries per month or per year, without gaps.

    More than `_MOST_MONTHS` months are added up by year. The keys of `months` look like `2021-03`.
    """
    if not months:
        return "month", []
    first, last = (int(key[:4]) * 12 + int(key[5:7]) - 1 for key in (min(months), max(months)))
    if last - first < _MOST_MONTHS:
        keys = [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(first, last + 1)]
        return "month", [(key, months.get(key, 0)) for key in keys]
    years = range(first // 12, last // 12 + 1)
    return "year", [
        (str(year), sum(entries for key, entries in months.items() if int(key[:4]) == year)) for year in years
    ]


def group_questions(queries: Iterable[Question]) -> tuple[tuple[str, tuple[Question, ...]], ...]:
    """Return the queries of each `group`; queries without a group come last."""
    groups: dict[str, list[Question]] = {}
    for query in queries:
        groups.setdefault(query.get("group") or _OTHER, []).append(query)
    ordered = sorted(groups.items(), key=lambda item: item[0] == _OTHER)
    return tuple((name, tuple(questions)) for name, questions in ordered)
