"""The feeds: what readers get of an archive, as plain files that any web server can send.

    follow the archive's journal | scope | compose | render | write | notify

`publish.publish` is what others call, and `errors` are what it raises; `topics`, `default_topics` and `addresses` are what a
configuration is checked by. `scope` decides which documents are looked at, `documents` makes each of the archive, `compose/`
(pure) decides what is said and `render/` puts it into formats; `write` replaces files whole, `notify` tells a hub.
No file shows when it was published or when the source was last read: same archive, same bytes.
"""
