"""An example of a feature with the bank's own numbers: one subject, its value, the rows that entered it.

The subject is chosen so that a person can follow the arithmetic: few events, but more than one. At most
`LOOKED_AT` customers (or transactions, before the end of the coverage) are looked at; their pseudonyms have
no order a bank would know, so the first ones are as good as any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isclose
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.customers.catalogue import Catalogue
from bankmine.customers.entered import Entered, Subject, entered
from bankmine.customers.feature import Feature, Windowed
from bankmine.customers.matrix import matrix, report_of
from bankmine.customers.population import customers_at
from bankmine.customers.subjects import TRANSACTION
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

LOOKED_AT = 20_000
TRANSACTIONS_LOOKED_AT = 1_000
_ENTRIES = "example_entries"
_BEST = 5  # events that a person can add up
_OTHERS = {
    "application": "SELECT 'application' AS subject_kind, application_id AS subject_id, customer_id, "
    "event_time AS cutoff FROM credit_application ORDER BY event_time DESC, application_id LIMIT {most}",
    "loan": "SELECT 'loan' AS subject_kind, loan_id AS subject_id, customer_id, "
    "make_timestamptz({cutoff}) AS cutoff FROM loan ORDER BY granted_on DESC, loan_id LIMIT {most}",
    "account": "SELECT 'account' AS subject_kind, account_id AS subject_id, min(customer_id) AS customer_id, "
    "make_timestamptz({cutoff}) AS cutoff FROM account_party WHERE role = 'owner' GROUP BY account_id "
    "ORDER BY account_id LIMIT {most}",
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """One subject's value: `values` of the feature and its inputs, and what entered each of them."""

    subject: Subject
    cutoff_shown: str
    values: dict[str, Any]
    entered: tuple[Entered, ...]

    def agrees(self, one: Entered) -> bool:
        """Whether the arithmetic over the rows gives the value that the feature has."""
        return same(self.values[one.feature], one.value)


@dataclass(frozen=True)
class Shares:
    """How many subjects were looked at, and the shares where the value is missing, or is not reached."""

    looked_at: int
    missing: float
    unreached: float


def same(value: Any, again: Any) -> bool:
    """Whether two values are one: whole numbers, texts and missing ones equal, fractions to 12 digits."""
    if isinstance(value, float) and isinstance(again, int | float):
        return isclose(value, again, rel_tol=1e-12, abs_tol=1e-12)
    return bool(value == again)


def example(
    name: str, warehouse: Warehouse, cutoff: int, catalogue: Catalogue
) -> tuple[Example | None, Shares]:
    """An example of a feature the bank allows, and how often its value is missing.

    None where no subject looked at has a value.
    """
    feature = catalogue[name]
    parts = [one.name for one in catalogue.with_inputs([name])]
    counter = _counter([catalogue[part] for part in parts])
    rows = _rows(warehouse, feature.subject, cutoff)
    asked = parts if counter is None else [*parts, counter.name]
    table = matrix(warehouse, rows, asked, catalogue=_with(catalogue, counter))
    said = report_of(table).features[name]
    shares = Shares(table.num_rows, said["missing_share"], said["unreached_share"])
    place = _place(table, name, counter)
    if place is None:
        return None, shares
    subject = _subject(warehouse, table, place, feature.subject)
    found = (entered(warehouse, catalogue[part], subject) for part in parts)
    return Example(
        subject=subject, cutoff_shown=warehouse.zone.show(subject.cutoff),
        values={part: table.column(part)[place].as_py() for part in parts},
        entered=tuple(one for one in found if one is not None),
    ), shares  # fmt: skip


def _counter(parts: list[Feature]) -> Feature | None:
    """A feature that counts the entries of the longest window among the parts; None without a window."""
    windowed = [one for one in parts if isinstance(one.source, Windowed)]
    if not windowed:
        return None
    longest = max(windowed, key=lambda one: one.source.feature.window.usual_days)  # type: ignore[union-attr]
    assert isinstance(longest.source, Windowed)
    counted = replace(longest.source.feature, name=_ENTRIES, aggregate="count")
    return replace(longest, name=_ENTRIES, unit="events", source=Windowed(counted, longest.source.only))


def _with(catalogue: Catalogue, counter: Feature | None) -> Catalogue:
    return catalogue if counter is None else Catalogue([*catalogue.values(), counter])


def _rows(warehouse: Warehouse, kind: str, cutoff: int) -> Any:
    """The subjects looked at, as rows of a matrix."""
    if kind in _OTHERS:
        with Session(warehouse, cutoff, until=cutoff) as session:
            return session.arrow(_OTHERS[kind].format(cutoff=cutoff, most=TRANSACTIONS_LOOKED_AT))
    if kind != TRANSACTION:
        return customers_at(warehouse, cutoff)[0].slice(0, LOOKED_AT)
    with Session(warehouse, cutoff, until=cutoff) as session:
        return session.arrow(
            "SELECT 'transaction' AS subject_kind, transaction_id AS subject_id, customer_id, "
            "event_time AS cutoff, seq FROM transaction ORDER BY event_time DESC, seq DESC, transaction_id "
            f"LIMIT {TRANSACTIONS_LOOKED_AT}"
        )


def _place(table: Any, name: str, counter: Feature | None) -> int | None:
    """The row whose value is there and comes of about five entries; one that is not 0 before others."""
    values = table.column(name)
    there = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    if len(there) == 0:
        return None
    dull = np.array([not values[int(row)].as_py() for row in there])
    far = np.zeros(len(there))
    if counter is not None:
        count = table.column(counter.name).fill_null(0).to_numpy(zero_copy_only=False)[there]
        far = np.where(count < 2, 1_000_000 - count, np.abs(count - _BEST))
    return int(there[np.lexsort((np.arange(len(there)), far, dull))[0]])


def _subject(warehouse: Warehouse, table: Any, place: int, kind: str) -> Subject:
    """The subject of one row, with its keys."""
    from bankmine.customers.subjects import read_subjects

    one = table.slice(place, 1)
    read = read_subjects(warehouse, one, [], None)
    return Subject(
        kind=kind, subject_id=int(read.subject[0]), cutoff=int(read.cutoffs[0]),
        knowledge=int(read.knowledge[0]), seq=None if read.seqs is None else int(read.seqs[0]),
        keys={name: int(key[0]) for name, key in read.keys.items()},
    )  # fmt: skip
