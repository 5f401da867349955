"""Where the sample's listing is, and how long its story lasts: what can be known without rendering or serving anything."""

from __future__ import annotations

HOST = "sample.foreign-eyes.invalid"
ORIGIN = f"http://{HOST}"
LISTING_PATH = "/specialtopic/chinasipinforeigneyes/index.htm"
LISTING_URL = ORIGIN + LISTING_PATH
ROBOTS_PATH = "/robots.txt"
# on the first day; the story moves it
PATENT_SEARCH_PATH = "/patentsearch/index.htm"

# how many days the story has; those that a first look at the sample shows at once, so that something has happened
DAYS = 10
FIRST_DAYS = 5
