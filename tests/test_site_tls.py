"""Certificates and legacy TLS that the settings of a source allow: for its host alone, and in its crawls alone.

All sources are crawled in one process, those of two hosts side by side.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from support.certificates import DAY, Holder
from support.gnutls_server import GnuTlsServer
from support.listing_server import redirect
from support.listings import LISTING, make_entries, make_site
from support.tls_listing import TlsListing, answering

from foreign_eyes.crawler.site_access import read_site_access
from foreign_eyes.crawler.sources import SiteSettingError, SourceSettings

SITE = make_site(make_entries(5))

# argument: sources as JSON; `localhost` and 127.0.0.1 are two hosts without the address rules
CRAWL = """
import json, sys
from pathlib import Path
from foreign_eyes.crawler import ssrf_guard
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.run import CrawlWatcher, crawl_side_by_side
from foreign_eyes.crawler.sources import SourceSettings

ssrf_guard.AddressRules.permitted = lambda rules, host, addresses: list(addresses)
ssrf_guard.is_private_name = lambda host: False
jobs = [Job(name, SourceSettings(delay=0, **keys), Path("archive.db")) for name, keys in json.loads(sys.argv[1]).items()]
done = crawl_side_by_side(jobs, CrawlWatcher())
print(json.dumps({crawl.log_row["source"]: crawl.log_row for crawl in done.ended}))
"""


class Servers:
    """TLS servers of several kinds, and the sources for them."""

    def __init__(self, folder: Path, resources: ExitStack):
        self.folder, self._resources = folder, resources
        self.root = Holder.root("Test Root")
        self.middle = self.root.issue("Test Middle", is_authority=True)
        self.sources: dict[str, dict[str, Any]] = {}

    def pem(self, name: str, *holders: Holder) -> str:
        file = self.folder / f"{name}.pem"
        file.write_bytes(b"".join(holder.pem() for holder in holders))
        return str(file)

    def listing(self, holder: Holder, host: str = "localhost", sent: int = 0) -> TlsListing:
        context = holder.context(self.folder, holder.above[:sent])
        return self._resources.enter_context(TlsListing(dict(SITE), context=context, host=host))

    def source(self, name: str, origin: str, **keys: Any) -> None:
        self.sources[name] = {"url": origin + LISTING, **keys}

    def legacy(self, name: str, **keys: Any) -> None:
        holder = self.root.issue(name, "localhost")
        holder.context(self.folder)
        pem = self.folder / f"server-{holder.certificate.serial_number}.pem"
        port = self._resources.enter_context(answering(GnuTlsServer(SITE, pem)))
        self.source(name, f"https://localhost:{port}", **keys)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """Crawl all sources; yield the rows of their crawls by source."""
    folder = tmp_path_factory.mktemp("tls")
    with ExitStack() as resources:
        servers = Servers(folder, resources)
        root, middle = servers.root, servers.middle
        trusts_root = {"ca_file": servers.pem("root", root)}
        by_root = servers.listing(root.issue("town", "localhost", "127.0.0.1"))
        servers.source("root", by_root.origin, **trusts_root)
        servers.source("nothing", by_root.origin)
        # the same server by its other name, so beside the crawls of localhost
        servers.source("nothing-beside", by_root.origin.replace("localhost", "127.0.0.1"))
        by_middle = servers.listing(middle.issue("town", "localhost"))
        servers.source("middle", by_middle.origin, ca_file=servers.pem("middle", middle))
        servers.source("root-without-middle", by_middle.origin, **trusts_root)
        own = Holder.root("localhost")
        itself = root.issue("town", "localhost")
        servers.source("own", servers.listing(itself).origin, ca_file=servers.pem("itself", itself))
        servers.source("two", by_root.origin, ca_file=servers.pem("two", own, root))
        servers.source("other", by_root.origin, ca_file=servers.pem("other", own))
        servers.source("other-name", servers.listing(root.issue("town", "town.example")).origin, **trusts_root)
        servers.source("expired", servers.listing(root.issue("town", "localhost", lasts=-DAY)).origin, **trusts_root)
        leads_away = servers.listing(root.issue("town", "localhost"))
        leads_away.faults[LISTING] = redirect(by_root.origin.replace("localhost", "127.0.0.1") + LISTING)
        servers.source("leads-away", leads_away.origin, **trusts_root)
        servers.legacy("legacy", legacy_renegotiation=True, **trusts_root)
        servers.legacy("not-legacy", **trusts_root)
        done = subprocess.run(
            [sys.executable, "-c", CRAWL, json.dumps(servers.sources)],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=90,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        yield json.loads(done.stdout)


ACCEPTED = {
    "root": "the authority's certificate",
    "middle": "a missing intermediate certificate, without its root",
    "own": "the server's own certificate",
    "two": "several certificates in a file",
    "legacy": "a server without secure renegotiation",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_server_is_crawled_with_the_setting_for_it(rows: dict[str, dict[str, Any]], name: str) -> None:
    assert rows[name]["outcome"] == "complete", rows[name]["reason"]


REFUSED = {
    # what happened, what to do
    "nothing": ("signed by 'Test Root'", "set ca_file to that file in the settings of the source"),
    "nothing-beside": ("signed by 'Test Root'", "set ca_file to that file in the settings of the source"),
    "root-without-middle": ("signed by 'Test Middle'", "ca_file"),
    "other": ("signed by 'Test Root'", "ca_file"),
    "other-name": ("its certificate is for town.example, not for localhost", "check the URL of the source"),
    "expired": ("its certificate expired", "check this machine's clock"),
    "leads-away": ("signed by 'Test Root'", "for another host than the source's: SSL_CERT_FILE"),
    "not-legacy": ("lacks secure renegotiation", "legacy_renegotiation = true"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_server_is_refused_without_it_and_the_reason_names_the_setting(
    rows: dict[str, dict[str, Any]], name: str
) -> None:
    happened, remedy = REFUSED[name]
    assert rows[name]["outcome"] == "unreachable"
    assert happened in rows[name]["reason"]
    assert remedy in rows[name]["reason"]


def test_a_missing_certificate_file_is_named_by_key_and_path(tmp_path: Path) -> None:
    source = SourceSettings(url="https://town.example/", ca_file=str(tmp_path / "no.pem"))
    with pytest.raises(SiteSettingError, match=r"\[sources\.town\] ca_file: .*no\.pem cannot be read") as error:
        read_site_access("town", source, {})
    assert "No such file" in str(error.value)


def test_a_certificate_file_without_pem_says_how_to_convert_it(tmp_path: Path) -> None:
    (tmp_path / "town.crt").write_bytes(b"\x30\x82")
    source = SourceSettings(url="https://town.example/", ca_file=str(tmp_path / "town.crt"))
    with pytest.raises(SiteSettingError, match=r"openssl x509 -inform der -in .*town\.crt -out"):
        read_site_access("town", source, {})


def test_the_settings_named_in_messages_are_in_docs_network() -> None:
    page = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
    assert all(name in page for name in ("ca_file = ", "legacy_renegotiation = true"))
