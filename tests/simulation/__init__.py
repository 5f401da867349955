"""Simulated years of a source, and the oracle that checks what the archive makes of them."""
