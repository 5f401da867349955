"""The screen of `foreign-eyes status`: a usual archive fits 24 lines of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foreign_eyes.cli.terminal import counted, kilobytes, local_time, print_line

if TYPE_CHECKING:
    from foreign_eyes.archive.problems import Problem

# with more sources than these, each has one line
_MOST_IN_DETAIL = 3
_LONGEST_NAME = 24
_GOOD = ("complete", "unchanged")
Line = tuple[str, str]


def show_status(report: dict[str, Any], problems: list[Problem]) -> None:
    """Print the report and its problems."""
    for text, style in status_lines(report):
        print_line(text, style)
    show_problems(problems)


def status_lines(report: dict[str, Any]) -> Iterator[Line]:
    """Yield the lines of the report, each with its style. Pure."""
    yield f"{report['archive']}  {_disk(report['disk'])}", "bold"
    if report["running"]:
        yield f"  in use by {report['running']}", ""
    last = {row["source"]: row for row in report["last_crawls"]}
    if len(report["sources"]) > _MOST_IN_DETAIL:
        yield "", ""
        yield from _table(report["sources"], last)
    else:
        behind = _behind(report["feeds"])
        for source in report["sources"]:
            yield "", ""
            yield from _source(source, last.get(source["source"]), behind.get(source["source"], 0))
    yield from _rest(report)


def _source(source: dict[str, Any], last: dict[str, Any] | None, behind: int) -> Iterator[Line]:
    yield f"{source['source']}  {source['url']}", "bold"
    entries, revisions = counted(source["entries"], "entry", "entries"), counted(source["revisions"], "revision")
    yield f"  {entries} ({source['withdrawn']} withdrawn), {revisions}", ""
    yield f"  {counted(source['crawls'], 'crawl')}, {counted(source['captures'], 'capture')}", ""
    if source["forgotten"]:
        yield f"  forgotten; to resume it: foreign-eyes crawl {source['source']}", "yellow"
    if last is not None:
        good = last["outcome"] in _GOOD
        yield f"  last crawl {local_time(last['finished_at'])}: {last['outcome']}", "green" if good else "yellow"
    if source["failing_since"]:
        since, crawls = local_time(source["failing_since"]), counted(source["failed_crawls"], "crawl")
        yield f"  not read well since {since} ({crawls})", "yellow"
    yield f"  last good crawl {local_time(source['last_good_crawl'])}", ""
    yield f"  last fresh crawl {local_time(source['last_fresh_crawl'])}", ""
    if source["next_due"]:
        yield f"  next crawl due {local_time(source['next_due'])}", ""
    if source["crawl_delay"]:
        yield f"  {source['crawl_delay']}", ""
    if source["pause"]:
        yield f"  {source['pause']}", "yellow"
    changes = ", ".join(f"{number} {kind}" for kind, number in source["changes_7_days"].items())
    yield f"  last 7 days: {changes or 'no changes'}", ""
    if behind:
        yield f"  the feeds lack {counted(behind, 'change')}", "yellow"
    if source["doubts"]:
        yield f"  {counted(source['doubts'], 'open doubt')}: foreign-eyes doubts", "yellow"


def _table(sources: list[dict[str, Any]], last: dict[str, dict[str, Any]]) -> Iterator[Line]:
    """Yield one line per source; a long name moves the other columns of its line to the right."""
    outcomes = [_state(source, last.get(source["source"])) for source in sources]
    good = sum(outcome in _GOOD for outcome in outcomes)
    yield f"{counted(len(sources), 'source')}: {good} read well, {len(sources) - good} not", "bold"
    width = min(_LONGEST_NAME, max(len(source["source"]) for source in sources))
    yield f"{'source':{width}} entries  week {'last crawl':11} {'last good crawl':16} {'next due':11}", ""
    for source, outcome in zip(sources, outcomes, strict=True):
        week, due = sum(source["changes_7_days"].values()), source["next_due"]
        line = (
            f"{source['source']:{width}} {source['entries']:7} {week:5} {outcome:11}"
            f" {local_time(source['last_good_crawl']):16} {local_time(due)[5:] if due else '':11}"
        )
        yield line.rstrip(), "" if outcome in _GOOD else "yellow"


def _state(source: dict[str, Any], last: dict[str, Any] | None) -> str:
    if source["forgotten"]:
        return "forgotten"
    return str(last["outcome"]) if last else "none"


def _rest(report: dict[str, Any]) -> Iterator[Line]:
    lines: list[Line] = []
    if len(report["sources"]) > _MOST_IN_DETAIL:
        if report["doubts"]:
            lines.append((f"{counted(report['doubts'], 'open doubt')}: foreign-eyes doubts", "yellow"))
        for source, behind in _behind(report["feeds"]).items():
            lines.append((f"{source}: the feeds lack {counted(behind, 'change')}", "yellow"))
    lines += [_schedule(row) for row in report["schedules"]]
    if backup := report["backup"]:
        lines.append((f"newest backup {local_time(backup['at'])}  {backup['path']}", ""))
    waiting = [(row["channel"], counted(row["messages"], "message"), row["since"]) for row in report["undelivered"]]
    waiting += [(row["hub"], counted(row["feeds"], "notification"), row["since"]) for row in report["hubs"]]
    lines += [(f"not delivered to {name} since {local_time(since)}: {what}", "yellow") for name, what, since in waiting]
    if lines:
        yield "", ""
        yield from lines


def _schedule(row: dict[str, Any]) -> Line:
    code = f" (exit code {row['exit_code']})" if row["exit_code"] else ""
    due = "overdue" if row["overdue"] else "due"
    line = f"{row['schedule']}: last {local_time(row['began'])}{code}, next {due} {local_time(row['next_due'])}"
    return line, "yellow" if row["overdue"] else ""


def _behind(feeds: list[dict[str, Any]]) -> dict[str, int]:
    """Return by how many changes the feeds of each source are behind, in the folder that lacks most."""
    found: dict[str, int] = {}
    for row in feeds:
        if row["changes_behind"]:
            found[row["source"]] = max(found.get(row["source"], 0), row["changes_behind"])
    return found


def _disk(disk: dict[str, Any]) -> str:
    size, per_month = kilobytes(disk["archive_bytes"]), disk["growth_bytes_per_month"]
    grows = f", {kilobytes(per_month)} more a month" if per_month is not None else ""
    full = f", full on {local_time(disk['full_on'])[:10]}" if disk["full_on"] else ""
    free = "free space unknown" if disk["free_bytes"] is None else f"{disk['free_bytes'] / 1e9:,.1f} GB free"
    return f"{size}{grows}; {free}{full}"


def show_problems(problems: list[Problem]) -> None:
    """Print the problems and their remedies."""
    print_line()
    for problem in problems:
        print_line(f"! {problem.where}: {problem.what}", style="red")
        print_line(f"  to fix it: {problem.remedy}")
    if not problems:
        print_line("no problems found", style="green")
