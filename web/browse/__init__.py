"""Datasette as readers meet it: the app, its guards against hostile SQL and requests, metadata, plugins."""
