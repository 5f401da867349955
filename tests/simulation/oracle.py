"""The oracle: it knows the article of every row, and checks the archive after each crawl.

Its expectations follow from the promises alone (docs/simulation.md). It reports an article or entry that went wrong once, and
skips it from then on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from simulation.absence_oracle import Absences
from simulation.failures import Connection, Failure, in_a_line, load_doubts, told
from simulation.memory import Memory
from simulation.prose import Wording, plain, styled
from simulation.source import Shown
from simulation.survival import name_of, survival

# body, time, pass, page, and whether the request was unconditional
_Captured = tuple[str, str, int, int, int | None]


class Oracle:
    """Checks an archive against its source; `shown` holds the rows of each body by SHA-256."""

    def __init__(self, seed: int, shown: Mapping[str, Sequence[Shown]]):
        self.seed, self.shown = seed, shown
        self.failures: list[Failure] = []
        self.edits: Counter[str] = Counter()  # by the class of survival
        self.defensible: Counter[str] = Counter()
        self.day = 0
        self._crawl_id = 0
        self._known: set[Wording] = set()  # every wording seen so far
        self._holders: dict[tuple[str, str], set[int]] = {}  # the articles that have or had a part
        self._memories: dict[int, Memory] = {}
        self._listed: dict[int, Memory] = {}  # by article that is not withdrawn
        self._owners: dict[int, Memory] = {}  # by entry id
        self._accepted: dict[int, set[int]] = {}  # by entry id: other articles that it may also be
        self._minted: dict[int, tuple[Any, ...]] = {}  # the permanent values of an entry
        self._last_complete: str | None = None
        self._absences = Absences()

    def check_crawl(self, db: Connection, crawl_id: int, throughout: set[int]) -> None:
        """Check a settled crawl; `throughout` are the articles listed during all of it."""
        outcome, settled, started_at = db.execute(
            "SELECT outcome, settled, started_at FROM crawls WHERE crawl_id = ?", (crawl_id,)
        ).fetchone()
        self._crawl_id = crawl_id
        if settled:
            captures = db.execute(
                "SELECT body_sha256, fetched_at, pass, page, asked_fresh FROM captures"
                " WHERE crawl_id = ? AND purpose = 'listing'"
                " AND page IS NOT NULL AND status IN (200, 304) AND fault IS NULL ORDER BY capture_id",
                (crawl_id,),
            ).fetchall()
            complete = outcome in ("complete", "unchanged")
            contradicted = self._contradicted(captures)
            new = self._see(captures, contradicted, complete=complete)
            if complete:
                past_caches = {row[3] for row in captures} <= {row[3] for row in captures if row[4]}
                seen = {
                    row.article.number
                    for body, *_ in captures
                    for row in self.shown[body]
                    if row.wording not in contradicted
                }
                self._miss(seen, throughout, datetime.fromisoformat(started_at), fresh=past_caches)
            if outcome != "unchanged":
                self._check_rows(db, {row[0] for row in captures}, contradicted)
                if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'restyles'").fetchone():
                    self._check_texts(db)
            self._check_new(db, new)
            if complete:
                self._last_complete = started_at
        self._check_listed(db)

    def check_all(self, db: Connection) -> None:
        """Check the whole archive against everything that was shown."""
        history: dict[int, list[tuple[str, ...]]] = {}
        for entry_id, *texts in db.execute(
            "SELECT entry_id, title, excerpt, commentary FROM entry_history WHERE technical = 0 ORDER BY entry_id, revision"
        ):
            history.setdefault(entry_id, []).append(tuple(plain(text or "") for text in texts))
        for memory in self._memories.values():
            meant = [tuple(map(plain, (one.title, one.excerpt, one.commentary))) for one in memory.wordings]
            if not memory.spoilt and history.get(memory.entry_id or 0) != meant:
                self._fail("wrong history", f"{len(meant)} revisions are due", memory)
        for row in db.execute("SELECT entry_id, tag_uri, feed_date, not_before, first_seen FROM entries"):
            if row[0] not in self._owners:
                self._fail("false split", f"entry {row[0]} is on no page")
            elif self._minted.get(row[0], tuple(row)) != tuple(row):
                self._fail("moved date, id or tag", f"{self._minted[row[0]]} became {tuple(row)}", self._owners[row[0]])
        dates = db.execute("SELECT count(*) - count(DISTINCT feed_date) FROM entries").fetchone()[0]
        if dates:
            self._fail("feed date not distinct", f"{dates} entries share a date with another")

    def _contradicted(self, captures: Sequence[_Captured]) -> set[Wording]:
        """Return the wordings of one pass that neither the last pass nor an earlier crawl showed."""
        if len({captured[2] for captured in captures}) == 1:
            return set()
        passes: dict[Wording, set[int]] = {}
        for body, _, pass_number, *_ in captures:
            for row in self.shown[body]:
                passes.setdefault(row.wording, set()).add(pass_number)
        last = max(captured[2] for captured in captures)
        return {wording for wording, shown in passes.items() if len(shown) == 1 and last not in shown} - self._known

    def _see(
        self, captures: Sequence[_Captured], contradicted: set[Wording], *, complete: bool
    ) -> list[tuple[Memory, int]]:
        """Record what a crawl showed; return the new articles in listing order, and their pass."""
        new: list[tuple[Memory, int]] = []
        self._absences.begin(complete=complete)
        for number in sorted({captured[2] for captured in captures}):
            of_pass = [captured for captured in captures if captured[2] == number]
            places: dict[int, dict[Wording, int]] = {}  # by article: the first page of each wording
            styles: dict[int, set[tuple[Wording, int]]] = {}
            for body, fetched_at, pass_number, page, _ in of_pass:
                for row in self.shown[body]:
                    if row.wording not in contradicted:
                        places.setdefault(row.article.number, {}).setdefault(row.wording, page)
                        styles.setdefault(row.article.number, set()).add((row.wording, row.style))
                        self._see_row(row, fetched_at, pass_number, new)
            pages = {
                article: shown[self._see_wordings(self._memories[article], [*shown])]
                for article, shown in places.items()
            }
            for article, shown_in in styles.items():
                self._memories[article].styles = frozenset(shown_in)
            self._absences.see({captured[3]: captured[0] for captured in of_pass}, pages)
        return new

    def _see_row(self, row: Shown, fetched_at: str, pass_number: int, new: list[tuple[Memory, int]]) -> None:
        memory = self._memories.get(row.article.number)
        if memory is None:
            memory = self._memories[row.article.number] = Memory(row.article, self._last_complete, fetched_at)
            new.append((memory, pass_number))
            self._note_parts(memory, row.wording)
        if memory.missed or row.article.number not in self._listed:
            memory.returned_in = self._crawl_id
        memory.missed = 0
        self._listed[row.article.number] = memory

    def _see_wordings(self, memory: Memory, shown: Sequence[Wording]) -> Wording:
        """Record the wordings of an article in one pass; return the current one (the edited of two)."""
        current = memory.wordings[-1] if memory.wordings else None
        fresh = [wording for wording in shown if wording not in memory.shown]
        chosen = fresh[-1] if fresh else current if current in shown else shown[0]
        memory.shown = frozenset(shown)
        if current is not None and len(fresh) > 1:
            memory.several_in = self._crawl_id
        if chosen == current:
            return chosen
        if current is not None:
            self._note_parts(memory, chosen)
            if chosen in memory.wordings:
                memory.survived = "the same wording"
            else:
                memory.survived = survival(
                    current, chosen, partial(self._identifies, memory), listed=memory.returned_in != self._crawl_id
                )
            memory.changed_in = self._crawl_id
            self.edits[memory.survived] += 1
        memory.wordings.append(chosen)
        self._known.add(chosen)
        return chosen

    def _note_parts(self, memory: Memory, wording: Wording) -> None:
        parts = {"excerpt": wording.excerpt, "commentary": wording.commentary, "name": name_of(wording)}
        for part in parts.items():
            self._holders.setdefault(part, set()).add(memory.article.number)

    def _identifies(self, memory: Memory, part: str, text: str) -> bool:
        return self._holders.get((part, text), set()) <= {memory.article.number}

    def _miss(self, seen: set[int], missable: set[int], at: datetime, *, fresh: bool) -> None:
        """Count the absences of a complete crawl."""
        for number in missable - seen:
            self._fail("missed entry", "listed all the while, and on no page read", self._memories.get(number))
        for number in [number for number in self._listed if number not in seen]:
            self._listed[number].missed += self._absences.crawls_without(number, at, fresh=fresh)
            if self._listed[number].missed >= 2:
                del self._listed[number]

    def _check_rows(self, db: Connection, bodies: set[str], contradicted: set[Wording]) -> None:
        """Check the entry and revision that the archive stored for each row of these bodies."""
        for body in sorted(bodies):
            found = {
                position: rest
                for position, *rest in db.execute(
                    "SELECT l.position, l.entry_id, r.number, l.revision_id"
                    " FROM listing_rows l JOIN revisions r USING (revision_id)"
                    " WHERE l.body_sha256 = ?",
                    (body,),
                )
            }
            for position, row in enumerate(self.shown[body], start=1):
                if row.wording in contradicted:
                    continue
                memory = self._memories[row.article.number]
                if position not in found:
                    self._fail("missed entry", f"row {position} of a page was taken for no entry", memory)
                    continue
                entry_id, number, revision_id = found[position]
                due = len(memory.wordings) - memory.wordings[::-1].index(row.wording)
                if self._identify(db, memory, entry_id, revision_id) and number != due:
                    if self._crawl_id in (memory.returned_in, memory.several_in) and len(memory.shown) > 1:
                        self._accept("current: either of two places that came back", memory)
                        continue
                    kind = "false edit" if number > due else "missed revision"
                    self._fail(kind, f"revision {number} where {due} of {len(memory.wordings)} is due", memory)

    def _check_texts(self, db: Connection) -> None:
        """Check the current texts of listed entries; only white space may differ."""
        current = {
            row[0]: tuple(map(in_a_line, row[1:]))
            for row in db.execute(
                "SELECT entry_id, title, excerpt, commentary FROM entries WHERE withdrawn_at IS NULL AND missed = 0"
            )
        }
        for memory in self._listed.values():
            texts = current.get(memory.entry_id or 0)
            if memory.spoilt or texts is None:
                continue
            due = {
                tuple(in_a_line(styled(text, style)) for text in (one.title, one.excerpt, one.commentary))
                for one, style in memory.styles
                if one == memory.wordings[-1]
            }
            if texts not in due:
                self._fail("stale text", f"the archive has {texts}", memory)

    def _identify(self, db: Connection, memory: Memory, entry_id: int, revision_id: int) -> bool:
        """Return whether article and entry belong together and neither has failed before."""
        owner = self._owners.setdefault(entry_id, memory)
        if memory.entry_id is None:
            memory.entry_id = entry_id
        if owner is not memory:
            self._judge_merge(memory, owner, entry_id, has_doubt=revision_id in load_doubts(db))
        elif memory.entry_id != entry_id:
            self._judge_split(memory, entry_id)
        return not memory.spoilt

    def _judge_merge(self, memory: Memory, owner: Memory, entry_id: int, *, has_doubt: bool) -> None:
        """Judge one entry for two articles: defensible in two cases (docs/simulation.md)."""
        owners = {owner.article.number, *self._accepted.get(entry_id, ())}
        if owners & memory.article.instead_of:
            self._accepted.setdefault(entry_id, set()).add(memory.article.number)
            self._accept("merged: replaced in place", memory, owner)
        elif has_doubt and self._looks_edited(owner, memory):
            self._accept("merged: what it shares was one article's alone until then", memory, owner)
        else:
            kind = "false merge" if has_doubt else "false merge without a doubt"
            self._fail(kind, f"both are entry {entry_id}", memory, owner)

    def _looks_edited(self, owner: Memory, memory: Memory) -> bool:
        """Return whether one article looks like an edit of the other."""
        both = {owner.article.number, memory.article.number}
        survived = survival(
            owner.wordings[-1],
            memory.wordings[0],
            lambda part, text: self._holders.get((part, text), set()) <= both,
            listed=False,
        )
        return survived in ("excerpt", "title, publication and one more")

    def _judge_split(self, memory: Memory, entry_id: int) -> None:
        """Judge two entries for one article: defensible if an edit left too little of it."""
        survived = memory.survived if memory.changed_in == self._crawl_id else "the same wording"
        if survived == "little":
            self._accept("split: little survived", memory)
        else:
            self._fail(f"false split: {survived} survived", f"entry {memory.entry_id} became {entry_id} too", memory)

    def _accept(self, reading: str, *memories: Memory) -> None:
        """Count a defensible reading that differs from the oracle's, and skip its consequences."""
        if not all(memory.spoilt for memory in memories):
            self.defensible[reading] += 1
        for memory in memories:
            memory.spoilt = True

    def _check_new(self, db: Connection, new: Sequence[tuple[Memory, int]]) -> None:
        """Check the dates of new entries: in their intervals; in listing order within a pass."""
        last: dict[int, str] = {}
        for memory, pass_number in new:
            row = db.execute(
                "SELECT entry_id, tag_uri, feed_date, not_before, first_seen FROM entries WHERE entry_id = ?",
                (memory.entry_id,),
            ).fetchone()
            if row is None or memory.spoilt:
                continue
            self._minted[row[0]] = tuple(row)
            _, _, feed_date, not_before, first_seen = row
            if (not_before, first_seen) != (memory.not_before, memory.first_seen):
                due = f"({memory.not_before}, {memory.first_seen}]"
                self._fail("wrong interval", f"({not_before}, {first_seen}] where {due} is due", memory)
            if not (not_before or "") <= feed_date <= first_seen:
                self._fail("feed date outside its interval", f"{feed_date} in ({not_before}, {first_seen}]", memory)
            if feed_date >= last.get(pass_number, "9"):
                self._fail("feed dates out of order", f"{feed_date} for a row below {last[pass_number]}", memory)
            last[pass_number] = feed_date

    def _check_listed(self, db: Connection) -> None:
        """Check that the entries that are not withdrawn are those of the listed articles."""
        found = dict(db.execute("SELECT entry_id, missed FROM entries WHERE withdrawn_at IS NULL"))
        for memory in list(self._listed.values()):
            if memory.spoilt or memory.entry_id is None:
                continue
            if memory.entry_id not in found:
                self._fail("false withdrawal", f"lacking in {memory.missed} complete crawls only", memory)
            elif (missed := found.pop(memory.entry_id)) != memory.missed:
                self._fail("miscounted absence", f"{missed} where {memory.missed} complete crawls lacked it", memory)
        for entry_id in found:
            owner = self._owners.get(entry_id)
            if owner is not None and not owner.spoilt and owner.article.number not in self._listed:
                self._fail("missed withdrawal", "lacking in two complete crawls in a row", owner)

    def fail(self, kind: str, detail: str) -> None:
        """Report a broken promise that concerns no single article."""
        self._fail(kind, detail)

    def _fail(self, kind: str, detail: str, *memories: Memory | None) -> None:
        known = [memory for memory in memories if memory is not None]
        if known and all(memory.spoilt for memory in known):
            return
        for memory in known:
            memory.spoilt = True
        articles = tuple(told(memory.article) for memory in known)
        self.failures.append(Failure(kind, self.seed, self.day, detail, articles))
