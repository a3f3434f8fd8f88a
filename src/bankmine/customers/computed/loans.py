"""Where a loan stands at the cutoff, and all loans of a customer together, from what happened to them.

A loan event says what was left and how long the oldest instalment was unpaid *then*; at the cutoff more days
have gone by. So

- *days past due* now: those of the last event and the days since; where the last event is an instalment that
  fell due and nothing was paid since, the days since its due day; a loan written off stays as it was;
- *unpaid*: what fell due less what was paid, never below nothing (a payment too much pays no later debt),
  anew from the last restructuring on;
- *days late*: each payment answers the oldest instalment not yet answered; civil days from one to the other.
  An instalment still unanswered at the cutoff is late by the days until then.

`own` columns are of the loan that is the subject, `all` columns of all the customer's loans.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY
from bankmine.customers.computed import use
from bankmine.customers.computed.found import Found
from bankmine.customers.computed.visible import Visible, visible
from bankmine.customers.subjects import Subjects
from bankmine.windows.edges import window_edges
from bankmine.windows.span import Span

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
KINDS = ("disbursed", "drawn", "due", "paid", "prepaid", "restructured", "written_off", "recovered")
DUE, PAID, RESTRUCTURED, WRITTEN_OFF, RECOVERED = 2, 3, 5, 6, 7
SPANS = ("3mo", "6mo", "12mo")
SOON_DAYS = 30
_COLUMNS = (
    "loan_id", "kind", "amount_minor", "principal_after_minor", "days_past_due", "due_next_on",
    "due_next_minor",
)  # fmt: skip
_NONE = np.iinfo(np.int64).min


def compute(
    warehouse: Warehouse, columns: Sequence[str], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """`own_*` and `all_*` columns, see `Loans`; and those of `use`."""
    used = use.compute(
        warehouse, [one for one in columns if one in use.COLUMNS], subjects, memory=memory, threads=threads
    ) if set(columns) & set(use.COLUMNS) else Found({})  # fmt: skip
    found: dict[str, Any] = dict(used.columns)
    statements: list[str] = list(used.statements)
    notes: dict[str, None] = {}
    for prefix, key in (("own_", "loan_id"), ("all_", "customer_id")):
        some = [name for name in columns if name.startswith(prefix)]
        if some:
            seen = visible(warehouse, "loan_event", _COLUMNS, key, subjects, memory=memory, threads=threads)
            loans = Loans(warehouse, subjects, seen)
            found |= {name: loans.column(name) for name in some}
            statements += seen.statements
            notes |= dict.fromkeys(loans.notes)
    return Found(found, {}, tuple(statements), tuple(notes))


class Loans:
    """The loans of each asked row: a *group* is a loan as one row sees it; g groups in all.

    Own columns: `principal_left`, `days_past_due`, `unpaid`, `due_next_days`, `due_next_amount`,
    `days_since_last_paid`, `days_late_mean_<span>`, `days_late_max_<span>`. All-loans columns: `open_count`,
    `principal_left_sum`, `days_past_due_max`, `unpaid_sum`, `due_soon_sum`, `days_late_max_<span>`.
    """

    def __init__(self, warehouse: Warehouse, subjects: Subjects, seen: Visible) -> None:
        self._warehouse, self._subjects = warehouse, subjects
        loan = seen.whole("loan_id", _NONE)
        order = np.lexsort((np.arange(len(loan)), loan, seen.row))
        self._seen = Visible(seen.rows, seen.row[order], seen.event[order], seen.time[order], seen.events)
        loan, row = loan[order], seen.row[order]
        first = (np.diff(row, prepend=-1) != 0) | (np.diff(loan, prepend=0) != 0)
        first[:1] = True
        self._starts = np.flatnonzero(first)
        self._ends = np.append(self._starts[1:], len(row))[: len(self._starts)] - 1
        self._group = np.cumsum(first) - 1
        self._row = row[self._starts]
        self.notes: tuple[str, ...] = self._contradictions()

    def column(self, name: str) -> Any:
        """One column as an Arrow array, null where the row has no such loan or nothing is known; (n,)."""
        whose, _, what = name.partition("_")
        return self._own(what) if whose == "own" else self._all(what)

    def _own(self, what: str) -> Any:
        import pyarrow as pa

        values, there = self._per_group(what)
        rows = self._seen.rows
        whole, known = np.zeros(rows, values.dtype), np.zeros(rows, np.bool_)
        whole[self._row], known[self._row] = values, there
        return pa.array(whole, mask=~known)

    def _all(self, what: str) -> Any:
        import pyarrow as pa

        rows = self._seen.rows
        stem, _, how = what.rpartition("_")
        if what.startswith("days_late_max"):
            stem, how = what, "max"
        if what == "open_count":
            return pa.array(np.bincount(self._row[self._open], minlength=rows).astype(np.int64))
        values, there = self._per_group(stem)
        use = there & (self._open if how == "sum" else there)
        if how == "sum":
            total = np.zeros(rows, np.int64)
            np.add.at(total, self._row[use], values[use])
            return pa.array(total)
        most = np.full(rows, _NONE if values.dtype == np.int64 else -np.inf, values.dtype)
        np.maximum.at(most, self._row[use], values[use])
        return pa.array(most, mask=np.bincount(self._row[use], minlength=rows) == 0)

    def _per_group(self, what: str) -> tuple[Any, Bools]:
        """A number of each group and where it is known; (g,) each."""
        every = np.ones(len(self._row), np.bool_)
        if what == "principal_left":
            return self._last_of("principal_after_minor")
        if what == "days_past_due":
            return self._days_past_due, every
        if what == "unpaid":
            return self._unpaid, every
        if what in ("due_next_days", "due_next_amount", "due_soon"):
            return self._due_next(what)
        if what == "days_since_last_paid":
            return self._since_paid()
        return self._late(what)

    def _last_of(self, name: str) -> tuple[Ints, Bools]:
        """The last known value of a column in each group."""
        given = np.where(self._seen.given(name), np.arange(len(self._group)), -1)
        place = np.maximum.reduceat(given, self._starts) if len(given) else given
        return self._seen.whole(name)[place], place >= 0

    @cached_property
    def _kind(self) -> Ints:
        return self._seen.codes("kind", KINDS)

    @cached_property
    def _cutoff_day(self) -> Ints:
        """Civil day of each group's cutoff."""
        return self._days(self._subjects.cutoffs)[self._row]

    def _days(self, instants: Ints) -> Ints:
        return np.asarray(self._warehouse.zone.day_of(instants), np.int64)

    @cached_property
    def _day(self) -> Ints:
        """Civil day of each event."""
        return self._days(self._seen.time)

    @cached_property
    def _open(self) -> Bools:
        """Loans with something left that are not written off."""
        left, known = self._last_of("principal_after_minor")
        return np.asarray(~known | ((left > 0) & (self._kind[self._ends] < WRITTEN_OFF)), np.bool_)

    @cached_property
    def _days_past_due(self) -> Ints:
        last = self._ends
        then, kind = self._seen.whole("days_past_due")[last], self._kind[last]
        since = self._cutoff_day - self._day[last]
        counts = ((then > 0) | (kind == DUE)) & (kind < WRITTEN_OFF)
        return np.asarray(np.where(counts, then + since, then), np.int64)

    @cached_property
    def _unpaid(self) -> Ints:
        """Due less paid since the last restructuring; a running total less its lowest point."""
        if not len(self._group):
            return np.zeros(0, np.int64)
        again = np.where(np.isin(self._kind, (RESTRUCTURED, WRITTEN_OFF)), np.arange(len(self._kind)), -1)
        after = np.arange(len(self._kind)) > np.maximum.reduceat(again, self._starts)[self._group]
        amount = self._seen.whole("amount_minor")
        step = np.where(self._kind == DUE, amount, np.where(self._kind == PAID, -amount, 0)) * after
        total = np.cumsum(step)
        total -= (total - step)[self._starts][self._group]
        low = np.minimum(np.minimum.reduceat(total, self._starts), 0)
        return np.asarray(total[self._ends] - low, np.int64)

    def _due_next(self, what: str) -> tuple[Ints, Bools]:
        """Of the last event, if it names a day to come: days until then, the amount, or that of a month."""
        last = self._ends
        on, there = self._seen.whole("due_next_on")[last], self._seen.given("due_next_on")[last]
        there = there & (on >= self._day[last])
        days = on - self._cutoff_day
        if what == "due_next_days":
            return days, there
        amount = self._seen.whole("due_next_minor")[last]
        return (amount * (days <= SOON_DAYS) if what == "due_soon" else amount), there

    def _contradictions(self) -> tuple[str, ...]:
        """Events whose next due day lies before themselves."""
        on = self._seen.whole("due_next_on")[self._ends]
        wrong = int((self._seen.given("due_next_on")[self._ends] & (on < self._day[self._ends])).sum())
        if not wrong:
            return ()
        return (f"Next due days of loans before their last event, left out: {wrong:,}.",)

    def _since_paid(self) -> tuple[Ints, Bools]:
        place = np.where(self._kind == PAID, np.arange(len(self._kind)), -1)
        last = np.maximum.reduceat(place, self._starts) if len(place) else place
        return self._cutoff_day - self._day[last], last >= 0

    @cached_property
    def _answers(self) -> tuple[Ints, Ints]:
        """The instalments (places of events) and the days each was late."""
        from bankmine.customers.computed.matching_kernel import answer

        points = np.flatnonzero((self._kind == DUE) | (self._kind == PAID))
        partner = np.full(len(points), -1, np.int64)
        answer(
            np.ascontiguousarray(self._group[points]), np.ascontiguousarray(self._seen.time[points]),
            np.ascontiguousarray(self._kind[points] == PAID), 100_000 * DAY,
            np.empty(len(points), np.int64), partner,
        )  # fmt: skip
        due = self._kind[points] == DUE
        paid_day = np.where(
            partner >= 0, self._day[points][partner], self._cutoff_day[self._group[points]]
        ) if len(points) else partner  # fmt: skip
        return points[due], (paid_day - self._day[points])[due]

    def _late(self, what: str) -> tuple[Any, Bools]:
        """`days_late_mean_<span>` and `days_late_max_<span>` of the instalments due in the window."""
        stem, _, span = what.rpartition("_")
        due, late = self._answers
        starts, covered = self._window(span)
        within = self._seen.time[due] >= starts[self._seen.row[due]]
        there = covered[self._row]
        group, late = self._group[due][within], late[within]
        count = np.bincount(group, minlength=len(self._row))
        if stem.endswith("mean"):
            total = np.bincount(group, late, minlength=len(self._row))
            return total / np.maximum(count, 1), (count > 0) & there
        most = np.zeros(len(self._row), np.int64)
        np.maximum.at(most, group, late)
        return most, (count > 0) & there

    def _window(self, span: str) -> tuple[Ints, Bools]:
        """Where the window before each row's cutoff begins (µs), and whether the coverage holds it; (n,)."""
        instants, which = np.unique(self._subjects.cutoffs, return_inverse=True)
        starts, _, covered = window_edges(
            self._warehouse.zone, instants, spans=[Span.parse(span)], delay=None,
            coverage=self._warehouse.coverage("loan_event"), positions=False,
        )  # fmt: skip
        which = which.reshape(-1)
        return starts[which, 0], covered[which, 0]
