"""What archive and feeds must say after each round of a simulated week."""

from __future__ import annotations

import html
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from support.feed_walk import walk_atom
from support.listings import Entry

from simulation.week_machine import BASE_URL
from simulation.week_source import Site

WITHDRAWN_AFTER = 2  # complete crawls in a row that miss an entry


@dataclass
class Known:
    """An entry as the archive must know it."""

    text: Entry
    entry_id: int = 0
    feed_date: str = ""
    missed: int = 0

    @property
    def is_withdrawn(self) -> bool:
        return self.missed >= WITHDRAWN_AFTER


@dataclass
class Oracle:
    """Follows the site, and compares the archive and the published files with it; `faults` has what differs."""

    site: Site
    folder: Path
    known: dict[int, Known] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _files: dict[str, str] = field(default_factory=dict)
    _crawls: int = 0

    def check_round(self, name: str, outcome: str | None) -> None:
        """Check everything after a round whose crawl must have had this outcome; None if it cannot be recorded."""
        found = self._new_crawls()
        if found != ([] if outcome is None else [outcome]):
            self.faults.append(f"{name}: the crawls ended {found}, not {outcome}")
        changed = self._follow(outcome)
        self._check_entries(name)
        self._check_files(name, changed=changed)
        self._check_feed(name)

    def _follow(self, outcome: str | None) -> bool:
        """Note what a crawl with this outcome saw; return whether readers may notice."""
        before = self.changes.total()
        is_whole = outcome in ("complete", "unchanged")
        seen = set(self.site.listed) if is_whole else self.site.shown if outcome == "partial" else set()
        for number in seen:
            self._see(number)
        for number in set(self.known) - seen if is_whole else ():
            one = self.known[number]
            one.missed += 1
            self.changes["withdrawn"] += one.missed == WITHDRAWN_AFTER
        return self.changes.total() != before

    def _see(self, number: int) -> None:
        text = self.site.texts[number]
        known = self.known.get(number)
        if known is None:
            self.known[number] = Known(text)
            self.changes["new"] += 1
            return
        self.changes["returned"] += known.is_withdrawn
        self.changes["revised"] += known.text != text
        known.text, known.missed = text, 0

    def _check_entries(self, name: str) -> None:
        rows = self._rows(
            "SELECT entry_id, title, commentary, feed_date, withdrawn_at IS NOT NULL FROM current_entries"
        )
        by_number = {int(re.findall(r"\d+", title)[0]): row for row in rows if (title := row[1])}
        if len(rows) != len(by_number) or set(by_number) != set(self.known):
            different = set(by_number) ^ set(self.known)
            self.faults.append(f"{name}: {len(rows)} entries, not {len(self.known)}; {sorted(different)}")
            return
        for number, (entry_id, _, commentary, feed_date, withdrawn) in by_number.items():
            one = self.known[number]
            one.entry_id, one.feed_date = one.entry_id or entry_id, one.feed_date or feed_date
            told = (entry_id, feed_date, commentary, bool(withdrawn))
            expected = (one.entry_id, one.feed_date, one.text.commentary, one.is_withdrawn)
            if told != expected:
                self.faults.append(f"{name}: entry {number} is {told}, not {expected}")
        kinds = Counter(dict(self._rows("SELECT kind, count(*) FROM changes GROUP BY kind")))
        if kinds != +self.changes:
            self.faults.append(f"{name}: the journal has {dict(kinds)}, not {dict(+self.changes)}")

    def _check_files(self, name: str, *, changed: bool) -> None:
        public = self.folder / "public"
        found = {
            path.relative_to(public).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in public.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
        different = sorted(dict(found.items() ^ self._files.items()))
        if bool(different) != changed:
            self.faults.append(f"{name}: these files changed: {different}; {'some' if changed else 'none'} should")
        self._files = found

    def _check_feed(self, name: str) -> None:
        told = {one["id"]: one for one in walk_atom(self.folder / "public", BASE_URL)}
        tags = dict(self._rows("SELECT entry_id, tag_uri FROM current_entries"))
        if set(told) != set(tags.values()):
            self.faults.append(f"{name}: the feed has {len(told)} entries, not {len(tags)}")
            return
        for one in self.known.values():
            said = html.unescape(told[tags[one.entry_id]].get("content", ""))
            if not one.is_withdrawn and one.text.commentary not in said:
                self.faults.append(f"{name}: the feed shows another text of {one.text.title}: {said}")

    def _new_crawls(self) -> list[str]:
        rows = self._rows(f"SELECT crawl_id, outcome FROM crawl_log WHERE crawl_id > {self._crawls} ORDER BY 1")
        self._crawls = max((crawl_id for crawl_id, _ in rows), default=self._crawls)
        return [outcome for _, outcome in rows]

    def _rows(self, query: str) -> list[tuple[int, str]]:
        connection = sqlite3.connect(f"file:{self.folder / 'archive.db'}?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()
