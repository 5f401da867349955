"""The feeds: what readers get of an archive, as plain files that any web server can send.

    current entries | compose | render | write

`publish.publish` is what others call, and `errors` are what it raises. `compose` is pure and decides what is said;
`markup` and `pages` put it into HTML, `render` into Atom and RSS (it alone imports feedgen); `write` replaces files whole.
No file shows when it was published or when the source was last read: same archive, same bytes.
"""
