"""Export and import of WARC files: for other tools, other archives, and captures made by other programs.

`exporting` writes an archive into one file. `inputs` reads files; `own_import` imports an export and `foreign_import`
imports other WARC files, each with the interface in `importing`. `listing_search` and `crawl_grouping` are pure: they find
the responses that are listing pages, and group them into crawls. Only this package imports warcio. It decides nothing about
entries: `archive.rebuilding.rebuild` derives them from the imported captures.
"""
