"""Settling: deriving entries, revisions, links and changes from the captures of a crawl."""
