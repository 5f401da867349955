"""Rendering: composed values as bytes. Each module knows one kind of file and decides nothing.

xml        Atom and RSS, the only module that knows feedgen; xml_extensions, what feedgen lacks
json_feed  JSON Feed
pages      the HTML pages, by Jinja templates
outlines   subscriptions.opml and the sitemap
plain_text titles and the like, where readers may take text for HTML
"""
