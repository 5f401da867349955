"""Which proxy a request goes through."""

from __future__ import annotations

from pathlib import Path

import pytest

from foreign_eyes import sample
from foreign_eyes.crawler.proxy_rules import Proxy, ProxyRules, environment_rules, parse_proxy
from foreign_eyes.crawler.proxy_settings import check_proxy, read_proxies
from foreign_eyes.crawler.site_settings import SettingSource
from foreign_eyes.crawler.sources import SiteSettingError, SourceSettings

SITE = "https://town.example/column/"
HTTP, HTTPS = "http://town.example/", "https://town.example/"


def proxy_url(environment: dict[str, str], url: str) -> str | None:
    proxy = environment_rules(environment).proxy_for(url)
    return None if proxy is None else proxy.url


@pytest.mark.parametrize(
    ("environment", "for_http", "for_https"),
    [
        ({}, None, None),
        ({"http_proxy": "http://a:1"}, "http://a:1", None),
        ({"https_proxy": "http://b:2"}, None, "http://b:2"),
        ({"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "b:2"}, "http://a:1", "http://b:2"),
        ({"http_proxy": "http://a:1", "HTTP_PROXY": "http://b:2"}, "http://a:1", None),
        ({"http_proxy": "", "HTTP_PROXY": "http://b:2"}, None, None),
        ({"all_proxy": "http://c:3/"}, "http://c:3", "http://c:3"),
        ({"ALL_PROXY": "http://c:3", "https_proxy": ""}, "http://c:3", None),
        ({"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": "http://a:1", "REQUEST_METHOD": "GET"}, "http://a:1", None),
        ({"all_proxy": "http://[2001:db8::1]:3128"}, "http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
        ({"http_proxy": "http://bücher.example"}, "http://xn--bcher-kva.example:80", None),
    ],
)
def test_the_variables_of_the_environment_are_those_of_curl(
    environment: dict[str, str], for_http: str | None, for_https: str | None
) -> None:
    assert (proxy_url(environment, HTTP), proxy_url(environment, HTTPS)) == (for_http, for_https)


@pytest.mark.parametrize(
    ("no_proxy", "url"),
    [
        ("*", SITE),
        ("town.example", SITE),
        (".town.example", "https://www.town.example/"),
        ("town.example", "https://www.town.example/"),
        ("*.town.example", "https://www.town.example/"),
        ("a.example, TOWN.example", SITE),
        ("a.example town.example", SITE),
        ("town.example:443", SITE),
        ("10.0.0.0/8", "http://10.1.2.3/"),
        ("2001:db8::/32", "http://[2001:db8::1]/"),
        ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080/"),
        ("8.8.8.8", "http://8.8.8.8/"),
        ("bücher.example", "http://xn--bcher-kva.example/"),
    ],
)
def test_hosts_in_no_proxy_are_reached_directly(no_proxy: str, url: str) -> None:
    for variable in ("no_proxy", "NO_PROXY"):
        assert proxy_url({"all_proxy": "http://a:1", variable: no_proxy}, url) is None


@pytest.mark.parametrize("url", ["http://localhost/", "http://a.localhost/", "http://127.0.0.1:8000/", "http://[::1]/"])
def test_this_machine_is_reached_without_the_proxy_of_the_environment(url: str) -> None:
    assert proxy_url({"all_proxy": "http://a:1"}, url) is None


@pytest.mark.parametrize(
    ("no_proxy", "url"),
    [
        ("", SITE),
        ("own.example", SITE),
        ("nottown.example", SITE),
        ("wn.example", SITE),
        ("www.town.example", SITE),
        ("town.example:80", SITE),
        ("10.0.0.0/8", "http://11.0.0.1/"),
        (".", SITE),
        ("[", SITE),
    ],
)
def test_other_hosts_are_not_reached_directly(no_proxy: str, url: str) -> None:
    assert proxy_url({"all_proxy": "http://a:1", "no_proxy": no_proxy}, url) == "http://a:1"


def test_a_login_is_kept_apart_and_decoded() -> None:
    proxy = parse_proxy("http://me%40work:p%3Ass%20word@proxy.example:3128", "somewhere")
    assert proxy == Proxy("http://proxy.example:3128", "somewhere", "me@work:p:ss word")
    assert proxy.authorization == b"Basic bWVAd29yazpwOnNzIHdvcmQ="
    assert "ss word" not in repr(proxy)
    assert Proxy("http://proxy.example:3128", "").authorization is None


BAD = [
    "socks5://me:s3cret@proxy.example:1080",
    "https://me:s3cret@proxy.example",
    "http://me:s3cret@",
    "http://me:s3cret@proxy.example:0",
    "http://me:s3cret@proxy.example:99999",
    "http://me:s3cret@proxy.example/path",
    "http://me:s3cret@proxy example:1",
    "http://me:s3cret@[::1",
    "me:s3cret@proxy_\N{ZERO WIDTH NON-JOINER}.example",
]


@pytest.mark.parametrize("text", BAD)
def test_a_proxy_that_cannot_be_used_is_refused_and_its_login_not_repeated(text: str, tmp_path: Path) -> None:
    file = tmp_path / "proxy"
    file.write_text(text, encoding="utf-8")
    by_file = SourceSettings(url=SITE, proxy=SettingSource(file=str(file)))
    by_variable = SourceSettings(url=SITE, proxy=SettingSource(env="EYES"))
    for source, environment, where in (
        (SourceSettings(url=SITE), {"https_proxy": text}, "https_proxy"),
        (by_file, {}, str(file)),
        (by_variable, {"EYES": text}, "EYES"),
    ):
        with pytest.raises(SiteSettingError, match="proxy") as refusal:
            read_proxies("town", source, environment)
        assert "s3cret" not in str(refusal.value)
        assert where in str(refusal.value)
        assert "[sources.town]" in str(refusal.value)


def test_the_setting_of_a_source_has_precedence_over_the_whole_environment(tmp_path: Path) -> None:
    file = tmp_path / "proxy"
    file.write_text("http://me:secret@c:3\n", encoding="utf-8")
    environment = {"all_proxy": "http://a:1", "no_proxy": "*", "EYES": "http://b:2"}
    ways: list[tuple[str | SettingSource | None, str | None]] = [
        ("http://d:4", "http://d:4"),
        (SettingSource(env="EYES"), "http://b:2"),
        (SettingSource(file=str(file)), "http://c:3"),
        ("", None),
        (None, None),
    ]
    for setting, url in ways:
        proxy = read_proxies("town", SourceSettings(url=SITE, proxy=setting), environment).proxy_for(SITE)
        assert (proxy.url if proxy else None) == url


def test_the_sample_has_no_proxy() -> None:
    source = SourceSettings(url=sample.LISTING_URL)
    assert read_proxies("sample", source, {"all_proxy": "socks5://a:1"}) == ProxyRules()


@pytest.mark.parametrize("proxy", [None, "", "http://proxy.example:3128", "proxy.example:3128", SettingSource(env="A")])
def test_a_proxy_is_written_in_the_settings_as_url_or_as_a_place(proxy: str | SettingSource | None) -> None:
    check_proxy(proxy)


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://me:s3cret@proxy.example:3128", 'proxy = { env = "NAME" }'),
        ("me@proxy.example:3128", "or { file"),
        ("socks5://proxy.example", "SOCKS proxies are not supported"),
        ("http://", "give http://HOST:PORT"),
    ],
)
def test_a_login_in_the_settings_and_a_useless_proxy_are_refused(proxy: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        check_proxy(proxy)
    assert "s3cret" not in str(refusal.value)
