"""Scrapy's settings.

Each default that does not suit an unattended and polite crawl is changed, with the reason.

`for_source` returns the settings that depend on the source (User-Agent, delay).
"""

from __future__ import annotations

from typing import Any

from foreign_eyes import __version__
from foreign_eyes.crawler.settings_file import archive_in_environment
from foreign_eyes.crawler.sources import SourceSettings
from foreign_eyes.listing.content_coding import ACCEPTED

# For `scrapy crawl` only. Empty: the archive of the operator's settings, else archive.db
ARCHIVE = archive_in_environment()
# Likewise; empty: the file that `crawler.settings_file` finds
SETTINGS_FILE = ""

# `scrapy crawl` ends with the exit codes of `foreign-eyes crawl`
COMMANDS_MODULE = "foreign_eyes.crawler.commands"

BOT_NAME = "foreign-eyes"
SPIDER_MODULES = ["foreign_eyes.crawler.spider"]

MAX_BODY_BYTES = 10 * 1024 * 1024

# One request at a time; the source sets the delay
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY_JITTER = 0  # jitter would halve the promised delay
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0

# Scrapy's defaults are 1 GiB and three minutes
DOWNLOAD_MAXSIZE = MAX_BODY_BYTES
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30
DNS_TIMEOUT = 15
REDIRECT_MAX_TIMES = 5

# Scrapy's default accepts any certificate
DOWNLOAD_VERIFY_CERTIFICATES = True

# Both listen on a port by default
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Only HTTP, one request at a time to a host; by default, Scrapy reads file: URLs
DOWNLOAD_HANDLERS = {
    "http": "foreign_eyes.crawler.download_handlers.HttpInTurn",
    "https": "foreign_eyes.crawler.download_handlers.HttpsInTurn",
    "file": None,
    "ftp": None,
    "s3": None,
    "data": None,
}

# Refuses addresses that are not public, also after a redirect
TWISTED_DNS_RESOLVER = "foreign_eyes.crawler.public_resolver.PublicResolver"
DNSCACHE_ENABLED = True

# `crawler.capture` decodes bodies strictly instead
COMPRESSION_ENABLED = False
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": ACCEPTED}

COOKIES_ENABLED = False  # `crawler.site_requests` keeps the cookies of a source that needs them
HTTPPROXY_ENABLED = False  # `crawler.proxying` replaces it: it keeps the address rules, and logins out of URLs
METAREFRESH_ENABLED = False
REFERER_ENABLED = True
RETRY_ENABLED = False  # sends three requests in 0.7 s and ignores Retry-After; `crawler.retrying` replaces it
ROBOTSTXT_OBEY = True

DOWNLOADER_MIDDLEWARES = {
    # engine side
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # crawls on if robots.txt answers 503
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "foreign_eyes.crawler.robots_txt.RobotsMiddleware": 100,
    "foreign_eyes.crawler.ssrf_guard.PublicHosts": 110,
    "foreign_eyes.crawler.retrying.RetryingMiddleware": 550,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # raises ValueError for a malformed Location
    "foreign_eyes.crawler.redirects.CheckedRedirects": 600,
    "foreign_eyes.crawler.site_requests.SiteHeaders": 850,
    "foreign_eyes.crawler.site_requests.SiteCookies": 860,
    "foreign_eyes.crawler.proxying.Proxying": 870,
    "foreign_eyes.crawler.capture.CaptureMiddleware": 900,
    # downloader side
}

# EXTENSIONS_BASE rather than EXTENSIONS: Scrapy imports extensions even if they are disabled, and `remote_control` imports
# aiohttp, which takes a fifth of the start of a quiet crawl.
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.memusage.MemoryUsage": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}

LOG_LEVEL = "WARNING"
LOG_VERSIONS: list[str] = []


def for_source(source: SourceSettings) -> dict[str, Any]:
    """Return the settings that depend on the source."""
    delay = source.seconds_between_requests
    return {
        "USER_AGENT": user_agent(source.contact, source.user_agent),
        "DOWNLOAD_DELAY": delay,
        "AUTOTHROTTLE_ENABLED": delay > 0,
        "AUTOTHROTTLE_START_DELAY": delay,
    }


def user_agent(contact: str | None, own: str | None = None) -> str:
    """Return the User-Agent: product, version and the operator's contact.

    `own` is the one that the settings give; the contact is appended to it unless it has it.
    """
    if own is not None:
        return own if contact is None or contact in own else f"{own} (contact: {contact})"
    return f"foreign-eyes/{__version__} (archives a public listing; contact: {contact or 'none configured'})"


USER_AGENT = user_agent(None)
