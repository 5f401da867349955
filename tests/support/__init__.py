"""Helpers of the tests: servers, listings, archives, feed readers and external programs."""
