"""Dated events one after another, for models that read them in order: of the bureau's report, of a loan.

Each row's value is a list of events as known at the row and before its cutoff, oldest first; those of one
instant in the order of the source's key. Amounts are in major units, missing values null. A row without
events has an empty list; a row whose report may not be read has null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.currencies import exponent_of
from bankmine.customers.computed.found import Found
from bankmine.customers.computed.report import Bools, Ints, read_report
from bankmine.customers.computed.visible import Visible, visible
from bankmine.customers.subjects import LOAN, Subjects

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

_LOAN_COLUMNS = (
    "kind",
    "amount_minor",
    "principal_after_minor",
    "days_past_due",
    "due_next_on",
    "due_next_minor",
)


def compute(
    warehouse: Warehouse, columns: Sequence[str], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """`bureau` and `loan`."""
    made: dict[str, Any] = {}
    unreached: dict[str, Bools] = {}
    statements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if "bureau" in columns:
        report = read_report(warehouse, subjects, memory=memory, threads=threads)
        made["bureau"] = _lists(report.items, _bureau_fields(warehouse, report.items), ~report.told)
        unreached["bureau"] = ~report.told
        statements += report.statements
        notes += report.notes
    if "loan" in columns:
        key = "loan_id" if subjects.kind == LOAN else "customer_id"
        seen = visible(warehouse, "loan_event", _LOAN_COLUMNS, key, subjects, memory=memory, threads=threads)
        made["loan"] = _lists(seen, _loan_fields(warehouse, seen), np.zeros(seen.rows, np.bool_))
        statements += seen.statements
    return Found(made, unreached, statements, notes)


def _bureau_fields(warehouse: Warehouse, items: Visible) -> dict[str, Any]:
    """`kind` such as "enquiry:online lender:personal loan", `amount`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [items.column(name).cast(pa.string()) for name in ("kind", "institution_kind", "reason")]
    kind = pc.binary_join_element_wise(*parts, ":", null_handling="skip")
    return {"kind": kind, "amount": _major(warehouse, items, "amount_minor")}


def _loan_fields(warehouse: Warehouse, seen: Visible) -> dict[str, Any]:
    """What happened, how much, what was left, how late, and the days from the event to the next due day.

    With it, of the row's events so far: the most ever left (`total`), what is unpaid and due next together
    (`owed`, to be found by the next due day), early repayments and due days on which something older was
    unpaid (`early`, `overdue`).
    """
    import pyarrow as pa

    day = np.asarray(warehouse.zone.day_of(seen.time), np.int64)
    days = seen.whole("due_next_on") - day
    there = seen.given("due_next_on") & (days >= 0)
    unit = 10.0 ** exponent_of(warehouse.currency)
    left, late = seen.whole("principal_after_minor"), seen.whole("days_past_due")
    kind = seen.codes("kind", ("due", "paid", "prepaid", "restructured", "written_off"))
    return {
        "kind": seen.column("kind").cast(pa.string()), "amount": _major(warehouse, seen, "amount_minor"),
        "principal": _major(warehouse, seen, "principal_after_minor"),
        "due": _major(warehouse, seen, "due_next_minor"),
        "days_to_due": pa.array(days.astype(np.float64), mask=~there),
        "days_past_due": pa.array(late.astype(np.float64), mask=~seen.given("days_past_due")),
        "total": pa.array(-_lowest(seen.row, -left) / unit),
        "owed": pa.array((_unpaid(seen, kind) + seen.whole("due_next_minor") * there) / unit),
        "early": pa.array(_so_far(seen.row, kind == 2).astype(np.float64)),
        "overdue": pa.array(_so_far(seen.row, (kind == 0) & (late > 0)).astype(np.float64)),
    }  # fmt: skip


def _unpaid(seen: Visible, kind: Ints) -> Ints:
    """Due less paid, never below nothing, anew from each restructuring or loss on."""
    amount = seen.whole("amount_minor")
    again = np.cumsum(kind >= 3)
    part = seen.row + again  # both only rise: a new row or a new beginning is a new part
    total = _so_far(part, np.where(kind == 0, amount, np.where(kind == 1, -amount, 0)))
    return total - np.minimum(_lowest(part, total), 0)


def _so_far(part: Ints, step: Any) -> Ints:
    """The sum of `step` within each part (ascending numbers) up to and with each place; (m,)."""
    total = np.cumsum(np.asarray(step, np.int64))
    first = np.searchsorted(part, part)
    return np.asarray(total - np.append(0, total)[first], np.int64)


def _lowest(part: Ints, value: Ints) -> Ints:
    """The least value within each part up to and with each place; (m,)."""
    if not len(value):
        return value
    rank = np.cumsum(np.diff(part, prepend=part[0]) != 0)
    width = int(value.max()) - int(value.min()) + 1
    return np.asarray(np.minimum.accumulate(value - rank * width) + rank * width, np.int64)


def _major(warehouse: Warehouse, seen: Visible, name: str) -> Any:
    import pyarrow as pa

    values = seen.whole(name) / 10.0 ** exponent_of(warehouse.currency)
    return pa.array(values, mask=~seen.given(name))


def _lists(seen: Visible, fields: Mapping[str, Any], missing: Bools) -> Any:
    """A list of structs for each row; null where marked."""
    import pyarrow as pa

    events = pa.StructArray.from_arrays([pa.array(seen.time), *fields.values()], names=["when", *fields])
    offsets: Ints = np.searchsorted(seen.row, np.arange(seen.rows + 1)).astype(np.int32)
    marked = pa.array(offsets, mask=np.append(missing, False)) if missing.any() else pa.array(offsets)
    return pa.ListArray.from_arrays(marked, events)
