"""Runs of tasks: the same way for every task, kept in folders that can be read without bankmine.

Owns: the runner, run folders, model files, scores, publishing, and the pages made from a run. May import:
tasks and all below it, report. Start at `runner.py` (the stages of a run), then `supervised.py` (fit, test,
score), `honesty.py` (the four tests) and `store.py` (what a run folder holds).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bankmine.lifecycle.pages import page_of
    from bankmine.lifecycle.publishing import current, publish
    from bankmine.lifecycle.run import Run, load_run
    from bankmine.lifecycle.runner import run_task

_PLACES = {
    "Run": "run", "load_run": "run", "run_task": "runner", "publish": "publishing", "current": "publishing",
    "page_of": "pages",
}  # fmt: skip
__all__ = ["Run", "current", "load_run", "page_of", "publish", "run_task"]


def __getattr__(name: str) -> Any:
    """Loads what is asked for."""
    from importlib import import_module

    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
