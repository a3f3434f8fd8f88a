"""What could not be known at a cutoff: leaving it out, or making it absurd, must change no feature."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind, Type
from customers.small_bank import CUSTOMERS, INSTANT_COLUMNS, Loads, Row, changed, text

ABSURD = 10**9


def happened(row: Row) -> datetime:
    return datetime.fromisoformat(row.get("event_time") or row.get("valid_from") or "2000-01-01")


def known(row: Row) -> datetime:
    return datetime.fromisoformat(row["known_at"]) if "known_at" in row else happened(row)


def is_past(name: str, row: Row, cutoff: datetime) -> bool:
    """Whether the row was known at the cutoff, and had happened before it."""
    kind = bank_table(name).kind
    if kind is Kind.REFERENCE:
        return known(row) <= cutoff
    before = happened(row) < cutoff if kind is Kind.EVENT else happened(row) <= cutoff
    return before and known(row) <= cutoff


def truncated(loads: Loads, cutoff: datetime) -> Loads:
    """The bank as it was delivered up to the cutoff: later rows, dates and outcomes are not there."""

    def past(name: str, row: Row) -> Row | None:
        if not is_past(name, row, cutoff):
            return None
        for column in bank_table(name).all_columns:
            value = row.get(column.name)
            if value is None or column.name in ("event_time", "known_at", "valid_from", "period_from"):
                continue
            ahead = _ends(column.type, value) > cutoff if column.name in INSTANT_COLUMNS else False
            if column.type is Type.DATE and bank_table(name).kind is not Kind.EVENT:
                ahead = datetime.fromisoformat(value) + timedelta(days=1) > cutoff
            if ahead:
                row[column.name] = None
                row |= {one.name: None for one in bank_table(name).columns if one.known_by == column.name}
        return row

    return changed(loads, past)


def _ends(kind: Type, value: str) -> datetime:
    return datetime.fromisoformat(value)


def poisoned(loads: Loads, cutoff: datetime) -> Loads:
    """The bank with absurd values in all that lies after the cutoff, and absurd rows added there."""

    def absurd(name: str, row: Row) -> Row:
        past = is_past(name, row, cutoff)
        for column in bank_table(name).columns:
            if column.name in row and (not past or _is_ahead(name, column.name, row, cutoff)):
                _spoil(row, column, bank_table(name).primary_key, ahead=past)
        return row

    spoilt = changed(loads, absurd)
    return [*spoilt, _absurd_rows(loads, cutoff)]


def _is_ahead(name: str, column: str, row: Row, cutoff: datetime) -> bool:
    declared = bank_table(name).column(column)
    gate = declared.known_by or column
    value = row.get(gate)
    if not isinstance(value, str) or gate in ("period_from",):
        return False
    if bank_table(name).column(gate).type is Type.DATE:
        if bank_table(name).kind is Kind.EVENT:
            return False  # an event's own day to come (the next due day) is known with the event
        return datetime.fromisoformat(value) + timedelta(days=1) > cutoff
    return gate in INSTANT_COLUMNS and datetime.fromisoformat(value) > cutoff


def _spoil(row: Row, column: Any, primary_key: tuple[str, ...], *, ahead: bool) -> None:
    if column.name in (*primary_key, "customer_id", "is_primary") and not ahead:
        return
    if column.type in (Type.MONEY, Type.INTEGER, Type.REAL) and column.name != "birth_year":
        row[column.name] = ABSURD
    elif column.type is Type.CODE:
        row[column.name] = column.allowed[-1] if column.allowed else "poison"
    elif column.type is Type.DATE or (column.type is Type.INSTANT and ahead):
        row[column.name] = "2029-12-31" if row[column.name] is not None else None


def _absurd_rows(loads: Loads, cutoff: datetime) -> dict[str, list[Row]]:
    """At the cutoff itself: an event a customer. After it: corrections, cancellations, versions, verdicts."""
    soon, later = text(cutoff), text(cutoff + timedelta(minutes=1))
    old = [row for row in loads[0]["transaction"] if is_past("transaction", row, cutoff)]
    plain = {**old[0], "is_primary": True, "base_minor": ABSURD, "balance_after_minor": -ABSURD}
    fresh = [
        {**plain, "transaction_id": 9000 + one, "customer_id": one, "event_time": soon, "known_at": soon,
         "direction": direction, "status": "booked"}
        for one in CUSTOMERS for direction in ("in", "out")[one % 2 :][:1]
    ]  # fmt: skip
    corrections = [
        {**row, "base_minor": ABSURD, "direction": "in", "known_at": later, "cancelled": number % 3 == 0}
        for number, row in enumerate(old)
    ]
    verdicts = [
        {"subject_id": row["transaction_id"], "customer_id": row["customer_id"], "seq": 1,
         "event_time": row["event_time"], "known_at": later, "verdict": "confirmed"}
        for row in old if row.get("is_primary", True)
    ]  # fmt: skip
    people = [
        {**row, "region_id": "south", "birth_year": 1999, "since": "2010-01-01", "known_at": later}
        for row in loads[0]["customer"]
    ]
    more = {
        name: [{**row, "known_at": later, **change} for row in loads[0][name]]
        for name, change in (
            ("card", {"kind": "poison", "limit_minor": ABSURD}), ("loan", {"status": "written_off"}),
            ("standing_order", {"amount_minor": ABSURD}), ("holding", {"closed_on": "2022-10-01"}),
            ("account", {"overdraft_limit_minor": ABSURD}), ("account_party", {"valid_to": "2022-10-02"}),
            ("customer_flag", {"valid_to": "2022-10-02"}), ("consent", {"given_at": None}),
            ("region", {"unemployment": 1.0, "population": 1}), ("product", {"family": "fund"}),
            ("company", {"employees": ABSURD}), ("balance", {"cancelled": True}),
            ("digital_event", {"cancelled": True}), ("interaction", {"cancelled": True}),
            ("contact", {"cancelled": True}), ("loan_event", {"days_past_due": ABSURD}),
            ("bureau_event", {"cancelled": True}),
        )
    }  # fmt: skip
    return {"transaction": fresh + corrections, "feedback": verdicts, "customer": people, **more}


def differing(one: pa.Table, other: pa.Table, names: tuple[str, ...]) -> list[str]:
    """The features that are not equal in every row (missing equals missing)."""
    return [name for name in names if not _equal(one.column(name), other.column(name))]


def _equal(one: Any, other: Any) -> bool:
    if pa.types.is_floating(one.type):
        left, right = (np.asarray(column.cast(pa.float64()).fill_null(-7.25)) for column in (one, other))
        return bool(np.array_equal(left, right))
    return bool(one.cast(other.type).to_pylist() == other.to_pylist())
