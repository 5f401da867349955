"""Composing: from archived values to what feeds and pages say. Pure: no clock, no file, no format, no archive.

Whatever readers are told is decided here, once, so that Atom, RSS, JSON Feed and the pages cannot disagree.

    edition    what is published, and where to
    entries    one entry as readers get it; words, what is done to text on the way
    items      what a feed holds, whatever its format; documents, the feeds themselves
    changes    an edit, a withdrawal, a return, a link: with a before and an after
    histories  an entry's own page: every revision, where it comes from; citing, how to cite it
    listings   pages of many entries, collections (publications, topics) and the chart
"""
