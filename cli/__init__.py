"""The command line: `foreign-eyes COMMAND`, and what holds the packages together.

`main` is the entry; each other module is one command or what several share. Heavy packages are imported inside the
commands that need them, so that `--help` and `status` answer at once.
"""
