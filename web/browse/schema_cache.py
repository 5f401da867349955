"""Caches the answers to Datasette's questions about the schema.

The home page asks 350 of them, each in a thread, which takes 900 ms. The answers change only when a newer program
migrates the archive. Datasette reads SQLite's schema version at each request, and a new version empties the cache.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from datasette.database import Database  # type: ignore[import-untyped]

# Datasette runs this for each permission check, twice per table and page
_TABLE_NAME = "select name from sqlite_master where type in ('table', 'view') and name = ? collate nocase"
# answers that are kept; bounded, because the names come from addresses
_MOST_KEPT = 2_000


class SchemaCache(Database):  # type: ignore[misc] # Datasette has no types
    """A database that caches the answers about its tables until the schema changes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._answers: dict[tuple[Any, ...], Any] = {}
        self._schema_version: int | None = None

    @staticmethod
    def asks_for_schema_version(sql: str) -> bool:
        """Return whether a statement is the one by which Datasette notices migrations."""
        return sql.lower() == "pragma schema_version"

    def note_schema_version(self, version: int) -> None:
        """Empty the cache if the version has changed."""
        if version != self._schema_version:
            self._answers.clear()
            self._schema_version = version

    async def execute(self, sql: str, params: Any = None, *arguments: Any, **options: Any) -> Any:
        """Run a statement, or return its cached answer."""
        if sql == _TABLE_NAME:
            return await self._ask("execute", sql, params)
        return await super().execute(sql, params, *arguments, **options)

    async def _ask(self, name: str, *arguments: Any) -> Any:
        key = (name, *arguments)
        if key not in self._answers:
            answer = await getattr(super(), name)(*arguments)
            if len(self._answers) >= _MOST_KEPT:
                self._answers.clear()
            self._answers[key] = answer
        # callers may change a list
        return copy(self._answers[key])

    async def table_exists(self, table: str) -> Any:
        """Return whether the table exists."""
        return await self._ask("table_exists", table)

    async def table_names(self) -> Any:
        """Return the names of the tables."""
        return await self._ask("table_names")

    async def view_names(self) -> Any:
        """Return the names of the views."""
        return await self._ask("view_names")

    async def hidden_table_names(self) -> Any:
        """Return the names of tables that pages do not list."""
        return await self._ask("hidden_table_names")

    async def table_columns(self, table: str) -> Any:
        """Return the names of the columns of a table or view."""
        return await self._ask("table_columns", table)

    async def table_column_details(self, table: str) -> Any:
        """Return the columns of a table or view."""
        return await self._ask("table_column_details", table)

    async def primary_keys(self, table: str) -> Any:
        """Return the columns of the primary key of a table."""
        return await self._ask("primary_keys", table)

    async def fts_table(self, table: str) -> Any:
        """Return the search index of a table, or None."""
        return await self._ask("fts_table", table)

    async def label_column_for_table(self, table: str) -> Any:
        """Return the column that names a row of a table, or None."""
        return await self._ask("label_column_for_table", table)

    async def foreign_keys_for_table(self, table: str) -> Any:
        """Return the foreign keys of a table."""
        return await self._ask("foreign_keys_for_table", table)

    async def get_all_foreign_keys(self) -> Any:
        """Return the foreign keys of all tables, in both directions."""
        return await self._ask("get_all_foreign_keys")

    async def get_table_definition(self, table: str, type_: str = "table") -> Any:
        """Return the SQL that made a table."""
        return await self._ask("get_table_definition", table, type_)

    async def get_view_definition(self, view: str) -> Any:
        """Return the SQL that made a view."""
        return await self._ask("get_view_definition", view)
