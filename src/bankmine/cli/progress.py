"""Progress bars for everything that takes over two seconds.

On a terminal: one bar a stage. Elsewhere (a log, a pipe): one line when a stage begins, nothing else, so
that logs stay readable.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bankmine import clock

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Stages:
    """Receives `(stage, done, total)` and draws it; call it like a function."""

    def __init__(self, bars: Progress | None) -> None:
        self._bars = bars
        self._current: str | None = None
        self._task: TaskID | None = None
        self._began = clock.elapsed()

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        if stage != self._current:
            self._finish()
            self._current, self._began = stage, clock.elapsed()
            if self._bars is None:
                print(f"  {stage}", file=sys.stderr, flush=True)
            else:
                self._task = self._bars.add_task(stage, total=total or None)
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=total or None)

    def _finish(self) -> None:
        if self._bars is not None and self._task is not None:
            task = self._bars.tasks[self._bars.task_ids.index(self._task)]
            total = task.total or 1
            self._bars.update(self._task, completed=total, total=total)
        self._task = None

    def end(self) -> None:
        """Completes the last bar."""
        self._finish()
        self._current = None


@contextmanager
def stages() -> Iterator[Stages]:
    """Bars while the block runs."""
    if not sys.stderr.isatty():
        yield Stages(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        shown = Stages(bars)
        yield shown
        shown.end()
