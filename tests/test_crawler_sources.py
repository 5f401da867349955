"""Sources: names, URLs, and messages for invalid ones."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes import sample
from foreign_eyes.crawler.sources import BUILT_IN, SourceError, SourceSettings, check_url, find_source, slug

TOWN = SourceSettings(url="https://town.example/column/index.htm", delay=1)


@pytest.mark.parametrize(
    ("wanted", "url"),
    [("live", BUILT_IN["live"].url), ("sample", sample.LISTING_URL), ("town", "https://town.example/column/index.htm")],
)
def test_a_source_is_found_by_name(wanted: str, url: str) -> None:
    name, source = find_source(wanted, {"town": TOWN})
    assert (name, source.url) == (wanted, url)


def test_an_international_host_name_is_requested_in_the_form_of_dns() -> None:
    assert find_source("https://faß.example/專欄/", {})[1].url == "https://xn--fa-hia.example/專欄/"
    assert find_source("town", {"town": SourceSettings(url="https://例え.テスト/")})[1].host == "xn--r8jz45g.xn--zckzah"


def test_a_configured_source_has_precedence_over_a_built_in_one() -> None:
    assert find_source("live", {"live": TOWN}) == ("live", TOWN)


def test_a_url_is_named_by_host_and_path_or_by_the_given_name() -> None:
    assert find_source(TOWN.url, {}) == ("town.example-column-index", SourceSettings(url=TOWN.url))
    assert find_source(TOWN.url, {}, name="town")[0] == "town"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://town.example/", "town.example"),
        ("http://town.example:8080/a/b.html", "town.example-8080-a-b"),
        ("http://TOWN.example/A_B/", "town.example-a-b"),
        ("http://[::1]/x", "1-x"),
    ],
)
def test_a_slug_is_made_of_host_and_path(url: str, name: str) -> None:
    assert slug(url) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://town.example/?page=2", "http://town.example/?page=3"),
        ("http://town.example/" + "a" * 100, "http://town.example/" + "a" * 101),
        ("http://town.example/例", "http://town.example/他"),
    ],
)
def test_urls_that_differ_in_what_a_slug_drops_get_different_names(one: str, other: str) -> None:
    assert slug(one) != slug(other)
    assert slug(one).startswith("town.example-")
    assert len(slug(one)) <= 63


@given(st.text(min_size=1, max_size=90))
def test_a_url_gets_a_valid_name_or_is_refused(path: str) -> None:
    try:
        name, _ = find_source(f"http://{path}", {})
    except SourceError:
        return
    assert msgspec.convert({"name": name}, type=dict[str, str])
    assert 0 < len(name) <= 63
    assert name[0].isascii()
    assert name[0].isalnum()


@pytest.mark.parametrize(
    ("wanted", "name", "words"),
    [
        ("nowhere", None, ["no source 'nowhere'", "use one of live, sample, town", "or a URL"]),
        ("town", "city", ["--name is for a URL", "town is already the name of a source"]),
        ("http://other.example/", "town", ["--name town", "https://town.example/column/index.htm"]),
        ("http://other.example/", "A town!", ["--name 'A town!'", "lower-case letters", "up to 63"]),
        ("http://other.example/", "a" * 64, ["--name", "up to 63"]),
        ("http://other.example/", "town\n", ["--name"]),
        ("ftp://town.example/", None, ["must begin with http:// or https://"]),
        ("file:///etc/passwd", None, ["must begin with http:// or https://"]),
        ("http://", None, ["and a host"]),
        ("http:///path", None, ["and a host"]),
        ("http://town.example:8x/", None, ["is not a URL"]),
        ("http://[::1/", None, ["is not a URL"]),
        ("http://例/", None, ["--name"]),
        ("http://town..example/", None, ["cannot be requested", "host name is malformed"]),
        ("http://tow\N{ZERO WIDTH NON-JOINER}n.example/", None, ["cannot be requested", "not an international name"]),
        ("http://[fe80::1%25eth0]/", None, ["cannot be requested", "zone"]),
    ],
)
def test_an_invalid_source_is_refused_and_the_message_says_what_is_allowed(
    wanted: str, name: str | None, words: list[str]
) -> None:
    with pytest.raises(SourceError) as refusal:
        find_source(wanted, {"town": TOWN}, name=name)
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_a_configured_url_that_cannot_be_crawled_is_refused_too() -> None:
    with pytest.raises(SourceError, match="must begin with http"):
        find_source("town", {"town": SourceSettings(url="gopher://town.example/")})


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@town.example/",
        "http://hunter2@town.example/",
        "http://user:hunter2@town.example:99999/",
        "http://user:hunter2@town.example:8x/",
        "http://user:hunter2@[::1/",
        "ftp://user:hunter2@town.example/",
        "http://user:hunter2@/",
    ],
)
def test_a_url_with_a_password_is_refused_and_the_password_not_repeated(url: str) -> None:
    with pytest.raises(SourceError) as refusal:
        check_url(url)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "delay", "seconds"),
    [
        ("https://town.example/", None, 2.0),
        ("https://town.example/", 0, 0.0),
        ("https://town.example/", 7, 7.0),
        ("http://127.0.0.1:8000/", None, 0.0),
        ("http://127.9.9.9/", None, 0.0),
        ("http://[::1]/", None, 0.0),
        ("http://localhost/", None, 0.0),
        ("http://localhost/", 3, 3.0),
        ("http://localhost.town.example/", None, 2.0),
        ("http://10.0.0.1/", None, 2.0),
        (sample.LISTING_URL, None, 0.0),
    ],
)
def test_the_delay_is_two_seconds_except_for_this_machine(url: str, delay: float | None, seconds: float) -> None:
    assert SourceSettings(url=url, delay=delay).seconds_between_requests == seconds


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"url": "http://a/", "colour": "red"},
        {"url": "http://a/", "delay": -1},
        {"url": "http://a/", "delay": 3601},
        {"url": "http://a/", "delay": "2"},
        {"url": "http://a/", "title": ""},
        {"url": "http://a/", "language": "English, please"},
        {"url": "http://a/", "language": "en\n"},
        {"url": "http://a/", "contact": "me"},
        {"url": "http://a/", "contact": "me at example.org"},
        {"url": "http://a/", "contact": "me@example.org\nX-Header: 1"},
        {"url": "http://a/", "contact": "me@example.org\n"},
        {"url": "http://a/", "contact": "mé@example.org"},
    ],
)
def test_an_invalid_table_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, type=SourceSettings)


def test_a_table_is_read() -> None:
    table = {"url": "http://a/", "title": "T", "language": "zh-Hans", "delay": 2, "contact": "https://example.org/bot"}
    assert msgspec.convert(table, type=SourceSettings) == SourceSettings(**table)
