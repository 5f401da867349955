"""The archive: one SQLite file that keeps what was fetched for ever, and what was derived from it.

`store` opens it, `captures` records responses, `settle` derives entries from them in one transaction, `query` reads.
`text`, `identity`, `matching`, `dating` and `judging` are pure: they decide, and touch nothing. `values` are what all
packages hand to each other. Only this package holds SQL, and it imports none of the others.
"""
