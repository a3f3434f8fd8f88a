"""Runs a command and turns whatever goes wrong into one line and an exit code.

0: done. 1-10: an error of the family in `bankmine.errors`. 70: a fault in bankmine itself. 74: the machine
refused to read or write. 130: interrupted.
"""

from __future__ import annotations

import os
import sys

from bankmine.errors import BankmineError

INTERNAL, INPUT_OUTPUT, INTERRUPTED = 70, 74, 130


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits; `--debug` anywhere shows tracebacks."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"] or ["--help"]
    sys.exit(_run(words, debug=debug))


def _run(words: list[str], *, debug: bool) -> int:
    import typer

    from bankmine.cli.app import app

    try:
        result = app(args=words, standalone_mode=False, prog_name="bankmine")
    except BankmineError as error:
        return _say(str(error), error.exit_code, debug=debug)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted(debug=debug)
    except typer.TyperException as error:
        return _say(f"{_first_line(error)} `bankmine --help` shows the commands.", 2, debug=debug)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        what = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
        return _say(
            f"{what}. Check that the place exists, may be written and has room.", INPUT_OUTPUT, debug=debug
        )
    except Exception as error:
        hint = "This is a fault in bankmine; run it again with --debug and report what it prints."
        return _say(
            f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''} {hint}",
            INTERNAL,
            debug=debug,
        )
    if result == INTERRUPTED:  # how typer says that Ctrl-C ended a command
        return _interrupted(debug=debug)
    return result if isinstance(result, int) else 0


def _interrupted(*, debug: bool) -> int:
    return _say("interrupted; nothing was left half done", INTERRUPTED, debug=debug)


def _first_line(error: Exception) -> str:
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _say(line: str, code: int, *, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    print(f"bankmine: {line}", file=sys.stderr)
    return code
