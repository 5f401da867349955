"""Redactions: entries whose words an operator has taken down, how they are recognised, and what is withheld of captures."""
