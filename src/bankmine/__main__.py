"""`python -m bankmine` is the `bankmine` command."""

from bankmine.cli import main

main()
