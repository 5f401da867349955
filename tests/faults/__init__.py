"""Faults injected into whole runs: a crawl killed at any system call.

Here and not under `benchmarks/`, because these are checks that pass or fail: `tests/test_kills.py` runs a sample of the
same trials, and both stand on the tests' own server and listings. `docs/kills.md` tells how to run all of them.
"""
