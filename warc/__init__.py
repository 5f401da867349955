"""Export and import of WARC files.

An export is for other tools and other archives. An import also reads captures of other programs. `exporting` writes an
archive into one file. `inputs` reads files; `import_exports` imports an export and `import_captures` imports other WARC
files, each with the interface in `import_base`. `listing_search` and `crawl_grouping` are pure: they find the responses
that are listing pages, and group them into crawls. Only this package imports warcio. It decides nothing about entries:
`archive.rebuilding.rebuild` derives them from the imported captures.
"""
