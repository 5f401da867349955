"""Scrapy's settings with their defaults."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from conftest import ROOT
from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list

from foreign_eyes.crawler.settings import for_source, user_agent
from foreign_eyes.crawler.sources import BUILT_IN, SourceSettings


@pytest.fixture
def settings() -> Settings:
    in_force = Settings()
    in_force.setmodule("foreign_eyes.crawler.settings", priority="project")
    return in_force


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELNETCONSOLE_ENABLED", False),
        ("REMOTE_CONTROL_ENABLED", False),
        ("DOWNLOAD_VERIFY_CERTIFICATES", True),
        ("ROBOTSTXT_OBEY", True),
        ("CONCURRENT_REQUESTS", 1),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", 1),
        ("DOWNLOAD_MAXSIZE", 10 * 1024 * 1024),
        ("COMPRESSION_ENABLED", False),
        ("RETRY_ENABLED", False),
        ("COOKIES_ENABLED", False),
        ("HTTPPROXY_ENABLED", False),
        ("METAREFRESH_ENABLED", False),
        ("TWISTED_DNS_RESOLVER", "foreign_eyes.crawler.public_resolver.PublicResolver"),
        ("JOBDIR", None),
    ],
)
def test_a_default_unfit_for_an_unattended_crawl_is_set(settings: Settings, name: str, value: Any) -> None:
    assert settings.get(name) == value


def test_every_setting_is_one_that_scrapy_knows() -> None:
    """Scrapy ignores unknown names silently."""
    known, ours = set(Settings()), Settings()
    ours.setmodule("foreign_eyes.crawler.settings", priority="project")
    assert set(ours) - known == {"ARCHIVE", "SETTINGS_FILE", "MAX_BODY_BYTES", "ACCEPTED"}


def test_only_http_is_fetched(settings: Settings) -> None:
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}


def test_robots_txt_is_the_first_middleware_and_capture_the_last(settings: Settings) -> None:
    names = build_component_list(settings.getwithbase("DOWNLOADER_MIDDLEWARES"))
    assert names[0] == "foreign_eyes.crawler.robots_txt.RobotsMiddleware"
    assert names[-1] == "foreign_eyes.crawler.capture.CaptureMiddleware"
    assert not any("robotstxt" in str(name) or "offsite" in str(name) or "httpauth" in str(name) for name in names)


def test_a_delay_is_kept_and_autothrottle_starts_from_it() -> None:
    assert for_source(SourceSettings(url="http://town.example/", delay=3.5)) == {
        "USER_AGENT": user_agent(None),
        "DOWNLOAD_DELAY": 3.5,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": 3.5,
    }


def test_no_delay_switches_autothrottle_off() -> None:
    chosen = for_source(SourceSettings(url="http://town.example/", delay=0))
    assert (chosen["DOWNLOAD_DELAY"], chosen["AUTOTHROTTLE_ENABLED"]) == (0, False)


def test_the_live_site_gets_at_most_one_request_in_five_seconds() -> None:
    assert for_source(BUILT_IN["live"])["DOWNLOAD_DELAY"] == 5.0


def test_the_user_agent_names_us_and_the_contact() -> None:
    assert user_agent("you@example.org").startswith("foreign-eyes/")
    assert "contact: you@example.org" in user_agent("you@example.org")
    assert "contact: none configured" in user_agent(None)


def test_bare_scrapy_reads_these_settings() -> None:
    asked = [sys.executable, "-m", "scrapy", "settings", "--getbool", "REMOTE_CONTROL_ENABLED"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "False"
