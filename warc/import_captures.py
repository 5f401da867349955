"""Import the listing pages of one source that other programs captured.

responses | find listing pages | leave out what the archive has | group into crawls | write crawls and captures

Only the listing pages among all responses in the files, and the responses to their links, are imported.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import PurePath

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.dump import (
    accept_crawl,
    add_capture,
    add_crawl,
    find_or_add_source,
    known_captures,
    suspect_imports,
)
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.values import Source
from foreign_eyes.listing.values import ListingPage, Parser
from foreign_eyes.warc.bodies import Bodies
from foreign_eyes.warc.crawl_grouping import FoundCrawl, LinkAnswer, PageSeen, group_crawls
from foreign_eyes.warc.errors import NothingToImport
from foreign_eyes.warc.import_base import ImportResult, NothingNew, store_bodies
from foreign_eyes.warc.inputs import InputContents
from foreign_eyes.warc.listing_search import Seen, address_key, is_listing, may_be_listing, number_pages
from foreign_eyes.warc.responses import Response

_MOST_SEARCHED = 200  # pages, in search of the listing that the operator may have meant
_MOST_HOSTS = 5
_MOST_WARNINGS = 3
_MOST_FILES = 3
_UNPROVEN = "one pass cannot show that nothing is missing"

_ACCEPTED = "an operator has accepted it"

ImportProgress = Callable[[int, int], None]
KnownCaptures = dict[tuple[str, str, str | None], int]


@dataclass(slots=True)
class ForeignImport:
    """An import of WARC files of other programs.

    `roots` are the present and former URLs of page 1 of the source's listing. `accept` settles suspect crawls.
    `may_list` is a cheap test for bodies that need not be parsed in search of a listing.
    """

    contents: InputContents
    bodies: Bodies
    source: Source
    roots: tuple[str, ...]
    parser: Parser
    now: datetime
    accept: bool = False
    may_list: Callable[[bytes], bool] = may_be_listing
    result: ImportResult = field(default_factory=ImportResult)
    _parsed: dict[tuple[str, str, str | None], ListingPage] = field(default_factory=dict)
    _pages: list[PageSeen] | None = None

    def find(self, show: ImportProgress | None = None) -> list[PageSeen]:
        """Return the listing pages among the responses.

        The first call searches, and needs no archive.

        Raises:
            NothingToImport: there are none; the message says what the files hold.
        """
        if self._pages is not None:
            return self._pages
        responses = _each_once(self.contents.responses)
        hosts = {_host(root) for root in self.roots}
        on_hosts = [response for response in responses if response.shows_page and _host(response.url) in hosts]
        moved = {response.url: response.moved_to for response in responses if response.moved_to}
        seen: list[Seen] = []
        for number, response in enumerate(on_hosts, start=1):
            if self._may_list(response):
                seen.append(Seen(response.url, self._parse(response)))
            if show is not None:
                show(number, len(on_hosts))
        numbers = number_pages(seen, self.roots, moved)
        addressed = [
            (response, numbers[key]) for response in responses if (key := address_key(response.url)) in numbers
        ]
        found = [
            PageSeen(number, response, self._parse(response))
            for response, number in addressed
            if self._is_whole_page(response)
        ]
        if not found:
            raise NothingToImport(self._nothing_found())
        self._pages = found
        return found

    def prepare(self, db: Database) -> Collection[int]:
        """Write what the archive lacks; return the crawls that it has not settled before.

        Raises:
            NothingToImport: no response is a listing page.
            NothingNew: the archive has everything.
        """
        pages = self.find()
        with writing(db):
            source_id = find_or_add_source(db, self.source)
            archived = known_captures(db, source_id)
            fresh = [page for page in pages if _key(page.response) not in archived]
            self.result.already_there = len(pages) - len(fresh)
            listed = {_key(page.response) for page in pages}
            others = [
                response
                for response in _each_once(self.contents.responses)
                if response.status and not response.unusable
            ]
            known = {archived[key] for key in listed if key in archived}
            accepted = self._accept_suspects(db, source_id, known)
            crawls = group_crawls(
                fresh,
                [response for response in others if _key(response) not in listed and _key(response) not in archived],
            )
            if not crawls and not accepted:
                raise NothingNew
            return [*accepted, *(self._write(db, source_id, crawl, archived) for crawl in crawls)]

    def _accept_suspects(self, db: Database, source_id: int, captures: Collection[int]) -> list[int]:
        """Accept the suspect crawls of these captures if `accept`; return their ids."""
        suspects = suspect_imports(db, source_id)
        found = {suspects[capture].crawl_id: suspects[capture] for capture in sorted(captures) if capture in suspects}
        if not self.accept:
            for suspect in found.values():
                self.result.add_suspect(self.source.name, suspect.started_at, suspect.reason)
            return []
        for suspect in found.values():
            accept_crawl(db, suspect.crawl_id, f"{suspect.reason or 'suspect'}; {_ACCEPTED}")
        self.result.accepted = len(found)
        return list(found)

    def _may_list(self, response: Response) -> bool:
        return self.may_list(self.bodies.get(response.body_sha256 or ""))

    def _parse(self, response: Response) -> ListingPage:
        body_sha256 = response.body_sha256 or ""
        key = (body_sha256, response.url, response.content_type)
        if key not in self._parsed:
            body = self.bodies.get(body_sha256)
            self._parsed[key] = self.parser.parse_listing(body, response.url, response.content_type)
        return self._parsed[key]

    def _is_whole_page(self, response: Response) -> bool:
        """Return whether a response at the URL of a listing page shows the page.

        Record a warning if it should.
        """
        why = response.unusable
        if response.shows_page and response.may_be_cut:
            why = "it ended with the connection and before the page's end tag"
        elif response.at > self.now:
            why = "its date is in the future"
        elif why is None and not response.shows_page:
            return False  # a redirect, or an error page
        elif why is None:
            why = self.parser.blocking_sign(200, self.bodies.get(response.body_sha256 or ""), response.content_type)
            if why is None and not is_listing(self._parse(response)):
                why = "it shows neither the listing's heading nor an entry"
        if why is not None:
            self.result.left_out.append(f"{response.url} of {to_text(response.at)} is not imported: {why}")
        return why is None

    def _write(self, db: Database, source_id: int, crawl: FoundCrawl, archived: KnownCaptures) -> int:
        """Store a crawl with its captures, and add their ids to `archived`."""
        seen: list[PageSeen | LinkAnswer] = [*crawl.pages, *crawl.links]
        captures = sorted(seen, key=lambda capture: capture.response.at)
        store_bodies(db, self.bodies, (capture.response.body_sha256 for capture in captures))
        first, last = to_text(captures[0].response.at), to_text(captures[-1].response.at)
        refused = crawl.doubt is not None and not self.accept
        outcome = "suspect" if refused else "partial"
        reason = f"imported from {_names(capture.response.file for capture in captures)}: {crawl.doubt or _UNPROVEN}"
        if refused:
            self.result.add_suspect(self.source.name, first, crawl.doubt)
        elif crawl.doubt:
            reason = f"{reason}; {_ACCEPTED}"
        crawl_id = add_crawl(
            db,
            {
                "source_id": source_id,
                "mode": "full",
                "started_at": first,
                "ordered_at": first,
                "finished_at": last,
                "outcome": outcome,
                "reason": reason,
                "settled": 0 if refused else 1,
            },
        )
        for capture in captures:
            archived[_key(capture.response)] = add_capture(db, {**_row(capture, archived), "crawl_id": crawl_id})
        self.result.count_crawl(outcome, len(captures))
        return crawl_id

    def _nothing_found(self) -> str:
        """Return the message on what was found instead of the listing."""
        hosts = Counter(_host(response.url) for response in self.contents.responses)
        names = ", ".join(host for host, _ in hosts.most_common(_MOST_HOSTS))
        found = f"{_counted(len(self.contents.responses), 'response')}, from {names}" if hosts else "no HTTP response"
        warnings = "".join(f"; {warning}" for warning in self.result.left_out[:_MOST_WARNINGS])
        likely = next(self._similar_listings(), None)
        remedy = "name another source with --source, or its former URL with --url"
        if self.result.left_out:
            remedy = "get another capture of it"
        elif likely:
            remedy = f"a similar listing is at {likely}: name its source with --source, or add --url {likely}"
        return (
            f"{', '.join(self.contents.names)}: no listing page of {self.source.name} ({' or '.join(self.roots)}) among"
            f" {_counted(self.contents.records, 'record')}: {found}{warnings}; {remedy}"
        )

    def _similar_listings(self) -> Iterator[str]:
        """Yield the URLs of page 1 of listings that look like the column, on any host."""
        searched = set(map(address_key, self.roots))
        shown = (response for response in self.contents.responses if response.shows_page)
        for response in islice(filter(self._may_list, shown), _MOST_SEARCHED):
            listing = self._parse(response)
            if listing.entries and listing.has_heading:
                first = listing.pager.numbered.get(1, response.url)
                yield response.url if address_key(first) in searched else first


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _names(files: Iterable[str]) -> str:
    """Return the names of files without their folders: the crawl log is published."""
    names = list(dict.fromkeys(PurePath(file).name for file in files))
    more = [f"and {len(names) - _MOST_FILES} more"] if len(names) > _MOST_FILES else []
    return ", ".join([*names[:_MOST_FILES], *more])


def _each_once(responses: Iterable[Response]) -> list[Response]:
    """Return the responses without repetitions, as when a file is given twice."""
    return list({_key(response): response for response in reversed(list(responses))}.values())[::-1]


def _key(response: Response) -> tuple[str, str, str | None]:
    return response.url, to_text(response.at), response.body_sha256


def _row(capture: PageSeen | LinkAnswer, archived: KnownCaptures) -> dict[str, object]:
    """Return the columns of a capture, except its crawl."""
    response = capture.response
    if isinstance(capture, PageSeen):
        place = {"purpose": "listing", "pass": 1, "page": capture.number, "asked_url": response.url}
    else:
        place = {"purpose": "link", "pass": None, "page": None, "asked_url": capture.asked_url}
    return {
        **place,
        "url": response.url,
        "fetched_at": to_text(response.at),
        "status": response.status,
        "headers": json.dumps(response.headers, ensure_ascii=False),
        "body_sha256": response.body_sha256,
        "revalidates": archived.get(_key(response.confirms)) if response.confirms else None,
        "fault": None,
        "detail": None,
    }


def _host(url: str) -> str:
    return address_key(url).partition("/")[0]
