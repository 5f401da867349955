"""The channel that keeps `operator.xml`: an Atom feed of the newest messages, for the operator's own feed reader.

The file is its own memory: the next message reads it, adds an entry, and replaces the file as a whole. A process that is
killed leaves the old file or the new one.
"""

from __future__ import annotations

import os
import re
import stat
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]
from lxml import etree

from foreign_eyes.alerts.message_text import body_of, title_of
from foreign_eyes.alerts.values import ChannelFailed, Message
from foreign_eyes.archive.creation import sync_folder
from foreign_eyes.archive.file_lock import FileHeld, hold

MOST_ENTRIES = 100
_TITLE = "Foreign Eyes: messages to operators"
_GENERATOR = "Foreign Eyes"
_ATOM = "{http://www.w3.org/2005/Atom}"
_LARGEST = 10_000_000
_LOCK_ATTEMPTS = 10
# entry ids are derived from message ids, which have no form of their own
_NAMESPACE = uuid.UUID("8d7c2f0a-9a55-4c9e-8b0c-3f6d5f1f2c11")
# XML 1.0 has no way to write these
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry of the feed. `event` and `kind` are its categories."""

    entry_id: str
    title: str
    text: str
    at: datetime
    event: str
    kind: str


@dataclass(frozen=True, slots=True)
class OperatorFeed:
    """The feed: its id, and its entries, newest first."""

    feed_id: str
    entries: tuple[FeedEntry, ...] = ()


class OperatorFeedChannel:
    """Adds each message to the feed at `path`.

    Args:
        path: the file; its folder exists.
        origin: the machine and the archive that the messages are about.
    """

    name = "feed"

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin

    def send(self, message: Message) -> None:
        """Add a message; one that the feed has already changes nothing.

        Raises:
            ChannelFailed: the file cannot be read or written, or is not such a feed.
        """
        try:
            self._add(message)
        except OSError as error:
            why = f"{self._path} cannot be written ({error.strerror or type(error).__name__})"
            raise ChannelFailed(f"{why}; check the folder, its owner and free space, and [alerts] feed") from None

    def _add(self, message: Message) -> None:
        path = Path(os.path.realpath(self._path))
        lock = path.with_name(f".{path.name}.lock")
        for attempt in range(_LOCK_ATTEMPTS):
            try:
                with hold(lock, str(os.getpid())):
                    old = read_feed(path)
                    new = with_message(old, message, self._origin)
                    if new != old:
                        _replace(path, render(new))
                    return
            except FileHeld:
                time.sleep(0.1 * attempt)
        raise ChannelFailed(f"another process keeps {lock} locked; end it, or wait")


def with_message(feed: OperatorFeed, message: Message, origin: str) -> OperatorFeed:
    """Return the feed with a message; the same feed if it has it. Pure."""
    entry = FeedEntry(
        uuid.uuid5(_NAMESPACE, message.message_id).urn,
        _for_xml(title_of(message)),
        _for_xml(body_of(message, origin)),
        message.at.astimezone(UTC).replace(microsecond=0),
        message.event,
        message.kind,
    )
    if any(known.entry_id == entry.entry_id for known in feed.entries):
        return feed
    entries = sorted((entry, *feed.entries), key=lambda one: one.at, reverse=True)
    return OperatorFeed(feed.feed_id, tuple(entries[:MOST_ENTRIES]))


def read_feed(path: Path) -> OperatorFeed:
    """Return the feed in a file; a new one if there is no file.

    Raises:
        ChannelFailed: it is another file, which is not overwritten.
        OSError: it cannot be read.
    """
    refusal = f"{path} is not a feed that this program wrote: move it away, or name another file in [alerts] feed"
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise ChannelFailed(refusal)
        content = path.read_bytes()
    except FileNotFoundError:
        return OperatorFeed(uuid.uuid4().urn)
    try:
        return _parsed(content)
    except (etree.XMLSyntaxError, ValueError):
        raise ChannelFailed(refusal) from None


def _parsed(content: bytes) -> OperatorFeed:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(content, parser)
    if (root.findtext(f"{_ATOM}title"), root.findtext(f"{_ATOM}generator")) != (_TITLE, _GENERATOR):
        raise ValueError("another feed")
    return OperatorFeed(_text(root, "id"), tuple(_parsed_entry(one) for one in root.iterfind(f"{_ATOM}entry")))


def _parsed_entry(element: etree._Element) -> FeedEntry:
    event, kind = (str(one.get("term")) for one in element.iterfind(f"{_ATOM}category"))
    return FeedEntry(
        _text(element, "id"),
        _text(element, "title"),
        _text(element, "content"),
        datetime.fromisoformat(_text(element, "updated")),
        event,
        kind,
    )


def _text(element: etree._Element, name: str) -> str:
    text = element.findtext(f"{_ATOM}{name}")
    if text is None:
        raise ValueError(f"no {name}")
    return text


def render(feed: OperatorFeed) -> bytes:
    """Return the feed as an Atom document (RFC 4287). Pure: the same feed has the same bytes."""
    generator = FeedGenerator()
    generator.id(feed.feed_id)
    generator.title(_TITLE)
    generator.subtitle("What went wrong, and what works again. For operators, not for readers.")
    generator.generator(_GENERATOR)
    generator.author(name=_GENERATOR)
    generator.language("en")
    generator.updated(max((entry.at for entry in feed.entries), default=datetime.fromtimestamp(0, UTC)))
    for entry in feed.entries:
        element = generator.add_entry(order="append")
        element.id(entry.entry_id)
        element.title(entry.title)
        element.author(name=_GENERATOR)
        element.published(entry.at)
        element.updated(entry.at)
        element.category([{"term": entry.event}, {"term": entry.kind}])
        element.content(entry.text, type="text")
    document: bytes = generator.atom_str(pretty=True)
    return document


def _replace(path: Path, content: bytes) -> None:
    """Write the file atomically; it keeps its permissions."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    temporary = path.with_name(f".{path.name}.new")  # one name, which the lock protects: a killed run leaves one file
    try:
        with temporary.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _for_xml(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text).replace("\r", " ")
