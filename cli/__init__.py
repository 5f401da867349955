"""The command line `foreign-eyes COMMAND`, which combines the other packages.

`main` is the entry point; every other module is one command or is shared by several. Heavy packages are imported inside
the commands that need them, so that `--help` and `status` start fast.
"""
