"""Faults injected into whole runs: kill a crawl at any system call.

`tests/test_kills.py` runs a sample of these trials; docs/kills.md says how to run all of them.
"""
