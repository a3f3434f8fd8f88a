"""The bank as one process serves it: opened once, read by many threads, looked at anew when it changed.

A load replaces the manifest and a run `results/current.json`, each in one rename; `Place` compares the files'
marks at each request. What was kept of the state before is not asked for again and goes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from bankmine.access.attachment import Attachment, attachment
from bankmine.access.directory import Source, directory
from bankmine.access.kept import Kept
from bankmine.access.owners import Owners, owners
from bankmine.access.reasons import Reasons
from bankmine.access.run_tables import SCORES, Owned, load
from bankmine.access.tables import Table
from bankmine.access.view import View
from bankmine.customers.conditions import Conditions, conditions
from bankmine.customers.snapshot import default_cutoff
from bankmine.errors import CutoffError
from bankmine.lifecycle.publishing import FILE_NAME, current
from bankmine.overview.customer_360 import runs_by_then

if TYPE_CHECKING:
    from bankmine.folder import BankFolder
    from bankmine.governance import Person
    from bankmine.lifecycle.run import Run

Mark = tuple[tuple[int, int, int], ...]


class State:
    """One state of the bank: its warehouse, its published runs, and what was made of both."""

    def __init__(self, bank: BankFolder, kept: Kept) -> None:
        self.bank = bank
        self.warehouse = bank.warehouse
        self.published: Mapping[str, Run] = current(bank.results_folder)
        self._kept, self._runs = kept, Kept(32)
        manifest = self.warehouse.manifest
        self.name = (manifest.fingerprint, manifest.version)
        cutoffs = [run.cutoff_us for run in self.published.values()]
        self.cutoff = max(cutoffs) if cutoffs else default_cutoff(self.warehouse)

    @cached_property
    def covered(self) -> tuple[date, date]:
        """The first and last day at whose beginning the bank can be looked at: from the first day that a
        load speaks for to the day after the last, or a run's cutoff where that is later; 1900 to 2199 where
        no load says what it speaks for."""
        tables = self.warehouse.manifest.tables.values()
        spans = [span for table in tables for span in table.coverage]
        zone = self.warehouse.zone
        if not spans:
            return date(1900, 1, 2), date(2199, 12, 30)
        first = min(start for start, _ in spans)
        last = max(max(end for _, end in spans), self.cutoff)
        days = zone.day_of(np.array([first, last], np.int64))
        begun, ended = (date(1970, 1, 1) + timedelta(days=int(day)) for day in days)
        return begun, ended + timedelta(days=1)

    def usable(self, cutoff: int) -> Mapping[str, Run]:
        """Of each task the run to believe at the cutoff (µs)."""
        made: Mapping[str, Run] = self._runs.get(
            cutoff, lambda: {run.task: run for run in runs_by_then(self.bank.results_folder, cutoff)}
        )
        return made

    def runs(self, cutoff: int) -> Mapping[str, Run]:
        """The same, and published runs that say "do not use", so that it can be read why."""
        known = {task: run for task, run in self.published.items() if run.cutoff_us <= cutoff}
        return {**known, **self.usable(cutoff)}

    @property
    def attachment(self) -> Attachment:
        """To whom each customer belongs."""
        made: Attachment = self._kept.get(
            ("attachment", self.name),
            lambda: attachment(self.warehouse, self.cutoff, memory=self._memory, threads=self._threads),
        )
        return made

    @property
    def owners(self) -> Owners:
        """The branches and managers that a scope may name."""
        made: Owners = self._kept.get(
            ("owners", self.name),
            lambda: owners(self.warehouse, memory=self._memory, threads=self._threads),
        )
        return made

    def directory(self, cutoff: int) -> Table:
        """All customers at the cutoff."""
        runs = self.usable(cutoff)
        used = tuple(sorted((task, run.run_id) for task, run in runs.items()))
        made: Table = self._kept.get(
            ("directory", self.name, cutoff, used),
            lambda: directory(Source(self.warehouse, cutoff, runs, self._memory, self._threads)),
        )
        return made

    def conditions(self, cutoff: int) -> Conditions:
        """The conditions of all customers at the cutoff."""
        made: Conditions = self._kept.get(
            ("conditions", self.name, cutoff),
            lambda: conditions(self.warehouse, cutoff, memory=self._memory, threads=self._threads),
        )
        return made

    def table(self, run: Run, name: str) -> Owned:
        """A whole table of a run with the owners of its rows."""
        made: Owned = self._kept.get(
            ("table", str(run.folder), name, self.name),
            lambda: load(
                run, name, self.warehouse, self.attachment, memory=self._memory, threads=self._threads
            ),
        )
        return made

    def reasons(self, run: Run) -> Reasons:
        """The reasons of a run's scores."""
        made: Reasons = self._kept.get(("reasons", str(run.folder)), lambda: Reasons(run))
        return made

    @property
    def _memory(self) -> str:
        return self.bank.config.memory

    @property
    def _threads(self) -> int:
        return self.bank.config.threads


class Place:
    """The one reader of a bank in a process; every method may be called by any thread."""

    def __init__(self, bank: BankFolder) -> None:
        self._lock = Lock()
        self._kept, self.seen, self.whole = Kept(96), Kept(256), Kept(32)
        self._folder = bank
        self._mark = _mark(bank)
        self._state = State(bank, self._kept)
        self._warm: State | None = None

    def warm(self) -> bool:
        """Makes what the first visitor of the newest state would wait for: the directory, the tables of
        scores and the network; whether there was anything to make."""
        from bankmine.access.network import neighbours

        state = self.state()
        if state is self._warm:
            return False
        self._warm = state
        state.directory(state.cutoff)
        state.conditions(state.cutoff)
        for run in state.usable(state.cutoff).values():
            state.table(run, SCORES)
        neighbours(self, state, state.cutoff)
        return True

    def state(self) -> State:
        """The newest state; opened anew where the manifest or a published run changed."""
        mark = _mark(self._folder)
        with self._lock:
            if mark != self._mark:
                self._state, self._mark = State(self._folder.reopened(), self._kept), mark
            return self._state

    def as_seen_by(self, person: Person, cutoff: date | None = None) -> View:
        """What the person sees as of the beginning of a day (default: the newest published run's cutoff, else
        the end of the data). CutoffError for a day that the data do not cover."""
        state = self.state()
        if cutoff is None:
            return View(self, state, person, state.cutoff)
        first, last = state.covered
        if not first <= cutoff <= last:
            raise CutoffError(
                f"the date {cutoff} lies outside of the data: {first} to {last}",
                hint="Give a date that the data cover.",
            )
        at = state.warehouse.zone.midnight(cutoff)
        return View(self, state, person, at)


def _mark(bank: BankFolder) -> Mark:
    """What tells two states of the files apart: time, size and inode of those replaced by a rename."""
    results = bank.results_folder
    tasks = sorted(one for one in results.iterdir() if one.is_dir()) if results.is_dir() else []
    return tuple(map(_mark_of, [bank.warehouse_folder / "manifest.json", results / FILE_NAME, *tasks]))


def _mark_of(file: Path) -> tuple[int, int, int]:
    try:
        seen = file.stat()
    except OSError:
        return (0, 0, 0)
    return (seen.st_mtime_ns, seen.st_size, seen.st_ino)
