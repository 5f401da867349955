"""The text of the settings file that `init` writes, and its default tag authority.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from foreign_eyes.crawler.first_contact import toml_string

# domains of mail providers: only the whole address identifies a person (RFC 4151 allows a mail address)
# fmt: off
_MAIL_PROVIDERS = frozenset({
    "126.com", "163.com", "aol.com", "fastmail.com", "foxmail.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net",
    "googlemail.com", "hey.com", "hotmail.com", "icloud.com", "live.com", "mail.com", "mail.ru", "mailbox.org",
    "me.com", "msn.com", "outlook.com", "posteo.de", "proton.me", "protonmail.com", "qq.com", "sina.com",
    "t-online.de", "tutanota.com", "web.de", "yahoo.com", "yandex.com", "yandex.ru",
})
# fmt: on
_DOMAIN = re.compile(r"(?=.*[a-z])[a-z0-9_-]+(\.[a-z0-9_-]+)+")

_TEXT = """\
# Settings of Foreign Eyes, written by `foreign-eyes init` on {today}. A command reads this file if it runs in the same
# folder, if the file is in the user's configuration folder, or with --config. `foreign-eyes config` shows the settings in
# force. Settings that are not here have their defaults; foreign-eyes.example.toml in the source code lists all settings.

# The source of `foreign-eyes up` and `crawl` if none is named: "live", "sample", or one of [sources] below
default_source = "live"
# Your address, sent in the User-Agent of every request, so that operators of a site can write to you
contact = {contact}
# Crawls request pages conditionally. At least once in this number of days a crawl requests every page unconditionally
# and bypasses caches, because a broken cache may always answer "not modified"; 0: every crawl
# fresh_days = 7.0

[archive]
# The archive file; a relative path starts at the working directory. FOREIGN_EYES_ARCHIVE and --archive take precedence.
file = {archive}
# New entries get ids of the form tag:AUTHORITY:SOURCE/ENTRY. Ids never change: set this before the first crawl.
tag_authority = {authority}
# Crawls and publishes do not begin if the file system of the archive or of the output folder has fewer free megabytes
# min_free_mb = 100

[publish]
# The folder that feeds and pages are written to; a relative path starts at the working directory
output = {output}
# The address at which readers find that folder. Every feed contains it, so set it before people subscribe.
base_url = {base_url}
# The address of Datasette: relative to the base URL, or absolute; "" if it is not served
# browse_url = "browse/"
# A WebSub hub (https://…) that is notified of changed feeds, and named in them; "" for none
# hub = ""
# Whether feeds mark withdrawn entries as deleted (RFC 6721); not every feed reader supports it
# tombstones = false
# Whether a page, a subscription list and feeds over all sources are written to all/, once two sources are published
# all_sources = true
# The permissions of published files, whatever the umask; folders get the matching execute bits
# file_mode = "0644"

# Whether readers may run SQL of their own under /browse/; the queries listed there work in any case
# [browse]
# sql = true

# Without [topics] the built-in topics apply. To change them, append and edit: foreign-eyes config --topics >> THIS FILE

# The names of publications that readers see, each with other spellings that the column uses
# [publications]
# "South China Morning Post" = ["SCMP"]

# Another listing to archive; all its keys are in foreign-eyes.example.toml
# [sources.example]
# url = "https://example.org/list/index.htm"
# title = "An example"
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to the questions of `init`."""

    contact: str
    authority: str
    archive: str
    output: str
    base_url: str


def settings_text(answers: Answers, today: date) -> str:
    """Return the text of a settings file, with a comment on each setting."""
    return _TEXT.format(
        today=today.isoformat(),
        contact=toml_string(answers.contact),
        archive=toml_string(answers.archive),
        authority=toml_string(answers.authority),
        output=toml_string(answers.output),
        base_url=toml_string(answers.base_url),
    )


def topics_text(topics: Mapping[str, Sequence[str]]) -> str:
    """Return topics as the `[topics]` table of a settings file."""
    lines = [
        f"{toml_string(name)} = [{', '.join(toml_string(pattern) for pattern in patterns)}]"
        for name, patterns in topics.items()
    ]
    return "\n".join(["[topics]", *lines])


def default_authority(contact: str, year: int) -> str | None:
    """Return the default tag authority (RFC 4151 section 2.1) for a contact.

    It is the domain of `contact`, a mail or web address. For an address at a mail provider it is the whole address. It
    is None if `contact` is neither.
    """
    if "://" in contact:
        try:
            domain = (urlsplit(contact).hostname or "").lower()
        except ValueError:
            return None
    else:
        domain = contact.removeprefix("mailto:").rpartition("@")[2].lower()
    if domain in _MAIL_PROVIDERS and re.fullmatch(r"[A-Za-z0-9._-]+@[^@]+", contact):
        return f"{contact.lower()},{year}"
    if domain in _MAIL_PROVIDERS or not _DOMAIN.fullmatch(domain):
        return None
    return f"{domain},{year}"
