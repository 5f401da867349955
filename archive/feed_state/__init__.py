"""What publishing reads of an archive and keeps in it: the log behind the feeds, topics, counts, and a manifest of files.

Everything here runs inside the publisher's transaction; nothing here knows a format or touches a file.
"""
