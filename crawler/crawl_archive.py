"""An archive that is open and locked for crawls, which may run side by side.

They share one connection and one thread: storing a capture and settling a crawl do not wait for the network, so each
transaction ends before another crawl continues.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes import sample
from foreign_eyes.archive.archive_lock import only_run
from foreign_eyes.archive.crawls import begin_crawl, count_good
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.freshness import is_due, last_fresh
from foreign_eyes.archive.rebuilding.rebuild import rebuild_if_outdated
from foreign_eyes.archive.settling.link_rows import close_killed_links
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.values import Source
from foreign_eyes.crawler.host_turns import HostTurns
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.remembering_parser import ParsedPages, RememberingParser
from foreign_eyes.crawler.session import Session
from foreign_eyes.crawler.site_access import SiteAccess, read_site_access
from foreign_eyes.crawler.sources import SourceSettings
from foreign_eyes.crawler.steady_clock import Clock, steady_clock


@dataclass(slots=True)
class CrawlArchive:
    """An archive that this process has opened and locked for crawls."""

    db: Database
    _hosts: HostTurns = field(default_factory=HostTurns)
    _pages: ParsedPages = field(default_factory=ParsedPages)
    _running: set[int] = field(default_factory=set)

    @contextmanager
    def begin(self, job: Job, clock: Clock | None = None, access: SiteAccess | None = None) -> Iterator[Session]:
        """Begin a crawl; serve the sample if it is the source.

        Leaving the context closes a crawl that has not settled as failed.

        Raises:
            ArchiveError: the archive cannot be written, or holds the sample and the source is real, or the reverse.
            SiteSettingError: a file or variable that the settings of the source name cannot be used.
        """
        access = access or read_site_access(job.name, job.source, os.environ)
        clock = clock or steady_clock()
        began = clock()
        db, settings = self.db, job.source
        with _sample_proxy(settings, day=count_good(db, job.name) + 1) as proxy:
            source = Source(job.name, settings.url, settings.title, settings.language)
            fresh = job.fresh or is_due(last_fresh(db, job.name, job.mode), began, settings.time_between_fresh)
            crawl_id = begin_crawl(db, source, job.mode, began, running=self._running)
            self._running.add(crawl_id)
            parser = RememberingParser(settings.heading, self._pages)
            session = Session(job, db, crawl_id, proxy, parser, access, self._hosts, clock, fresh=fresh)
            try:
                yield session
            finally:
                self._running.discard(crawl_id)
                session.end_run()


@contextmanager
def open_for_crawls(archive: Path, *, what: str, authority: str, clock: Clock | None = None) -> Iterator[CrawlArchive]:
    """Lock and open an archive, and bring it up to date; other runs are told that it is used for `what`.

    Raises:
        ArchiveError: the archive is in use, cannot be opened or written, or was read by a newer parser.
    """
    began = (clock or steady_clock())()
    with only_run(archive, what=what, since=to_text(began)), open_archive(archive) as db:
        parser = RememberingParser()
        rebuild_if_outdated(db, parser, at=began, authority=authority)
        close_killed_links(db, parser)
        yield CrawlArchive(db)


@contextmanager
def open_session(job: Job) -> Iterator[Session]:
    """Lock and open the archive of a job, and begin its crawl.

    Raises:
        ArchiveError: the archive is in use, cannot be opened or written, or was read by a newer parser.
        SiteSettingError: a file or variable that the settings of the source name cannot be used.
    """
    access = read_site_access(job.name, job.source, os.environ)  # before an archive is created
    clock = steady_clock()
    what = f"a crawl of {job.name}"
    with (
        open_for_crawls(job.archive, what=what, authority=job.authority, clock=clock) as archive,
        archive.begin(job, clock, access) as session,
    ):
        yield session


@contextmanager
def _sample_proxy(source: SourceSettings, day: int) -> Iterator[str | None]:
    """Serve the bundled sample on a free port.

    It is used as a proxy, so that its URLs do not depend on the port.

    Each crawl that ends well advances the sample by one day, so that the next crawl finds changes.
    """
    if not source.is_bundled:
        yield None
        return
    with sample.serve(day=day) as address:
        yield address
