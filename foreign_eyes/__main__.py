"""`python -m foreign_eyes`: the command line; one run of the program starts another this way."""

from foreign_eyes.cli.entry_point import run

run()
