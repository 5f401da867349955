"""Deriving an archive again from its truth, with what operators decide."""
