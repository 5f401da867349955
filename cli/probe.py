"""`foreign-eyes probe`: show what the parser finds on one page, without an archive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from foreign_eyes.cli import exit_codes, signals
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.make_jobs import make_job
from foreign_eyes.cli.parameter_types import SECONDS
from foreign_eyes.cli.terminal import counted, print_error, print_json, print_line, printable

SHOWN = 3

EXAMPLES = """
\b
Examples:
  foreign-eyes probe https://example.org/list/index.htm
  foreign-eyes probe live --json | jq .headings
  foreign-eyes probe sample
"""


@click.command(short_help="Show what a crawl would read on one page", epilog=EXAMPLES)
@click.argument("source", metavar="URL")
@click.option("--delay", type=SECONDS, help="Seconds between requests; 0 is allowed")
@click.option("--contact", metavar="ADDRESS", help="Your mail or web address, sent to the site in the User-Agent")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object")
@click.option("-v", "--verbose", is_flag=True, help="Show what Scrapy logs")
@pass_context
def probe(context: Context, source: str, delay: float | None, contact: str | None, as_json: bool, verbose: bool) -> int:
    """Read the page at URL once, politely, and show what a crawl would see.

    No archive is made or read. The output has the encoding, headings, entries, pager, next addresses, links,
    robots.txt, validators and clock of the page, and the outcome of a first crawl. URL can also be the name of a
    source. The exit code is that of a first crawl.
    """
    from foreign_eyes.crawler.probe import probe as read_page

    job = make_job(context, source, delay=delay, contact=contact)
    seen, interrupted = read_page(job, log_level="DEBUG" if verbose else "ERROR", signals=signals.calling)
    facts = seen.facts(job.source.heading)
    if as_json:
        print_json(facts)
    else:
        for line in lines_of(facts):
            print_line(line)
    if exit_codes.OF_OUTCOME[facts["outcome"]] != exit_codes.DONE:
        print_error(printable(f"a crawl would be {facts['outcome']}: {facts['reason']}"))
    return exit_codes.INTERRUPTED if interrupted else exit_codes.OF_OUTCOME[facts["outcome"]]


def lines_of(facts: dict[str, Any]) -> Iterator[str]:
    """Yield the facts, one per line, printable on a terminal.

    Pure.
    """
    for line in _lines_of(facts):
        indented = line[: len(line) - len(line.lstrip())]
        yield f"{indented}{printable(line.strip())}"


def _lines_of(facts: dict[str, Any]) -> Iterator[str]:
    redirected = f", redirected to {facts['final_url']}" if facts["final_url"] != facts["url"] else ""
    yield f"page: {facts['url']}{redirected}"
    yield f"status: {facts['status'] or 'no answer'}"
    if facts["proxy"]:
        yield f"proxy: {facts['proxy']['url']}, from {facts['proxy']['from']}"
    for robots in facts["robots"]:
        yield f"robots.txt: {robots['url']}: {robots['status'] or robots['detail']}"
    if facts["encoding"] is not None:
        yield from _listing_lines(facts)
    validators = facts["validators"]
    yield f"validators: ETag {validators['etag'] or 'none'}, Last-Modified {validators['last_modified'] or 'none'}"
    clock = facts["clock"]
    ahead = clock["site_ahead_seconds"]
    differs = f"; {ahead:+d} s compared to this machine's" if ahead is not None else ""
    yield f"the site's clock: {clock['date'] or 'none'}{differs}"
    if facts["outcome"] == "complete":
        yield f"a crawl: {facts['reason']}"


def _listing_lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"encoding: {facts['encoding']}, {counted(facts['replacements'], 'replacement character')}"
    found = "found" if facts["has_heading"] else "not found"
    yield f'expected heading: "{facts["heading"]}" ({found})'
    for heading in facts["headings"][:10]:
        yield f'  heading on the page: "{heading[:100]}"'
    yield f"entries: {len(facts['entries'])}, {facts['doubtful']} of them doubtful"
    doubtful = [entry for entry in facts["entries"] if entry["flags"]]
    for entry in (*facts["entries"][:SHOWN], *(entry for entry in doubtful if entry not in facts["entries"][:SHOWN])):
        name = f"{entry['title']}, by {entry['publication']}" if entry["title"] else entry["attribution"]
        flags = f" ({', '.join(entry['flags'])})" if entry["flags"] else ""
        yield f"  {name[:100]}{flags}"
    pages = facts["page_count"]
    yield f"pager: {facts['pager']}, {counted(pages, 'page') if pages is not None else 'no count'}"
    for kind, words in (("linked", "next page"), ("tried", "next page, if no link leads to one")):
        for url in facts["next"][kind][:SHOWN]:
            yield f"  {words}: {url}"
    for link in facts["links"]:
        yield f"link: {link['label']}: {link['url']}"
