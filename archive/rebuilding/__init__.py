"""Rebuilding: deriving an archive again from its truth, and operators' decisions, which take effect in a rebuild."""
