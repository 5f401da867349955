"""Redactions: hide the texts of entries, recognise them in later crawls, and withhold captures that show them."""
