"""Composing: the texts of feeds and pages, from archived values.

Pure: no clock, no file, no format and no database. Each text that readers see is decided here once, so that Atom, RSS,
JSON Feed and the pages agree.

publication_target   the source that is published, and its base URL
feed_entries         one entry with its texts; sentences, cleaning of texts, and dates in words
feed_items, feeds    the items of a feed in any format, and the feeds
change_items         an edit, a withdrawal, a return or a link change, with the texts before and after
decision_sentences, redaction_sentences   the sentences that announce decisions and redactions
entry_pages          an entry's own page: every revision and its source; citations, how to cite it
collection_pages     pages of many entries, counts of publications and topics, and the chart
"""
