"""The parser: what the bytes of a listing page say, as values. Pure: no network, no file, no clock, no Scrapy.

`parse_listing` reads a page into entries, pager and links; `split_attribution` reads one attribution line, and
`normalise_publication` gives the one name that a publication is kept under; `blocking_sign` and `is_html` tell answers
that are no content. Nothing here raises whatever the input, and time grows with its length only.

`PARSER_VERSION` counts the changes that can read an old body differently: raise it with each of them, and the archive
derives its rows again from the bodies it keeps, as technical revisions that no reader sees.
"""

from foreign_eyes.listing.parser.attribution import Attribution, split_attribution
from foreign_eyes.listing.parser.block_pages import blocking_sign, is_html
from foreign_eyes.listing.parser.listing_page import parse_listing
from foreign_eyes.listing.parser.publications import normalise_publication

PARSER_VERSION: int = 2

__all__ = [
    "PARSER_VERSION",
    "Attribution",
    "blocking_sign",
    "is_html",
    "normalise_publication",
    "parse_listing",
    "split_attribution",
]
