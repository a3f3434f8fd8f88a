"""What the credit bureau tells of a customer: the items of the last report that may be read.

A report repeats the whole history, so items of two reports must never be added: only the last report counts,
the one drawn last by the cutoff (an application reads the report drawn for it, at its own instant) and known
by then, not older than `VALID_MONTHS`. Items without a report belong to whichever is last. Items lie before
the instant the report was drawn; one with a later date is out, and counted in the matrix's notes. Windows
reach back from the report, not from the cutoff: what happened since, nobody told; `age` says how long ago it
was drawn.

Without a report, or without consent, everything but `consent` and `known` is missing, never zero. Consent is
one to ask the bureau in force at the cutoff; an application may also read the report drawn for it at its own
instant where that names the consent it rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.customers.computed.consents import bureau_consent
from bankmine.customers.computed.found import Found
from bankmine.customers.computed.matching import REVIEWS, Matched, match
from bankmine.customers.computed.once import kept
from bankmine.customers.computed.visible import Visible, ints, visible
from bankmine.customers.subjects import APPLICATION, Subjects
from bankmine.windows.edges import start_before, window_edges
from bankmine.windows.span import Span

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
KINDS = (
    "enquiry", "loan_issued", "repaid", "overdue", "address_change", "employer_change",
    "provident_fund_change",
)  # fmt: skip
ENQUIRY, ISSUED, REPAID, OVERDUE = range(4)
SPANS = ("1mo", "3mo", "6mo", "12mo", "24mo")
VALID_MONTHS = 24
_ITEM_COLUMNS = (
    "report_id", "institution_id", "institution_kind", "facility_id", "kind", "reason", "amount_minor",
)  # fmt: skip
_NONE = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Report:
    """The last report of each of n rows, and its items.

    `drawn` is when (µs; meaningless where not `told`); `told` says that there is one which may be read;
    `items` are its items, `future` is how many items of these reports lie in the future and are left out.
    """

    subjects: Subjects
    consent: Any
    told: Bools
    drawn: Ints
    items: Visible
    future: int
    statements: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, in a sentence."""
        if not self.future:
            return ()
        return (f"Items of bureau reports dated at or after their report, left out: {self.future:,}.",)

    @cached_property
    def kind(self) -> Ints:
        """The kind of each item, as a place in KINDS."""
        return self.items.codes("kind", KINDS)

    @cached_property
    def asks(self) -> Bools:
        """Which items are enquiries that ask for credit."""
        review = self.items.codes("reason", REVIEWS) >= 0
        return np.asarray((self.kind == ENQUIRY) & ~review, np.bool_)

    @cached_property
    def matched(self) -> Matched:
        """Enquiries and the loans that followed them."""
        items = self.items
        return match(
            items.row, items.whole("institution_id", _NONE), items.time, self.asks, self.kind == ISSUED,
            self.drawn[items.row],
        )  # fmt: skip


def read_report(warehouse: Warehouse, subjects: Subjects, *, memory: str, threads: int) -> Report:
    """The last report of each row and its items, as known at the row; read once for all who ask of a
    matrix."""
    return kept(
        ("report", id(warehouse), id(subjects)),
        lambda: _read_report(warehouse, subjects, memory=memory, threads=threads),
    )


def _read_report(warehouse: Warehouse, subjects: Subjects, *, memory: str, threads: int) -> Report:
    consent, asked = bureau_consent(warehouse, subjects, memory=memory, threads=threads)
    reports = visible(
        warehouse, "bureau_report", ["report_id", "consent_id"], "customer_id", subjects,
        at_cutoff=subjects.kind == APPLICATION, memory=memory, threads=threads,
    )  # fmt: skip
    last = reports.last()
    there = last >= 0
    drawn = np.where(there, _at(reports.time, last), subjects.cutoffs)
    oldest = start_before(warehouse.zone, subjects.cutoffs, Span.parse(f"{VALID_MONTHS}mo"), 0)
    named = there & (_at(reports.given("consent_id").astype(np.int64), last) == 1)
    own = named & (drawn == subjects.cutoffs) & (subjects.kind == APPLICATION)
    told = there & (drawn >= oldest) & (own | np.asarray(consent.fill_null(0)).astype(bool))
    number = _at(reports.whole("report_id", _NONE), last)
    every = visible(
        warehouse, "bureau_event", _ITEM_COLUMNS, "customer_id", subjects, memory=memory, threads=threads
    )
    of_report = every.whole("report_id", _NONE)
    mine = told[every.row] & ((of_report == number[every.row]) | ~every.given("report_id"))
    past = every.time < drawn[every.row]
    return Report(
        subjects=subjects, consent=consent, told=told, drawn=drawn, items=every.where(mine & past),
        future=_in_the_future(every, reports, np.unique(number[told])),
        statements=(*asked, *reports.statements, *every.statements),
    )  # fmt: skip


def _in_the_future(items: Visible, reports: Visible, numbers: Ints) -> int:
    """How many items of these reports are dated at or after their report."""
    number, drawn = (ints(reports.events, name) for name in ("report_id", "happened"))
    order = np.argsort(number, kind="stable")
    of_report, time = (ints(items.events, name) for name in ("report_id", "happened"))
    asked = np.isin(of_report, numbers)
    place = np.searchsorted(number[order], of_report[asked])
    return int((time[asked] >= drawn[order][place]).sum())


def compute(
    warehouse: Warehouse, columns: Sequence[str], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """The columns of the report; see `Columns` for their names."""
    report = read_report(warehouse, subjects, memory=memory, threads=threads)
    from bankmine.customers.computed.report_columns import ReportColumns

    made = ReportColumns(warehouse, report)
    return Found(
        {name: made.column(name) for name in columns}, dict.fromkeys(columns, ~report.told),
        report.statements, report.notes,
    )  # fmt: skip


def window_starts(warehouse: Warehouse, report: Report, spans: Sequence[str]) -> tuple[Ints, Bools]:
    """Where each window before the report begins, and whether the coverage of the items holds it; (n, W)."""
    instants, which = np.unique(report.drawn, return_inverse=True)
    starts, _, covered = window_edges(
        warehouse.zone, instants, spans=[Span.parse(one) for one in spans], delay=None,
        coverage=warehouse.coverage("bureau_event"), positions=False,
    )  # fmt: skip
    return starts[which.reshape(-1)], covered[which.reshape(-1)]


def days_between(warehouse: Warehouse, early: Ints, late: Ints) -> Ints:
    """Civil days from one instant to another in the bank's zone."""
    zone = warehouse.zone
    return np.asarray(zone.day_of(late).astype(np.int64) - zone.day_of(early).astype(np.int64), np.int64)


def _at(values: Ints, places: Ints) -> Ints:
    """Values at places; anything where the place is −1."""
    return values[places] if len(values) else np.zeros(len(places), np.int64)
