"""WARC files in and out: the archive's truth for other tools and other archives, and captures that others made.

`exporting` writes an archive into one file. `contents` reads files; `own_import` and `foreign_import` bring what they hold
into an archive, each a plan as `importing` describes it. `listing_search` and `crawl_grouping` are pure: they tell which
responses are the listing's, and which of them were one crawl. Only this package knows warcio; it decides nothing about
entries, which `archive.rebuilding.rebuild` derives from what was brought.
"""
