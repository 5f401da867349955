"""What follows from a crawl: entries, revisions, links, changes, and the dates and ids that are decided once."""
