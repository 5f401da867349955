"""The web server: feeds and pages at `/`, Datasette under `/browse/`, on one port.

The server never writes the archive.

    server         the app, the socket and the HTTP protocol
    static_files   serves the published folder from an LRU cache
    http_headers   header fields, conditional requests and representations
    folder_lock    one server per folder
    browse         Datasette with a guard for requests and one for SQL

Importing this package imports none of them, because Datasette takes half a second to load.
"""
