"""Redating: an operator's correction of the times of a crawl whose clock was wrong.

    record the decision | correct the times | move feed dates that are later | announce the change

Observed times are never changed. Corrected times are derived from the decisions, stored beside the observed times, and
used in their place during a rebuild.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.crawls import find_crawl
from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.settling.date_corrections import MovedDate
from foreign_eyes.archive.settling.dating import feed_dates, moved_time
from foreign_eyes.archive.settling.identity_rows import taken_dates
from foreign_eyes.archive.settling.journal import Change, append_changes
from foreign_eyes.archive.times import from_text, to_text


def redate(db: Database, crawl_id: int, began: datetime, at: datetime) -> tuple[MovedDate, ...]:
    """Record that a crawl `began` at another time; return the feed dates that move.

    `at` is the time of the decision.

    Only feed dates after the crawl's first capture move, to the dates that they would have got from a right clock.

    Raises:
        CannotDecide: the crawl does not exist, still runs, already has that time, or would begin in the future.
    """
    source_id, settled = _find_redatable(db, crawl_id, began, at)
    cursor = db.execute(
        "INSERT INTO redatings (at, crawl_id, began_at) VALUES (?, ?, ?)", (to_text(at), crawl_id, to_text(began))
    )
    redating_id = int(cursor.lastrowid or 0)
    correct_times(db)
    moved = _move_dates(db, source_id, crawl_id) if settled else ()
    db.conn.executemany(
        "INSERT INTO redated_entries (redating_id, entry_id, feed_date) VALUES (?, ?, ?)",
        [(redating_id, date.entry_id, to_text(date.after)) for date in moved],
    )
    if settled:
        append_changes(db, source_id, crawl_id, [Change("corrected", redating_id=redating_id)], at, announced=True)
    return moved


def _find_redatable(db: Database, crawl_id: int, began: datetime, at: datetime) -> tuple[int, bool]:
    """Return the source of a crawl and whether it settled, or refuse the redating."""
    row = db.execute(
        "SELECT c.source_id, coalesce(r.started_at, c.started_at), c.outcome, c.settled FROM crawls c"
        " LEFT JOIN redated_crawls r USING (crawl_id) WHERE c.crawl_id = ?",
        (crawl_id,),
    ).fetchone()
    if row is None:
        raise CannotDecide(f"crawl {crawl_id} does not exist; list the crawls dated in the future: foreign-eyes check")
    source_id, started_at, outcome, settled = row
    if outcome is None:
        raise CannotDecide(f"crawl {crawl_id} has not ended; redate it after its end")
    if began > at:
        raise CannotDecide(
            f"{to_text(began)} is in the future (this machine says {to_text(at)});"
            f" give the time when crawl {crawl_id} began"
        )
    if to_text(began) == started_at:
        raise CannotDecide(f"crawl {crawl_id} already begins at {started_at}")
    return source_id, bool(settled)


def correct_times(db: Database) -> None:
    """Derive the corrected times from the decisions, with or without a transaction."""
    db.execute("DELETE FROM redated_captures")
    db.execute("DELETE FROM redated_crawls")
    last = db.execute(
        "SELECT crawl_id, began_at FROM redatings r WHERE redating_id ="
        " (SELECT max(redating_id) FROM redatings WHERE crawl_id = r.crawl_id) ORDER BY crawl_id"
    ).fetchall()
    for crawl_id, began_at in last:
        _correct_crawl(db, crawl_id, from_text(began_at))
    if last:
        _place_again(db, last[0][0])


@contextmanager
def corrected_times(db: Database) -> Iterator[None]:
    """Use corrected times and moved feed dates within the context.

    They replace the observed times and the minted dates.

    So an archive with corrections is rebuilt by the same code, and as fast, as any other.
    """
    correct_times(db)
    if not db.execute("SELECT 1 FROM redated_crawls LIMIT 1").fetchone():
        yield
        return
    swaps = [_Swap(db, *table) for table in _SWAPPED]
    db.execute("CREATE TEMP TABLE kept_crawls AS SELECT * FROM redated_crawls")
    db.execute("CREATE TEMP TABLE kept_captures AS SELECT * FROM redated_captures")
    for swap in swaps:
        swap.put(swap.corrected)
    db.execute("DELETE FROM redated_captures")
    db.execute("DELETE FROM redated_crawls")
    yield
    for swap in swaps:
        swap.put(swap.observed)
    db.execute("INSERT INTO redated_crawls SELECT * FROM kept_crawls")
    db.execute("INSERT INTO redated_captures SELECT * FROM kept_captures")
    db.execute("DROP TABLE kept_crawls")
    db.execute("DROP TABLE kept_captures")


_MOVED = (
    "(SELECT entry_id, feed_date FROM redated_entries e WHERE redating_id ="
    " (SELECT max(redating_id) FROM redated_entries WHERE entry_id = e.entry_id))"
)
# each table, its key, its times, and the source of their corrections
_SWAPPED = (
    ("crawls", "crawl_id", ("started_at", "finished_at", "ordered_at"), "redated_crawls"),
    ("captures", "capture_id", ("fetched_at",), "redated_captures"),
    ("identities", "entry_id", ("feed_date",), _MOVED),
)


class _Swap:
    """The observed and the corrected times of a table's rows."""

    def __init__(self, db: Database, table: str, key: str, times: tuple[str, ...], corrections: str):
        self._db = db
        self._update = f"UPDATE {table} SET {', '.join(f'{time} = ?' for time in times)} WHERE {key} = ?"  # noqa: S608 - ours
        names = ", ".join([*(f"{{0}}.{time}" for time in times), f"{{0}}.{key}"])
        select = f"SELECT {{0}} FROM {corrections} r JOIN {table} t USING ({key})"  # noqa: S608 - our own names
        self.observed = db.execute(select.format(names.format("t"))).fetchall()
        self.corrected = db.execute(select.format(names.format("r"))).fetchall()

    def put(self, rows: list[tuple[object, ...]]) -> None:
        """Write times to the table."""
        self._db.conn.executemany(self._update, rows)


def _correct_crawl(db: Database, crawl_id: int, began: datetime) -> None:
    """Move all times of a crawl with its start; no time is before the start."""
    started_at, finished_at, source_id = db.execute(
        "SELECT started_at, finished_at, source_id FROM crawls WHERE crawl_id = ?", (crawl_id,)
    ).fetchone()
    started = from_text(started_at)

    def moved(time: str | None) -> str | None:
        return None if time is None else to_text(moved_time(from_text(time), started, began))

    db.execute(
        "INSERT INTO redated_crawls (crawl_id, started_at, finished_at, ordered_at) VALUES (?, ?, ?, ?)",
        (crawl_id, to_text(began), moved(finished_at), to_text(began)),
    )
    captures = db.execute(
        "SELECT capture_id, body_sha256, fetched_at FROM captures WHERE crawl_id = ?", (crawl_id,)
    ).fetchall()
    db.conn.executemany(
        "INSERT INTO redated_captures (capture_id, source_id, body_sha256, fetched_at) VALUES (?, ?, ?, ?)",
        [(capture_id, source_id, body_sha256, moved(at)) for capture_id, body_sha256, at in captures],
    )


def _place_again(db: Database, first_id: int) -> None:
    """Order the crawls since the first corrected one in time.

    A crawl is never ordered before one that ran earlier.

    Imported crawls keep the time of their captures. Crawls that decided nothing do not affect the order of others.
    """
    orders = "imported = 0 AND (settled = 1 OR usual_difference IS NOT NULL)"
    latest = db.execute(
        f"SELECT coalesce(max(ordered_at), '') FROM crawls WHERE crawl_id < ? AND {orders}",  # noqa: S608 - our own words
        (first_id,),
    ).fetchone()[0]
    rows = db.execute(
        "SELECT crawl_id, started_at, finished_at, ordered_at,"  # noqa: S608 - our own words
        " crawl_id IN (SELECT crawl_id FROM redated_crawls), imported,"
        f" {orders} FROM timed_crawls WHERE crawl_id >= ? ORDER BY crawl_id",
        (first_id,),
    ).fetchall()
    for crawl_id, started_at, finished_at, ordered_at, is_redated, imported, takes_place in rows:
        if imported and not is_redated:
            continue
        place = started_at if imported else max(started_at, latest)
        if takes_place:
            latest = place
        if is_redated or place != ordered_at:
            db.execute(
                "INSERT INTO redated_crawls (crawl_id, started_at, finished_at, ordered_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET ordered_at = excluded.ordered_at",
                (crawl_id, started_at, finished_at, place),
            )


def _move_dates(db: Database, source_id: int, crawl_id: int) -> tuple[MovedDate, ...]:
    """Return the feed dates that the corrected times of a crawl move, newest first."""
    first_seen = db.execute(
        "SELECT min(d.fetched_at) FROM redated_captures d JOIN captures c USING (capture_id)"
        " WHERE c.crawl_id = ? AND c.purpose = 'listing' AND c.page IS NOT NULL AND c.fault IS NULL",
        (crawl_id,),
    ).fetchone()[0]
    rows = db.execute(
        "SELECT entry_id, date FROM (SELECT entry_id, coalesce((SELECT feed_date FROM redated_entries e"
        "  WHERE e.entry_id = i.entry_id ORDER BY redating_id DESC LIMIT 1), feed_date) AS date"
        " FROM identities i WHERE crawl_id = ?) WHERE date > ? ORDER BY date DESC",
        (crawl_id, first_seen),
    ).fetchall()
    if not rows:
        return ()
    not_before = find_crawl(db, crawl_id).not_before
    until = from_text(first_seen)
    taken = taken_dates(db, source_id, until, len(rows))
    dates = feed_dates(len(rows), until, from_text(not_before) if not_before else None, taken)
    return tuple(
        MovedDate(entry_id, from_text(before), after) for (entry_id, before), after in zip(rows, dates, strict=True)
    )
