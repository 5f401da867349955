"""The state of publishing in the archive: feed log, topics, counters and manifests.

All functions run inside the publisher's transaction. The package is independent of feed formats; only the record of an
output folder is a file.
"""
