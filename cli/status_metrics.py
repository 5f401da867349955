"""The report of `status` as metrics in the text format of Prometheus, by its own client library."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from foreign_eyes.archive.creation import sync_folder, temporary_beside
from foreign_eyes.archive.times import from_text
from foreign_eyes.cli.exit_codes import CANNOT_WRITE, Stopped

if TYPE_CHECKING:
    from collections.abc import Iterable

_OUTCOMES = ("complete", "unchanged", "partial", "suspect", "blocked", "unreachable", "failed")
# metrics of each source: suffix, key of the report, help; those that end in `seconds` are times
_OF_SOURCES = (
    ("entries", "entries", "Entries, including withdrawn ones"),
    ("withdrawn_entries", "withdrawn", "Withdrawn entries"),
    ("open_doubts", "doubts", "Matches that an operator should look at"),
    ("failed_crawls", "failed_crawls", "Crawls since the last good one"),
    ("failing_since_timestamp_seconds", "failing_since", "Start of the first crawl after the last good one; 0 if none"),
    ("last_good_crawl_timestamp_seconds", "last_good_crawl", "End of the last good crawl; 0 if none"),
    ("last_fresh_crawl_timestamp_seconds", "last_fresh_crawl", "Start of the last unconditional read; 0 if none"),
    ("next_due_timestamp_seconds", "next_due", "Start of the next scheduled crawl; 0 if none"),
)


def metrics(report: dict[str, Any]) -> str:
    """Return the metrics of a report; one with only `ok` and `problems` has only those metrics. Pure."""
    registry = CollectorRegistry(auto_describe=False)
    _gauge(registry, "ok", "1 if status finds no problem", [({}, float(report["ok"]))])
    _gauge(registry, "problems", "Problems that status finds", [({}, len(report["problems"]))])
    if "sources" in report:
        _of_archive(registry, report)
        _of_sources(registry, report)
        _of_schedules(registry, report)
    return generate_latest(registry).decode()


def write_metrics(path: Path, text: str) -> None:
    """Write metrics atomically, readable for everybody, for the textfile collector of node_exporter.

    Raises:
        Stopped: the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        with temporary_beside(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
            temporary.chmod(0o644)
            temporary.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        why = error.strerror or error
        raise Stopped(CANNOT_WRITE, f"{path}: cannot be written ({why}); choose another --prometheus-file") from None


def _of_archive(registry: CollectorRegistry, report: dict[str, Any]) -> None:
    disk, backup = report["disk"], report["backup"]
    _gauge(registry, "archive_size_bytes", "Size of the archive", [({}, disk["archive_bytes"])])
    if disk["free_bytes"] is not None:
        _gauge(registry, "disk_free_bytes", "Free space of the archive's file system", [({}, disk["free_bytes"])])
    if disk["growth_bytes_per_month"] is not None:
        _gauge(
            registry, "archive_growth_bytes", "Growth of the archive in 30 days", [({}, disk["growth_bytes_per_month"])]
        )
    if backup is not None:
        _gauge(registry, "last_backup_timestamp_seconds", "Time of the newest backup", [({}, _seconds(backup["at"]))])


def _of_sources(registry: CollectorRegistry, report: dict[str, Any]) -> None:
    sources = [({"source": row["source"]}, row) for row in report["sources"] if not row["forgotten"]]
    for suffix, key, text in _OF_SOURCES:
        is_time = suffix.endswith("seconds")
        rows = [(labels, _seconds(row[key]) if is_time else row[key]) for labels, row in sources]
        _gauge(registry, f"source_{suffix}", text, rows)
    crawls = [
        ({"source": row["source"], "outcome": outcome}, float(row["outcome"] == outcome))
        for row in report["last_crawls"]
        for outcome in _OUTCOMES
    ]
    _gauge(registry, "source_last_crawl_outcome", "1 for the outcome of the last crawl", crawls)
    changes = [
        ({**labels, "kind": kind}, number) for labels, row in sources for kind, number in row["changes_7_days"].items()
    ]
    _gauge(registry, "source_changes_7_days", "Changes of the last seven days", changes)
    behind = [({"source": row["source"], "folder": row["folder"]}, row["changes_behind"]) for row in report["feeds"]]
    _gauge(registry, "feed_changes_behind", "Changes that the feeds of a folder lack", behind)


def _of_schedules(registry: CollectorRegistry, report: dict[str, Any]) -> None:
    rows = [({"schedule": row["schedule"]}, row) for row in report["schedules"]]
    overdue = [(labels, float(row["overdue"])) for labels, row in rows]
    _gauge(registry, "schedule_overdue", "1 if a scheduled command did not start when it was due", overdue)
    began = [(labels, _seconds(row["began"])) for labels, row in rows]
    _gauge(registry, "schedule_began_timestamp_seconds", "Start of the last run of a schedule", began)
    codes = [(labels, row["exit_code"]) for labels, row in rows if row["exit_code"] is not None]
    _gauge(registry, "schedule_exit_code", "Exit code of the last run of a schedule", codes)
    messages = [({"channel": row["channel"]}, row["messages"]) for row in report["undelivered"]]
    _gauge(registry, "undelivered_messages", "Messages that a channel has not taken", messages)
    hubs = [({"hub": row["hub"]}, row["feeds"]) for row in report["hubs"]]
    _gauge(registry, "unnotified_feeds", "Feeds whose change a WebSub hub has not accepted", hubs)


def _gauge(registry: CollectorRegistry, name: str, text: str, rows: Iterable[tuple[dict[str, str], float]]) -> None:
    rows = list(rows)
    if not rows:
        return
    gauge = Gauge(f"foreign_eyes_{name}", text, list(rows[0][0]), registry=registry)
    for labels, value in rows:
        (gauge.labels(**_writable(labels)) if labels else gauge).set(value)


def _writable(labels: dict[str, str]) -> dict[str, str]:
    """Return labels as UTF-8 can write them: a path has surrogates in place of bytes that are not UTF-8."""
    return {name: value.encode("utf-8", "backslashreplace").decode() for name, value in labels.items()}


def _seconds(moment: str | None) -> float:
    return from_text(moment).timestamp() if moment else 0
