"""What one person sees of the bank as of a date; every method leaves out what lies outside their scope.

Rows are filtered before anything else happens to them, so that counts, searches, orders and exports know of
no other. A customer outside the scope is unknown: the same answer, in the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.access import customer as one_customer
from bankmine.access import figures
from bankmine.access.columns import Keys, token_of
from bankmine.access.conditions import Condition
from bankmine.access.customer import Glance, Identity
from bankmine.access.directory import FROM_TASK
from bankmine.access.lists import ListSource
from bankmine.access.permitted import may_read, permission_of
from bankmine.access.run_tables import table_names
from bankmine.access.runs import RunSeen
from bankmine.access.tables import PAGE, Rows, Sort, Table
from bankmine.errors import NotFound
from bankmine.governance import Permission

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bankmine.access.place import Place, State
    from bankmine.governance import Person
    from bankmine.lifecycle.run import Run
    from bankmine.overview.customer_360 import Customer360, ScoreLine

Filters = Mapping[str, Condition]


@dataclass(frozen=True)
class View:
    """A person's view as of `cutoff` (µs since 1970 UTC), of one state of the bank."""

    place: Place
    state: State
    person: Person
    cutoff: int

    @property
    def day(self) -> date:
        """The civil day whose beginning is the cutoff."""
        days = self.state.warehouse.zone.day_of(np.array([self.cutoff], np.int64))
        found: date = np.datetime64(int(days[0]), "D").astype(date)
        return found

    @property
    def everything(self) -> bool:
        """Whether the person sees the whole bank; only then whole-bank figures are shown."""
        return self.person.scope.everything

    @property
    def currency(self) -> str:
        """The bank's base currency, ISO 4217."""
        return self.state.warehouse.currency

    def customers(
        self,
        filters: Filters | None = None,
        sort: Sort | None = None,
        page: int = 1,
        size: int = PAGE,
        search: str = "",
    ) -> Rows:
        """A page of the customers who meet all conditions; `search` is the beginning of a pseudonym."""
        return self._directory().rows(filters, sort, page, size, search)

    def count(self, filters: Filters | None = None, search: str = "") -> int:
        """How many customers meet all conditions."""
        return self._directory().count(filters, search)

    def counts(self, column: str, filters: Filters | None = None) -> Mapping[str, int]:
        """How many customers who meet all conditions have each word of a column, most first."""
        return figures.counts(self._directory(), column, filters)

    def customers_export(
        self, filters: Filters | None = None, sort: Sort | None = None, search: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Every customer who meets all conditions."""
        self.person.require(Permission.LISTS_EXPORT)
        return self._directory().export(filters, sort, search)

    def knows(self, customer: int | str) -> bool:
        """Whether the customer was known at the cutoff and lies in the scope."""
        self.person.require(Permission.CUSTOMERS_READ)
        return one_customer.row_of(self._directory(), customer) is not None

    def glance(self, customer: int | str) -> Glance | None:
        """The customer's row of the directory and scores; None where unknown or out of scope."""
        self.person.require(Permission.CUSTOMERS_READ)
        return one_customer.glance(self, self._directory(), customer)

    def customer(self, customer: int | str) -> Customer360 | None:
        """Everything known of a customer; None where unknown or out of scope.

        Peers and similar customers are looked for in the scope alone; scores of tasks that the person may not
        read are left out. A first look at a new date makes that date's snapshot, which takes its time.
        """
        self.person.require(Permission.CUSTOMERS_READ)
        return one_customer.whole(self, self._directory(), customer)

    def customer_alone(self, customer: int | str) -> Customer360 | None:
        """What speaks of the customer alone, without comparisons, at once; None where unknown or out of
        scope."""
        self.person.require(Permission.CUSTOMERS_READ)
        return one_customer.alone(self, self._directory(), customer)

    def score_lines(self, customer: int | str) -> Sequence[ScoreLine]:
        """The customer's scores with reasons and actions, of the tasks the person may read, from memory."""
        self.person.require(Permission.CUSTOMERS_READ)
        return one_customer.score_lines(self, self._directory(), customer)

    def identity(self, customer: int | str) -> Identity | None:
        """Which personal columns there are, all masked; None where unknown or out of scope."""
        self.person.require(Permission.CUSTOMERS_READ)
        return one_customer.identity(self, self._directory(), customer)

    def unmask(self, connection: Connection, customer: int | str, column: str, reason: str) -> str | None:
        """One personal value in clear; the audit keeps look and reason, in the caller's transaction.

        None where the bank has no value. Forbidden without `customers:unmask`; NotFound for a customer who is
        unknown or out of scope; UsageError for another column or reason.
        """
        self.person.require(Permission.CUSTOMERS_UNMASK)
        return one_customer.unmask(self, self._directory(), connection, customer, column, reason)

    def record_look(self, connection: Connection, customer: int | str, what: str) -> None:
        """Writes into the audit that a customer's data were looked at; `what` is a word ("profile")."""
        self.person.require(Permission.CUSTOMERS_READ)
        one_customer.record_look(self, self._directory(), connection, customer, what)

    def runs(self) -> Sequence[RunSeen]:
        """The runs to read at the cutoff, by task, of the tasks the person may read."""
        every = self.state.runs(self.cutoff)
        return [self._run_seen(every[task]) for task in sorted(every) if self._may_read(task)]

    def run(self, task: str) -> RunSeen:
        """One of them; NotFound where there is none by then, Forbidden where the person may not read it."""
        if not self._may_read(task):
            self.person.require(permission_of(task))
        return self._run_seen(self.run_of(task))

    def lists(self, task: str) -> Sequence[str]:
        """The names of a run's lists: `scores` and the tables it kept."""
        self.person.require(permission_of(task))
        return table_names(self.run_of(task))

    def list(self, task: str, table: str = "scores") -> ListSource:
        """A list of a task's run, its rows in the scope; empty where it speaks of the whole bank only and the
        person sees less. Forbidden without the task's permission, NotFound where there is no such list."""
        self.person.require(permission_of(task))
        run = self.run_of(task)
        owned = self.state.table(run, table)
        seen: Table = self.place.seen.get(
            ("list", str(run.folder), table, self.state.name, self.person.scope),
            lambda: owned.seen(self.state.attachment, self.person.scope),
        )
        return ListSource(self, run, table, seen, owned.whole_bank)

    def tiles(self, task: str) -> Sequence[figures.Tile]:
        """Rows, mean chance and money of each question and grade, over the rows in the scope."""
        return figures.tiles(self.list(task))

    def segments(self) -> Sequence[figures.Segment]:
        """The segments of the customers in the scope: how many, which profit and value."""
        self.person.require(Permission.SEGMENTS_READ)
        return figures.segments(self._directory())

    def value_curve(self) -> figures.ValueCurve | None:
        """Which share of own customers brings which share of their profit; None without value."""
        self.person.require(Permission.VALUE_READ)
        return figures.value_curve(self._directory())

    def run_of(self, task: str) -> Run:
        """The run of a task to read at the cutoff; NotFound where there is none."""
        found = self.state.runs(self.cutoff).get(task)
        if found is None:
            raise NotFound(
                f"no run of {task[:40]} was made by {self.day}", hint="Run the task, or look later."
            )
        return found

    def own_customers(self) -> Table:
        """The customers in the scope as a table, for figures over all of them at once."""
        return self._directory()

    def _may_read(self, task: str) -> bool:
        return may_read(self.person, task) or self.person.may(Permission.MODELS_READ)

    def _run_seen(self, run: Run) -> RunSeen:
        return RunSeen(run, whole=self.everything)

    def _directory(self) -> Table:
        """The customers in the scope, without the columns of tasks the person may not read."""
        self.person.require(Permission.CUSTOMERS_READ)
        scope, whole = self.person.scope, self.state.directory(self.cutoff)
        used = tuple(sorted(run.run_id for run in self.state.usable(self.cutoff).values()))
        seen: Table = self.place.seen.get(
            ("customers", self.state.name, self.cutoff, used, scope), lambda: self._in_scope(whole)
        )
        hidden = {name for name, task in FROM_TASK.items() if not may_read(self.person, task)}
        if not hidden:
            return seen
        columns = {name: column for name, column in seen.columns.items() if name not in hidden}
        return replace(seen, columns=columns, shown=tuple(s for s in seen.shown if s.name not in hidden))

    def _in_scope(self, whole: Table) -> Table:
        if self.person.scope.everything:
            return whole
        ids = whole.columns["customer_id"]
        assert isinstance(ids, Keys)
        attachment = self.state.attachment
        return whole.take(attachment.rows_seen(attachment.place(ids.values), self.person.scope))


__all__ = ["Filters", "View", "token_of"]
