"""Read the proxies of a crawl: from the settings of its source, else from the environment."""

from __future__ import annotations

from collections.abc import Mapping

from foreign_eyes.crawler.proxy_rules import NO_PROXY, ProxyRules, environment_rules, one_proxy, parse_proxy
from foreign_eyes.crawler.secret_values import place_of, read_secret
from foreign_eyes.crawler.site_settings import SettingSource
from foreign_eyes.crawler.sources import SiteSettingError, SourceSettings


def read_proxies(name: str, source: SourceSettings, environment: Mapping[str, str]) -> ProxyRules:
    """Return the proxies for crawling the source `name`; none for the sample.

    Raises:
        SiteSettingError: a setting or a variable names no proxy that can be used. The message never has a password.
    """
    if source.is_bundled or source.proxy == "":
        return NO_PROXY
    where = f"[sources.{name}] proxy"
    try:
        if source.proxy is None:
            return environment_rules(environment)
        if isinstance(source.proxy, SettingSource):
            where = f"{where}: {place_of(source.proxy)}"
            text = read_secret(f"[sources.{name}] proxy", source.proxy, environment)
        else:
            text = source.proxy
        return one_proxy(parse_proxy(text, where))
    except ValueError as error:
        if source.proxy is None:
            remedy = f'to use none for this source: proxy = "" in [sources.{name}]'
            raise SiteSettingError(f"{name}: {error}; {remedy}") from None
        raise SiteSettingError(f"{where} {error}") from None


def check_proxy(proxy: str | SettingSource | None) -> None:
    """Check the `proxy` of a source as written in the settings.

    Raises:
        ValueError: it is not a proxy that can be used, or it has a password.
    """
    if not isinstance(proxy, str) or not proxy:
        return
    if "@" in proxy:
        raise ValueError(
            "has a user or a password: write the whole URL into an environment variable or a file, and set"
            ' proxy = { env = "NAME" } or { file = "PATH" }'
        )
    parse_proxy(proxy, "")
