"""Redactions: hide texts, recognise them in later crawls, withhold captures of them."""
