"""What readers of an archive are served: feeds and pages at `/`, Datasette under `/browse/`, on one port.

`site.make_app(output, archive)` makes the ASGI app, `server.open_socket` and `server.serve` put it on a port. What is
said of a published file is decided, by its name alone, in `http_headers` and `links`; docs/serving.md has the same for nginx.
`datasette_app.datasette_app(archive)` is Datasette alone; `metadata.load_metadata()` is what it says of each table,
view and column. `sql_guard` and `http_guard` bound what a stranger can ask of it. Nothing here writes to the archive.

Importing this package imports nothing: Datasette takes half a second to load.
"""
