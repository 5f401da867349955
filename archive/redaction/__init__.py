"""Redactions: entries whose words an operator took down, how they are recognised, and which captures are withheld."""
