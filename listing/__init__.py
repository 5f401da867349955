"""How a listing is read: pages parsed, passes compared, results checked.

No Scrapy, no SQL, no clock.

reader: reads the pages of a listing in order, with a function that fetches; returns the verdict of the crawl.
quality_gate: decides by pure functions whether what was read may settle.
listing_checks: applies the quality gate to pages, with what is known about the listing.
known_listing: the interface through which the reader asks what is known; the archive implements it.
pagination: which URL to request for the next page.
fetch_results: the result of a request, and which results end a crawl.
http_statuses: what an HTTP status means for the operator.
http_dates: reads the dates of HTTP fields.
content_coding: decodes gzip and deflate strictly.
parser/: turns the bytes of a page into entries, pager and links.
text: cleans text and removes style for comparison.
text_digests: digests of entries (wording, identity).
values: the types that the packages exchange: listed entry, listing page, verdict, parser.
"""
