"""Import an export of Foreign Eyes.

An empty archive becomes equal to the exported one, including its id. An archive that has crawls gets captures and crawls, and
for entries that are new to it their ids, tag URIs and feed dates. It keeps its own id and the ids that it minted; the changes
of the file and its operators' decisions are not imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import take_archive_id
from foreign_eyes.archive.database import writing
from foreign_eyes.archive.dump import (
    RecordedCrawl,
    add_capture,
    add_crawl,
    capture_key,
    find_or_add_source,
    is_empty,
    load_truth,
    recorded_crawls,
    source_of,
)
from foreign_eyes.archive.dump_checks import InvalidDump, check_rows
from foreign_eyes.archive.rebuilding.added_crawls import AddedCrawls
from foreign_eyes.archive.redaction.withholding import add_purged_body
from foreign_eyes.archive.settling.dating import moved_time
from foreign_eyes.archive.settling.identity_rows import Identity
from foreign_eyes.archive.source_names import name_here
from foreign_eyes.archive.times import from_text, now, to_text
from foreign_eyes.archive.values import Source
from foreign_eyes.warc.bodies import Bodies
from foreign_eyes.warc.dump_records import Dump, DumpRow
from foreign_eyes.warc.errors import BadWarc, OtherListing, WrongImport
from foreign_eyes.warc.import_base import ImportResult, NothingNew, store_bodies
from foreign_eyes.warc.listing_search import address_key

_TRAFFIC = ("requests", "not_modified", "bytes")
_WAS_OPEN = "the crawl had not ended when it was exported"


@dataclass(slots=True)
class OwnImport:
    """An import of an export that was read.

    `parser_version` is the program's own. `rename` is the new name of the export's only source. `former` are earlier
    URLs of a source's listing. `configured` are the URLs of sources by name; a renamed source must have the same URL.
    """

    name: str
    dump: Dump
    bodies: Bodies
    parser_version: int
    rename: str | None = None
    former: tuple[str, ...] = ()
    configured: Mapping[str, str] = field(default_factory=dict)
    now: datetime = field(default_factory=now)
    result: ImportResult = field(default_factory=ImportResult)

    def __post_init__(self) -> None:
        """Check that the export can be imported.

        Raises:
            BadWarc: a newer version wrote it.
            WrongImport: it holds several sources, but one name is given.
        """
        if self.dump.parser_version > self.parser_version:
            why = f"a newer version exported it (its parser is {self.dump.parser_version}, ours {self.parser_version})"
            raise BadWarc(self.name, why, remedy="upgrade foreign-eyes, then import it again")
        sources = self.dump.rows["sources"]
        if self.rename is not None and len(sources) != 1:
            raise WrongImport(
                f"{self.name}: it holds {len(sources)} sources, and --source names only one; leave --source out"
            )

    def prepare(self, db: Database) -> AddedCrawls:
        """Write what the archive lacks; return the crawls that it has not settled before.

        Raises:
            BadWarc: an archive cannot hold the rows.
            OtherListing: a source of the same name has another URL.
            NothingNew: the archive has everything.
        """
        try:
            check_rows(self.dump.rows)
            sources = [self._source(db, row) for row in self.dump.rows["sources"]]
            with writing(db):
                return self._load(db, sources) if is_empty(db) else self._add(db, sources)
        except InvalidDump as error:
            offset, line = self.dump.place_of(error.table, error.row)
            where = f"table {error.table}" if line is None else f"line {line}, table {error.table}"
            raise BadWarc(self.name, f"{where}: {error.why}", offset=offset) from None

    def _source(self, db: Database, row: DumpRow) -> DumpRow:
        """Return a source's row with its name in this archive."""
        name = self.rename or name_here(db, row["name"], self._former_names(row))
        there = source_of(db, name)
        url = there.url if there else self.configured.get(name) if self.rename else None
        if url is not None and address_key(row["url"]) not in map(address_key, (url, *self.former)):
            raise OtherListing(
                f"{self.name}: its source {row['name']} has the URL {row['url']}, but {name} here has {url}; if that is the"
                f" same listing, add --url {row['url']}; {self._way_out()}; nothing was imported"
            )
        return {**row, "name": name}

    def _former_names(self, row: DumpRow) -> list[str]:
        """Return the names that a source had before, the last one first."""
        renames = [rename for rename in self.dump.rows.get("renames", ()) if rename["source_id"] == row["source_id"]]
        return [rename["former_name"] for rename in sorted(renames, key=lambda rename: -int(rename["rename_id"]))]

    def _way_out(self) -> str:
        if len(self.dump.rows["sources"]) == 1:
            return "if not, import it under another name: --source NAME"
        return "if not, import it into another archive: --archive FILE"

    def _load(self, db: Database, sources: list[DumpRow]) -> AddedCrawls:
        rows = {**self.dump.rows, "sources": sources}
        store_bodies(db, self.bodies, self._whole(rows["captures"]))
        load_truth(db, rows, read_by=self.dump.parser_version, parser_version=self.parser_version)
        if self.dump.archive_id is not None:
            take_archive_id(db, self.dump.archive_id)
        names = {row["source_id"]: row["name"] for row in sources}
        began = self._redated()
        for crawl in rows["crawls"]:
            self._count(crawl, names[crawl["source_id"]], 0)
            if crawl.get("settled") and self._is_in_future(began.get(crawl["crawl_id"], crawl["started_at"])):
                what = f"crawl {crawl['crawl_id']} of {names[crawl['source_id']]} is dated {crawl['started_at']}, in the future"
                self.result.suspects.append(f"{what}; to correct it: foreign-eyes redate {crawl['crawl_id']} TIME")
        self.result.captures = len(rows["captures"])
        self.result.with_ids = True
        return AddedCrawls()

    def _withheld(self) -> dict[str, str]:
        """Return the parsed pages that replace bodies with redacted words, by digest."""
        return {row["body_sha256"]: row["rest"] for row in self.dump.rows.get("withheld_bodies", ())}

    def _whole(self, captures: Sequence[DumpRow]) -> Iterator[str | None]:
        """Yield the digests of the bodies in the export."""
        withheld = self._withheld()
        return (digest for row in captures if (digest := row.get("body_sha256")) not in withheld)

    def _count(self, crawl: DumpRow, source: str, captures: int) -> None:
        self.result.count_crawl(crawl.get("outcome"), captures)
        if crawl.get("outcome") == "suspect":
            self.result.add_suspect(source, crawl["started_at"], crawl.get("reason"))

    def _redated(self) -> dict[int, str]:
        """Return the corrected start of each crawl that an operator redated."""
        redatings = sorted(self.dump.rows.get("redatings", ()), key=lambda row: int(row["redating_id"]))
        return {row["crawl_id"]: row["began_at"] for row in redatings}

    def _is_in_future(self, time: str) -> bool:
        return from_text(time) > self.now

    def _add(self, db: Database, rows: list[DumpRow]) -> AddedCrawls:
        names = {row["source_id"]: row["name"] for row in rows}
        sources = {row["source_id"]: find_or_add_source(db, _source(row)) for row in rows}
        recorded = {number: recorded_crawls(db, source_id) for number, source_id in sources.items()}
        by_crawl: dict[int, list[DumpRow]] = {}
        for row in self.dump.rows["captures"]:
            by_crawl.setdefault(row["crawl_id"], []).append(row)
        capture_ids: dict[int, int] = {}
        added: dict[int, int] = {}
        from_nodes: set[int] = set()
        began = self._redated()
        for crawl in sorted(self.dump.rows["crawls"], key=lambda row: (row["ordered_at"], row["crawl_id"])):
            captures = by_crawl.get(crawl["crawl_id"], [])
            if self._is_archived(recorded[crawl["source_id"]], crawl, captures, capture_ids):
                continue
            ended = _with_link_traffic(_as_ended(crawl), self.dump.rows["link_traffic"])
            if (time := began.get(crawl["crawl_id"])) is not None:
                ended, captures = _moved(ended, captures, time)
                if self._is_archived(recorded[crawl["source_id"]], ended, captures, capture_ids):
                    continue
            if self._is_in_future(max([ended["started_at"], *(row["fetched_at"] for row in captures)])):
                what = f"the crawl of {names[crawl['source_id']]} of {ended['started_at']} is not imported"
                remedy = f"foreign-eyes redate {crawl['crawl_id']} TIME, in the exported archive, and export again"
                self.result.left_out.append(f"{what}: its date is in the future; to correct it: {remedy}")
                continue
            crawl_id = add_crawl(db, {**ended, "source_id": sources[crawl["source_id"]]})
            added[crawl["crawl_id"]] = crawl_id
            if not crawl.get("imported"):
                from_nodes.add(crawl_id)
            self._add_captures(db, crawl_id, captures, capture_ids)
            self._count(ended, names[crawl["source_id"]], len(captures))
        if not added:
            raise NothingNew
        return AddedCrawls(frozenset(added.values()), frozenset(from_nodes), self._minted(sources, added))

    def _minted(self, sources: Mapping[int, int], crawls: Mapping[int, int]) -> dict[tuple[int, str], Identity]:
        """Return the identities that were minted for rows of the added crawls.

        `sources` and `crawls` have the ids in this archive by those in the file.
        """
        moved = {row["entry_id"]: row["feed_date"] for row in self.dump.rows["redated_entries"]}
        found: dict[tuple[int, str], Identity] = {}
        for row in self.dump.rows["identities"]:
            if (crawl_id := crawls.get(row["crawl_id"])) is None:
                continue
            feed_date = from_text(moved.get(row["entry_id"]) or row["feed_date"])
            source_id = sources[row["source_id"]]
            identity = Identity(row["entry_id"], source_id, row["tag_uri"], feed_date, crawl_id, row["wording"])
            found[crawl_id, row["wording"]] = identity
        return found

    def _is_archived(
        self,
        recorded: Mapping[str, list[RecordedCrawl]],
        crawl: DumpRow,
        captures: list[DumpRow],
        capture_ids: dict[int, int],
    ) -> bool:
        """Return whether the archive has a crawl with these captures.

        If so, record their ids in `capture_ids`.
        """
        facts = tuple(map(capture_key, captures))
        known = next((found for found in recorded.get(crawl["started_at"], ()) if found.captures == facts), None)
        if known is None:
            return False
        capture_ids.update(zip((row["capture_id"] for row in captures), known.capture_ids, strict=True))
        self.result.already_there += len(captures)
        return True

    def _add_captures(self, db: Database, crawl_id: int, captures: list[DumpRow], capture_ids: dict[int, int]) -> None:
        store_bodies(db, self.bodies, self._whole(captures))
        for digest in {row.get("body_sha256") for row in captures} & self._withheld().keys():
            add_purged_body(db, str(digest), self._withheld()[str(digest)])
        for row in captures:
            original = row.get("revalidates")
            revalidates = None if original is None else capture_ids.get(original)
            capture_ids[row["capture_id"]] = add_capture(db, {**row, "crawl_id": crawl_id, "revalidates": revalidates})


def _source(row: DumpRow) -> Source:
    return Source(row["name"], row["url"], row["title"], row["language"])


def _with_link_traffic(crawl: dict[str, Any], traffic: Sequence[DumpRow]) -> dict[str, Any]:
    """Add the traffic of following links to that of the crawl."""
    of_links = [row for row in traffic if row["crawl_id"] == crawl["crawl_id"]]
    return {**crawl, **{name: crawl.get(name, 0) + sum(row[name] for row in of_links) for name in _TRAFFIC}}


def _moved(crawl: DumpRow, captures: list[DumpRow], began_at: str) -> tuple[dict[str, Any], list[DumpRow]]:
    """Return a crawl and its captures with times moved to the corrected start."""
    started, began = from_text(crawl["started_at"]), from_text(began_at)

    def moved(time: str) -> str:
        return to_text(moved_time(from_text(time), started, began))

    times = {"started_at": began_at, "ordered_at": began_at, "finished_at": moved(crawl["finished_at"])}
    return {**crawl, **times}, [{**row, "fetched_at": moved(row["fetched_at"])} for row in captures]


def _as_ended(crawl: dict[str, Any]) -> dict[str, Any]:
    if crawl.get("outcome") is not None:
        return crawl
    ended = {"outcome": "failed", "reason": _WAS_OPEN, "settled": 0}
    return {**crawl, **ended, "finished_at": crawl.get("finished_at") or crawl["started_at"]}
