"""Years of daily crawls of a simulated source into an archive in memory, with an oracle.

    events of a day -> read the site, page by page -> settle -> oracle checks

The crawls use the real `ListingReader`; fetching and parsing are simulated for speed. A body lists wordings by number, because
parsing real markup (tested elsewhere) takes a hundred times as long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from sqlite_utils import Database
from support.known_listings import KnownEntries

from foreign_eyes.archive import entry_ids
from foreign_eyes.archive.captures import find_validators, record_capture
from foreign_eyes.archive.crawls import begin_crawl, last_good, settled_pages
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild
from foreign_eyes.archive.settling.clock_records import judge_times
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing.fetch_results import FetchResult
from foreign_eyes.listing.known_listing import KnownListing, SettledListing
from foreign_eyes.listing.reader import ListingReader
from foreign_eyes.listing.values import Fault, ListedEntry, ListingPage, Pager, Verdict
from simulation.clock import SimulatedClock
from simulation.events import Editor, Rates, Weather
from simulation.failures import load_doubts
from simulation.hostile_events import HostileEvents
from simulation.oracle import Oracle
from simulation.prose import Wording, styled
from simulation.report import Report
from simulation.source import Column, Render, Shown, Site

DAYS = 365
AUTHORITY = "example.org,2026"
START = datetime(2026, 1, 1, 6, tzinfo=UTC)
SOURCE = Source("simulated", "http://simulated.example/1", "The simulated column", "en")
FAULTS: dict[str, tuple[int | None, Fault | None]] = {
    "blocked": (412, None),
    "unreachable": (None, "unreachable"),
    "cut_short": (None, "incomplete"),
    "half_read": (404, None),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """The size of the column and the rates of events; the defaults are those of the real one."""

    entries: int = 320
    per_page: int = 40
    rates: Rates = field(default_factory=Rates)
    weather: Weather = field(default_factory=Weather)


SMALL = Scene(entries=80, per_page=12)
# without hostile events: each entry has its own text, in one position or two equal ones
PLAIN = replace(
    Rates(),
    **{one.name: 0.0 for one in fields(Rates) if hasattr(HostileEvents, one.name) and one.name != "drop_one_of_two"},
)


def simulate(seed: int, years: float, scene: Scene = SMALL) -> Report:
    """Crawl a simulated source daily for `years`; equal arguments give equal reports."""
    with open_archive(Path(":memory:")) as db:
        simulation = Simulation(seed, scene, db)
        for _ in range(round(years * DAYS)):
            simulation.live_a_day()
        return simulation.report()


class Simulation:
    """A source, the archive that crawls it, and the oracle."""

    def __init__(self, seed: int, scene: Scene, db: Database):
        self._random, self._ids = Random(seed), Random(seed)
        self._scene, self._db = scene, db
        self._column = Column(self._random, scene.entries, scene.per_page)
        self._register = Register()
        self._site, self._editor = Site(self._column, self._register), Editor(self._column, scene.rates)
        self._oracle = Oracle(seed, self._site.shown)
        self._clock = SimulatedClock(self._random, scene.weather.clock_leaps, scene.weather.clock_zones)
        self._crawls: Counter[str] = Counter()
        self._day = 0

    def live_a_day(self) -> None:
        """Run the events of a day, unless it is quiet; then crawl in the weather of the day."""
        self._column.day = self._oracle.day = self._day
        if self._day and self._random.random() >= self._scene.weather.quiet:
            self._editor.work_a_day()
        self._clock.tick(self._day)
        crawl = SimulatedCrawl(self._db, self._site, self._register, self._day, self._clock.offset)
        crawl.brave(weather_of(self._random, self._scene.weather, self._column), self._editor)
        with _ids_drawn_from(self._ids):
            outcome = crawl.run(self._oracle)
        self._crawls[outcome] += 1
        settled = outcome in ("complete", "unchanged", "partial")
        if wrong := self._clock.judge(settled=settled, doubted=crawl.doubted_clock):
            self._oracle.fail(wrong, f"{outcome}; the clock is ahead by {self._clock.offset}")
        if outcome in ("complete", "unchanged"):
            self._column.rest(also_touched=crawl.touched)
        self._day += 1

    def derive_again(self) -> Rebuilt:
        """Rebuild the archive from its captures and compare."""
        at = START + timedelta(days=self._day) + max(self._clock.usual, timedelta(0))
        return rebuild(self._db, self._register, at=at, authority=AUTHORITY, apply=False)

    def report(self) -> Report:
        """Check the whole archive and return the report."""
        self._oracle.check_all(self._db)
        methods = dict(self._db.execute("SELECT match_method, count(*) FROM revisions GROUP BY 1"))
        return Report(
            self._day / DAYS,
            self._crawls,
            self._editor.events,
            Counter(methods),
            self._oracle.edits,
            self._oracle.defensible,
            doubts_of(self._db),
            self._oracle.failures,
        )


def doubts_of(db: Database) -> Counter[str]:
    """Return the number of stored doubts by reason."""
    return Counter(reason for reasons in load_doubts(db).values() for reason in reasons)


class Register(Render):
    """Renders pages as numbers of wordings, and parses them."""

    PARSER_VERSION = 1

    def __init__(self) -> None:
        self._numbers: dict[Wording, int] = {}
        self._wordings: list[Wording] = []
        self._entries: dict[str, ListedEntry] = {}

    def __call__(self, rows: Sequence[Shown], page: int, count: int, layout: int) -> bytes:
        """Render a page."""
        return "\n".join([f"{page} {count} {layout}", *(self._token(row) for row in rows)]).encode()

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Parse a page."""
        return self._parsed(body)

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Return a reason if the status is 412."""
        return "a challenge" if status == 412 else None

    def _token(self, row: Shown) -> str:
        number = self._numbers.get(row.wording)
        if number is None:
            number = self._numbers[row.wording] = len(self._wordings)
            self._wordings.append(row.wording)
        return f"{number}.{row.style}"

    @lru_cache(maxsize=64)  # noqa: B019 - a register lives as long as its simulation
    def _parsed(self, body: bytes) -> ListingPage:
        head, *tokens = body.decode().split("\n")
        page, count, _ = map(int, head.split())
        onward = f"http://simulated.example/{page + 1}" if page < count else None
        entries = tuple(self._entry(token) for token in tokens)
        return ListingPage(entries, count, (), Pager("simulated", onward), has_heading=True, encoding="utf-8")

    def _entry(self, token: str) -> ListedEntry:
        if token not in self._entries:
            number, style = map(int, token.split("."))
            self._entries[token] = listed(self._wordings[number], style)
        return self._entries[token]


def listed(wording: Wording, style: int) -> ListedEntry:
    """Return the row of a wording in a style of white space, quotes and publication spelling."""
    publication = (wording.publication, wording.publication.upper(), wording.publication.removeprefix("The "))[
        style % 3
    ]
    title, excerpt, commentary = (styled(text, style) for text in (wording.title, wording.excerpt, wording.commentary))
    return ListedEntry(excerpt, f"——{title}, by {publication}", title, publication, commentary)


class SimulatedCrawl:
    """One crawl of the site with one request per second: the spider without Scrapy."""

    def __init__(self, db: Database, site: Site, register: Register, day: int, ahead: timedelta):
        self.db, self.site, self.register = db, site, register
        self.at, self._ahead = START + timedelta(days=day) + ahead, ahead
        self.fault: str | None = None
        self.fault_page = 0
        self.shifts: dict[int, Callable[[], None]] = {}  # by the number of requests before them
        self.touched: set[int] = set()
        self.doubted_clock = False
        self._is_fresh = day % 7 == 0
        self._asked_fresh: set[str] = set()
        self._requests = 0

    def brave(self, weather: str | None, editor: Editor) -> None:
        """Prepare the failures of the day's weather."""
        pages, random = -(-len(editor.column.listed) // editor.column.per_page), editor.random
        if weather in FAULTS:
            self.fault, self.fault_page = weather, random.randint(2 if weather == "half_read" else 1, pages)
        elif weather == "shifting":
            self.shifts = {random.randint(1, 2 * pages): editor.shift for _ in range(random.randint(1, 2))}
        elif weather == "restless":
            self.shifts = {number * pages + 1: editor.shift for number in range(6)}

    def run(self, oracle: Oracle) -> str:
        """Read, settle and check; return the outcome."""
        self.site.refresh()
        throughout = {article.number for article in self.site.column.listed}
        crawl_id = begin_crawl(self.db, SOURCE, "full", self.at)
        self._crawl_id = crawl_id
        verdict = self._read()
        looked_right = verdict.outcome != "suspect"
        verdict = judge_times(self.db, crawl_id, verdict, accept=False)
        self.doubted_clock = looked_right and verdict.outcome == "suspect"
        throughout &= {article.number for article in self.site.column.listed}
        at = self.at + timedelta(minutes=10)
        settle(self.db, crawl_id, verdict, self.register, Traffic(), at=at, authority=AUTHORITY)
        oracle.check_crawl(self.db, crawl_id, throughout)
        return verdict.outcome

    def _read(self) -> Verdict:
        reader = ListingReader(SOURCE.url, self._fetch, self.register, self._known())
        coroutine = reader.read()
        try:
            coroutine.send(None)  # the coroutine never awaits anything that blocks
        except StopIteration as end:
            return end.value
        raise AssertionError("the reading waits for something")

    def _known(self) -> KnownListing:
        good = last_good(self.db, SOURCE.name)
        pages = settled_pages(self.db, SOURCE.name, self.register.PARSER_VERSION)
        settled = SettledListing(
            bodies=tuple(page.body_sha256 for page in pages) if pages else None,
            urls=tuple(page.asked_url for page in pages or ()),
            page_count=good.pages if good else None,
            entry_count=good.entries if good else None,
        )
        return KnownEntries(settled)

    async def _fetch(self, url: str, *, page: int, pass_number: int) -> FetchResult:
        self._requests += 1
        fetched = Fetched(
            "listing", url, url, self.at + timedelta(seconds=self._requests), pass_number=pass_number, page=page
        )
        number = int(url.rpartition("/")[2])
        if self.fault and page == self.fault_page:
            answer = self._fail(fetched, *FAULTS[self.fault])
        elif number > len(self.site.bodies):
            answer = self._fail(fetched, 404, None)
        else:
            answer = self._serve(fetched, self.site.bodies[number - 1])
        if shift := self.shifts.pop(self._requests, None):
            self._happen(shift)
        return answer

    def _happen(self, shift: Callable[[], None]) -> None:
        before = set(self.site.column.touched)
        shift()
        self.touched |= self.site.column.touched - before
        self.site.refresh()

    def _fail(self, fetched: Fetched, status: int | None, fault: Fault | None) -> FetchResult:
        body = None if fault else b"no page"
        record_capture(
            self.db, self._crawl_id, replace(fetched, status=status, body=body, fault=fault, detail="simulated")
        )
        return FetchResult(fetched.url, fetched.url, status, body or b"", "-", fault=fault, detail="simulated")

    def _serve(self, fetched: Fetched, body: bytes) -> FetchResult:
        digest, url = sha256(body).hexdigest(), fetched.url
        date = ("Date", format_datetime(fetched.at - self._ahead, usegmt=True))
        asked_fresh = self._is_fresh and url not in self._asked_fresh
        self._asked_fresh.add(url)
        fetched = replace(fetched, asked_fresh=asked_fresh)
        validators = None if asked_fresh else find_validators(self.db, url, self._crawl_id)
        confirmed = validators is not None and validators.etag == digest
        if validators is not None and confirmed:
            fetched = replace(
                fetched, status=304, headers=(date,), revalidates=validators.capture_id, body_sha256=digest
            )
        else:
            fetched = replace(fetched, status=200, headers=(date, ("ETag", digest)), body=body, body_sha256=digest)
        record_capture(self.db, self._crawl_id, fetched)
        return FetchResult(url, url, 200, body, digest, not_modified=confirmed)


def weather_of(random: Random, weather: Weather, column: Column) -> str | None:
    """Return the weather of a day; on delicate days nothing interrupts the crawl."""
    chance = random.random()
    for name in ("blocked", "unreachable", "cut_short", "half_read", "shifting", "restless"):
        chance -= getattr(weather, name)
        if chance < 0:
            return None if column.delicate and name in ("half_read", "shifting", "restless") else name
    return None


@contextmanager
def _ids_drawn_from(random: Random) -> Iterator[None]:
    """Mint the same ids in every run of a seed, because ties are broken by id."""
    mint: Any = entry_ids.mint_entry_id
    defaults = mint.__defaults__
    mint.__defaults__ = (random.randrange,)
    try:
        yield
    finally:
        mint.__defaults__ = defaults
