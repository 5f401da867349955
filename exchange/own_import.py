"""Importing what Foreign Eyes exported: the whole truth into an empty archive, else captures and crawls alone.

An archive that has crawls has minted ids of its own; those of the file, its changes and its operators' decisions stay out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from archive.store import writing
from archive.truth import (
    NotTruth,
    add_capture,
    add_crawl,
    find_or_add_source,
    identifying,
    is_empty,
    load_truth,
    recorded_crawls,
)
from archive.values import Source
from exchange.bodies import Bodies
from exchange.bringing import Brought, NothingNew, store_bodies
from exchange.errors import BadWarc
from exchange.truth_records import Row, Truth

_WAS_OPEN = "the crawl had not ended when it was exported"


@dataclass(slots=True)
class OwnImport:
    """An export, read and ready to be written; `parser_version` is the program's own."""

    name: str
    truth: Truth
    bodies: Bodies
    parser_version: int
    brought: Brought = field(default_factory=Brought)

    def prepare(self, db: Database) -> Collection[int]:
        """Write what the archive lacks; return the crawls that it has not settled before.

        Raises:
            BadWarc: the rows are not an archive's.
            NothingNew: the archive has it all.
        """
        try:
            with writing(db):
                return self._load(db) if is_empty(db) else self._add(db)
        except NotTruth as error:
            raise BadWarc(self.name, str(error)) from None
        except (KeyError, TypeError) as error:
            raise BadWarc(self.name, f"its rows are not an archive's ({error})") from None

    def _load(self, db: Database) -> Collection[int]:
        rows = self.truth.rows
        store_bodies(db, self.bodies, (row["body_sha256"] for row in rows["captures"]))
        load_truth(db, rows, read_by=self.truth.parser_version, parser_version=self.parser_version)
        for crawl in rows["crawls"]:
            self.brought.count_crawl(crawl["outcome"], 0)
        self.brought.captures = len(rows["captures"])
        self.brought.with_ids = True
        return ()

    def _add(self, db: Database) -> Collection[int]:
        names = {row["source_id"]: _source(row) for row in self.truth.rows["sources"]}
        sources = {number: find_or_add_source(db, source) for number, source in names.items()}
        recorded = {number: recorded_crawls(db, source_id) for number, source_id in sources.items()}
        by_crawl: dict[int, list[Row]] = {}
        for row in self.truth.rows["captures"]:
            by_crawl.setdefault(row["crawl_id"], []).append(row)
        capture_ids: dict[int, int] = {}
        added: list[int] = []
        for crawl in sorted(self.truth.rows["crawls"], key=lambda row: (row["ordered_at"], row["crawl_id"])):
            captures = by_crawl.get(crawl["crawl_id"], [])
            facts = tuple(map(identifying, captures))
            there = recorded[crawl["source_id"]].get(crawl["started_at"], ())
            known = next((one for one in there if one.captures == facts), None)
            if known is not None:
                capture_ids.update(zip((row["capture_id"] for row in captures), known.capture_ids, strict=True))
                self.brought.already_there += len(captures)
                continue
            crawl_id = add_crawl(db, _as_ended({**crawl, "source_id": sources[crawl["source_id"]]}))
            added.append(crawl_id)
            self._add_captures(db, crawl_id, captures, capture_ids)
            self.brought.count_crawl(crawl["outcome"] or "failed", len(captures))
        if not added:
            raise NothingNew
        return added

    def _add_captures(self, db: Database, crawl_id: int, captures: list[Row], capture_ids: dict[int, int]) -> None:
        store_bodies(db, self.bodies, (row["body_sha256"] for row in captures))
        for row in captures:
            revalidates = capture_ids.get(row["revalidates"])
            capture_ids[row["capture_id"]] = add_capture(db, {**row, "crawl_id": crawl_id, "revalidates": revalidates})


def _source(row: Row) -> Source:
    return Source(row["name"], row["url"], row["title"], row["language"])


def _as_ended(crawl: dict[str, Any]) -> dict[str, Any]:
    if crawl["outcome"] is not None:
        return crawl
    ended = {"outcome": "failed", "reason": _WAS_OPEN, "settled": 0}
    return {**crawl, **ended, "finished_at": crawl["finished_at"] or crawl["started_at"]}
