"""The arithmetic of credits: annuities in whole cents, what is due next, how many days something is overdue.

Interest falls on what is left, the rest of an instalment lowers it, the last instalment clears it to zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import EllipsisType

import numpy as np

from bankmine.simulation.credit.applications import annuity
from bankmine.simulation.frame import FIRST_DAY, MAXIMUM_MONTHS, NEVER, Floats, Frame, Ints, Truth, day_number
from bankmine.simulation.keyed import Keyed

EVENTS = ("disbursed", "drawn", "due", "paid", "prepaid", "restructured", "written_off", "recovered")
DISBURSED, DRAWN, DUE, PAID, PREPAID, RESTRUCTURED, WRITTEN_OFF, RECOVERED = range(8)
WAITING, RUNNING, FINISHED, LOST = range(4)
PAYS, FORGOT, STOPPED = range(3)
LINE_MONTHS = 10  # the balance of a credit card is an annuity of so many months from the last draw on
_BEFORE = 480
_STARTS = np.array(
    [
        day_number(FIRST_DAY.replace(year=FIRST_DAY.year + month // 12, month=month % 12 + 1))
        for month in range(-_BEFORE, MAXIMUM_MONTHS + 24)
    ],
    dtype=np.int64,
)


def month_start(month: Ints | int) -> Ints:
    """First day of each month, also of months before (negative) and after the period."""
    return np.asarray(_STARTS[np.asarray(month) + _BEFORE])


def month_of(day: Ints) -> Ints:
    """Month of each day, negative before the period."""
    return np.searchsorted(_STARTS, day, side="right") - 1 - _BEFORE


@dataclass(frozen=True)
class Terms:
    """What each credit begins with, shape (c,). `begins`: second of granting, negative before the period;
    `line`: a credit card. `ends`: day by which the customer settles because they leave (NEVER). `limit`: of
    a line, else the principal. `dom`: day of the month instalments fall due, at most 22. `key`: what draws
    depend on. `prudence` rules how often a line is drawn."""

    key: Ints
    begins: Ints
    limit: Ints
    rate: Floats
    term: Ints
    dom: Ints
    line: Truth
    ends: Ints
    prudence: Floats


@dataclass
class Book:
    """The state of all credits while months go by, shape (c,); arrays change in place.

    `remaining`: instalments not yet paid; `arrears`: of these fallen due; `oldest`: month the oldest of them
    fell due. `granted`: month of granting. `rows`: what happened, as columns of `course.Happened`. `luck`:
    uniform draws by what they decide, (c, months).
    """

    frame: Frame
    terms: Terms
    lots: Keyed
    granted: Ints
    principal: Ints
    instalment: Ints
    remaining: Ints
    arrears: Ints
    oldest: Ints
    mode: Ints
    state: Ints
    forgets: Ints
    bad: Ints
    closed: Ints
    rows: list[tuple[Ints, ...]] = field(default_factory=list)
    luck: dict[str, Floats] = field(default_factory=dict)

    def due_day(self, month: int, which: Ints | EllipsisType) -> Ints:
        """The day of `month` on which instalments of these credits fall due."""
        return month_start(month) + self.terms.dom[which] - 1

    def past_due(self, which: Ints, day: Ints) -> Ints:
        """Days since the oldest unpaid instalment fell due, 0 where none is unpaid."""
        oldest = month_start(self.oldest[which]) + self.terms.dom[which] - 1
        return np.where(self.arrears[which] > 0, np.maximum(0, day - oldest), 0)

    def interest(self, which: Ints) -> Ints:
        """Of one month on what is left."""
        return np.rint(self.principal[which] * self.terms.rate[which] / 12).astype(np.int64)

    def note(self, month: int, which: Ints, second: Ints, kind: int, amount: Ints) -> None:
        """Writes rows down as things stand now; `month` is that of the latest instalment due."""
        if which.size:
            day, cents = self._next(month, which)
            kinds = np.full(which.size, kind)
            late = self.past_due(which, second // 86_400)
            self.rows.append((which, second, kinds, amount, self.principal[which], day, cents, late))

    def due_amount(self, which: Ints) -> Ints:
        """The instalment after those in arrears; 0 where all have fallen due."""
        ahead = self.remaining[which] - self.arrears[which]
        amount = np.where((ahead > 0) & (self.principal[which] > 0), self.instalment[which], 0)
        last = np.flatnonzero((ahead == 1) & (self.principal[which] > 0))
        if last.size:
            amount[last] = self._last(which[last])
        return amount

    def pay_one(self, which: Ints) -> Ints:
        """Pays the oldest unpaid instalment of each; what was paid."""
        interest = self.interest(which)
        lowered = np.where(
            self.remaining[which] == 1, self.principal[which], self.instalment[which] - interest
        )
        self.principal[which] -= lowered
        self.remaining[which] -= 1
        self.arrears[which] -= 1
        self.oldest[which] += 1
        return interest + lowered

    def note_paid(self, month: int, which: Ints, second: Ints, kind: int) -> None:
        """Pays the oldest unpaid instalment of each and writes it down."""
        amount = self.pay_one(which)
        self.note(month, which, second, kind, amount)

    def spread(self, which: Ints, months: Ints) -> None:
        """Makes what is left an annuity of so many months."""
        self.remaining[which] = months
        self.instalment[which] = annuity(self.principal[which], self.terms.rate[which], months)

    def _next(self, month: int, which: Ints) -> tuple[Ints, Ints]:
        cents = self.due_amount(which)
        return np.where(cents > 0, self.due_day(month + 1, which), NEVER), cents

    def _last(self, which: Ints) -> Ints:
        """The last instalment, once those in arrears are paid."""
        left, rate = self.principal[which].copy(), self.terms.rate[which]
        for step in range(int(self.arrears[which].max(initial=0))):
            interest = np.rint(left * rate / 12).astype(np.int64)
            left = np.where(self.arrears[which] > step, left + interest - self.instalment[which], left)
        return np.asarray(left + np.rint(left * rate / 12).astype(np.int64))


def opened(frame: Frame, terms: Terms, lots: Keyed) -> Book:
    """The book before the first month: credits of before the period run on, nobody is late."""
    size = terms.key.size
    granted = month_of(terms.begins // 86_400)
    old = granted < 0
    book = Book(
        frame, terms, lots, granted, principal=np.where(terms.line, 0, terms.limit),
        instalment=annuity(terms.limit, terms.rate, terms.term), remaining=terms.term.copy(),
        arrears=np.zeros(size, dtype=np.int64), oldest=np.zeros(size, dtype=np.int64),
        mode=np.full(size, PAYS), state=np.where(old, RUNNING, WAITING),
        forgets=np.zeros(size, dtype=np.int64), bad=np.full(size, NEVER), closed=np.full(size, NEVER),
    )  # fmt: skip
    paid = np.where(old & ~terms.line, np.maximum(0, -1 - granted), 0)
    for step in range(int(paid.max(initial=0))):
        which = np.flatnonzero(paid > step)
        book.pay_one(which)
    book.arrears[:], book.oldest[:] = 0, 0
    used = np.flatnonzero(old & terms.line & (lots.uniform("used", terms.key) < 0.45))
    share = 0.1 + 0.5 * lots.uniform("balance", terms.key[used])
    book.principal[used] = (terms.limit[used] * share).astype(np.int64) // 1_000 * 1_000
    book.spread(used, np.full(used.size, LINE_MONTHS))
    return book
