"""A Scrapy project that reads a listing and records every response in the archive.

Entry points:
    run: runs crawls in this process, in turn or side by side; the command line calls it.
    probe: reads one page and keeps nothing (`foreign-eyes probe`).
    spider: the spider, also for `scrapy crawl listing`.

The crawl:
    crawl_archive: an archive that is open and locked for crawls, which may run side by side.
    session: one crawl in an open archive; counts requests, settles at the end.
    remembering_parser: the parser with a cache.
    link_following: follows the links of the listing after the crawl has settled.
    requested_pause, crawl_delay: decide what a site's wish for a pause or a delay means.
    first_contact: explains why page 1 of an unknown source is refused.
    steady_clock: the clock of one crawl.

Scrapy components, from the engine to the network:
    robots_txt: obeys robots.txt; host_delays: waits as long as it asks for.
    ssrf_guard: refuses addresses that are not public.
    fetchable_urls: checks whether a URL can be requested.
    retrying: repeats a request after a transient error; `backoff` decides whether and when.
    redirects: follows redirects and explains bad ones.
    site_requests: sends the headers and cookies of a source to its own host.
    download_handlers: send a request when it is its turn at the host; `host_turns` decides.
    capture: sends conditional requests, decodes bodies, stores every response.
    tls_errors, download_errors: turn exceptions into faults with a message.
    tls_handshakes: the handshakes of one crawl.

Configuration:
    sources: built-in and configured sources; site_settings: the keys for their sites.
    site_access: the headers and certificates of one crawl, with their secrets.
    settings: Scrapy's settings.
    settings_file: where the operator's settings file is.
    jobs: the parameters of one crawl; `scrapy_arguments` reads them from those of `scrapy crawl`.
    commands: `scrapy crawl` with the exit codes of `foreign-eyes crawl` (`exit_status`).

How a listing is read is in `foreign_eyes.listing`. This module must not import Scrapy: the command line imports the package
to print its help.
"""
