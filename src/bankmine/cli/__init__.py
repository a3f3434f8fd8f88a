"""The command line: thin commands that translate words into calls and errors into one line.

May import every room, lazily, so that `bankmine --help` stays quick. Start at `app.py` (the commands);
`progress.py` draws the bars, `errors.py` turns errors into one line and an exit code.
"""


def main() -> None:
    """Entry point of the `bankmine` command."""
    from bankmine.cli.run import main as run

    run()
