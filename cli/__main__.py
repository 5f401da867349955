"""`python -m cli`: how one run of the program starts another."""

from cli.entry import run

run()
