"""Which base URL is published for, and when it is worth saying that files are served elsewhere."""

from __future__ import annotations

import pytest

from foreign_eyes.cli.base_url import choose_base_url, note_on_links
from foreign_eyes.cli.settings_loader import DEFAULT_BASE_URL

CONFIGURED = "https://example.org/eyes/"
PUBLISHED = "http://127.0.0.1:9000/"
CHOSEN = "http://127.0.0.1:9001/"


@pytest.mark.parametrize(
    ("configured", "published", "served_at", "expected"),
    [
        pytest.param(CONFIGURED, PUBLISHED, CHOSEN, CONFIGURED, id="what is configured comes first"),
        pytest.param("https://example.org/eyes", None, None, CONFIGURED, id="with a slash at its end"),
        pytest.param(DEFAULT_BASE_URL, PUBLISHED, CHOSEN, PUBLISHED, id="published files keep theirs"),
        pytest.param(DEFAULT_BASE_URL, CONFIGURED, CHOSEN, CONFIGURED, id="a public one, too"),
        pytest.param(DEFAULT_BASE_URL, None, CHOSEN, CHOSEN, id="new files take the port that was chosen"),
        pytest.param(DEFAULT_BASE_URL, None, None, DEFAULT_BASE_URL, id="else the default one"),
        pytest.param(DEFAULT_BASE_URL.rstrip("/"), PUBLISHED, None, PUBLISHED, id="the default without its slash"),
    ],
)
def test_the_base_url_changes_only_by_an_operators_option(
    configured: str, published: str | None, served_at: str | None, expected: str
) -> None:
    assert choose_base_url(configured, published, served_at) == expected


@pytest.mark.parametrize(
    ("base_url", "served_at"),
    [
        pytest.param(PUBLISHED, PUBLISHED, id="the same"),
        pytest.param("http://localhost:9000/", PUBLISHED, id="the same by name"),
        pytest.param(CONFIGURED, PUBLISHED, id="a public address, behind a proxy or elsewhere"),
    ],
)
def test_nothing_is_said_where_the_links_work(base_url: str, served_at: str) -> None:
    assert note_on_links(base_url, served_at, free_port=False, program="eyes") is None


def test_files_that_link_to_another_port_can_be_published_for_the_one_that_is_served() -> None:
    note = note_on_links(PUBLISHED, CHOSEN, free_port=False, program="eyes")
    assert note is not None
    assert PUBLISHED in note
    assert note.endswith(f"eyes publish --base-url {CHOSEN}")


def test_the_command_in_the_note_is_quoted_for_a_shell() -> None:
    note = note_on_links(PUBLISHED, "http://[::1]:9001/", free_port=False, program="eyes")
    assert note is not None
    assert note.endswith("--base-url 'http://[::1]:9001/'")


def test_nobody_is_advised_to_publish_for_a_port_that_was_taken_by_chance() -> None:
    note = note_on_links(DEFAULT_BASE_URL, "http://127.0.0.1:35001/", free_port=True, program="eyes")
    assert note is not None
    assert "free that port" in note
    assert "35001" not in note
