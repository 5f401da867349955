"""Constants of the sample: its URLs and the length of its story."""

from __future__ import annotations

HOST = "sample.foreign-eyes.invalid"
ORIGIN = f"http://{HOST}"
LISTING_PATH = "/specialtopic/chinasipinforeigneyes/index.htm"
LISTING_URL = ORIGIN + LISTING_PATH
ROBOTS_PATH = "/robots.txt"
# on the first day; the story changes it
PATENT_SEARCH_PATH = "/patentsearch/index.htm"

# days of the story, and how many of them the first `up` crawls, so that its history has changes
DAYS = 10
FIRST_DAYS = 5
