"""Rules for published documents; each rule is a function that yields violations.

RFC 4287 (Atom), the RSS 2.0 specification and its Best Practices Profile, JSON Feed 1.1, RFC 5005 (history), OPML 2.0, the
protocol of sitemaps.org, and what the W3C's validator warns of at level AA.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from lxml import etree

SCHEMA = Path(__file__).parents[1] / "data" / "feeds" / "json_feed_1_1.schema.json"
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True)
class Document:
    """A parsed published document, with its URL and the URL of its output folder."""

    address: str
    base_url: str
    root: Any

    @property
    def name(self) -> str:
        return self.address.removeprefix(self.base_url)

    @property
    def is_archived(self) -> bool:
        return self.name.startswith("archive/")

    def texts(self, path: str) -> list[str]:
        return [one.text or "" for one in self.root.iterfind(path, NAMES)]

    def values(self, path: str, attribute: str) -> list[str]:
        return [one.get(attribute, "") for one in self.root.iterfind(path, NAMES)]


Rule = Callable[[Document], Iterator[str]]


def parse(name: str, base_url: str, content: bytes) -> Document:
    root = json.loads(content) if name.endswith(".json") else etree.fromstring(content)
    return Document(base_url + name, base_url, root)


def complaints(document: Document) -> list[str]:
    """Return the violations of all rules for this kind of document."""
    return [f"{rule.__name__}: {complaint}" for rule in rules_for(document.name) for complaint in rule(document)]


def rules_for(name: str) -> list[Rule]:
    last = name.rpartition("/")[2]
    if last == "sitemap.xml" or name.startswith("sitemaps/"):
        return SITEMAP_RULES
    if last in ("rss.xml", "changes.rss"):
        return RSS_RULES
    return {"xml": ATOM_RULES, "json": JSON_RULES, "opml": OPML_RULES}[last.rpartition(".")[2]]


# Atom


def atom_feed_has_what_it_must_have_and_once(document: Document) -> Iterator[str]:
    if document.root.tag != f"{{{NAMES['a']}}}feed":
        yield f"the root is {document.root.tag}"
    yield from _cardinality(document.root, once=("id", "title", "updated"), at_most_once=_ONCE_IN_A_FEED)


def atom_entries_have_what_they_must_have_and_once(document: Document) -> Iterator[str]:
    for entry in _entries(document):
        yield from _cardinality(
            entry, once=("id", "title", "updated"), at_most_once=("content", "published", "rights", "source", "summary")
        )
        if entry.find("a:content", NAMES) is None and entry.find("a:summary", NAMES) is None:
            yield "an entry has no words"


def atom_sources_tell_which_feed_they_are(document: Document) -> Iterator[str]:
    for source in document.root.iterfind("a:entry/a:source", NAMES):
        yield from _cardinality(source, once=("id", "title", "updated"), at_most_once=())


def atom_ids_are_lasting_and_unique(document: Document) -> Iterator[str]:
    entry_ids = document.texts("a:entry/a:id")
    yield from (f"{one} stands there twice" for one in _repeated(entry_ids))
    for one in (*document.texts("a:id"), *entry_ids, *document.texts("a:entry/a:source/a:id")):
        if not re.fullmatch(r"tag:[A-Za-z0-9.@_-]+,\d{4}(-\d\d){0,2}:\S+", one):
            yield f"{one!r} is no tag URI"


def atom_entries_differ_in_when_they_were_updated(document: Document) -> Iterator[str]:
    yield from (f"two entries were updated at {one}" for one in _repeated(document.texts("a:entry/a:updated")))


def atom_dates_are_of_rfc_3339(document: Document) -> Iterator[str]:
    dates = [one.text or "" for one in document.root.iter(*(f"{{{NAMES['a']}}}{name}" for name in _DATES))]
    yield from (f"{one!r}" for one in [*dates, *document.values("at:deleted-entry", "when")] if not _is_rfc_3339(one))


def atom_feed_is_as_new_as_what_is_in_it(document: Document) -> Iterator[str]:
    inside = [*document.texts("a:entry/a:updated"), *document.values("at:deleted-entry", "when")]
    newest = max(map(_moment, inside), default=None)
    (updated,) = map(_moment, document.texts("a:updated")[:1])
    if newest is not None and updated != newest:
        yield f"it was updated at {updated}, what is newest in it at {newest}"


def atom_addresses_are_absolute(document: Document) -> Iterator[str]:
    places = [one for one in document.root.iter() if isinstance(one.tag, str)]
    addresses = [
        one.get(attribute) for one in places for attribute in ("href", "scheme") if one.get(attribute) is not None
    ]
    yield from (
        f"{one!r}" for one in (*addresses, *document.texts("a:icon"), *document.texts("a:logo")) if not _is_web(one)
    )


def atom_entries_name_an_author(document: Document) -> Iterator[str]:
    for entry in _entries(document):
        names = [one.text or "" for one in entry.iterfind("a:author/a:name", NAMES)]
        if not names or not all(name.strip() for name in names):
            yield f"an entry has the authors {names}"


def atom_has_one_alternate_of_a_type(document: Document) -> Iterator[str]:
    for element in (document.root, *_entries(document)):
        links = element.iterfind("a:link", NAMES)
        alternates = [
            (one.get("type"), one.get("hreflang")) for one in links if one.get("rel", "alternate") == "alternate"
        ]
        if not alternates or _repeated(alternates):
            yield f"alternates: {alternates}"


def atom_links_are_of_registered_kinds(document: Document) -> Iterator[str]:
    for path, known in (
        ("a:link", {"self", "alternate", "via", "hub", "current", "prev-archive", "next-archive"}),
        ("a:entry/a:link", {"alternate", "via"}),
    ):
        yield from (f"{one!r} in {path}" for one in document.values(path, "rel") if one not in known)


def atom_names_its_own_address(document: Document) -> Iterator[str]:
    links = [link for link in document.root.iterfind("a:link", NAMES) if link.get("rel") == "self"]
    if [(link.get("href"), link.get("type")) for link in links] != [(document.address, "application/atom+xml")]:
        yield f"{[link.get('href') for link in links]}"


def atom_content_is_html(document: Document) -> Iterator[str]:
    for content in document.root.iterfind("a:entry/a:content", NAMES):
        if content.get("type") != "html":
            yield f"its type is {content.get('type')}"
        yield from html_complaints(content.text or "")


def atom_text_is_no_undeclared_html(document: Document) -> Iterator[str]:
    for element in document.root.iter(*(f"{{{NAMES['a']}}}{name}" for name in _TEXTS)):
        if element.get("type", "text") != "text":
            yield f"{element.tag} is of type {element.get('type')}"
        if not (element.text or "").strip():
            yield f"{element.tag} is empty"
        yield from _looks_like_html(element.text or "")


def atom_says_its_language(document: Document) -> Iterator[str]:
    yield from _language_complaints(document.root.get(XML_LANG))


def atom_says_what_the_feed_is_before_it_lists_entries(document: Document) -> Iterator[str]:
    names = [etree.QName(child).localname for child in document.root]
    if "entry" in names and set(names[names.index("entry") :]) != {"entry"}:
        yield f"{names}"


def atom_holds_elements_of_known_namespaces_alone(document: Document) -> Iterator[str]:
    known = {NAMES["a"], NAMES["fh"], NAMES["at"]}
    yield from (f"{one.tag}" for one in document.root.iter() if etree.QName(one).namespace not in known)
    yield from (f"{one.tag} is no extension" for one in document.root.iter() if one.get("xmlns"))


def only_archive_documents_are_archived(document: Document) -> Iterator[str]:
    """Check RFC 5005 section 4: `archive`, `current` and `prev-archive`; only one feed has them."""
    relations = document.values("a:link", "rel")
    marked = len(document.root.findall("fh:archive", NAMES))
    if (marked, relations.count("current")) != (int(document.is_archived), int(document.is_archived)):
        yield f"fh:archive {marked} times, current {relations.count('current')} times"
    if relations.count("prev-archive") > int(document.is_archived or document.name == "atom.xml"):
        yield "a document with a history of its own"
    current = [one.get("href") for one in document.root.iterfind("a:link", NAMES) if one.get("rel") == "current"]
    if current not in ([], [f"{document.base_url}atom.xml"]):
        yield f"the current document is {current}"


# RSS


def rss_channel_has_what_it_must_have_and_once(document: Document) -> Iterator[str]:
    if (document.root.tag, document.root.get("version"), len(document.root)) != ("rss", "2.0", 1):
        yield f"{document.root.tag} {document.root.get('version')} with {len(document.root)} channels"
    for name in ("title", "link", "description", "language", "copyright", "generator", "lastBuildDate"):
        found = document.texts(f"channel/{name}")
        if len(found) != 1 or not found[0].strip():
            yield f"{name}: {found}"


def rss_items_have_what_they_must_have_and_once(document: Document) -> Iterator[str]:
    once = ("title", "link", "description", "guid", "pubDate", "dc:creator", "content:encoded")
    for item in document.root.iterfind("channel/item"):
        for name in once:
            found = item.findall(name, NAMES)
            if len(found) != 1 or not (found[0].text or "").strip():
                yield f"{name}: {[one.text for one in found]}"


def rss_guids_are_unique_and_no_addresses(document: Document) -> Iterator[str]:
    yield from (f"{one} stands there twice" for one in _repeated(document.texts("channel/item/guid")))
    yield from (f"isPermaLink={one!r}" for one in document.values("channel/item/guid", "isPermaLink") if one != "false")


def rss_dates_are_of_rfc_822_and_not_to_come(document: Document) -> Iterator[str]:
    (built, *_), dates = document.texts("channel/lastBuildDate"), document.texts("channel/item/pubDate")
    wrong = [one for one in (built, *dates) if not _is_rfc_822(one)]
    yield from (f"{one!r}" for one in wrong)
    if not wrong:
        yield from (f"{one!r} is to come" for one in dates if parsedate_to_datetime(one) > parsedate_to_datetime(built))


def rss_links_to_nothing_but_itself(document: Document) -> Iterator[str]:
    links = [dict(link.attrib) for link in document.root.iterfind(".//a:link", NAMES)]
    if links != [{"href": document.address, "rel": "self", "type": "application/rss+xml"}]:
        yield f"{links}"


def rss_image_is_the_channels(document: Document) -> Iterator[str]:
    for name in ("title", "link"):
        if document.texts(f"channel/image/{name}") != document.texts(f"channel/{name}"):
            yield f"{name}: {document.texts(f'channel/image/{name}')}"
    if not all(re.search(r"[.](png|gif|jpe?g)$", url) for url in document.texts("channel/image/url")):
        yield "an image that RSS does not know"


def rss_names_no_mail_addresses(document: Document) -> Iterator[str]:
    yield from (f"{one.tag}" for one in document.root.iter("author", "managingEditor", "webMaster"))


def rss_addresses_are_absolute(document: Document) -> Iterator[str]:
    texts = [*document.texts(".//link"), *document.texts(".//url")]
    attributes = [*document.values(".//source", "url"), *document.values(".//category", "domain")]
    yield from (f"{one!r}" for one in (*texts, *attributes) if not _is_web(one))


def rss_content_is_html(document: Document) -> Iterator[str]:
    for html in (*document.texts("channel/item/content:encoded"), *document.texts("channel/item/description")):
        yield from html_complaints(html)


def rss_titles_are_plain_text(document: Document) -> Iterator[str]:
    for path in (".//title", ".//category", "channel/description"):
        for text in document.texts(path):
            yield from _looks_like_html(text)
            if unescape(text) != text:
                yield f"{text!r} is another as HTML"


def rss_says_its_language(document: Document) -> Iterator[str]:
    yield from _language_complaints(document.root.findtext("channel/language"))


# JSON Feed


def json_keeps_the_schema(document: Document) -> Iterator[str]:
    for error in _schema().iter_errors(document.root):
        yield f"{error.json_path}: {error.message}"


def json_ids_are_unique(document: Document) -> Iterator[str]:
    yield from (f"{one} stands there twice" for one in _repeated([item.get("id") for item in document.root["items"]]))


def json_names_its_own_address_and_another_as_the_next(document: Document) -> Iterator[str]:
    if document.root.get("feed_url") != document.address:
        yield f"{document.root.get('feed_url')}"
    if document.root.get("next_url") == document.address:
        yield "the next document is the same"


def json_content_is_html(document: Document) -> Iterator[str]:
    for item in document.root["items"]:
        yield from html_complaints(item.get("content_html", ""))


# OPML and sitemaps


def opml_is_a_subscription_list(document: Document) -> Iterator[str]:
    """Check OPML 2.0: head and body; each outline has a text, and xmlUrl if its type is rss."""
    if (document.root.tag, document.root.get("version")) != ("opml", "2.0"):
        yield f"{document.root.tag} {document.root.get('version')}"
    if [child.tag for child in document.root] != ["head", "body"]:
        yield "it is not a head and a body"
    for outline in document.root.iter("outline"):
        if not outline.get("text", "").strip():
            yield "an outline without a text"
        if outline.get("type") is None and (set(outline.attrib) != {"text"} or len(outline) == 0):
            yield f"an outline that is neither a folder nor of a type: {dict(outline.attrib)}"
        if outline.get("type") is not None and not all(_is_web(outline.get(one, "")) for one in ("xmlUrl", "htmlUrl")):
            yield f"a feed without an address: {dict(outline.attrib)}"


def opml_lists_each_feed_once(document: Document) -> Iterator[str]:
    yield from (f"{one} twice" for one in _repeated(document.values(".//outline[@xmlUrl]", "xmlUrl")))


def sitemap_lists_addresses_of_its_own_site(document: Document) -> Iterator[str]:
    kinds = {f"{{{NAMES['s']}}}{name}" for name in ("urlset", "sitemapindex")}
    if document.root.tag not in kinds:
        yield f"the root is {document.root.tag}"
    found = document.texts("*/s:loc")
    if not 0 < len(found) <= 50_000 or len(found) != len(document.root):
        yield f"{len(found)} addresses in {len(document.root)} elements"
    yield from (f"{one} twice" for one in _repeated(found))
    yield from (f"{one!r} is elsewhere" for one in found if not one.startswith(document.base_url) or len(one) >= 2048)


ATOM_RULES: list[Rule] = [
    atom_feed_has_what_it_must_have_and_once,
    atom_entries_have_what_they_must_have_and_once,
    atom_sources_tell_which_feed_they_are,
    atom_ids_are_lasting_and_unique,
    atom_entries_differ_in_when_they_were_updated,
    atom_dates_are_of_rfc_3339,
    atom_feed_is_as_new_as_what_is_in_it,
    atom_addresses_are_absolute,
    atom_entries_name_an_author,
    atom_has_one_alternate_of_a_type,
    atom_links_are_of_registered_kinds,
    atom_names_its_own_address,
    atom_content_is_html,
    atom_text_is_no_undeclared_html,
    atom_says_its_language,
    atom_says_what_the_feed_is_before_it_lists_entries,
    atom_holds_elements_of_known_namespaces_alone,
    only_archive_documents_are_archived,
]
RSS_RULES: list[Rule] = [
    rss_channel_has_what_it_must_have_and_once,
    rss_items_have_what_they_must_have_and_once,
    rss_guids_are_unique_and_no_addresses,
    rss_dates_are_of_rfc_822_and_not_to_come,
    rss_links_to_nothing_but_itself,
    rss_image_is_the_channels,
    rss_names_no_mail_addresses,
    rss_addresses_are_absolute,
    rss_content_is_html,
    rss_titles_are_plain_text,
    rss_says_its_language,
]
JSON_RULES: list[Rule] = [
    json_keeps_the_schema,
    json_ids_are_unique,
    json_names_its_own_address_and_another_as_the_next,
    json_content_is_html,
]
OPML_RULES: list[Rule] = [opml_is_a_subscription_list, opml_lists_each_feed_once]
SITEMAP_RULES: list[Rule] = [sitemap_lists_addresses_of_its_own_site]

_ONCE_IN_A_FEED = ("generator", "icon", "logo", "rights", "subtitle")
_DATES = ("updated", "published")
_TEXTS = ("title", "subtitle", "summary", "rights")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC_822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (\+0000|GMT)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_VOID = {"br", "hr"}
_KNOWN_HTML = _VOID | {"a", "blockquote", "cite", "del", "ins", "p", "strong"}


def html_complaints(html: str) -> Iterator[str]:
    """Yield violations in an entry's HTML: unclosed elements, active content, relative links."""
    reader = _HtmlReader()
    reader.feed(html)
    reader.close()
    yield from reader.found
    yield from (f"<{tag}> is never closed" for tag in reader.open)


class _HtmlReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += [] if tag in _VOID else [tag]
        if tag not in _KNOWN_HTML:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name in ("href", "cite") and not _is_web(value or ""):
                self.found.append(f"{name}={value!r}")
            elif name not in ("href", "cite", "dir"):
                self.found.append(f"<{tag} {name}>")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}> closes what is not open")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")


@cache
def _schema() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _entries(document: Document) -> list[etree._Element]:
    return document.root.findall("a:entry", NAMES)


def _cardinality(element: etree._Element, once: Iterable[str], at_most_once: Iterable[str]) -> Iterator[str]:
    for name, allowed in [*((name, (1,)) for name in once), *((name, (0, 1)) for name in at_most_once)]:
        found = element.findall(f"a:{name}", NAMES)
        if len(found) not in allowed:
            yield f"{name} {len(found)} times in {element.tag}"


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _looks_like_html(text: str) -> Iterator[str]:
    if found := re.search(r"<[A-Za-z/!?]", text):
        yield f"{text!r} looks like HTML at {found.start()}"


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and re.fullmatch(r"[!-~]+", address) is not None


def _is_rfc_3339(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _RFC_3339.fullmatch(text) is not None


def _is_rfc_822(text: str) -> bool:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return False
    return _RFC_822.fullmatch(text) is not None and text.startswith(_WEEKDAYS[moment.weekday()])


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _language_complaints(language: str | None) -> Iterator[str]:
    if not _LANGUAGE.fullmatch(language or ""):
        yield f"{language!r} is no language"
