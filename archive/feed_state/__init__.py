"""The state of publishing in the archive: the feed log, topics, counters and the manifest of published files.

All functions run inside the publisher's transaction. The package is independent of feed formats; only the record of an
output folder is a file.
"""
