"""Every published feed is valid in its format, and each rule detects a violation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml.html import fragment_fromstring
from support import feed_rules
from support.feed_rules import NAMES, XML_LANG, Document, Rule, complaints, parse
from support.feed_walk import walk_atom, walk_json
from support.published import EVENTS, HUB, Edition, published

from foreign_eyes.archive.database import read_archive
from foreign_eyes.archive.feed_state.current_entries import CurrentEntry, newest_entries
from foreign_eyes.feeds.render.plain_text import as_html, unmistakable

FEEDS = (".xml", ".rss", ".json", ".opml")
EDITIONS = {
    **{name: {"name": name, "base_url": "https://eyes.example/"} for name in EVENTS},
    "eventful below a path, with a hub": {"name": "eventful", "base_url": "https://eyes.example/a/column/", "hub": HUB},
    "eventful with tombstones": {"name": "eventful", "base_url": "https://eyes.example/", "tombstones": True},
}


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Edition]:
    return {name: published(tmp_path_factory.mktemp("edition"), **options) for name, options in EDITIONS.items()}  # type: ignore[arg-type]


@pytest.fixture(params=EDITIONS)
def edition(editions: dict[str, Edition], request: pytest.FixtureRequest) -> Edition:
    return editions[request.param]


@pytest.fixture
def eventful(editions: dict[str, Edition]) -> Edition:
    return editions["eventful"]


def document(edition: Edition, name: str) -> Document:
    return parse(name, edition.base_url, edition.read(name))


def current_entries(edition: Edition) -> list[CurrentEntry]:
    with read_archive(edition.archive) as db:
        return list(newest_entries(db, "town"))


# every document keeps every rule


def test_every_published_feed_is_valid_in_its_format(edition: Edition) -> None:
    names = edition.names(*FEEDS)
    assert {"atom.xml", "rss.xml", "feed.json", "changes.xml", "changes.rss", "changes.json"} < set(names)
    assert {"subscriptions.opml", "sitemap.xml", "sitemaps/1.xml", "publications/le-monde/rss.xml"} < set(names)
    assert {name: found for name in names if (found := complaints(document(edition, name)))} == {}


def test_the_published_folders_have_cases_for_every_rule(editions: dict[str, Edition]) -> None:
    assert len(document(editions["quiet"], "changes.xml").texts("a:entry/a:id")) == 0
    assert document(editions["busy"], "changes.xml").texts("a:entry/a:title")[0].startswith("Edited: ")
    assert len(document(editions["busy"], "changes.xml").texts("a:entry/a:id")) == 50
    eventful = editions["eventful"]
    kinds = {title.partition(":")[0] for title in document(eventful, "changes.xml").texts("a:entry/a:title")}
    assert kinds == {"Edited", "Withdrawn", "Returned", "Link changed"}
    assert len(eventful.names("archive/1.xml", "archive/2.xml", "archive/3.xml")) == 3
    assert any(name.startswith("topics/") for name in eventful.names("atom.xml"))
    tombstones = document(editions["eventful with tombstones"], "atom.xml").values("at:deleted-entry", "ref")
    assert len(tombstones) == 1
    hubs = document(editions["eventful below a path, with a hub"], "atom.xml").root.iterfind(
        "a:link[@rel='hub']", NAMES
    )
    assert [hub.get("href") for hub in hubs] == [HUB]


def test_the_formats_of_a_feed_list_the_same_entries_in_the_same_order(edition: Edition) -> None:
    for name in edition.names("atom.xml", "changes.xml"):
        rss = name.replace("atom.xml", "rss.xml").replace("changes.xml", "changes.rss")
        json_feed = name.replace("atom.xml", "feed.json").replace("changes.xml", "changes.json")
        entry_ids = document(edition, name).texts("a:entry/a:id")
        if "tombstones" not in edition.read(name).decode():
            assert document(edition, rss).texts("channel/item/guid") == entry_ids
        assert [item["id"] for item in document(edition, json_feed).root["items"]] == document(edition, rss).texts(
            "channel/item/guid"
        )


# history (RFC 5005): who walks back meets all, and first what is current


@pytest.mark.parametrize("walk", [walk_atom, walk_json])
def test_walking_back_finds_every_entry_ever_seen_first_with_its_current_text(
    edition: Edition, walk: Callable[[Path, str], Iterator[dict[str, str]]]
) -> None:
    entries = {entry.tag_uri: entry for entry in current_entries(edition)}
    met = list(walk(edition.output, edition.base_url))
    gone = document(edition, "atom.xml").values("at:deleted-entry", "ref") if walk is walk_atom else []
    assert {one["id"] for one in met} | set(gone) == set(entries)
    for one in met:
        content = fragment_fromstring(one.get("content") or one["content_html"], create_parent="div").text_content()
        assert entries[one["id"]].commentary in content


def test_the_chains_are_as_long_as_there_are_archive_documents(edition: Edition) -> None:
    for start, link, ending in (("atom.xml", previous_of_atom, "xml"), ("feed.json", previous_of_json, "json")):
        chain = []
        name: str | None = start
        while name:
            chain.append(name)
            name = link(document(edition, name))
        archived = [one for one in edition.names(f".{ending}") if one.startswith("archive/")]
        assert chain == [start, *sorted(archived, reverse=True)]


def previous_of_atom(one: Document) -> str | None:
    (address,) = [link.get("href") for link in one.root.iterfind("a:link[@rel='prev-archive']", NAMES)] or [None]
    return address.removeprefix(one.base_url) if address else None


def previous_of_json(one: Document) -> str | None:
    address = one.root.get("next_url")
    return address.removeprefix(one.base_url) if address else None


# what lists addresses


def test_the_subscription_list_names_every_feed(edition: Edition) -> None:
    listed = document(edition, "subscriptions.opml").values(".//outline[@xmlUrl]", "xmlUrl")
    assert sorted(listed) == sorted(edition.base_url + name for name in edition.names("atom.xml", "changes.xml"))


def test_the_sitemaps_name_every_page_of_an_entry_once(edition: Edition) -> None:
    index = document(edition, "sitemap.xml")
    named = [address.removeprefix(edition.base_url) for address in index.texts("*/s:loc")]
    assert sorted(named) == [name for name in edition.names(".xml") if name.startswith("sitemaps/")]
    pages = [page for name in named for page in document(edition, name).texts("*/s:loc")]
    assert len(pages) == len(set(pages))
    entries = {f"{edition.base_url}{name.removesuffix('index.html')}" for name in edition.names("index.html")}
    assert set(pages) == entries


# text that looks like HTML

KNOWN_TO_MISLEAD = [
    *(
        "</script>",
        "<b>bold</b>",
        "Sons <Ltd>",
        "<!-- ",
        "<?xml",
        "&lt;b&gt;",
        "&copy 2020",
        "&#39;",
        "&notit;",
        "&amp;",
    ),
    *("S&P500", "AT&T", "R&D", "5 < 7 & 8 > 6", "plain", ""),
]


@pytest.mark.parametrize("text", KNOWN_TO_MISLEAD)
def test_a_title_looks_the_same_as_text_and_as_html(text: str) -> None:
    shown = unmistakable(text)
    assert shown.replace("\u2060", "") == text
    assert fragment_fromstring(shown, create_parent="div").text_content() == shown


@given(st.text(alphabet="<>&;/!?#xXltgamp a1"))
def test_no_text_is_swallowed_as_html(text: str) -> None:
    shown = unmistakable(text)
    assert unescape(shown) == shown
    assert shown.replace("\u2060", "") == text
    assert list(feed_rules.html_complaints(shown)) == []


@pytest.mark.parametrize("text", ["plain", "AT&T", "S&P 500", "Café – Sons", "a > b"])
def test_an_unambiguous_title_is_not_changed(text: str) -> None:
    assert unmistakable(text) == as_html(text) == text


@pytest.mark.parametrize("text", KNOWN_TO_MISLEAD)
def test_the_text_of_an_outline_is_escaped_html(text: str) -> None:
    assert unescape(as_html(text)) == text


# the rules bite

Break = Callable[[Any], None]


def drop(path: str) -> Break:
    def broken(root: Any) -> None:
        element = root.find(path, NAMES)
        element.getparent().remove(element)

    return broken


def twice(path: str) -> Break:
    def broken(root: Any) -> None:
        element = root.find(path, NAMES)
        element.addnext(copy.deepcopy(element))

    return broken


def say(path: str, text: str) -> Break:
    def broken(root: Any) -> None:
        root.find(path, NAMES).text = text

    return broken


def put(path: str, **attributes: str) -> Break:
    def broken(root: Any) -> None:
        root.find(path, NAMES).attrib.update(attributes)

    return broken


def take(path: str, attribute: str) -> Break:
    def broken(root: Any) -> None:
        del (root if path == "." else root.find(path, NAMES)).attrib[attribute]

    return broken


def add(path: str, element: str, text: str = "") -> Break:
    def broken(root: Any) -> None:
        (root if path == "." else root.find(path, NAMES)).append(etree.fromstring(element))

    return broken


def same(path: str) -> Break:
    """The second of these says what the first one does."""

    def broken(root: Any) -> None:
        first, second, *_ = root.findall(path, NAMES)
        second.text = first.text

    return broken


def last(path: str) -> Break:
    def broken(root: Any) -> None:
        root.append(root.find(path, NAMES))

    return broken


def member(name: str, value: object) -> Break:
    return lambda root: root.update({name: value})


def of_item(name: str, value: object) -> Break:
    return lambda root: root["items"][0].update({name: value})


def no_member(name: str) -> Break:
    return lambda root: root.pop(name)


def rename(root: Any) -> None:
    root.tag = "channel"


A_SELF = "a:link[@rel='self']"
AN_ALTERNATE = "a:link[@rel='alternate']"
ATOM_LINK = f'<link xmlns="{NAMES["a"]}" rel="enclosure" type="text/html" href="https://eyes.example/"/>'
ARCHIVE_MARK = f'<fh:archive xmlns:fh="{NAMES["fh"]}"/>'
CURRENT = f'<link xmlns="{NAMES["a"]}" rel="current" href="https://eyes.example/atom.xml"/>'
PREVIOUS = f'<link xmlns="{NAMES["a"]}" rel="prev-archive" href="https://eyes.example/archive/1.xml"/>'

BROKEN: list[tuple[str, Rule, Break]] = [
    ("atom.xml", feed_rules.atom_feed_has_what_it_must_have_and_once, drop("a:id")),
    ("atom.xml", feed_rules.atom_feed_has_what_it_must_have_and_once, drop("a:title")),
    ("atom.xml", feed_rules.atom_feed_has_what_it_must_have_and_once, twice("a:updated")),
    ("atom.xml", feed_rules.atom_feed_has_what_it_must_have_and_once, twice("a:subtitle")),
    ("atom.xml", feed_rules.atom_feed_has_what_it_must_have_and_once, rename),
    ("atom.xml", feed_rules.atom_entries_have_what_they_must_have_and_once, drop("a:entry/a:id")),
    ("atom.xml", feed_rules.atom_entries_have_what_they_must_have_and_once, drop("a:entry/a:updated")),
    ("atom.xml", feed_rules.atom_entries_have_what_they_must_have_and_once, twice("a:entry/a:title")),
    ("atom.xml", feed_rules.atom_entries_have_what_they_must_have_and_once, twice("a:entry/a:content")),
    ("atom.xml", feed_rules.atom_sources_tell_which_feed_they_are, drop("a:entry/a:source/a:updated")),
    ("atom.xml", feed_rules.atom_ids_are_lasting_and_unique, same("a:entry/a:id")),
    ("atom.xml", feed_rules.atom_ids_are_lasting_and_unique, say("a:id", "https://eyes.example/atom.xml")),
    ("atom.xml", feed_rules.atom_entries_differ_in_when_they_were_updated, same("a:entry/a:updated")),
    ("atom.xml", feed_rules.atom_dates_are_of_rfc_3339, say("a:updated", "2026-03-01 09:00:00+00:00")),
    ("atom.xml", feed_rules.atom_dates_are_of_rfc_3339, say("a:entry/a:published", "2026-03-01T09:00:00")),
    ("atom.xml", feed_rules.atom_dates_are_of_rfc_3339, say("a:entry/a:updated", "2026-02-30T09:00:00+00:00")),
    ("atom.xml", feed_rules.atom_feed_is_as_new_as_what_is_in_it, say("a:updated", "2020-01-01T00:00:00+00:00")),
    ("atom.xml", feed_rules.atom_feed_is_as_new_as_what_is_in_it, say("a:updated", "2036-01-01T00:00:00+00:00")),
    ("atom.xml", feed_rules.atom_addresses_are_absolute, put("a:entry/a:link", href="entries/1/")),
    ("atom.xml", feed_rules.atom_addresses_are_absolute, put("a:entry/a:link", href="javascript:alert(1)")),
    ("atom.xml", feed_rules.atom_addresses_are_absolute, put("a:entry/a:link", href="https://eyes.example/a b")),
    ("atom.xml", feed_rules.atom_addresses_are_absolute, say("a:icon", "icon.png")),
    ("atom.xml", feed_rules.atom_entries_name_an_author, drop("a:entry/a:author")),
    ("atom.xml", feed_rules.atom_entries_name_an_author, say("a:entry/a:author/a:name", " ")),
    ("atom.xml", feed_rules.atom_has_one_alternate_of_a_type, twice(AN_ALTERNATE)),
    ("atom.xml", feed_rules.atom_has_one_alternate_of_a_type, drop("a:entry/" + AN_ALTERNATE)),
    ("atom.xml", feed_rules.atom_links_are_of_registered_kinds, put("a:link", rel="about")),
    ("atom.xml", feed_rules.atom_links_are_of_registered_kinds, add("a:entry", ATOM_LINK)),
    ("atom.xml", feed_rules.atom_names_its_own_address, drop(A_SELF)),
    ("atom.xml", feed_rules.atom_names_its_own_address, put(A_SELF, href="https://eyes.example/rss.xml")),
    ("atom.xml", feed_rules.atom_content_is_html, put("a:entry/a:content", type="text")),
    ("atom.xml", feed_rules.atom_content_is_html, say("a:entry/a:content", "<p>never closed")),
    ("atom.xml", feed_rules.atom_content_is_html, say("a:entry/a:content", "<p></b></p>")),
    ("atom.xml", feed_rules.atom_content_is_html, say("a:entry/a:content", "<script>alert(1)</script>")),
    ("atom.xml", feed_rules.atom_content_is_html, say("a:entry/a:content", '<p onclick="alert(1)">x</p>')),
    ("atom.xml", feed_rules.atom_content_is_html, say("a:entry/a:content", '<a href="entries/1/">x</a>')),
    ("atom.xml", feed_rules.atom_content_is_html, say("a:entry/a:content", "<!-- x -->")),
    ("atom.xml", feed_rules.atom_text_is_no_undeclared_html, say("a:entry/a:title", "A <b>bold</b> claim")),
    ("atom.xml", feed_rules.atom_text_is_no_undeclared_html, say("a:entry/a:summary", "")),
    ("atom.xml", feed_rules.atom_text_is_no_undeclared_html, put("a:entry/a:summary", type="html")),
    ("atom.xml", feed_rules.atom_says_its_language, take(".", XML_LANG)),
    ("atom.xml", feed_rules.atom_says_what_the_feed_is_before_it_lists_entries, last("a:rights")),
    ("atom.xml", feed_rules.atom_holds_elements_of_known_namespaces_alone, add(".", "<link/>")),
    ("atom.xml", feed_rules.only_archive_documents_are_archived, add(".", ARCHIVE_MARK)),
    ("atom.xml", feed_rules.only_archive_documents_are_archived, add(".", CURRENT)),
    ("archive/2.xml", feed_rules.only_archive_documents_are_archived, drop("fh:archive")),
    ("archive/2.xml", feed_rules.only_archive_documents_are_archived, drop("a:link[@rel='current']")),
    ("archive/2.xml", feed_rules.only_archive_documents_are_archived, put("a:link[@rel='current']", href="atom.xml")),
    ("changes.xml", feed_rules.only_archive_documents_are_archived, add(".", PREVIOUS)),
    ("rss.xml", feed_rules.rss_channel_has_what_it_must_have_and_once, drop("channel/title")),
    ("rss.xml", feed_rules.rss_channel_has_what_it_must_have_and_once, say("channel/description", "")),
    ("rss.xml", feed_rules.rss_channel_has_what_it_must_have_and_once, twice("channel/link")),
    ("rss.xml", feed_rules.rss_channel_has_what_it_must_have_and_once, rename),
    ("rss.xml", feed_rules.rss_items_have_what_they_must_have_and_once, drop("channel/item/dc:creator")),
    ("rss.xml", feed_rules.rss_items_have_what_they_must_have_and_once, drop("channel/item/content:encoded")),
    ("rss.xml", feed_rules.rss_items_have_what_they_must_have_and_once, twice("channel/item/pubDate")),
    ("rss.xml", feed_rules.rss_guids_are_unique_and_no_addresses, same("channel/item/guid")),
    ("rss.xml", feed_rules.rss_guids_are_unique_and_no_addresses, take("channel/item/guid", "isPermaLink")),
    ("rss.xml", feed_rules.rss_guids_are_unique_and_no_addresses, put("channel/item/guid", isPermaLink="true")),
    ("rss.xml", feed_rules.rss_dates_are_of_rfc_822_and_not_to_come, say("channel/item/pubDate", "2026-03-01")),
    (
        "rss.xml",
        feed_rules.rss_dates_are_of_rfc_822_and_not_to_come,
        say("channel/item/pubDate", "Mon, 01 Mar 2026 09:00:00 +0000"),  # it was a Sunday
    ),
    (
        "rss.xml",
        feed_rules.rss_dates_are_of_rfc_822_and_not_to_come,
        say("channel/item/pubDate", "Sat, 01 Mar 2036 09:00:00 +0000"),
    ),
    ("rss.xml", feed_rules.rss_links_to_nothing_but_itself, drop("channel/a:link")),
    (
        "rss.xml",
        feed_rules.rss_links_to_nothing_but_itself,
        put("channel/a:link", href="https://eyes.example/atom.xml"),
    ),
    ("rss.xml", feed_rules.rss_links_to_nothing_but_itself, add("channel/item", ATOM_LINK)),
    ("rss.xml", feed_rules.rss_image_is_the_channels, say("channel/image/link", "https://elsewhere.example/")),
    ("rss.xml", feed_rules.rss_image_is_the_channels, say("channel/image/title", "Another")),
    ("rss.xml", feed_rules.rss_image_is_the_channels, say("channel/image/url", "https://eyes.example/icon.svg")),
    ("rss.xml", feed_rules.rss_names_no_mail_addresses, add("channel/item", "<author>Le Monde</author>")),
    ("rss.xml", feed_rules.rss_addresses_are_absolute, say("channel/item/link", "entries/1/")),
    ("rss.xml", feed_rules.rss_addresses_are_absolute, put("channel/item/source", url="rss.xml")),
    ("rss.xml", feed_rules.rss_addresses_are_absolute, put("channel/item/category", domain="publications/")),
    ("rss.xml", feed_rules.rss_content_is_html, say("channel/item/content:encoded", "<p>never closed")),
    ("rss.xml", feed_rules.rss_content_is_html, say("channel/item/description", "<img src=x>")),
    ("rss.xml", feed_rules.rss_titles_are_plain_text, say("channel/item/title", "A <b>bold</b> claim")),
    ("rss.xml", feed_rules.rss_titles_are_plain_text, say("channel/item/category", "Caf&eacute;")),
    ("rss.xml", feed_rules.rss_says_its_language, say("channel/language", "English")),
    ("feed.json", feed_rules.json_keeps_the_schema, no_member("title")),
    ("feed.json", feed_rules.json_keeps_the_schema, member("version", "https://jsonfeed.org/version/1")),
    ("feed.json", feed_rules.json_keeps_the_schema, member("subtitle", "no such member")),
    ("feed.json", feed_rules.json_keeps_the_schema, member("icon", "icon.png")),
    ("feed.json", feed_rules.json_keeps_the_schema, of_item("id", 7)),
    ("feed.json", feed_rules.json_keeps_the_schema, of_item("title", "")),
    ("feed.json", feed_rules.json_keeps_the_schema, of_item("author", {"name": "Le Monde"})),
    ("feed.json", feed_rules.json_keeps_the_schema, of_item("authors", [{}])),
    ("feed.json", feed_rules.json_keeps_the_schema, of_item("date_published", "2026-03-01")),
    ("feed.json", feed_rules.json_keeps_the_schema, lambda root: root["items"][0].pop("content_html")),
    ("feed.json", feed_rules.json_ids_are_unique, lambda root: root["items"].append(root["items"][0])),
    (
        "feed.json",
        feed_rules.json_names_its_own_address_and_another_as_the_next,
        member("next_url", "https://eyes.example/feed.json"),
    ),
    (
        "feed.json",
        feed_rules.json_names_its_own_address_and_another_as_the_next,
        member("feed_url", "https://eyes.example/"),
    ),
    ("feed.json", feed_rules.json_content_is_html, of_item("content_html", "<p>never closed")),
    ("subscriptions.opml", feed_rules.opml_is_a_subscription_list, take(".", "version")),
    ("subscriptions.opml", feed_rules.opml_is_a_subscription_list, drop("head")),
    ("subscriptions.opml", feed_rules.opml_is_a_subscription_list, take("body/outline", "text")),
    ("subscriptions.opml", feed_rules.opml_is_a_subscription_list, take("body/outline", "xmlUrl")),
    ("subscriptions.opml", feed_rules.opml_is_a_subscription_list, take("body/outline", "type")),
    ("subscriptions.opml", feed_rules.opml_lists_each_feed_once, twice("body/outline")),
    ("sitemap.xml", feed_rules.sitemap_lists_addresses_of_its_own_site, rename),
    ("sitemap.xml", feed_rules.sitemap_lists_addresses_of_its_own_site, twice("s:sitemap")),
    ("sitemap.xml", feed_rules.sitemap_lists_addresses_of_its_own_site, drop("s:sitemap/s:loc")),
    ("sitemap.xml", feed_rules.sitemap_lists_addresses_of_its_own_site, say("s:sitemap/s:loc", "sitemaps/1.xml")),
]


@pytest.mark.parametrize(
    ("name", "rule", "make_broken"),
    BROKEN,
    ids=[f"{rule.__name__}-{number}" for number, (_, rule, _) in enumerate(BROKEN)],
)
def test_a_broken_document_is_refused(eventful: Edition, name: str, rule: Rule, make_broken: Break) -> None:
    whole = document(eventful, name)
    assert list(rule(whole)) == []
    make_broken(whole.root)
    assert list(rule(whole)) != []


def test_every_rule_detects_a_violation() -> None:
    rules = [
        rule
        for name in ("atom.xml", "rss.xml", "feed.json", "x.opml", "sitemap.xml")
        for rule in feed_rules.rules_for(name)
    ]
    assert {rule for _, rule, _ in BROKEN} == set(rules)
