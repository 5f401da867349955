"""International host names."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.listing.host_names import ascii_host, ascii_url, shown_host


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\N{COMBINING DIAERESIS}cher.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("中国。例子", "xn--fiqs8s.xn--fsqu00a"),
        ("example.ελ", "example.xn--qxam"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("b%C3%BCcher.example", "xn--bcher-kva.example"),
        ("Town.Example.", "town.example."),
        ("例.example.", "xn--fsq.example."),
        ("a_b.例.example", "a_b.xn--fsq.example"),
        ("i❤.example", "xn--i-7iq.example"),
        ("１２７。０。０。１", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("２１３０７０６４３３", "2130706433"),
    ],
)
def test_a_host_name_is_written_as_dns_has_it(host: str, name: str) -> None:
    assert ascii_host(host) == name


@pytest.mark.parametrize(
    "host",
    [
        "a\N{ZERO WIDTH NON-JOINER}b.example",
        "ä" * 60 + ".example",
        "%FF.example",
        "town%2Fexample",
        "town%40evil.example",
        "a%25b.example",
        "tow\N{RIGHT-TO-LEFT OVERRIDE}n.example",
        "例\N{FULLWIDTH COMMERCIAL AT}evil.example",
    ],
)
def test_a_host_name_that_is_not_allowed_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="its host name is"):
        ascii_host(host)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://例え.テスト:8080/道?q=道#道", "https://xn--r8jz45g.xn--zckzah:8080/道?q=道#道"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://user@bücher.example/", "https://user@xn--bcher-kva.example/"),
        ("http://b%C3%BCcher.example/%C3%BC", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://TOWN.example/%7e", "http://TOWN.example/%7e"),
        ("http://[2001:db8::1]:8080/ü", "http://[2001:db8::1]:8080/ü"),
        ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
        ("mailto:bücher@town.example", "mailto:bücher@town.example"),
    ],
)
def test_only_the_host_of_a_url_is_changed(url: str, expected: str) -> None:
    assert ascii_url(url) == expected


@given(st.text(min_size=1, max_size=20))
def test_the_form_of_dns_stays_as_it_is(host: str) -> None:
    try:
        name = ascii_host(host)
    except ValueError:
        return
    assert name.isascii()
    assert ascii_host(name) == name or "%" in name


@given(st.text(max_size=30))
def test_a_url_stays_at_its_host_or_is_refused(text: str) -> None:
    try:
        url = ascii_url(f"http://{text}")
    except ValueError:
        return
    assert (urlsplit(url).hostname or "").isascii()
    assert ascii_url(url) == url


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("town.example", "town.example"),
        ("xn--bcher-kva.example", "bücher.example (xn--bcher-kva.example)"),
        ("xn--r8jz45g.xn--zckzah", "例え.テスト (xn--r8jz45g.xn--zckzah)"),
        ("xn--bcher-kva.example:8080", "bücher.example:8080 (xn--bcher-kva.example:8080)"),
        ("xn--a.example", "xn--a.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_message_shows_an_international_name_in_both_forms(host: str, shown: str) -> None:
    assert shown_host(host) == shown
