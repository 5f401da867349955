"""Datasette as readers see it: the app, its guards, its metadata and its plugins.

The guards refuse hostile SQL and hostile requests.
"""
