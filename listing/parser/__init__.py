"""The parser: turns the bytes of a listing page into entries, pager and links.

No network, no clock, no Scrapy.

For any input, the functions raise nothing and take time proportional to its length.

    bytes | charset | html_tokens, nesting, visibility, paragraphs | layout, entries | attribution = ListingPage

listing_page: `parse_listing`, which runs these steps.
charset: decodes the bytes.
html_tokens: splits markup into tags and text.
nesting, open_elements, open_element, element_kinds, foreign_elements: which elements a tag opens and closes.
visibility, invisible_characters: what readers do not see.
paragraphs, page_links, page_content: the paragraphs, links and scripts of a page.
hanweb_store: records that a page stores as XML.
markers: dashes, bullets, labels and boilerplate.
layout: which paragraphs belong to which attribution.
entries, inline_attributions: excerpt, attribution and commentary of each entry.
attribution, attribution_scores, attribution_words: splits an attribution into title and publication.
publications: the names of known publications.
pagers: page count, links to other pages, URL patterns.
url_resolving, link_keys: URLs.
block_pages: recognises responses that block us.

`PARSER_VERSION` must be raised with every change that can parse a stored body differently. The archive then derives its
rows again from the stored bodies, as technical revisions that readers do not see.
"""

from foreign_eyes.listing.parser.attribution import Attribution, split_attribution
from foreign_eyes.listing.parser.blocked_responses import blocking_sign, is_html
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
