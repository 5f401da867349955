"""The statements of table pages, made fast for large archives.

Counts stop early, and a search for a common word is planned for one.
"""

from __future__ import annotations

import re
from typing import Any

from datasette.database import QueryInterrupted  # type: ignore[import-untyped]

from foreign_eyes.web.browse.counts import COUNT_MS, bounded_count, count_tables, is_beyond_bound
from foreign_eyes.web.browse.database import ArchiveDatabase

# as Datasette writes a search: key, index and words
_SEARCH = re.compile(
    r"(?<![+\w])(?P<key>\w+) in \(select rowid from (?P<index>\w+_fts)"
    r" where (?P=index) match (?P<words>(?:escape_fts\(:search\)|:search))\)"
)
# the count and the facet by publication of all entries, as Datasette writes them, have their answers in other tables
_COUNT_OF_ENTRIES = "select count(*) from current_entries "
_FACET_OF_ENTRIES = re.compile(
    r"\s*select publication as value, count\(\*\) as count from \(\s*select [\w, ]+ from current_entries\s*\)"
    r"\s*where publication is not null\s*group by publication order by count desc, value limit (?P<limit>\d+)\s*"
)
# rows that a search finds: SQLite reads and sorts all of them, 5 ms for a thousand. From `_COMMON` on, walking the table in
# the order of the page is faster; from `_MOST_FACETED` on, a facet would take more than 100 ms
_COMMON = 5_000
_MOST_FACETED = 20_000
_MOST_KEPT = 1_000


def counted_already(sql: str) -> str:
    """Return a statement with the same result that reads counts instead of entries, or the statement itself."""
    if sql == _COUNT_OF_ENTRIES:
        return "select coalesce(sum(entries), 0) from entry_counts"
    if facet := _FACET_OF_ENTRIES.fullmatch(sql):
        return (
            "select p.shown_name as value, sum(c.entries) as count from"  # noqa: S608 - a number
            " (select publication_id, sum(entries) as entries from entry_counts group by publication_id) c"
            " join publications p using (publication_id) where c.entries > 0"
            f" group by p.shown_name order by count desc, value limit {facet['limit']}"
        )
    return sql


def _has_no_other_filter(counting: str, search: str) -> bool:
    before, _, after = counting.partition(search)
    return before.endswith(" where ") and after.strip().startswith("limit ")


class ArchiveTables(ArchiveDatabase):
    """The archive as a Datasette database, with statements of table pages for large tables."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._hits_of_searches: dict[tuple[str, str, str], int] = {}

    async def execute(
        self,
        sql: str,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = False,
    ) -> Any:
        """Run a statement, or a faster one with the same result.

        Raises:
            QueryInterrupted: a count or a facet would be too high or too slow; Datasette shows the page without it.
        """
        # results of readers' SQL are truncated; the counts of table pages are not
        if counting := None if truncate else bounded_count(sql):
            sql, custom_time_limit = counting, COUNT_MS
        sql = counted_already(sql)
        search = _SEARCH.search(sql)
        if search and isinstance(params, dict):
            hits = await self._hits(search, params.get("search"))
            if custom_time_limit and " group by " in sql:
                if hits >= _MOST_FACETED:
                    raise QueryInterrupted(None, sql, params)
            elif not counting and hits >= _COMMON:
                # tells SQLite to walk the table: it then stops after a page
                sql = sql.replace(search[0], f"+{search[0]}")
            elif counting and hits >= _MOST_FACETED and _has_no_other_filter(sql, search[0]):
                raise QueryInterrupted(None, sql, params)
        found = await super().execute(sql, params, truncate, custom_time_limit, page_size, log_sql_errors)
        if counting and is_beyond_bound(sql, found.rows[0][0]):
            raise QueryInterrupted(None, sql, params)
        return found

    async def _hits(self, search: re.Match[str], words: object) -> int:
        """Return how many rows a search finds, at most `_MOST_FACETED`."""
        index, expression = search["index"], search["words"]
        key = (index, expression, str(words))
        if key not in self._hits_of_searches:
            found = await super().execute(
                f"select count(*) from (select 1 from {index} where {index} match {expression} limit {_MOST_FACETED})",  # noqa: S608
                {"search": words},
            )
            if len(self._hits_of_searches) >= _MOST_KEPT:
                self._hits_of_searches.clear()
            self._hits_of_searches[key] = found.rows[0][0]
        return self._hits_of_searches[key]

    async def table_counts(self, limit: int = 10) -> dict[str, int | None]:
        """Return the number of rows of each table, or None for a large table."""
        tables = await self.table_names()
        return await self.execute_fn(lambda connection: count_tables(connection, tables))
