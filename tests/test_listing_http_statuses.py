"""The explanation of an HTTP status that has no page."""

from __future__ import annotations

import pytest

from foreign_eyes.listing.http_statuses import describe_status


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (204, "204 (No Content): the response has no page"),
        (300, "300 (Multiple Choices): the redirect has no target"),
        (401, "401 (Unauthorized): the site requires a login"),
        (418, "418 (I'm a Teapot): the site refuses the request"),
        (499, "499 (unknown): the site refuses the request"),
        (503, "503 (Service Unavailable): the site failed: try again later"),
        (511, "511 (Network Authentication Required): this machine's network requires a login"),
        (799, "799 (not an HTTP status): open the URL"),
    ],
)
def test_a_status_has_its_name_and_what_to_do(status: int, words: str) -> None:
    assert describe_status(status).startswith(words)


def test_every_status_has_an_explanation() -> None:
    assert all(describe_status(status).partition("): ")[2] for status in range(1000))
