"""The shape: whatever decides what files say besides the archive makes another one."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from feeds.addresses import normal_browse_url, normal_hub
from feeds.compose.edition import Edition
from feeds.shape import shape_of
from feeds.topics import Topics

EDITION: Edition = runpy.run_path(str(Path(__file__).parent / "data/feeds/column.py"))["EDITION"]
TOPICS = Topics({"Kites": ["kite*"]})


def test_the_same_settings_have_the_same_shape() -> None:
    assert shape_of(EDITION, TOPICS) == shape_of(replace(EDITION), Topics({"Kites": ["kite*"]}))


@pytest.mark.parametrize(
    "other",
    [
        replace(EDITION, browse=None),
        replace(EDITION, hub="https://hub.example/"),
        replace(EDITION, tombstones=True),
        replace(EDITION, tag="tag:else.example,2026:made-up"),
        replace(EDITION, source=replace(EDITION.source, title="Else")),
        replace(EDITION, source=replace(EDITION.source, language="fr")),
        replace(EDITION, source=replace(EDITION.source, url="https://else.example/")),
    ],
    ids=lambda edition: "",
)
def test_another_setting_makes_another_shape(other: Edition) -> None:
    assert shape_of(other, TOPICS) != shape_of(EDITION, TOPICS)


@pytest.mark.parametrize("topics", [{}, {"Kites": ["kites"]}, {"Kite": ["kite*"]}])
def test_another_topic_makes_another_shape(topics: dict[str, list[str]]) -> None:
    assert shape_of(EDITION, Topics(topics)) != shape_of(EDITION, TOPICS)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("", None),
        ("  ", None),
        ("browse/", "browse/"),
        ("data/browse", "data/browse/"),
        ("https://data.example/x", "https://data.example/x/"),
    ],
)
def test_datasette_is_below_the_base_url_at_an_address_or_nowhere(given: str, normal: str | None) -> None:
    assert normal_browse_url(given) == normal


@pytest.mark.parametrize(
    "url", ["/browse/", "../browse/", "a/../../b", "javascript:alert(1)", "ftp://a.example/", "a?b", "a#b"]
)
def test_what_is_no_place_for_datasette_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        normal_browse_url(url)


@pytest.mark.parametrize(
    "url", ["https://hub.example/", "https://hub.example/publish", "http://127.0.0.1:8080/hub?a=1&b=2"]
)
def test_a_hub_is_an_address_of_the_web(url: str) -> None:
    assert normal_hub(url) == url


@pytest.mark.parametrize("url", ["hub.example", "ftp://hub.example/", "https://", "https://me:s3cret@hub.example/"])
def test_what_is_no_hub_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^hub .*must begin|user name") as refused:
        normal_hub(url)
    assert "s3cret" not in str(refused.value)
