"""Runs that another version of bankmine made: what one did not keep is a clear line, not a broken page.

The folder of a run outlives the code that wrote it. A page or a validation may ask for a figure that the run
does not have, for it is newer than the run; the same failure in a run of this very code is an error of
bankmine's own and stays one. `load_run` guards the figures themselves, for every reader; `readable` is for
what is read from a run's tables and models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from bankmine.errors import BankmineError
from bankmine.lifecycle.run import Run, made_before
from bankmine.lifecycle.store import code_version
from bankmine.report.content import HowComputed, Page, Statement, Tone

ABSENT = (AttributeError, IndexError, KeyError, TypeError, ValueError)  # what absent figures raise


@contextmanager
def readable(run: Run) -> Iterator[None]:
    """Around what reads a run: UsageError, not a failure, where other code made it and it lacks something."""
    try:
        yield
    except ABSENT as error:
        if run.about.get("code") == code_version():
            raise
        raise made_before(run.about) from error


def page_instead(run: Run, error: BankmineError) -> Page:
    """The page of a run that cannot be shown: its verdict, as it was then, and what to do."""
    at = date.fromisoformat(run.cutoff[:10])
    return Page(
        slug=run.task.replace("_", "-"), title=run.about["title"], nav_group="Tasks", as_of=at,
        sentence="The figures of this run cannot be shown.",
        statements=[
            Statement(f"{error.what[:1].upper()}{error.what[1:]}.", detail=error.hint, tone=Tone.WATCH),
            Statement(f"What it said then: {run.verdict}"),
        ],
        sections=[], how_computed=HowComputed(
            goal=run.about["goal"]["question"], population=run.about["plan"]["sentence"], run_id=run.run_id,
        ),
    )  # fmt: skip
