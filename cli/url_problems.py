"""The problems that `check --url` finds: what a published site answers, compared with what was published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from foreign_eyes.archive.entry_lookup import known_tags
from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.combined_record import recorded_digests
from foreign_eyes.archive.feed_state.output_lag import output_lags
from foreign_eyes.archive.feed_state.output_manifest import Manifest, PublishedPlace, published_places
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME
from foreign_eyes.archive.problems import Problem
from foreign_eyes.cli import exit_codes
from foreign_eyes.cli.output_problems import PublishCommands, lacking
from foreign_eyes.crawler.crawl_delay import parse_robots
from foreign_eyes.feeds.site_answers import (
    FIELDS,
    REACH,
    UPLOAD,
    Answer,
    ExpectedFile,
    answer_problems,
    is_as_published,
    json_of,
    self_link_problem,
)
from foreign_eyes.feeds.site_edition import ShownFeed, edition_problem, newest_of, shown_feed
from foreign_eyes.feeds.site_map import ALL_FOLDER, FRONT_PAGE, find_path

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.cli.check_progress import BeginStep
    from foreign_eyes.cli.context import Context
    from foreign_eyes.cli.site_fetcher import SiteFetcher

# these feeds show which edition of a folder the server has
_TELLING = ("feed.json", "changes.json")
_ALSO_IN_OTHERS = ("atom.xml", FRONT_PAGE)
# of these patterns the newest file is fetched; singletons are always fetched
_EXAMPLES = ("entries/{id}/index.html", "archive/{number}.xml", "archive/{number}.json", "topics/{slug}/atom.xml")
_NO_READER = "FeedReader"


@dataclass(frozen=True)
class Part:
    """A folder of a source as it should be seen at an address."""

    url: str
    folder: Path
    digests: Mapping[str, str | None]

    def expected(self, name: str) -> ExpectedFile:
        """Return a file of the folder, with its address."""
        path = name.removesuffix(FRONT_PAGE) if name.endswith(FRONT_PAGE) else name
        return ExpectedFile(name, self.url + quote(path), self.digests.get(name))


def url_problems(
    context: Context, db: Database, url: str, output: Path | None, fetcher: SiteFetcher, begin: BeginStep
) -> Iterator[Problem]:
    """Yield what is wrong with the site at `url`, a base URL; nothing is written.

    Raises:
        Stopped: nothing was published, or the site cannot be reached.
    """
    root = _place_at(db, url, context.output if output is None else output)
    first = fetcher.get(url)
    if first.unreached:
        raise exit_codes.Stopped(exit_codes.UNAVAILABLE, f"{url}: the site cannot be reached: {first.fault}")
    if first.fault:
        yield Problem(first.fault, url, first.remedy)
        return
    yield from _behind_archive(context, db, root)
    parts = list(_parts(db, root, url))
    show = begin("fetching the published site")
    for number, part in enumerate(parts, start=1):
        yield from _part_problems(db, part, fetcher, whole=number == 1)
        show(number, len(parts))
    yield from _robots_problems(url, fetcher)
    yield from _missing_problems(url, fetcher)


def _place_at(db: Database, url: str, output: Path) -> PublishedPlace:
    places = published_places(db)
    at_url = [place for place in places if place.base_url == url]
    at_output = [place for place in places if place.folder == output.resolve()]
    found = [*at_url, *at_output, *places]
    if not found:
        raise exit_codes.Stopped(exit_codes.NO_INPUT, "nothing was published; to publish: foreign-eyes publish")
    return found[0]


def _behind_archive(context: Context, db: Database, root: PublishedPlace) -> Iterator[Problem]:
    commands = PublishCommands(db, context.output, context.publishing.base_url)
    for lag in output_lags(db):
        if lag.folder.is_relative_to(root.folder) and (what := lacking(lag)):
            yield Problem(what, str(lag.folder), commands.repeating(lag))


def _parts(db: Database, root: PublishedPlace, url: str) -> Iterator[Part]:
    """Yield the folder of the site at its root, and those below it."""
    yield Part(url, root.folder, Manifest(db, root.folder).digests())
    for place in published_places(db):
        if place.root == root.root and place.folder != root.folder and place.folder.is_relative_to(root.folder):
            below = quote(place.folder.relative_to(root.folder).as_posix())
            yield Part(f"{url}{below}/", place.folder, Manifest(db, place.folder).digests())
    try:
        combined = recorded_digests(root.folder / ALL_FOLDER)
    except RecordDamaged:
        return  # `check` reports it
    if combined:
        yield Part(f"{url}{ALL_FOLDER}/", root.folder / ALL_FOLDER, combined)


def _part_problems(db: Database, part: Part, fetcher: SiteFetcher, *, whole: bool) -> Iterator[Problem]:
    names = _chosen(part, whole=whole)
    answers = {name: fetcher.get(part.expected(name).url, again=_is_feed(name)) for name in names}
    faults = [problem for name in names for problem in answer_problems(part.expected(name), answers[name])]
    yield from faults
    links = (self_link_problem(part.expected(name), answers[name], part.url) for name in names if _is_feed(name))
    if (link := next((problem for problem in links if problem), None)) is not None:
        yield link
    if (edition := _edition_problem(db, part, answers)) is not None:
        yield edition
        return
    said = {problem.where for problem in faults}
    for name in names:
        expected = part.expected(name)
        if expected.url not in said and not is_as_published(expected, answers[name]):
            yield Problem("it differs from the published file, while the feeds are the newest", expected.url, UPLOAD)


def _chosen(part: Part, *, whole: bool) -> list[str]:
    """Return the files to fetch: the singletons and one example of each other kind; of folders below the root, only a few."""
    if not whole:
        return [name for name in (*_TELLING, *_ALSO_IN_OTHERS) if name in part.digests]
    once = [name for name in part.digests if (row := find_path(name)) is not None and "{" not in row.pattern]
    examples = []
    for pattern in _EXAMPLES:
        of_it = [name for name in part.digests if (row := find_path(name)) is not None and row.pattern == pattern]
        examples += sorted(of_it, key=lambda name: (len(name), name))[-1:]
    return sorted({*once, *examples} - {"404.html"})


def _is_feed(name: str) -> bool:
    row = find_path(name)
    return row is not None and row.is_feed


def _edition_problem(db: Database, part: Part, answers: Mapping[str, Answer]) -> Problem | None:
    """Return a problem if the server does not show the newest published edition of a folder."""
    names = [name for name in _TELLING if name in part.digests]
    if all(is_as_published(part.expected(name), answers[name]) for name in names):
        return None
    shown = [shown_feed(feed) for name in names if (feed := json_of(answers[name].body)) is not None]
    ours = list(_published(part.folder / name for name in names))
    if not names or len(shown) != len(names) or any(answers[name].status != 200 for name in names):
        return None  # reported as a problem of the answer
    first = part.expected(names[0])
    if len(ours) != len(names):
        return Problem("it differs from the published file, which is missing in its folder", first.url, UPLOAD)
    newest = newest_of(shown)
    return edition_problem(first.url, newest, newest_of(ours), known_tags(db, newest.items))


def _published(paths: Iterator[Path]) -> Iterator[ShownFeed]:
    for path in paths:
        try:
            yield shown_feed(json.loads(path.read_bytes()))
        except (OSError, ValueError):
            return


def _robots_problems(url: str, fetcher: SiteFetcher) -> Iterator[Problem]:
    address = urljoin(url, "/robots.txt")
    answer = fetcher.get(address)
    if answer.fault or answer.status >= 500:
        what = answer.fault or f"robots.txt is answered with HTTP status {answer.status}"
        yield Problem(f"{what}: careful readers then fetch nothing (RFC 9309)", address, REACH)
    elif answer.status == 200:
        rules = parse_robots(answer.body)
        if forbidden := [name for name in ("", "atom.xml", "feed.json") if not rules.can_fetch(url + name, _NO_READER)]:
            what = f"robots.txt forbids readers to fetch {url}{forbidden[0]}"
            yield Problem(what, address, f"allow {url} in the robots.txt of the host")


def _missing_problems(url: str, fetcher: SiteFetcher) -> Iterator[Problem]:
    address = f"{url}no-such-file-of-foreign-eyes.xml"
    answer = fetcher.get(address)
    if not answer.fault and answer.status not in (404, 410):
        what = f"a file that does not exist is answered with HTTP status {answer.status}, not 404"
        yield Problem(what, address, FIELDS)
    record = fetcher.get(address := f"{url}{RECORD_NAME}")
    if record.status == 200 and record.body.lstrip().startswith(b"{"):
        yield Problem("the record of the published folder can be read by everyone", address, FIELDS)
