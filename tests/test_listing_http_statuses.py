"""What a status that is no page means."""

from __future__ import annotations

import pytest

from foreign_eyes.listing.http_statuses import words_of_status


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (204, "204 (No Content): no page comes with it"),
        (300, "300 (Multiple Choices): it names no address"),
        (401, "401 (Unauthorized): the site wants a login"),
        (418, "418 (I'm a Teapot): the site refuses the request"),
        (499, "499 (unknown): the site refuses the request"),
        (503, "503 (Service Unavailable): the site failed: try again later"),
        (511, "511 (Network Authentication Required): this machine's network wants a login"),
        (799, "799 (not an HTTP status): open the address"),
    ],
)
def test_a_status_has_its_name_and_what_to_do(status: int, words: str) -> None:
    assert words_of_status(status).startswith(words)


def test_every_status_has_words() -> None:
    assert all(words_of_status(status).partition("): ")[2] for status in range(1000))
