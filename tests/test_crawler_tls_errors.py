"""The message for a failed TLS handshake, and whether its advice helps."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, CommandLine
from support.certificates import DAY, Holder
from support.listings import LISTING, make_entries, make_site
from support.tls_listing import (
    TlsListing,
    answering,
    in_plain_http,
    listen_only,
    with_an_alert,
    with_tls_1_0,
    without_secure_renegotiation,
)

SITE = make_site(make_entries(5))


@dataclass(frozen=True)
class Trusted:
    """A certificate authority, the certificates that it signed, and the CA bundle that trusts it."""

    root: Holder
    middle: Holder
    bundle: Path


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Trusted:
    root = Holder.root("Test Root")
    bundle = tmp_path_factory.mktemp("trust") / "bundle.pem"
    bundle.write_bytes(root.pem())
    return Trusted(root, root.issue("Test Middle", is_authority=True), bundle)


def crawl(command: CommandLine, origin: str, bundle: Path, **env: str) -> dict[str, Any]:
    done = command(
        *("crawl", origin + LISTING, "--name", "town", "--delay", "0", "--json"),
        env={"SSL_CERT_FILE": str(bundle), **env},
    )
    assert done.stdout, done.stderr
    assert "Traceback" not in done.stderr
    return {**json.loads(done.stdout), "exit_code": done.returncode}


def crawl_with(command: CommandLine, trusted: Trusted, holder: Holder, sent: int = 0, **how: str) -> dict[str, Any]:
    """Crawl a server with the certificate of `holder` that sends `sent` of its issuers' certificates."""
    context = holder.context(command.folder, holder.above[:sent])
    with TlsListing(SITE, context=context, **how) as server:
        return crawl(command, server.origin, trusted.bundle)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_of_a_trusted_authority_is_accepted(command: CommandLine, trusted: Trusted, host: str) -> None:
    assert crawl_with(command, trusted, trusted.root.issue("town", host), host=host)["outcome"] == "complete"


def test_a_complete_chain_is_accepted(command: CommandLine, trusted: Trusted) -> None:
    assert crawl_with(command, trusted, trusted.middle.issue("town", "localhost"), sent=1)["outcome"] == "complete"


REFUSED: dict[str, tuple[Callable[[Trusted], Holder], int, str, str]] = {
    # certificate, how many above it are sent, what happened, what to do
    "expired": (
        lambda trusted: trusted.root.issue("town", "localhost", lasts=-DAY),
        0, "its certificate expired on ", "check this machine's clock; if it is right, the site must renew the certificate",
    ),
    "expired above": (
        lambda trusted: trusted.root.issue("Old Middle", is_authority=True, lasts=-DAY).issue("town", "localhost"),
        1, "the certificate 'Old Middle' above its own expired on ", "the site must renew the certificate",
    ),
    "not yet valid": (
        lambda trusted: trusted.root.issue("town", "localhost", begins=DAY),
        0, "its certificate is not valid before ", "check this machine's clock",
    ),
    "self-signed": (
        lambda trusted: Holder.root("localhost"),
        0, "its certificate is self-signed", "SSL_CERT_FILE",
    ),
    "unknown issuer": (
        lambda trusted: Holder.root("Other Root").issue("town", "localhost"),
        1, "its certificate is signed by 'Other Root', which is not trusted here", "SSL_CERT_FILE",
    ),
    "unknown issuer, not sent": (
        lambda trusted: Holder.root("Other Root").issue("town", "localhost"),
        0, "signed by 'Other Root', whose certificate is neither sent nor trusted here", "SSL_CERT_FILE",
    ),
    "missing intermediate": (
        lambda trusted: trusted.middle.issue("town", "localhost", found_at="http://ca.example/middle.crt"),
        0, "does not send the intermediate certificate of 'Test Middle'", "get it from http://ca.example/middle.crt",
    ),
    "another host's": (
        lambda trusted: trusted.root.issue("town", "town.example", "www.town.example", "a.example", "b.example"),
        0, "for town.example, www.town.example, a.example and others, not for localhost", "check the URL of the source",
    ),
    "for no host": (
        lambda trusted: trusted.root.issue("town"),
        0, "its certificate is for no host, not for localhost", "check the URL of the source",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_certificate_says_what_is_wrong_and_what_to_do(
    command: CommandLine, trusted: Trusted, case: str
) -> None:
    make, sent, happened, remedy = REFUSED[case]
    row = crawl_with(command, trusted, make(trusted), sent)
    assert (row["exit_code"], row["outcome"]) == (69, "unreachable")
    assert happened in row["reason"]
    assert remedy in row["reason"]
    assert row["requests"] == 1  # nothing passing: it is not asked again


def test_another_address_than_the_certificates_is_refused_by_name(command: CommandLine, trusted: Trusted) -> None:
    row = crawl_with(command, trusted, trusted.root.issue("town", "localhost"), host="127.0.0.1")
    assert "its certificate is for localhost, not for 127.0.0.1" in row["reason"]


def test_a_missing_intermediate_certificate_can_be_added_to_the_bundle(command: CommandLine, trusted: Trusted) -> None:
    both = command.folder / "both.pem"
    both.write_bytes(trusted.bundle.read_bytes() + trusted.middle.pem())
    holder = trusted.middle.issue("town", "localhost")
    with TlsListing(SITE, context=holder.context(command.folder)) as server:
        assert crawl(command, server.origin, both)["outcome"] == "complete"


BROKEN: dict[str, tuple[Callable[[socket.socket], None], str, str]] = {
    # how the server answers the greeting, what happened, what to do
    "no secure renegotiation": (without_secure_renegotiation, "lacks secure renegotiation", "OPENSSL_CONF"),
    "TLS 1.0": (with_tls_1_0, "supports only versions of TLS before 1.2", "http URL"),
    "no version in common": (with_an_alert(70), "refuses TLS 1.2 and 1.3", "http URL"),
    "no cipher in common": (with_an_alert(40), "no cipher in common", "client certificate"),
    "no such name": (with_an_alert(112), "no site of that name", "check the host"),
    "plain HTTP": (in_plain_http, "does not use TLS on that port", "use http://"),
    "a closed connection": (lambda connection: None, "TLS handshake", "the server closed"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_handshake_says_what_is_wrong_and_what_to_do(
    command: CommandLine, trusted: Trusted, case: str
) -> None:
    answer, happened, remedy = BROKEN[case]
    with answering(answer) as port:
        row = crawl(command, f"https://localhost:{port}", trusted.bundle)
    assert (row["exit_code"], row["outcome"]) == (69, "unreachable")
    assert happened in row["reason"]
    assert remedy in row["reason"]


def test_the_file_of_docs_network_lets_a_server_without_secure_renegotiation_pass(
    command: CommandLine, trusted: Trusted
) -> None:
    """The server sends only its greeting, so the crawl passes the renegotiation check and then fails."""
    text = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
    options = command.folder / "legacy.cnf"
    options.write_text(text.partition("```ini\n")[2].partition("```")[0], encoding="utf-8")

    def greet_and_close(connection: socket.socket) -> None:
        connection.settimeout(0.5)
        without_secure_renegotiation(connection)

    with answering(greet_and_close) as port:
        row = crawl(command, f"https://localhost:{port}", trusted.bundle, OPENSSL_CONF=str(options))
    assert "renegotiation" not in row["reason"]
    assert "the server closed the connection during the TLS handshake" in row["reason"]


@pytest.mark.parametrize(
    ("scheme", "words"),
    [("https", "the TLS handshake timed out"), ("http", "no whole response in time")],
)
def test_a_silent_server_times_out(command: CommandLine, scheme: str, words: str) -> None:
    with answering(listen_only) as port:
        archive, url = command.folder / "archive.db", f"{scheme}://localhost:{port}{LISTING}"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "scrapy", "crawl", "listing", "-a", f"source={url}"),
                *("-s", "DOWNLOAD_TIMEOUT=1", "-s", f"ARCHIVE={archive}"),
            ],
            cwd=ROOT,
            env={**os.environ, "FOREIGN_EYES_ARCHIVE": str(archive)},
            capture_output=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 69, done.stderr
    with closing(sqlite3.connect(archive)) as db:
        outcome, reason = db.execute("SELECT outcome, reason FROM crawl_log").fetchone()
    assert outcome == "unreachable"
    assert words in reason


def test_http_on_a_tls_port_is_explained(command: CommandLine, trusted: Trusted) -> None:
    context = trusted.root.issue("town", "localhost").context(command.folder)
    assert isinstance(context, ssl.SSLContext)
    with TlsListing(SITE, context=context) as server:
        row = crawl(command, server.origin.replace("https", "http"), trusted.bundle)
    assert (row["exit_code"], row["outcome"]) == (69, "unreachable")
