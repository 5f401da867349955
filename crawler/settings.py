"""Scrapy's settings: every default that is unfit for an unattended and polite crawl is set here, with its reason.

What depends on the source (User-Agent, delay) is set by `for_source`.
"""

from __future__ import annotations

from typing import Any

from foreign_eyes import __version__
from foreign_eyes.crawler.settings_file import archive_in_environment
from foreign_eyes.crawler.sources import SourceSettings
from foreign_eyes.listing.content_coding import ACCEPTED

# For `scrapy crawl`; the command line names its own. Empty: the one in the operator's settings, else archive.db
ARCHIVE = archive_in_environment()

BOT_NAME = "foreign-eyes"
SPIDER_MODULES = ["foreign_eyes.crawler.spider"]

MAX_BODY_BYTES = 10 * 1024 * 1024

# One request at a time; the delay is the source's
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY_JITTER = 0  # a delay that was promised is never halved
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0

# Limits: the default size is 1 GiB, the default time three minutes
DOWNLOAD_MAXSIZE = MAX_BODY_BYTES
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30
DNS_TIMEOUT = 15
REDIRECT_MAX_TIMES = 5

# By default any certificate is accepted
DOWNLOAD_VERIFY_CERTIFICATES = True

# By default a listener for code and a telnet console are opened
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Nothing but HTTP; by default file: is read
DOWNLOAD_HANDLERS = {
    "https": "foreign_eyes.crawler.tls_errors.ExplainedHttps",
    "file": None,
    "ftp": None,
    "s3": None,
    "data": None,
}

# Addresses that are not public are refused, whatever name or redirect leads to them
TWISTED_DNS_RESOLVER = "foreign_eyes.crawler.ssrf_guard.PublicResolver"
DNSCACHE_ENABLED = True

# Asked for, decoded and checked to their end by `listing.content_coding`: see `crawler.capture`
COMPRESSION_ENABLED = False
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": ACCEPTED}

COOKIES_ENABLED = False
HTTPPROXY_ENABLED = False  # a proxy from the environment would connect for us, past the address rules
METAREFRESH_ENABLED = False
REFERER_ENABLED = True
RETRY_ENABLED = False  # asks three times in 0.7 s and ignores Retry-After: `crawler.retrying` does not
ROBOTSTXT_OBEY = True

DOWNLOADER_MIDDLEWARES = {
    # engine side
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # crawls on when robots.txt answers 503
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "foreign_eyes.crawler.robots_txt.RobotsMiddleware": 100,
    "foreign_eyes.crawler.ssrf_guard.PublicLiterals": 110,
    "foreign_eyes.crawler.retrying.RetryingMiddleware": 550,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # raises ValueError for a malformed Location
    "foreign_eyes.crawler.redirects.CheckedRedirects": 600,
    "foreign_eyes.crawler.capture.CaptureMiddleware": 900,
    # downloader side
}

# The base rather than EXTENSIONS: Scrapy imports what that switches off, and `remote_control` alone brings aiohttp, a fifth of
# a quiet crawl's start. Left out are remote control, telnet, feed exports and other things that no crawl here uses.
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.memusage.MemoryUsage": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}

LOG_LEVEL = "WARNING"
LOG_VERSIONS: list[str] = []


def for_source(source: SourceSettings) -> dict[str, Any]:
    """Return the settings that depend on the source crawled."""
    delay = source.seconds_between_requests
    return {
        "USER_AGENT": user_agent(source.contact),
        "DOWNLOAD_DELAY": delay,
        "AUTOTHROTTLE_ENABLED": delay > 0,
        "AUTOTHROTTLE_START_DELAY": delay,
    }


def user_agent(contact: str | None) -> str:
    """Return the honest name that the crawler goes by, with whom to write to."""
    return f"foreign-eyes/{__version__} (archives a public listing; contact: {contact or 'none configured'})"


USER_AGENT = user_agent(None)
