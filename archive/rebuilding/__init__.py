"""Rebuilding: deriving an archive again from its truth.

Operators' decisions take effect in a rebuild.
"""
