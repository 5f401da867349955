"""The crawler: a Scrapy project that reads a listing and records every response in the archive.

`run.crawl_in_turn` is what others call; `parse` is the pure reader of pages. Inside, `reading` says in one coroutine how a
listing is read, `paging` and `backoff` decide, and the Scrapy components (`spider`, `robots`, `capture`, `retrying`,
`addresses`) fetch. This module must not import scrapy: the command line imports the package to show its help.
"""
