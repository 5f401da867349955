"""The archive: one SQLite file with captured responses and the entries derived from them.

`database` opens it, `captures` stores responses, `settling` derives entries from them in one transaction, `rebuilding`
derives them again, `feed_state` stores the state of published feeds, and `redaction` hides texts. `schema` has the tables.
`matching` is pure. All SQL of the project is in this package, except read-only queries of `web.browse`.
"""
